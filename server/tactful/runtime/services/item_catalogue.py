"""The facts about what is sold that are in force, page by page."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from tactful.core.facts import fact_codec
from tactful.core.facts.fact_types import AnyFact, Product, ReportedFact, subjects_of
from tactful.core.facts.succession import end_of
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.ports.ledger_rows import StoredFact

CATALOGUE_KINDS: Final = ("product", "price", "cost", "stock")
"""Kinds of facts about what is sold. They contain no personal data."""
MAX_PAGE: Final = 1_000
"""The most facts of a page. Reading it takes the event loop about 5 ms."""


class CataloguePage(Struct, frozen=True):
    """Facts of one kind, in order of their keys."""

    facts: tuple[AnyFact, ...]
    next: str | None
    """The key after which the next page begins; `None`: this is the last page."""


async def read_page(
    ledger: FactStore, kind: str, after: str = "", limit: int = MAX_PAGE
) -> CataloguePage:
    """Return a page of the facts in force, without those that are reported as gone.

    Args:
        ledger: The store of the facts.
        kind: One of `CATALOGUE_KINDS`.
        after: The `next` of the page before; empty: the first page.
        limit: The most facts that are read for the page.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    stored = await ledger.facts_of_kind(kind, after, limit)
    reported = [found for one in stored if (found := _reported(one))]
    gone = await _gone_facts(ledger, [one.fact for one in reported])
    kept = tuple(one.fact for one in reported if end_of(one, _about(gone, one.fact)) is None)
    return CataloguePage(kept, stored[-1].key if len(stored) == limit else None)


async def _gone_facts(
    ledger: FactStore, facts: Sequence[AnyFact]
) -> dict[tuple[str, str], list[ReportedFact[Any]]]:
    """Return subject → the reports that something of it is gone."""
    subjects = list(dict.fromkeys(pair for fact in facts for pair in _named(fact)))
    found: dict[tuple[str, str], list[ReportedFact[Any]]] = {}
    for one in await ledger.facts_about(subjects, ("gone",)) if subjects else ():
        if (reported := _reported(one)) is not None:
            for subject in subjects_of(reported.fact):
                found.setdefault(subject, []).append(reported)
    return found


def _about(
    gone: dict[tuple[str, str], list[ReportedFact[Any]]], fact: AnyFact
) -> list[ReportedFact[Any]]:
    return [one for subject in _named(fact) for one in gone.get(subject, ())]


def _named(fact: AnyFact) -> list[tuple[str, str]]:
    """Return the subjects under which a report that the fact is gone is stored."""
    wanted = {"sku", "product"} if isinstance(fact, Product) else {"sku"}
    return [pair for pair in subjects_of(fact) if pair[0] in wanted]


def _reported(stored: StoredFact) -> ReportedFact[Any] | None:
    """Return a stored fact; `None`: it is damaged, which the reader of items reports."""
    try:
        return ReportedFact(fact_codec.decode_stored(stored.body), stored.at, stored.number)
    except msgspec.DecodeError:
        return None
