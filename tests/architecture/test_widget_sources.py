"""Do the widget's own checks hold: its unit tests, its types and style, its size, its build?"""

import subprocess
from pathlib import Path

import pytest

from support.node import node

WIDGET = Path(__file__).parents[2] / "widget"


def run(*command: str) -> None:
    """Run a command in the widget's folder."""
    done = subprocess.run(command, cwd=WIDGET, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_units_keep_their_promises() -> None:
    run(node(), "--test", "test/")


def test_style_types_size_and_build_are_as_committed() -> None:
    node()
    if not (WIDGET / "node_modules").is_dir():
        pytest.skip("widget/node_modules is not there: run npm ci in widget/")
    run("npm", "run", "--silent", "check")
