"""Turns and redemptions as rows: one transaction, few statements."""

from contextlib import closing
from pathlib import Path
from random import Random  # noqa: TID251 - seeded, so that turns can be repeated

import pytest
from msgspec import structs

from support.ledger_rows import T0, entry, leave, offer, push
from tactful.core.offers.offer import OfferState
from tactful.core.session.contact_history import NO_CONTACT
from tactful.runtime.ports.ledger_rows import (
    Commit,
    CommitRefusal,
    ContactWrite,
    StockNeed,
    TallyRow,
)
from tactful.runtime.turn_log.log_encoding import encode as encode_contact
from tactful.stores.relational import turns
from tactful.stores.relational.tables import sessions
from tactful.stores.sqlite.opening import open_writer
from tactful.stores.sqlite.sqlite_connection import SqliteConnection


def rows(connection: SqliteConnection, sql: str) -> list[tuple[object, ...]]:
    return connection.execute(sql).fetchall()


def test_a_refused_turn_has_written_no_row(connection: SqliteConnection) -> None:
    turn = structs.replace(push(offer(), limit=100), state=b"s", entry=entry())
    assert turns.commit(connection, turn) == CommitRefusal("budget.spend", "spring", "EUR")
    for table in ("offers", "steps", "budgets", "sessions", "entries"):
        assert rows(connection, f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608


def test_of_several_turns_of_a_session_the_last_state_and_the_last_secret_are_stored(
    connection: SqliteConnection,
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


def test_hundreds_of_releases_write_their_balance_once(connection: SqliteConnection) -> None:
    made = [offer(f"of_{number}", session=f"se_{number}") for number in range(200)]
    for one in made:
        turns.commit(connection, push(one, limit=None))
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    turns.record(connection, [leave(one, OfferState.WITHDRAWN, limit=None) for one in made])
    connection.set_trace_callback(None)
    assert sum("INTO budgets" in one for one in statements) == 1
    assert rows(connection, "SELECT reserved FROM budgets") == [(0,)]


def test_a_turn_that_ends_an_offer_twice_releases_once(connection: SqliteConnection) -> None:
    turns.commit(connection, push(offer()))
    late = leave(offer(), OfferState.EXPIRED)
    turns.record(connection, [late, late])
    assert rows(connection, "SELECT reserved FROM budgets") == [(0,)]


def test_a_record_that_reserves_is_a_programming_error(connection: SqliteConnection) -> None:
    with pytest.raises(ValueError, match="must be committed"):
        turns.record(connection, [push(offer(), limit=100)])


def test_turns_of_one_batch_are_checked_on_what_those_before_them_leave(
    connection: SqliteConnection,
) -> None:
    need = (StockNeed("RUN-42", "DE", 2),)
    known = Commit(contacts={"c1": ContactWrite(0, b"1")})
    refused = turns.write(
        connection,
        [
            (
                structs.replace(push(offer("of_1"), limit=5_000), stock=need, epoch=7, state=b"1"),
                True,
            ),
            (structs.replace(push(offer("of_2"), limit=5_000), stock=need, epoch=7), True),
            (structs.replace(push(offer("of_3"), limit=None), stock=need), True),
            (push(offer("of_4"), limit=5_000), True),
            (structs.replace(push(offer("of_5"), limit=None), epoch=6), True),
            (leave(offer("of_1"), OfferState.EXPIRED), False),
            (push(offer("of_1")), True),
            (structs.replace(push(offer("of_6"), limit=5_000), stock=need), True),
            (known, True),
            (known, True),
            (Commit(contacts={"c1": ContactWrite(1, b"2")}), True),
        ],
    )
    assert refused == [
        None,
        None,
        CommitRefusal("stock.committed", sku="RUN-42", territory="DE"),
        CommitRefusal("budget.spend", "spring", "EUR"),
        CommitRefusal("session.moved"),
        None,
        CommitRefusal("offer.ended", offer="of_1"),
        None,
        None,
        CommitRefusal("contact.newer", subject=("customer", "c1")),
        None,
    ]
    assert rows(connection, "SELECT id, state FROM offers ORDER BY id") == [
        ("of_1", "expired"),
        ("of_2", "pushed"),
        ("of_6", "pushed"),
    ]
    assert rows(connection, "SELECT reserved FROM budgets") == [(2 * 1_935,)]
    assert rows(connection, "SELECT promised FROM stock_commitments") == [(2,)]
    assert rows(connection, "SELECT revision, body FROM contacts") == [(2, b"2")]
    assert rows(connection, "SELECT state, count FROM rule_steps ORDER BY state") == [
        ("expired", 1),
        ("pushed", 3),
    ]


def test_what_a_lone_promise_lacks_is_read_with_one_statement(connection: SqliteConnection) -> None:
    turns.commit(connection, push(offer("of_1"), limit=None))
    turns.record(connection, [Commit(session="se_2", state=b"1", epoch=5)])
    for known in (connection.known.epochs, connection.known.promised):
        known.clear()
    need = (StockNeed("RUN-42", "DE", 2),)
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    late = structs.replace(push(offer("of_2", session="se_2"), limit=None), epoch=4, stock=need)
    assert turns.commit(connection, late) == CommitRefusal("session.moved")
    connection.set_trace_callback(None)
    assert len(statements) == 1
    assert connection.known.epochs == {"se_2": 5}
    assert connection.known.promised == {("RUN-42", "DE"): 1}
    second, third = (
        structs.replace(push(offer(name, session="se_2"), limit=None), epoch=5, stock=need)
        for name in ("of_2", "of_3")
    )
    assert turns.commit(connection, second) is None
    assert turns.commit(connection, third) == CommitRefusal(
        "stock.committed", sku="RUN-42", territory="DE"
    )
    connection.known.epochs.clear()
    turns.record(connection, [leave(offer("of_1"), OfferState.EXPIRED, limit=None)])
    connection.known.epochs.clear()
    assert turns.commit(connection, push(offer("of_1"), limit=None)) == CommitRefusal(
        "offer.ended", offer="of_1"
    )


def test_promises_of_one_batch_write_each_sum_once(connection: SqliteConnection) -> None:
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    made = [offer(f"of_{number}", session=f"se_{number}") for number in range(64)]
    assert not any(turns.write(connection, [(push(one, limit=None), True) for one in made]))
    connection.set_trace_callback(None)
    # A reduction is noted by its rule, and by any rule.
    for table, rows_of_it in (
        ("budgets", 1), ("rule_steps", 1), ("reductions", 2), ("stock_commitments", 1),
    ):  # fmt: skip
        assert sum(f"INTO {table}" in one for one in statements) == rows_of_it
    assert rows(connection, "SELECT reserved FROM budgets") == [(64 * 1_935,)]
    assert rows(connection, "SELECT promised FROM stock_commitments") == [(64,)]


def test_a_record_of_a_session_that_moved_writes_its_contact_history_only(
    connection: SqliteConnection,
) -> None:
    turns.record(connection, [Commit(session="se_1", state=b"1", resume=b"r", epoch=1)])
    sessions.claim(connection, b"r")
    late = Commit(
        session="se_1",
        state=b"2",
        epoch=1,
        entry=entry(),
        contacts={"c1": ContactWrite(None, b"x")},
    )
    turns.record(connection, [late, structs.replace(late, session="se_2", contacts={})])
    assert connection.fenced == 1
    assert rows(connection, "SELECT session, state FROM sessions ORDER BY session") == [
        ("se_1", b"1"),
        ("se_2", b"2"),
    ]
    assert rows(connection, "SELECT revision, body FROM contacts") == [(1, b"x")]
    assert rows(connection, "SELECT count(*) FROM entries") == [(1,)]


TABLES = (
    "offers", "steps", "budgets", "stock_commitments WHERE promised > 0", "sessions", "contacts", "entries", "tallies",
    "rule_steps", "reductions",
)  # fmt: skip


def drawn_turn(draw: Random, number: int) -> tuple[Commit, bool]:
    """A turn on few offers, sessions and customers, and whether it may be refused."""
    session, customer = f"se_{draw.randrange(3)}", f"c{draw.randrange(2)}"
    made = offer(
        f"of_{draw.randrange(12)}", session=session, rule=draw.choice(["r1", "r2"]),
        issued_at=T0 + number, since=T0 + draw.randrange(5),
        state=draw.choice([OfferState.PUSHED, OfferState.ACCEPTED, OfferState.HELD_OUT]),
    )  # fmt: skip
    may_refuse = draw.random() < 0.7
    turn = Commit()
    if may_refuse:
        turn = structs.replace(push(made, limit=9_000), stock=(StockNeed("RUN-42", "DE", 4),))
    elif draw.random() < 0.5:
        made = structs.replace(made, state=OfferState.EXPIRED)
        turn = structs.replace(push(made), moves=())
    revision = draw.choice([None, 0, 1, 2])
    body = encode_contact(NO_CONTACT)
    writes = {customer: ContactWrite(revision, body)} if draw.random() < 0.4 else {}
    turn = structs.replace(
        turn, session=session, epoch=draw.randrange(3), contacts=writes, entry=entry(at=T0 + number),
        tallies=(TallyRow(1, "offers", "aero", "DE", "r1", 1),), seen_at=T0 + number,
    )  # fmt: skip
    if draw.random() < 0.6:
        turn = structs.replace(
            turn, state=b"%d" % number, resume=draw.choice([None, b"%d" % number]),
            taken=draw.choice([None, b"%d" % number]),
        )  # fmt: skip
    return turn, may_refuse


@pytest.mark.parametrize("seed", range(40))
def test_a_batch_leaves_what_its_turns_leave_one_by_one(seed: int, tmp_path: Path) -> None:
    draw = Random(seed)
    drawn = [drawn_turn(draw, number) for number in range(60)]
    with (
        closing(open_writer(tmp_path / "a.db")) as one,
        closing(open_writer(tmp_path / "b.db")) as other,
    ):
        for connection in (one, other):
            connection.start()
        refused = [turns.write(one, [turn])[0] for turn in drawn]
        together = []
        for start in range(0, len(drawn), 20):
            together += turns.write(other, drawn[start : start + 20])
        assert together == refused
        assert one.fenced == other.fenced
        for table in TABLES:
            sql = f"SELECT * FROM {table}"  # noqa: S608
            assert rows(one, sql) == rows(other, sql)
