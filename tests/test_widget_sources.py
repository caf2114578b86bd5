"""Do the widget's own checks hold: its unit tests, its types and style, its size, its build?"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

WIDGET = Path(__file__).parents[1] / "widget"


def run(*command: str) -> None:
    """Run a command in the widget's folder; skip with one line where its tools are missing."""
    for missing, there in (
        ("Node.js is not installed", shutil.which("node")),
        ("the widget's tools are not installed: npm ci in widget/", (WIDGET / "node_modules").is_dir()),
    ):  # fmt: skip
        if not there and not (missing.startswith("the") and command[0] == "node"):
            if os.environ.get("TACTFUL_REQUIRE") == "1":
                pytest.fail(missing, pytrace=False)
            pytest.skip(missing)
    done = subprocess.run(command, cwd=WIDGET, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_units_keep_their_promises() -> None:
    run("node", "--test", "test/")


def test_style_types_size_and_build_are_as_committed() -> None:
    run("npm", "run", "--silent", "check")
