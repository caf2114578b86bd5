"""Output formats of diagnostics: text, JSON, GitHub annotations and SARIF."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from tactful.core.values.counts import counted
from tactful.rulebook.source.codes import CODES
from tactful.rulebook.source.diagnostics import Diagnostic
from tactful.rulebook.source.tree import split_lines

Lines = Mapping[str, Sequence[str]]
"""Path → the lines of the file; a path without lines is reported without an excerpt."""

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_WIDEST: Final = 160
"""Longest line of an excerpt, in characters; a caret further to the right would not be seen."""


def lines_of(texts: Mapping[str, bytes]) -> Lines:
    """Return path → lines; bytes that are not UTF-8 become the replacement character."""
    return {path: split_lines(text.decode("utf-8", "replace")) for path, text in texts.items()}


def as_text(found: Sequence[Diagnostic], lines: Lines) -> str:
    """Return a paragraph per finding: place, message, the line with a caret, and the help."""
    paragraphs = [_paragraph(one, lines) for one in found]
    return "\n".join([*paragraphs, summary(found)])


def summary(found: Sequence[Diagnostic]) -> str:
    """Return the counts as a sentence, such as "1 error and 2 warnings."."""
    if not found:
        return "No findings.\n"
    errors = sum(one.severity == "error" for one in found)
    warnings = len(found) - errors
    counts = [(errors, "error"), (warnings, "warning")]
    return " and ".join(counted(*one) for one in counts if one[0]) + ".\n"


def _paragraph(one: Diagnostic, lines: Lines) -> str:
    warning = "warning: " if one.severity == "warning" else ""
    text = f"{one.path}:{one.line}:{one.column}: {one.code} {warning}{one.message}\n"
    shown = lines.get(one.path, ())
    if one.line <= len(shown):
        line = shown[one.line - 1].expandtabs(1)[:_WIDEST]
        end = one.end_column if one.end_line == one.line else one.column + 1
        carets = "^" * max(1, min(end, len(line) + 1) - one.column)
        text += f"{one.line:>5} | {line}\n      | {' ' * (one.column - 1)}{carets}\n"
    return text + (f"      = help: {one.help}\n" if one.help else "")


def as_json(found: Sequence[Diagnostic], lines: Lines) -> str:  # noqa: ARG001 - all formats have one signature
    """Return the findings as a JSON array of objects with the fields of `Diagnostic`."""
    rows = [{**msgspec.to_builtins(one), "severity": one.severity} for one in found]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def as_github(found: Sequence[Diagnostic], lines: Lines) -> str:  # noqa: ARG001
    """Return GitHub workflow commands, which are shown beside the changed lines."""
    rows = []
    for one in found:
        place = f"file={_property(one.path)},line={one.line},col={one.column},title={one.code}"
        body = f"{one.message}{f' ({one.help})' if one.help else ''}"
        rows.append(f"::{one.severity} {place}::{_data(body)}\n")
    return "".join(rows)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(found: Sequence[Diagnostic], lines: Lines) -> str:  # noqa: ARG001
    """Return a SARIF 2.1.0 log (OASIS), which code scanners read."""
    used = sorted({one.code for one in found})
    rules = [{"id": code, "shortDescription": {"text": CODES[code].title}} for code in used]
    driver = {"name": "tactful rules check", "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one) for one in found],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _result(one: Diagnostic) -> dict[str, Any]:
    """Return a finding as a SARIF result."""
    region = {
        "startLine": one.line,
        "startColumn": one.column,
        "endLine": one.end_line,
        "endColumn": one.end_column,
    }
    location = {"artifactLocation": {"uri": one.path}, "region": region}
    return {
        "ruleId": one.code,
        "level": one.severity,
        "message": {"text": f"{one.message}{f'. {one.help}' if one.help else ''}"},
        "locations": [{"physicalLocation": location}],
    }


FORMATS: Final[dict[str, Callable[[Sequence[Diagnostic], Lines], str]]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}
"""Value of `--format` → (findings, lines) → the output."""
