"""The lines of a mapping file that would have given a ticket the kind that a person stated."""

from collections.abc import Mapping
from typing import Final

import msgspec

from tactful.connectors.desks.mapping_file import (
    KindTable,
    MappingError,
    MappingFile,
    Names,
    normalised,
)

STEPS: Final[Mapping[str, str]] = {"tag": "tags", "queue": "queues", "value": "values"}
"""What of a ticket says the kind → the table of `kind` in the file."""


def lines_for(mapping: MappingFile, kind: str, step: str, word: str) -> str:
    """Return the YAML by which a word gives a kind; it replaces the row of that kind, if there is one.

    Args:
        mapping: The file.
        kind: A kind of case, such as `defect`.
        step: A key of `STEPS`.
        word: The tag, queue or value of the field.

    Raises:
        MappingError: The file gives the word another kind, or this one already, or reads no field.
    """
    if step == "value" and not mapping.kind.field:
        problem = "The file reads no field for the kind. Write `kind.field` first."
        raise MappingError(mapping.name, 1, problem)
    table: KindTable = getattr(mapping.kind, STEPS[step])
    for other, words in table.rows():
        if normalised(word) in map(normalised, words):
            where = f"kind.{STEPS[step]}.{other}"
            problem = (
                f"`{where}` has {word!r} already."
                if other == kind
                else f"`{where}` has {word!r}, and one word has one kind. Take it out there first."
            )
            raise MappingError(mapping.name, 1, problem)
    row: Names = (*getattr(table, kind), word)
    shown = ", ".join(msgspec.json.encode(one).decode() for one in row)
    return f"kind:\n  {STEPS[step]}:\n    {kind}: [{shown}]\n"


def kinds() -> tuple[str, ...]:
    """Return the kinds that a row can have."""
    return KindTable.__struct_fields__
