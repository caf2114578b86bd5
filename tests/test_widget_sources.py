"""Do the widget's own checks hold: its unit tests, its types and style, its size, its build?"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

WIDGET = Path(__file__).parents[1] / "widget"


def require(there: object, line: str) -> None:
    """Skip with one line where a tool is missing, or fail where nothing may be missing."""
    if there:
        return
    if os.environ.get("TACTFUL_REQUIRE") == "1":
        pytest.fail(line, pytrace=False)
    pytest.skip(line)


def run(*command: str) -> None:
    """Run a command in the widget's folder."""
    done = subprocess.run(command, cwd=WIDGET, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_units_keep_their_promises() -> None:
    require(shutil.which("node"), "Node.js is not installed")
    run("node", "--test", "test/")


def test_style_types_size_and_build_are_as_committed() -> None:
    require(shutil.which("npm"), "npm is not installed")
    require((WIDGET / "node_modules").is_dir(), "run npm ci in widget/ first")
    run("npm", "run", "--silent", "check")
