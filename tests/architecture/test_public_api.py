"""The public Python API: what it offers, what it costs to import, and that users can type-check."""

import subprocess
import sys
from pathlib import Path

import pytest

import tactful
from support.source_tree import PACKAGE

DOWNSTREAM = """
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount

from tactful import Config, __version__, create_app

config = Config(data=Path("data"), origins=("https://shop.example",), default_territory="DE")
offers: Starlette = create_app(config)
site = Starlette(routes=[Mount("/offers", app=offers)])
version: str = __version__
"""
WRONG = """
from tactful import Config, create_app

create_app(Config(port="8000"))
"""


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False
    )


def type_check(source: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What mypy says of a program that uses the package, as its users would run it."""
    (folder / "downstream.py").write_text(source, "utf-8")
    (folder / "mypy.ini").write_text(f"[mypy]\nmypy_path = {PACKAGE.parent}\n", "utf-8")
    return run("-m", "mypy", "--strict", "--cache-dir=cache", "downstream.py", folder=folder)


def test_the_public_names_are_there() -> None:
    assert sorted(tactful.__all__) == ["Config", "__version__", "create_app"]
    for name in tactful.__all__:
        assert getattr(tactful, name) is not None
    assert dir(tactful) == sorted(tactful.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(tactful, "nothing")


def test_importing_the_package_imports_nothing_of_the_server(tmp_path: Path) -> None:
    program = "import sys, tactful; print(*(name for name in sys.modules if 'tactful' in name))"
    assert run("-c", program, folder=tmp_path).stdout.split() == ["tactful"]


def test_the_types_travel_with_the_package() -> None:
    assert (PACKAGE / "py.typed").is_file()


@pytest.mark.thorough
@pytest.mark.thorough
def test_a_program_that_mounts_the_app_passes_strict_mypy(tmp_path: Path) -> None:
    done = type_check(DOWNSTREAM, tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.mark.thorough
@pytest.mark.thorough
def test_a_setting_of_the_wrong_type_is_reported(tmp_path: Path) -> None:
    done = type_check(WRONG, tmp_path)
    assert done.returncode == 1
    assert '"port"' in done.stdout
