"""Node, where it is installed."""

import os
import shutil

import pytest


def node() -> str:
    """The path of Node; skips the test without it, or fails it where TACTFUL_REQUIRE=1 says so."""
    found = shutil.which("node")
    if found:
        return found
    if os.environ.get("TACTFUL_REQUIRE") == "1":
        pytest.fail("Node is required here, and it is not installed")
    pytest.skip("Node is not installed")
