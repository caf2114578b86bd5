"""Every balance is compared with the offers and redemptions behind it."""

import sqlite3

import pytest

from support.ledger_rows import accepted, leave, offer, push, redeem
from tactful.core.offers.offer import OfferState
from tactful.stores.shared.failpoints import no_failpoint
from tactful.stores.sqlite import turns
from tactful.stores.sqlite.reconcile import reconcile


@pytest.fixture
def filled(connection: sqlite3.Connection) -> sqlite3.Connection:
    """One redeemed, one standing and one ended offer."""
    turns.commit(connection, push(accepted("of_1"), count=9))
    turns.commit(connection, push(offer("of_2"), count=9))
    turns.commit(connection, push(offer("of_3"), count=9))
    turns.commit(connection, leave(offer("of_3"), OfferState.EXPIRED, count=9))
    turns.run_redemption(connection, redeem, ("of_1", "o1", None), no_failpoint)
    connection.execute(
        "UPDATE budgets SET reserved = reserved - 1, settled = settled + 1 WHERE currency = '#'"
    )  # `redeem` moves money only, and the count goes with it
    return connection


def test_balances_that_agree_are_not_mentioned(filled: sqlite3.Connection) -> None:
    assert reconcile(filled) == []


@pytest.mark.parametrize("column", ["reserved", "settled"])
def test_a_balance_that_is_off_by_one_is_named_with_both_sides(
    filled: sqlite3.Connection, column: str
) -> None:
    filled.execute(f"UPDATE budgets SET {column} = {column} + 1 WHERE currency = 'EUR'")  # noqa: S608
    (found,) = reconcile(filled)
    assert found.startswith("spring total EUR: ")
    assert "the offers hold 1935 and the redemptions spent 1935" in found


def test_a_count_is_compared_by_offers_and_not_by_money(filled: sqlite3.Connection) -> None:
    filled.execute("UPDATE budgets SET reserved = 5 WHERE currency = '#'")
    (found,) = reconcile(filled)
    assert found == (
        "spring total #: reserved 5 and settled 1, but the offers hold 1 and the redemptions spent 1"
    )
