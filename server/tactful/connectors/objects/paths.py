"""Paths to the values of a ticket, such as `custom_fields[id=36].value`."""

import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

Scalar = str | int | float | bool
"""A value that is neither an object nor a list nor null."""
_STEP: Final = re.compile(r"([^\[\].=]+)(\[(?:([^\[\]=]+)=([^\[\]]+))?\])?")


class PathError(Exception):
    """A path that cannot be read; the message says what to write."""


class Step(Struct, frozen=True, gc=False):
    """One name of a path, and which elements of its list are meant."""

    name: str
    key: str | None = None
    """The field by which elements are chosen; `None`: all elements."""
    values: frozenset[str] = frozenset()
    """The values of that field."""


Path = tuple[Step, ...]


def parse_path(text: str) -> Path:
    """Return a path from its text: names with dots between them.

    A name may be followed by `[]` for all elements of a list, or by `[field=value|value]` for those
    with one of the values.

    Raises:
        PathError: The text is no path.
    """
    steps: list[Step] = []
    place = 0
    while True:
        found = _STEP.match(text, place)
        if found is None:
            raise PathError(
                f"`{text}` is no path. Write names with dots, as in `custom_fields[id=36].value`."
            )
        name, _, key, values = found.groups()
        steps.append(Step(name, key, frozenset((values or "").split("|")) if key else frozenset()))
        place = found.end()
        if place == len(text):
            return tuple(steps)
        if text[place] != ".":
            raise PathError(f"`{text}` has no dot after `{text[:place]}`. Write one there.")
        place += 1


def values_at(path: Path, ticket: Any) -> list[Scalar]:
    """Return the values at a path, in the order of the ticket; empty: there are none.

    Lists on the way are entered. Nulls, empty texts and objects are no values.
    """
    found = [ticket]
    for step in path:
        found = [inner for one in found for inner in _step_into(step, one)]
    return [one for one in found if isinstance(one, Scalar) and one != ""]


def object_at(path: Path, delivery: Any) -> Any:
    """Return the object at a path with the fields around it, or else the delivery itself."""
    found = delivery
    for step in path:
        found = next(_step_into(step, found), None)
    if isinstance(found, dict) and isinstance(delivery, dict):
        return {**delivery, **found}
    return delivery


def _step_into(step: Step, value: Any) -> Iterator[Any]:
    if not isinstance(value, dict):
        return
    inner = value.get(step.name)
    for one in inner if isinstance(inner, list) else (inner,):
        if step.key is None or (
            isinstance(one, dict) and as_text(one.get(step.key)) in step.values
        ):
            yield one


def as_text(value: Any) -> str:
    """Return a value as mapping files write it: `true` for a JSON true, `36` for a number."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value).strip()
