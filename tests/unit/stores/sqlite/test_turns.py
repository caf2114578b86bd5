"""Turns and redemptions as rows: one transaction, few statements."""

import pytest
from msgspec import structs

from support.ledger_rows import T0, entry, leave, offer, push
from tactful.core.offers.offer import OfferState
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal
from tactful.stores.sqlite import turns
from tactful.stores.sqlite.ledger_connection import LedgerConnection


def rows(connection: LedgerConnection, sql: str) -> list[tuple[object, ...]]:
    return connection.execute(sql).fetchall()


def test_a_refused_turn_has_written_no_row(connection: LedgerConnection) -> None:
    turn = structs.replace(push(offer(), limit=100), state=b"s", entry=entry())
    assert turns.commit(connection, turn) == CommitRefusal("budget.spend", "spring", "EUR")
    for table in ("offers", "steps", "budgets", "sessions", "entries"):
        assert rows(connection, f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608


def test_of_several_turns_of_a_session_the_last_state_and_the_last_secret_are_stored(
    connection: LedgerConnection,
) -> None:
    turns.record(
        connection,
        [
            Commit(session="se_1", state=b"1", resume=b"r1", seen_at=T0, entry=entry(at=T0)),
            Commit(session="se_1", state=b"2", seen_at=T0 + 1, entry=entry(at=T0 + 1)),
        ],
    )
    assert rows(connection, "SELECT state, resume, seen_at FROM sessions") == [
        (b"2", b"r1", T0 + 1)
    ]
    assert rows(connection, "SELECT count(*) FROM entries") == [(2,)]


def test_hundreds_of_releases_write_their_balance_once(connection: LedgerConnection) -> None:
    made = [offer(f"of_{number}", session=f"se_{number}") for number in range(200)]
    for one in made:
        turns.commit(connection, push(one, limit=None))
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    turns.record(connection, [leave(one, OfferState.WITHDRAWN, limit=None) for one in made])
    connection.set_trace_callback(None)
    assert sum("INTO budgets" in one for one in statements) == 1
    assert rows(connection, "SELECT reserved FROM budgets") == [(0,)]


def test_a_turn_that_ends_an_offer_twice_releases_once(connection: LedgerConnection) -> None:
    turns.commit(connection, push(offer()))
    late = leave(offer(), OfferState.EXPIRED)
    turns.record(connection, [late, late])
    assert rows(connection, "SELECT reserved FROM budgets") == [(0,)]


def test_a_record_that_reserves_is_a_programming_error(connection: LedgerConnection) -> None:
    with pytest.raises(ValueError, match="must be committed"):
        turns.record(connection, [push(offer(), limit=100)])


def test_marking_a_purchase_skips_an_unknown_offer(connection: LedgerConnection) -> None:
    made = offer(state=OfferState.HELD_OUT)
    turns.commit(connection, structs.replace(push(made), moves=()))
    turns.mark_bought(connection, ["of_1", "of_unknown"], bought=True)
    found = turns.read_offer(connection, "of_1")
    assert found is not None
    assert found.bought
    assert turns.read_offer(connection, "of_unknown") is None
