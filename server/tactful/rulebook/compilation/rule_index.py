"""Which rules could match an item before a shopper? Found by hash, not by trying them all."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from tactful.core.rules.rule import Rule
from tactful.rulebook.fields.field_registry import FIELDS
from tactful.rulebook.language.conditions import Comparison, ConditionGroup, ConditionTree

CACHE_LIMIT: Final = 8192
"""How many answers are kept; bounds the memory of an index."""

_DIMENSIONS: Final = tuple(name for name, field in FIELDS.items() if field.indexed)
"""The fields by which rules are found, the most telling first."""
_ANY: Final = None
ScopeKey = tuple[str | None, bool]
"""(territory or any, only at a rescue moment)."""


class IndexEntry(Struct, frozen=True):
    """A rule with what its condition demands: one dimension and the values it allows."""

    rule: Rule
    dimension: str | None = None
    values: tuple[str, ...] = ()


def index_key(when: ConditionGroup | None) -> tuple[str | None, tuple[str, ...]]:
    """The most telling dimension that every match must meet, and the values it may have."""
    found: dict[str, tuple[str, ...]] = {}
    for test in _conjuncts(when):
        if test.field.indexed and test.op in {"in", "under"}:
            found.setdefault(
                test.name,
                tuple(value.strip("/") if test.op == "under" else value for value in test.value),
            )
    dimension = next((name for name in _DIMENSIONS if name in found), None)
    return dimension, found[dimension] if dimension else ()


def _conjuncts(tree: ConditionTree | None) -> Iterator[Comparison]:
    if isinstance(tree, Comparison):
        yield tree
    elif tree is not None and (tree.kind == "all" or (tree.kind == "any" and len(tree.parts) == 1)):
        for part in tree.parts:
            yield from _conjuncts(part)


class RuleIndex:
    """Rules by territory, moment, and the value of one field that they demand."""

    def __init__(self, entries: Iterable[IndexEntry]) -> None:
        ordered = sorted(entries, key=lambda entry: entry.rule.id)
        self._rules = tuple(entry.rule for entry in ordered)
        self._free: dict[ScopeKey, list[int]] = {}
        self._bound: dict[tuple[ScopeKey, str, str], list[int]] = {}
        used: set[str] = set()
        for number, entry in enumerate(ordered):
            used.update([entry.dimension] if entry.dimension else [])
            for territory in entry.rule.territories or (_ANY,):
                self._place(number, entry, (territory, entry.rule.moment == "rescue"))
        self._dimensions = tuple((name, _readers[name]) for name in _DIMENSIONS if name in used)
        self._reads = tuple(read for _, read in self._dimensions)
        self._known: dict[Any, tuple[Rule, ...]] = {}

    def _place(self, number: int, entry: IndexEntry, place: ScopeKey) -> None:
        if entry.dimension is None:
            self._free.setdefault(place, []).append(number)
        for value in dict.fromkeys(entry.values):
            self._bound.setdefault((place, entry.dimension or "", value), []).append(number)

    def for_item(self, scene: Any) -> tuple[Rule, ...]:
        """The rules that could apply, in rule id order; never misses one that does."""
        rescue = scene.session.rescue
        values = tuple([read(scene) for read in self._reads])
        key = (scene.territory, rescue, values)
        found = self._known.get(key)
        if found is None:
            found = self._look_up(scene.territory, rescue, values)
            if len(self._known) >= CACHE_LIMIT:
                self._known.clear()
            self._known[key] = found
        return found

    def _look_up(
        self, territory: str | None, rescue: bool, values: tuple[Any, ...]
    ) -> tuple[Rule, ...]:
        numbers: set[int] = set()
        for place in self._places(territory, rescue):
            numbers.update(self._free.get(place, ()))
            for (name, _), value in zip(self._dimensions, values, strict=True):
                for bucket in _buckets(name, value):
                    numbers.update(self._bound.get((place, name, bucket), ()))
        return tuple(self._rules[number] for number in sorted(numbers))

    @staticmethod
    def _places(territory: str | None, rescue: bool) -> Iterator[ScopeKey]:
        for where in dict.fromkeys((territory, _ANY)):
            yield where, False
            if rescue:
                yield where, True


def _buckets(name: str, value: Any) -> Iterator[str]:
    """The buckets that hold a value: itself, and every prefix of a path."""
    for word in value if isinstance(value, tuple) else (value,):
        if word is not None:
            yield word
            if FIELDS[name].type == "path":
                at = word.find("/")
                while at >= 0:
                    yield word[:at]
                    at = word.find("/", at + 1)


_readers: Final[Mapping[str, Any]] = {name: FIELDS[name].read for name in _DIMENSIONS}
