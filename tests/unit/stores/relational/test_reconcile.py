"""Every balance is compared with the offers and redemptions behind it."""

import pytest

from support.ledger_rows import accepted, leave, offer, push, redeem
from tactful.core.offers.offer import OfferState
from tactful.stores.relational import redemption_transaction, turns
from tactful.stores.relational.reconcile import reconcile
from tactful.stores.relational.redemption_transaction import RedemptionLookup
from tactful.stores.shared.failpoints import no_failpoint
from tactful.stores.sqlite.sqlite_connection import SqliteConnection


@pytest.fixture
def filled(connection: SqliteConnection) -> SqliteConnection:
    """One redeemed, one standing and one ended offer."""
    turns.commit(connection, push(accepted("of_1"), count=9))
    turns.commit(connection, push(offer("of_2"), count=9))
    turns.commit(connection, push(offer("of_3"), count=9))
    turns.commit(connection, leave(offer("of_3"), OfferState.EXPIRED, count=9))
    redemption_transaction.run_redemption(
        connection, redeem, RedemptionLookup("o1", ("of_1",)), no_failpoint
    )
    connection.execute(
        "UPDATE budgets SET reserved = reserved - 1, settled = settled + 1 WHERE currency = '#'"
    )  # `redeem` moves money only, and the count goes with it
    return connection


def test_balances_that_agree_are_not_mentioned(filled: SqliteConnection) -> None:
    assert reconcile(filled) == []


@pytest.mark.parametrize("column", ["reserved", "settled"])
def test_a_balance_that_is_off_by_one_is_named_with_both_sides(
    filled: SqliteConnection, column: str
) -> None:
    filled.execute(f"UPDATE budgets SET {column} = {column} + 1 WHERE currency = 'EUR'")  # noqa: S608
    (found,) = reconcile(filled)
    assert found.startswith("spring total EUR: ")
    assert "the offers hold 1935 and the redemptions spent 1935" in found


def test_a_count_is_compared_by_offers_and_not_by_money(filled: SqliteConnection) -> None:
    filled.execute("UPDATE budgets SET reserved = 5 WHERE currency = '#'")
    (found,) = reconcile(filled)
    assert found == (
        "spring total #: reserved 5 and settled 1, but the offers hold 1 and the redemptions spent 1"
    )


def test_a_commitment_that_is_off_is_named_with_both_sides(filled: SqliteConnection) -> None:
    filled.execute("UPDATE stock_commitments SET promised = 7")
    (found,) = reconcile(filled)
    assert found == (
        "RUN-42 DE: 7 units are counted as promised, but the standing offers promise 1"
    )


def test_a_commitment_without_a_row_is_named_too(filled: SqliteConnection) -> None:
    filled.execute("DELETE FROM stock_commitments")
    assert len(reconcile(filled)) == 1


def test_a_copy_of_an_older_schema_is_compared_by_its_balances_only(
    filled: SqliteConnection,
) -> None:
    filled.execute("DROP TABLE stock_commitments")
    assert reconcile(filled, schema=4) == []


def test_a_code_whose_offer_does_not_name_it_is_reported(filled: SqliteConnection) -> None:
    filled.execute(
        "INSERT INTO codes (key, pool, code, state, offer, added_at)"
        " VALUES ('A', 'p', 'a', 'reserved', 'of_1', 0)"
    )
    assert reconcile(filled) == ["the discount code A and its offer do not name each other"]
    assert reconcile(filled, schema=18) == []
