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
  ON CONFLICT DO UPDATE SET since = excluded.since, last = excluded.last
    WHERE excluded.last >= last"""
_NOTE_ANY: Final = """
  INSERT INTO reductions VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET
    since = iif(excluded.since - last > ?, excluded.since, since),
    last = excluded.last
    WHERE excluded.last >= last"""


def count_steps(connection: sqlite3.Connection, steps: Iterable[tuple[OfferStep, Offer]]) -> None:
    """Count lifecycle steps by the rules of their offers; equal ones of one call are written once."""
    counts: dict[tuple[str, str, str, str], int] = {}
    for step, offer in steps:
        key = offer.rule, offer.rule_digest, step.to.value, step.reason or ""
        counts[key] = counts.get(key, 0) + 1
    connection.executemany(_COUNT_STEP, [(*key, count) for key, count in counts.items()])


def note_reductions(connection: sqlite3.Connection, offers: Iterable[Offer]) -> None:
    """Note that new offers reduce an item: by their rules, and by any rule.

    Offers that are never shown, and those that leave the price of the item as it is, do not. Each
    reduction is written once, as the last offer leaves it.
    """
    made = [one for one in offers if one.state not in UNSHOWN and one.reduces_price]
    made.sort(key=attrgetter("issued_at"))
    latest = {(offer.rule, offer.sku, offer.territory): offer for offer in made}
    if latest:
        rows = [(*key, offer.since, offer.issued_at) for key, offer in latest.items()]
        connection.executemany(_NOTE, rows)
        connection.executemany(_NOTE_ANY, [(*row, WINDOW) for row in _by_any_rule(made)])


def _by_any_rule(offers: Iterable[Offer]) -> list[tuple[str, str, str, int, int]]:
    """Return the time of each reduction, joined with the one before it if that is recent.

    Args:
        offers: Offers in the order of their issue.
    """
    since: dict[tuple[str, str], int] = {}
    last: dict[tuple[str, str], int] = {}
    ended: list[tuple[str, str, str, int, int]] = []
    for offer in offers:
        item, at = (offer.sku, offer.territory), offer.issued_at
        if item in last and at - last[item] > WINDOW:
            ended.append((ANY_RULE, *item, since.pop(item), last[item]))
        since.setdefault(item, at)
        last[item] = at
    return [*ended, *((ANY_RULE, *item, at, last[item]) for item, at in since.items())]
