"""PHP and PHPUnit, where they are installed."""

import os
import shutil

import pytest


def php() -> str:
    """The path of PHP; skips the test without it, or fails it where TACTFUL_REQUIRE=1 says so."""
    return _tool("php", "PHP")


def phpunit() -> str:
    """The path of PHPUnit, a script for PHP; as `php` where it is missing."""
    return _tool("phpunit", "PHPUnit")


def _tool(command: str, name: str) -> str:
    found = shutil.which(command)
    if found:
        return found
    if os.environ.get("TACTFUL_REQUIRE") == "1":
        pytest.fail(f"{name} is required here, and it is not installed")
    pytest.skip(f"{name} is not installed")
