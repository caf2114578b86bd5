"""Stored sessions and offers as plain data, complete."""

import msgspec
import pytest
from msgspec import structs

from support.builders import session
from support.ledger_rows import offer
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.session.session import Session
from tactful.stores.shared.stored_structs import offer_data, session_data


@pytest.mark.parametrize("state", [OfferState.PUSHED, OfferState.ACCEPTED])
def test_an_offer_has_every_field_although_defaults_are_not_stored(state: OfferState) -> None:
    made = offer(state=state)
    stored = msgspec.json.encode(made)
    data = offer_data(stored)
    assert data.keys() == {field.encode_name for field in structs.fields(Offer)}
    assert msgspec.convert(data, Offer) == made
    assert b"parked" not in stored


def test_a_session_and_its_offers_have_every_field() -> None:
    made = structs.replace(session(views=2), offers=(offer(),))
    stored = msgspec.msgpack.encode(made)
    data = session_data(stored)
    assert data.keys() == {field.encode_name for field in structs.fields(Session)}
    assert data["offers"] == [offer_data(msgspec.json.encode(offer()))]
    assert msgspec.convert(data, Session) == made
    assert msgspec.msgpack.decode(stored, type=Session) == made
    assert b"held_out" not in stored


def test_a_body_that_cannot_be_read_is_text() -> None:
    assert session_data(b"\xc1 no code") == offer_data(b"\xc1 no code") == "\ufffd no code"


def test_defaults_that_stored_rows_rely_on_do_not_change() -> None:
    known = {field.name: field.default for field in structs.fields(Offer)}
    assert (known["max_qty"], known["qty"], known["hold"]) == (1, 1, 0)
    assert (known["state"], known["placement"], known["countdown"]) == ("pushed", "corner", True)
