"""The packages that are installed into shop platforms keep the rules of the server's package."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from architecture.test_mirror import _has_behaviour, _has_tests
from architecture.test_names import LONGEST_MODULE
from architecture.test_no_float_on_money_paths import floats_in
from architecture.test_words import _PATTERN
from support.source_tree import ROOT, TESTS, comments, docstrings, messages, parsed

BRIDGES = ROOT / "server" / "bridges"
LONGEST_LINE = 90

FLOATS = {
    "tactful_bridge/client.py": {"pause / 1000"},  # seconds, as time.sleep wants them
    "tactful_bridge/transport.py": {"self._timeout / 1000"},  # seconds, as sockets want them
    "tactful_oscar/facts.py": {"tax * _BASIS_POINTS / net"},  # of decimals, for the rate of tax
    "tactful_oscar/strategy.py": {"gross * own.excl_tax / own.incl_tax"},  # of decimals
}
"""Expressions that are no amounts in floats, although they look like it."""


def _modules() -> list[Path]:
    """Every module of every bridge's package, without build files and migrations."""
    return [
        path
        for package in sorted(BRIDGES.glob("*/tactful_*"))
        for path in sorted(package.rglob("*.py"))
        if "migrations" not in path.parts
    ]


def _name(path: Path) -> str:
    return path.relative_to(BRIDGES).as_posix().partition("/")[2]


def test_every_module_says_what_it_is_in_one_line() -> None:
    for path in _modules():
        first, _, rest = (ast.get_docstring(parsed(path)) or "").partition("\n")
        assert first.endswith("."), path
        assert len(first) <= LONGEST_LINE, path
        assert not rest or rest.startswith("\n"), path
        questions = [text for text in docstrings(path) if text.text.strip().endswith("?")]
        assert not questions, path


def test_prose_uses_no_ruled_out_word() -> None:
    for path in _modules():
        for text in (*docstrings(path), *comments(path), *messages(path)):
            assert not _PATTERN.search(text.text), f"{path}:{text.line}"


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    for path in _modules():
        assert len(path.read_text("utf-8").splitlines()) <= LONGEST_MODULE, path


def test_no_float_touches_money() -> None:
    for path in _modules():
        found = {text for _, text in floats_in(path.read_text("utf-8"))}
        assert found == FLOATS.get(_name(path), set()), path


def test_every_module_of_the_library_has_a_test_file_of_its_own() -> None:
    folder = BRIDGES / "bridge" / "tactful_bridge"
    for path in sorted(folder.glob("*.py")):
        if path.name in {"__init__.py", "errors.py"} or not _has_behaviour(path):
            continue
        assert _has_tests(TESTS / "bridges" / "bridge" / f"test_{path.name}"), path


@pytest.mark.parametrize("file", sorted(BRIDGES.glob("*/pyproject.toml")), ids=str)
def test_a_bridge_has_the_version_that_its_build_file_names(file: Path) -> None:
    project = tomllib.loads(file.read_text("utf-8"))["project"]
    package = file.parent / project["name"].replace("-", "_") / "__init__.py"
    assert re.search(rf'^__version__ = "{project["version"]}"$', package.read_text(), re.MULTILINE)


def test_the_library_depends_on_cryptography_alone() -> None:
    file = BRIDGES / "bridge" / "pyproject.toml"
    assert tomllib.loads(file.read_text())["project"]["dependencies"] == ["cryptography>=44"]
