"""The packages in JavaScript under `server/bridges`: unit tests, style, types, and the house's rules."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from architecture.test_names import LONGEST_MODULE
from architecture.test_words import _PATTERN
from support.node import node
from support.source_tree import ROOT

BRIDGES = ROOT / "server" / "bridges"
PACKAGES = sorted(path.parent for path in BRIDGES.glob("*/package.json"))
TOOLS = ROOT / "widget" / "node_modules" / ".bin"
LONGEST_LINE = 104
_FIRST_COMMENT = re.compile(r"(?:#![^\n]*\n)?/\*\*\s*(?:\* )?(?P<text>[^\n]*)")
_TYPES = ("--noEmit", "--strict", "--skipLibCheck", "false", "--types", "", "--lib", "es2022,dom")


def run(folder: Path, *command: str) -> None:
    """Run a command in a folder."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def tool(name: str) -> str:
    """The path of a development tool of the widget."""
    node()
    if not (TOOLS / name).exists():
        pytest.skip("widget/node_modules is not there: run npm ci in widget/")
    return str(TOOLS / name)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_the_units_of_a_package_pass(package: Path) -> None:
    files = sorted(str(path) for path in (package / "test").glob("*.test.js"))
    assert files
    run(package, node(), "--test", *files)


@pytest.mark.thorough
def test_the_style_is_the_widgets() -> None:
    run(BRIDGES, tool("biome"), "ci", ".")


@pytest.mark.thorough
def test_the_type_declarations_of_the_library_stand_alone() -> None:
    run(BRIDGES, tool("tsc"), *_TYPES, "checkout-js/src/index.d.ts")


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_a_module_is_short_and_says_what_it_is_in_plain_words(package: Path) -> None:
    for path in sorted((package / "src").glob("*.js")):
        text = path.read_text("utf-8")
        assert len(text.splitlines()) <= LONGEST_MODULE, path
        first = _FIRST_COMMENT.match(text)
        assert first, path
        assert len(first[0].splitlines()[-1]) <= LONGEST_LINE, path
        assert not _PATTERN.search(text), path


def test_the_library_has_no_dependency() -> None:
    library = json.loads((BRIDGES / "checkout-js" / "package.json").read_text("utf-8"))
    assert not {"dependencies", "peerDependencies", "optionalDependencies"} & library.keys()
