"""Coverage of a rulebook by its tests: rules offered, conditions met, exclusions applied."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from tactful.core.gates.prohibition import check_exclusions
from tactful.core.rules.condition_evaluation import clauses
from tactful.core.rules.rule import NOW, Exclusion, Rule


class CoverageGap(Struct, frozen=True):
    """A rule or condition with a result that no test has produced."""

    rule: str
    """The id of the rule or exclusion."""
    clause: str
    """The condition as the file spells it; "" where the rule or exclusion as a whole is meant."""
    missing: str
    """What is missing: "never offered", "never true", "never false" or "never applied"."""


class Coverage:
    """Collects what scenario tests have shown of the rules of a rulebook."""

    def __init__(self, rules: Mapping[str, Rule], exclusions: tuple[Exclusion, ...] = ()) -> None:
        self._rules = rules
        self._exclusions = exclusions
        self._applied: set[str] = set()
        self._clauses = {id_: tuple(clauses(rule.condition)) for id_, rule in rules.items()}
        self._seen: dict[tuple[str, int], set[bool]] = {}
        self._offered: set[str] = set()

    def record_scene(self, rules: Mapping[str, Rule], scene: Any) -> None:
        """Record which conditions of the rules hold in a scene, and which do not.

        Args:
            rules: the rules that are active in the test, by id.
            scene: one item before the shopper.
        """
        for id_ in rules:
            for number, clause in enumerate(self._clauses[id_]):
                holds = clause.holds_from(scene) == NOW
                self._seen.setdefault((id_, number), set()).add(holds)
        for one in self._exclusions:
            if any(check_exclusions(scene, (one,), with_cart=True)):
                self._applied.add(one.id)

    def record_offers(self, rules: set[str]) -> None:
        """Record that the rules with these ids made an offer."""
        self._offered |= rules

    def gaps(self) -> Iterator[CoverageGap]:
        """Yield everything that no test has shown, rules first, in the order of ids."""
        for id_ in sorted(self._rules):
            if id_ not in self._offered:
                yield CoverageGap(id_, "", "never offered")
            for number, clause in enumerate(self._clauses[id_]):
                for value in {True, False} - self._seen.get((id_, number), set()):
                    yield CoverageGap(id_, clause.text, f"never {str(value).lower()}")
        for one in self._exclusions:
            if one.id not in self._applied:
                yield CoverageGap(one.id, "", "never applied")

    @property
    def share_bp(self) -> int:
        """The share that tests have shown, in basis points, rounded down.

        A rule counts once, for being offered; each of its conditions counts twice, for being true
        and for being false. An exclusion counts once, for being applied.
        """
        total = len(self._rules) + len(self._exclusions)
        total += 2 * sum(map(len, self._clauses.values()))
        seen = len(self._offered) + len(self._applied) + sum(map(len, self._seen.values()))
        return 10_000 * seen // total if total else 10_000
