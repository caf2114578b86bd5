"""Offers and their steps."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import structs

from tactful.core.offers.offer import Offer, OfferStep
from tactful.stores.relational.inserts import insert_into
from tactful.stores.relational.ledger_connection import WriteConnection
from tactful.stores.relational.tables import code_rows
from tactful.stores.relational.tables.offer_sums import count_steps

ENCODE: Final = msgspec.json.Encoder().encode
DECODE_OFFER: Final = msgspec.json.Decoder(Offer).decode

_PUT_OFFER: Final = insert_into(
    "offers",
    "id text, session text, customer text, state text, campaign text, period text, currency text,"
    " hold bigint, units bigint, body bytea",
    """ON CONFLICT (id) DO UPDATE SET session = excluded.session, customer = excluded.customer,
      state = excluded.state, hold = excluded.hold, units = excluded.units, body = excluded.body""",
    key_columns=1,
)
_PUT_STEP: Final = insert_into(
    "steps", "offer text, session text, at bigint, seq bigint, state text, reason text"
)


def read_offer(connection: WriteConnection, offer: str) -> Offer | None:
    """Return one offer; None: there is none."""
    row = connection.execute("SELECT body FROM offers WHERE id = ?", (offer,)).fetchone()
    return DECODE_OFFER(row[0]) if row else None


def put_offers(
    connection: WriteConnection,
    offers: Sequence[Offer],
    steps: Sequence[tuple[OfferStep, Offer]],
) -> None:
    """Write offers in their new states, in order, and steps with the offers that took them."""
    if offers:
        connection.insert(_PUT_OFFER, [_offer_row(offer) for offer in offers])
        code_rows.follow(connection, offers)
    if steps:
        rows = [
            (step.offer, offer.session, step.at, step.seq, str(step.to), step.reason)
            for step, offer in steps
        ]
        connection.insert(_PUT_STEP, rows)
        count_steps(connection, steps)


def with_offers(
    steps: Iterable[OfferStep], offers: Mapping[str, Offer]
) -> list[tuple[OfferStep, Offer]]:
    """Return each step with the offer that took it."""
    return [(step, offers[step.offer]) for step in steps]


def mark_bought(connection: WriteConnection, offers: Iterable[str], *, bought: bool) -> None:
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
