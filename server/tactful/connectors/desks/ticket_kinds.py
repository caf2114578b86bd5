"""The kind of a ticket: from a field, a tag, the queue or words, or else `unknown`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec
from msgspec import Struct

from tactful.connectors.desks.located_yaml import read_yaml
from tactful.connectors.desks.mapping_file import KindBlock, KindTable, normalised
from tactful.core.facts.fact_values import CaseKind, KindStep

_OWN_NAMES: Final = (*KindTable.__struct_fields__, "unknown")
_PRECISION: Final[Sequence[KindStep]] = ("agent", "field", "tag", "queue", "words", "none")
"""The steps, the surest first."""
_APOSTROPHES: Final = str.maketrans("\u2019\u2018\u02bc", "'''")


class FoundKind(Struct, frozen=True, gc=False):
    """The kind of a ticket, and the step that found it."""

    kind: CaseKind
    by: KindStep
    unmapped: tuple[str, ...] = ()
    """The values of the kind field that the mapping file has no row for."""


def surest(steps: Iterable[KindStep | None]) -> KindStep | None:
    """Return the surest of some steps; `None`: there is none."""
    return min((step for step in steps if step), key=_PRECISION.index, default=None)


class KindFinder:
    """Finds the kind of a ticket under one mapping file."""

    def __init__(self, block: KindBlock) -> None:
        """Prepare the tables of a mapping file and the words that come with Tactful."""
        own = {name: name for name in _OWN_NAMES}
        self._values = own | _by_word(block.values)
        self._tags = _by_word(block.tags)
        self._queues = _by_word(block.queues)
        self._words = _patterns([*shipped_words().items(), *block.words.items()], block.languages)

    def find(
        self, *, values: Iterable[Any], tags: Iterable[Any], queues: Iterable[Any], text: str
    ) -> FoundKind:
        """Return the kind of a ticket.

        Args:
            values: The values of its kind fields.
            tags: Its tags.
            queues: Its queue.
            text: Its subject and its first message.
        """
        stated = [normalised(value) for value in values]
        unmapped = tuple(value for value in stated if value and value not in self._values)
        for by, table, words in (
            ("field", self._values, stated),
            ("tag", self._tags, [normalised(tag) for tag in tags]),
            ("queue", self._queues, [normalised(queue) for queue in queues]),
        ):
            # The kinds of a table are in the order of what they suppress.
            found = [table[word] for word in words if word in table]
            if found and found != ["unknown"]:
                return FoundKind(min(found, key=_OWN_NAMES.index), by, unmapped)  # type: ignore[arg-type]
        plain = " ".join(text.translate(_APOSTROPHES).casefold().split())
        for kind, pattern in self._words:
            if pattern.search(plain):
                return FoundKind(kind, "words", unmapped)
        return FoundKind("unknown", "none", unmapped)


def _by_word(table: KindTable) -> dict[str, str]:
    return {normalised(word): kind for kind, words in table.rows() for word in words}


def _patterns(
    tables: Iterable[tuple[str, KindTable]], languages: Sequence[str]
) -> list[tuple[CaseKind, re.Pattern[str]]]:
    """Return one pattern for each kind that has words in the languages."""
    words: dict[str, list[str]] = {kind: [] for kind in KindTable.__struct_fields__}
    for language, table in tables:
        if not languages or language in languages:
            for kind, found in table.rows():
                words[kind] += map(normalised, found)
    return [
        (kind, re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, found))})(?!\w)"))  # type: ignore[misc]
        for kind, found in words.items()
        if found
    ]


@cache
def shipped_words() -> Mapping[str, KindTable]:
    """Return language → the words that come with Tactful."""
    text = resources.files(__package__).joinpath("kind_words.yaml").read_text("utf-8")
    return msgspec.convert(read_yaml(text).value, dict[str, KindTable])
