"""Changes that an import would make, against the facts that the receiver knows."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from tactful.cli.data.import_targets import ListFacts
from tactful.core.facts.fact_types import AnyFact, kind_of
from tactful.core.facts.fact_versions import content_digest, versioned_key
from tactful.core.values.counts import counted
from tactful.runtime.services.item_catalogue import CATALOGUE_KINDS

_FactKey = tuple[str, str]


class ImportChanges(Struct):
    """How many facts of an import are new, different or known already."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    """Facts that complete files do not contain any more."""
    unchanged: int = 0
    not_compared: int = 0
    """Facts of kinds that the receiver does not list, such as orders."""

    def text(self) -> str:
        """Return the changes as a sentence for a person."""
        not_compared = counted(self.not_compared, "fact of other kinds was", "of other kinds were")
        rest = f" {not_compared} not compared." if self.not_compared else ""
        return (
            f"The import would add {counted(self.added, 'fact')}, change {self.changed:,} and end"
            f" {self.removed:,}. {counted(self.unchanged, 'is', 'are')} unchanged.{rest}"
        )


class FactComparison:
    """The contents that a receiver knows, and how the facts of files differ from them."""

    def __init__(self, kinds: Iterable[str], listed: ListFacts) -> None:
        """Read what is known.

        Args:
            kinds: The kinds of facts in the files.
            listed: Returns the facts in force of a kind.
        """
        self._known: Final[dict[_FactKey, bytes]] = {
            _key(fact): content_digest(fact)
            for kind in CATALOGUE_KINDS
            if kind in kinds
            for fact in listed(kind)
        }
        self._found: dict[_FactKey, bytes] = {}
        self._not_compared = 0

    def add(self, fact: AnyFact) -> None:
        """Add a fact of a file. Of several facts with one id, the last one counts."""
        if kind_of(fact) in CATALOGUE_KINDS:
            self._found[_key(fact)] = content_digest(fact)
        else:
            self._not_compared += 1

    def changes(self, removed: int) -> ImportChanges:
        """Return the changes; `removed`: facts that complete files do not contain any more."""
        found = ImportChanges(removed=removed, not_compared=self._not_compared)
        for key, content in self._found.items():
            known = self._known.get(key)
            if known is None:
                found.added += 1
            elif known == content:
                found.unchanged += 1
            else:
                found.changed += 1
        return found


def _key(fact: AnyFact) -> _FactKey:
    return kind_of(fact), versioned_key(fact, 0)
