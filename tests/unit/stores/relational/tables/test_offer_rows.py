"""Offers and their steps as rows."""

from support.ledger_rows import offer, step
from tactful.core.offers.offer import OfferState
from tactful.stores.relational.tables.offer_rows import (
    mark_bought,
    put_offers,
    read_offer,
    with_offers,
)
from tactful.stores.sqlite.sqlite_connection import SqliteConnection


def test_offers_and_steps_are_written_in_order(connection: SqliteConnection) -> None:
    pushed, shown = offer(), offer(state=OfferState.SHOWN, seq=2)
    steps = with_offers([step(pushed), step(shown)], {"of_1": shown})
    put_offers(connection, [pushed, shown], steps)
    put_offers(connection, [], [])
    assert read_offer(connection, "of_1") == shown
    assert read_offer(connection, "of_unknown") is None
    found = connection.execute("SELECT offer, session, seq, state FROM steps ORDER BY id")
    assert found.fetchall() == [("of_1", "se_1", 1, "pushed"), ("of_1", "se_1", 2, "shown")]


def test_marking_a_purchase_skips_an_unknown_offer(connection: SqliteConnection) -> None:
    put_offers(connection, [offer(state=OfferState.HELD_OUT)], [])
    mark_bought(connection, ["of_1", "of_unknown"], bought=True)
    found = read_offer(connection, "of_1")
    assert found is not None
    assert found.bought
    assert read_offer(connection, "of_unknown") is None
