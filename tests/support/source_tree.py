"""The source tree as the architecture tests read it: modules, identifiers, docstrings, comments."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
PACKAGE = ROOT / "server" / "tactful"

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class Text(NamedTuple):
    """A piece of prose in a file, with the line on which it starts."""

    line: int
    text: str


class Identifier(NamedTuple):
    """A name that a module defines, with its line."""

    line: int
    name: str


def modules() -> list[Path]:
    """Every module of the package `tactful`."""
    return sorted(PACKAGE.rglob("*.py"))


def name_of(module: Path) -> str:
    """The module's path inside the package, such as `core/decide.py`."""
    return module.relative_to(PACKAGE).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text("utf-8"))


def words_of(identifier: str) -> list[str]:
    """`RuleSource` and `rule_source` → `rule`, `source`."""
    return [word.lower() for word in _WORD.findall(identifier)]


def identifiers(path: Path) -> Iterator[Identifier]:
    """Every class, function, parameter, field and variable that a module defines."""
    for node in ast.walk(parsed(path)):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield Identifier(node.lineno, name)
            case ast.AsyncFunctionDef(name=name):
                yield Identifier(node.lineno, name)
            case ast.arg(arg=name):
                yield Identifier(node.lineno, name)
            case ast.Name(id=name, ctx=ast.Store()):
                yield Identifier(node.lineno, name)
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield Identifier(node.lineno, name)
            case _:
                pass


def docstrings(path: Path) -> Iterator[Text]:
    """Every docstring, and every string that documents a field or a constant."""
    for node in ast.walk(parsed(path)):
        for child in ast.iter_child_nodes(node):
            match child:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield Text(child.lineno, text)
                case _:
                    pass


def comments(path: Path) -> Iterator[Text]:
    """Every comment, without its `#`; directives to tools are left out."""
    source = io.StringIO(path.read_text("utf-8"))
    for token in tokenize.generate_tokens(source.readline):
        text = token.string.lstrip("# ")
        if token.type == tokenize.COMMENT and not text.startswith(("noqa", "type:", "fmt:")):
            yield Text(token.start[0], text)


def messages(path: Path) -> Iterator[Text]:
    """Every string with a space in it that is no docstring: what people may read."""
    documented = {id(text) for text in _expression_strings(path)}
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Constant(value=str(text)) if " " in text and id(node) not in documented:
                yield Text(node.lineno, text)
            case _:
                pass


def _expression_strings(path: Path) -> Iterator[ast.Constant]:
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Expr(value=ast.Constant(value=str()) as constant):
                yield constant
            case _:
                pass


def manuals() -> list[Path]:
    """Every page of documentation in the repository."""
    folders = (ROOT, *(ROOT / name for name in ("server", "rules", "widget", "examples", "tests")))
    skipped = {"node_modules", ".venv", "fixtures"}
    found = {path for folder in folders[1:] for path in folder.rglob("*.md")}
    found |= set(ROOT.glob("*.md"))
    return sorted(path for path in found if not skipped & set(path.relative_to(ROOT).parts))
