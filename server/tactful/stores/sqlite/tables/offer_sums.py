"""Sums over all offers ever made, which the writer keeps with every offer."""

import sqlite3
from collections.abc import Iterable
from operator import attrgetter
from typing import Final

from tactful.core.compliance.prior_price import WINDOW
from tactful.core.compliance.reduction_history import ANY_RULE
from tactful.core.offers.offer import UNSHOWN, Offer, OfferStep

_COUNT_STEP: Final = """
  INSERT INTO rule_steps VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET count = count + excluded.count"""
_NOTE: Final = """
  INSERT INTO reductions VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET
    since = iif(excluded.since - last > ?, excluded.since, since),
    last = excluded.last
    WHERE excluded.last >= last"""
_ALWAYS: Final = -(2**62)
"""A distance in time that every reduction exceeds: it begins anew with each offer that notes it."""


def count_steps(connection: sqlite3.Connection, steps: Iterable[tuple[OfferStep, Offer]]) -> None:
    """Count lifecycle steps by the rules of their offers; equal ones of one call are written once."""
    counts: dict[tuple[str, str, str, str], int] = {}
    for step, offer in steps:
        key = offer.rule, offer.rule_digest, str(step.to), step.reason or ""
        counts[key] = counts.get(key, 0) + 1
    connection.executemany(_COUNT_STEP, [(*key, count) for key, count in counts.items()])


def note_reductions(connection: sqlite3.Connection, offers: Iterable[Offer]) -> None:
    """Note that new offers reduce an item: by their rules, and by any rule.

    Offers that are never shown, and those that leave the price of the item as it is, do not. Each
    reduction is written once, as the last offer leaves it. A reduction by any rule that follows the one
    before within `WINDOW` continues it.
    """
    made = [one for one in offers if one.state not in UNSHOWN and one.reduces_price]
    made.sort(key=attrgetter("issued_at"))
    by_rule: dict[tuple[str, str, str], tuple[int, int]] = {}
    by_any: dict[tuple[str, str], tuple[int, int]] = {}
    rows: list[tuple[object, ...]] = []
    for offer in made:
        sku, territory, at = offer.sku, offer.territory, offer.issued_at
        by_rule[offer.rule, sku, territory] = offer.since, at
        since, last = by_any.get((sku, territory), (at, at))
        if at - last > WINDOW:
            rows.append((ANY_RULE, sku, territory, since, last, WINDOW))
            since = at
        by_any[sku, territory] = since, at
    for key, times in by_rule.items():
        rows.append((*key, *times, _ALWAYS))
    for item, times in by_any.items():
        rows.append((ANY_RULE, *item, *times, WINDOW))
    if rows:
        connection.executemany(_NOTE, rows)
