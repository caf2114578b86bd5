"""Findings of the checks of one fact, and how values and paths are named in their messages."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final

from msgspec import UNSET, Struct

_SHOWN: Final = 40
"""The most characters of a wrong text that a message repeats."""


class FieldError(Struct, frozen=True, omit_defaults=True):
    """What is wrong with one field of a fact. The field names are on the wire."""

    path: str
    """Where it is, such as `lines[0].qty`; empty: the whole fact."""
    message: str
    """What is wrong, and what to write instead."""
    example: Any = UNSET
    """A value that the field can have."""


class FieldNote(Struct, frozen=True):
    """A value that was read differently from what the fact says. The field names are on the wire."""

    path: str
    message: str


class FieldFinding(Struct, frozen=True):
    """An error with the code of the rejection that it causes."""

    code: str
    error: FieldError
    fields: tuple[str, ...]
    """The fields that the error is about."""


def finding(code: str, path: str, message: str, *fields: str) -> FieldFinding:
    """Return a finding about a field, or about several that contradict each other."""
    return FieldFinding(code, FieldError(path, message), fields or (path,))


def quoted(value: Any) -> str:
    """Return a wrong value as a message names it."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
            return f'the text "{shown}"'
        case int() | float():
            return f"the number {str(value)[:_SHOWN]}"
        case list():
            return "a list"
        case _:
            return "an object"


def nearest_or_all(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return a hint: the known name that is nearest to a wrong one, or all of them."""
    names = sorted(known)
    near = get_close_matches(name, names, 1)
    return f"did you mean `{near[0]}`?" if near else f"{otherwise} {', '.join(names)}."
