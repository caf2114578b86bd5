"""All errors in the shape of a fact: missing and unknown fields, and wrong values.

The decoder stops at the first error and speaks of its own types. This module walks the same types
after the decoder refused a fact, and finds every error. It costs nothing for valid facts.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Final, cast

import msgspec
from msgspec import Meta, inspect

from tactful.core.facts.checks.findings import (
    FieldFinding,
    finding,
    nearest_or_all,
    quoted,
)
from tactful.core.facts.fact_values import Fact
from tactful.core.values.counts import counted
from tactful.core.values.money import EXPONENTS
from tactful.core.values.territories import territory_problem

_LISTED: Final = 20
"""The most words that a message lists."""
_NAMED_FIELDS: Final = 50
"""Unknown fields of one object that are named: finding the nearest known name takes 70 µs for each."""
_SHOWN_NAME: Final = 64
"""Characters of an unknown field's name that are shown, and compared with the known ones."""
_ENDLESS: Final = 2**62
"""A bound beyond it is that of the storage, which a message need not name."""
_CURRENCIES: Final = frozenset(EXPONENTS)
_as_instant: Final = Annotated[datetime, Meta(tz=True)]
_REASON: Final = re.compile(r" - at `.*`$")


def shape_findings(kind: type[Fact], fact: Mapping[str, Any]) -> list[FieldFinding]:
    """Return every error in the shape of a fact.

    Args:
        kind: The kind of the fact.
        fact: The fact as plain data, with its `type`.
    """
    return list(_object(_type_of(kind), fact, "", str(kind.__struct_config__.tag)))


@cache
def _type_of(kind: type[Fact]) -> inspect.StructType:
    return cast("inspect.StructType", inspect.type_info(kind))


def _object(
    expected: inspect.StructType, value: Any, path: str, owner: str
) -> Iterator[FieldFinding]:
    if not isinstance(value, Mapping):
        yield _wrong(path, value, "an object")
        return
    fields = {field.encode_name: field for field in expected.fields}
    unknown = [name for name in value if name not in fields and name != expected.tag_field]
    # A misspelt name explains why the field of the right name is missing.
    meant = set()
    for name in unknown[:_NAMED_FIELDS]:
        meant |= set(get_close_matches(name[:_SHOWN_NAME], fields, 1))
        yield _unknown_field(name, fields, path, owner)
    if len(unknown) > _NAMED_FIELDS:
        more = len(unknown) - _NAMED_FIELDS
        message = f"{counted(more, 'more field is', 'more fields are')} not of a `{owner}`. Leave such fields out."
        yield finding("fact.unknown_field", path, message)
    broken = bool(unknown)
    for name, field in fields.items():
        there = _join(path, name)
        if name not in value or (value[name] is None and not field.required):
            if field.required and name not in meant:
                broken = True
                yield finding("fact.invalid", there, f"`{there}` is missing. Add it.")
            continue
        for found in _value(field.type, value[name], there, owner):
            broken = True
            yield found
    if not broken and hasattr(expected.cls, "__post_init__"):
        yield from _contradiction(expected.cls, value, path)


def _contradiction(kind: type, value: Any, path: str) -> Iterator[FieldFinding]:
    present = {name: one for name, one in value.items() if one is not None}
    try:
        msgspec.convert(present, kind)
    except msgspec.ValidationError as error:
        reason = _REASON.sub("", str(error))
        yield finding("fact.invalid", path, f"`{path}`: {reason}.")


def _unknown_field(name: str, fields: Iterable[str], path: str, owner: str) -> FieldFinding:
    at = f", at `{path}`" if path else ""
    shown = name[:_SHOWN_NAME]
    hint = nearest_or_all(shown, fields, "it has")
    message = f"A `{owner}`{at} has no field `{shown}`; {hint}"
    return finding("fact.unknown_field", _join(path, shown), message)


def _value(expected: inspect.Type, value: Any, path: str, owner: str) -> Iterator[FieldFinding]:
    match expected:
        case inspect.StructType():
            yield from _object(expected, value, path, owner)
        case inspect.UnionType():
            yield from _one_of(expected, value, path, owner)
        case inspect.VarTupleType():
            yield from _list(expected, value, path, owner)
        case inspect.DictType():
            yield from _mapping(expected, value, path, owner)
        case inspect.LiteralType():
            yield from _word(expected, value, path)
        case inspect.StrType():
            yield from _text(expected, value, path)
        case inspect.IntType():
            low, high = expected.ge, expected.le
            whole = isinstance(value, int) and not isinstance(value, bool)
            if (
                not whole
                or (low is not None and value < low)
                or (high is not None and value > high)
            ):
                yield _wrong(path, value, _expectation(expected))
        case inspect.DateTimeType():
            if not isinstance(value, str) or not is_instant(value):
                yield _wrong(path, value, _expectation(expected))
        case _:
            if not isinstance(value, bool):
                yield _wrong(path, value, "true or false")


def is_instant(text: str) -> bool:
    """Return whether a text is an instant with its offset from UTC."""
    try:
        msgspec.convert(text, _as_instant)
    except msgspec.ValidationError:
        return False
    return True


def _one_of(
    expected: inspect.UnionType, value: Any, path: str, owner: str
) -> Iterator[FieldFinding]:
    kinds = [one for one in expected.types if not isinstance(one, inspect.NoneType)]
    if value is None and len(kinds) < len(expected.types):
        return
    errors = [list(_value(one, value, path, owner)) for one in kinds]
    if not all(errors):
        return
    if len(kinds) == 1:
        yield from errors[0]
        return
    # Errors inside a value are more telling than that it is of none of the kinds.
    inside = [found for found in errors if found[0].error.path != path]
    if inside:
        yield from inside[0]
    else:
        yield _wrong(path, value, " or ".join(_expectation(one) for one in kinds))


def _list(
    expected: inspect.VarTupleType, value: Any, path: str, owner: str
) -> Iterator[FieldFinding]:
    if not isinstance(value, list):
        yield _wrong(path, value, "a list")
        return
    if expected.max_length is not None and len(value) > expected.max_length:
        yield _too_many(path, len(value), expected.max_length)
        return
    for index, one in enumerate(value):
        yield from _value(expected.item_type, one, f"{path}[{index}]", owner)


def _too_many(path: str, entries: int, most: int) -> FieldFinding:
    message = f"`{path}` has {entries:,} entries. Write at most {most:,}."
    return finding("fact.invalid", path, message)


def _mapping(
    expected: inspect.DictType, value: Any, path: str, owner: str
) -> Iterator[FieldFinding]:
    if not isinstance(value, Mapping):
        yield _wrong(path, value, "an object")
        return
    if expected.max_length is not None and len(value) > expected.max_length:
        yield _too_many(path, len(value), expected.max_length)
        return
    for name, one in value.items():
        there = f"{path}.{name[:64]}"
        yield from _value(expected.key_type, name, there, owner)
        yield from _value(expected.value_type, one, there, owner)


def _word(expected: inspect.LiteralType, value: Any, path: str) -> Iterator[FieldFinding]:
    if isinstance(value, str) and value in expected.values:
        return
    if _CURRENCIES.issuperset(expected.values):
        near = get_close_matches(str(value).upper(), _CURRENCIES, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        yield _wrong(path, value, "an ISO 4217 currency code such as EUR", hint)
        return
    words = [str(word) for word in expected.values]
    hint = nearest_or_all(str(value), words, "there are")
    yield finding("fact.invalid", path, f"`{path}` is {quoted(value)}; {hint}")


def _text(expected: inspect.StrType, value: Any, path: str) -> Iterator[FieldFinding]:
    if not isinstance(value, str):
        yield _wrong(path, value, _expectation(expected))
    elif expected.pattern is not None:
        # The one pattern is that of territories.
        if (problem := territory_problem(value)) is not None:
            yield finding("fact.unknown_territory", path, f"`{path}`: {problem}")
    elif len(value) < (expected.min_length or 0):
        yield finding("fact.invalid", path, f"`{path}` is empty. Write an id, or leave it out.")
    elif expected.max_length is not None and len(value) > expected.max_length:
        message = f"`{path}` has {len(value):,} characters. Write at most {expected.max_length:,}."
        yield finding("fact.invalid", path, message)


def _wrong(path: str, value: Any, expectation: str, hint: str = "") -> FieldFinding:
    message = f"`{path}` is {quoted(value)}. Write {expectation}.{hint}"
    return finding("fact.invalid", path, message)


_EXPECTATIONS: Final[dict[type[inspect.Type], str]] = {
    inspect.StrType: "a text",
    inspect.DateTimeType: "an instant with its offset from UTC, such as 2026-03-10T12:00:00Z",
    inspect.BoolType: "true or false",
    inspect.VarTupleType: "a list",
}


def _expectation(expected: inspect.Type) -> str:
    if isinstance(expected, inspect.IntType):
        return f"a whole number{_range(expected.ge, expected.le)}"
    return _EXPECTATIONS.get(type(expected), "an object")


def _range(low: float | None, high: float | None) -> str:
    if low is None or low < -_ENDLESS:
        return ""
    if high is None or high > _ENDLESS:
        return f" from {low:,}"
    return f" from {low:,} to {high:,}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
