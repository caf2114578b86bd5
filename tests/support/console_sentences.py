"""The sentences of the console that a catalogue must have: the keys in templates, code and tables."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tactful.console.rendering import CONSOLE_FOLDER
from tactful.console.start_pages import LIMITS
from tactful.console.start_steps import STEP_WORDS
from tactful.core.verdicts.counterfactuals import MISSING_CHANGES
from tactful.core.verdicts.reasons import Reason
from tactful.rulebook.language.scalars import ID_HELP
from tactful.runtime.alerts.kinds import KINDS
from tactful.runtime.security.api_tokens import SCOPE_WORDS

PACKAGE = CONSOLE_FOLDER.parent
RUNTIME = ("voucher_issue.py", "new_rule_file.py", "security/operator_accounts.py",
           "security/api_tokens.py", "security/passwords.py")  # fmt: skip
"""The modules of the runtime whose refusals a page shows."""
_IN_TEMPLATE = re.compile(r"""\b_\(\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)')""")
_COUNTED = re.compile(r'\bn_\([^"]*"([^"]*)",\s*"([^"]*)"')
ERRORS = {"PageError", "RefusedVoucherError", "UnusableTokenError", "RefusedRuleFileError"}
SAYING = {"phrase": (0,), "say": (0,), "counted_phrase": (1, 2)}


def sentences() -> set[str]:
    """Every key of the console."""
    return {*_of_templates(), *_of_code(), *_of_tables(), *_of_gates()}


def _of_templates() -> Iterator[str]:
    for path in sorted((CONSOLE_FOLDER / "templates").glob("*.html")):
        text = path.read_text("utf-8")
        for double, single in _IN_TEMPLATE.findall(text):
            yield double.replace('\\"', '"') or single
        for one, more in _COUNTED.findall(text):
            yield from (one, more)


def _of_code() -> Iterator[str]:
    paths = [*CONSOLE_FOLDER.glob("*.py"), *(PACKAGE / "runtime" / name for name in RUNTIME)]
    for path in sorted(paths):
        yield from _of_module(path)


def _of_gates() -> Iterator[str]:
    """What gates say that they saw and need."""
    for path in sorted((PACKAGE / "core").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
                for given in node.keywords:
                    yield from _words_of(given.value)


def _words_of(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.BoolOp):
        for part in value.values:
            yield from _words_of(part)


def _of_module(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", "")
            places = SAYING.get(name, ())
            if name in ERRORS:
                places = (1,) if name == "PageError" else (0,)
            for place in places:
                if place < len(node.args):
                    yield from _text(node.args[place])
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "problem":
            yield from _text(node.value)


def _text(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _text(node.body)
        yield from _text(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value


def _of_tables() -> Iterator[str]:
    for words in STEP_WORDS.values():
        yield from filter(None, (words.title, words.remedy))
    for kind in KINDS.values():
        yield from (kind.meaning, kind.remedy)
    yield from SCOPE_WORDS.values()
    yield from (*MISSING_CHANGES, *MISSING_CHANGES.values())
    for reason in Reason:
        yield from filter(None, (reason.change, reason.needed))
    yield from LIMITS
    yield ID_HELP
    for level in ("order", "shipping"):
        yield f"{{amount}} off the {level}"
        yield f"{{percent}} off the {level}, at most {{amount}}"
