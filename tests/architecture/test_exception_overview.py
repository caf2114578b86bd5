"""The overview of exceptions names every exception of the package, and no other."""

import ast
import re
from pathlib import Path

import tactful
import tactful.core

PACKAGE = Path(tactful.__file__).parent


def _exceptions() -> set[str]:
    """The names of all classes that are exceptions, by their names and those of their bases."""
    return {
        node.name
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        if re.search(r"(Error|Exception)$", node.name)
        and any(re.search(r"(Error|Exception)$", ast.unparse(base)) for base in node.bases)
    }


def test_the_overview_names_every_exception_and_no_other() -> None:
    named = set(re.findall(r"^ {4,}(\w+Error):", tactful.core.__doc__ or "", re.MULTILINE))
    assert named - {"LookupError"} == _exceptions()
