"""Offers and their steps in SQLite."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import structs

from tactful.core.offers.offer import Offer, OfferStep
from tactful.stores.sqlite.tables.offer_sums import count_steps

ENCODE: Final = msgspec.json.Encoder().encode
DECODE_OFFER: Final = msgspec.json.Decoder(Offer).decode

_PUT_OFFER: Final = """
  INSERT INTO offers (id, session, customer, state, campaign, period, currency, hold, units, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET session = excluded.session, customer = excluded.customer,
    state = excluded.state, hold = excluded.hold, units = excluded.units, body = excluded.body"""
_PUT_STEP: Final = """
  INSERT INTO steps (offer, session, at, seq, state, reason) VALUES (?, ?, ?, ?, ?, ?)"""


def read_offer(connection: sqlite3.Connection, offer: str) -> Offer | None:
    """Return one offer; None: there is none."""
    row = connection.execute("SELECT body FROM offers WHERE id = ?", (offer,)).fetchone()
    return DECODE_OFFER(row[0]) if row else None


def put_offers(
    connection: sqlite3.Connection,
    offers: Sequence[Offer],
    steps: Sequence[tuple[OfferStep, Offer]],
) -> None:
    """Write offers in their new states, in order, and steps with the offers that took them."""
    if offers:
        connection.executemany(_PUT_OFFER, [_offer_row(offer) for offer in offers])
    if steps:
        rows = [
            (step.offer, offer.session, step.at, step.seq, str(step.to), step.reason)
            for step, offer in steps
        ]
        connection.executemany(_PUT_STEP, rows)
        count_steps(connection, steps)


def with_offers(
    steps: Iterable[OfferStep], offers: Mapping[str, Offer]
) -> list[tuple[OfferStep, Offer]]:
    """Return each step with the offer that took it."""
    return [(step, offers[step.offer]) for step in steps]


def mark_bought(connection: sqlite3.Connection, offers: Iterable[str], *, bought: bool) -> None:
    """Store whether the products of held-out offers were bought without the offer."""
    found = (read_offer(connection, key) for key in offers)
    rows = [(ENCODE(structs.replace(one, bought=bought)), one.id) for one in found if one]
    connection.executemany("UPDATE offers SET body = ? WHERE id = ?", rows)


def _offer_row(offer: Offer) -> tuple[object, ...]:
    return (
        offer.id,
        offer.session,
        offer.customer,
        str(offer.state),
        offer.campaign,
        offer.period,
        offer.currency,
        offer.hold,
        offer.reserved_units,
        ENCODE(offer),
    )
