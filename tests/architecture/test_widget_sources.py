"""The widget's own checks: unit tests, types, style, size, and a bundle that matches its source."""

import subprocess
from pathlib import Path

import pytest

from support.node import node

WIDGET = Path(__file__).parents[2] / "widget"


def run(*command: str) -> None:
    """Run a command in the widget's folder."""
    done = subprocess.run(command, cwd=WIDGET, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_units_pass() -> None:
    # Node 24 takes files, and no folder.
    files = sorted(str(path.relative_to(WIDGET)) for path in (WIDGET / "test").rglob("*.test.*"))
    assert files
    run(node(), "--test", *files)


@pytest.mark.thorough
def test_style_types_size_and_build_are_as_committed() -> None:
    node()
    if not (WIDGET / "node_modules").is_dir():
        pytest.skip("widget/node_modules is not there: run npm ci in widget/")
    run("npm", "run", "--silent", "check")
