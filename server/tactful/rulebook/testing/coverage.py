"""Which rules and conditions has no test made true, or false?"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from tactful.core.rules.condition_evaluation import clauses
from tactful.core.rules.rule import NOW, Rule


class CoverageGap(Struct, frozen=True):
    """Something that no test has seen; `clause` is empty where the rule was never offered."""

    rule: str
    clause: str
    missing: str


class Coverage:
    """Collects what tests have seen of the rules of a rulebook."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = rules
        self._clauses = {id_: tuple(clauses(rule.condition)) for id_, rule in rules.items()}
        self._seen: dict[tuple[str, int], set[bool]] = {}
        self._offered: set[str] = set()

    def record_scene(self, rules: Mapping[str, Rule], scene: Any) -> None:
        """Notes how the conditions of these rules stand in a scene."""
        for id_ in rules:
            for number, clause in enumerate(self._clauses[id_]):
                holds = clause.holds_from(scene) == NOW
                self._seen.setdefault((id_, number), set()).add(holds)

    def record_offers(self, rules: set[str]) -> None:
        """Notes that these rules made an offer."""
        self._offered |= rules

    def gaps(self) -> Iterator[CoverageGap]:
        """Everything not seen, in rule order."""
        for id_ in sorted(self._rules):
            if id_ not in self._offered:
                yield CoverageGap(id_, "", "never offered")
            for number, clause in enumerate(self._clauses[id_]):
                for value in {True, False} - self._seen.get((id_, number), set()):
                    yield CoverageGap(id_, clause.text, f"never {str(value).lower()}")

    @property
    def share_bp(self) -> int:
        """What was seen of all there is to see, in basis points, rounded down."""
        total = len(self._rules) + 2 * sum(map(len, self._clauses.values()))
        seen = len(self._offered) + sum(map(len, self._seen.values()))
        return 10_000 * seen // total if total else 10_000
