"""Sums over all offers ever made, which the writer keeps with every offer."""

import sqlite3
from collections.abc import Iterable
from typing import Final

from tactful.core.compliance.prior_price import WINDOW
from tactful.core.compliance.reduction_history import ANY_RULE
from tactful.core.offers.offer import Offer, OfferState, OfferStep

_COUNT_STEP: Final = """
  INSERT INTO rule_steps VALUES (?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1"""
_NOTE: Final = """
  INSERT INTO reductions VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET since = excluded.since, last = excluded.last
    WHERE excluded.last >= last"""
_NOTE_ANY: Final = """
  INSERT INTO reductions VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET
    since = iif(excluded.last - last > ?, excluded.since, since),
    last = excluded.last
    WHERE excluded.last >= last"""


def count_steps(connection: sqlite3.Connection, steps: Iterable[tuple[OfferStep, Offer]]) -> None:
    """Count lifecycle steps by the rules of their offers."""
    rows = [
        (offer.rule, offer.rule_digest, step.to.value, step.reason or "") for step, offer in steps
    ]
    connection.executemany(_COUNT_STEP, rows)


def note_reductions(connection: sqlite3.Connection, offers: Iterable[Offer]) -> None:
    """Note that new offers reduce an item: by their rules, and by any rule.

    Offers that are held out, and those that leave the price of the item as it is, do not.
    """
    rows = [
        (offer.rule, offer.sku, offer.territory, offer.since, offer.issued_at)
        for offer in offers
        if offer.state is not OfferState.HELD_OUT and offer.reduces_price
    ]
    if rows:
        connection.executemany(_NOTE, rows)
        by_any = sorted((ANY_RULE, sku, where, at, at, WINDOW) for _, sku, where, _, at in rows)
        connection.executemany(_NOTE_ANY, by_any)
