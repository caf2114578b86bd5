"""What the writing connection knows of the stored rows: always what is stored."""

from contextlib import closing
from pathlib import Path
from random import Random  # noqa: TID251 - seeded, so that acts can be repeated

import pytest
from msgspec import structs

from support.known_rows_check import assert_known_rows_are_stored, check_every_transaction
from support.ledger_rows import T0, fact, leave, offer, push
from tactful.core.offers.offer import OfferState
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal, ReadSet, StockNeed
from tactful.stores.relational import known_rows, turns
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.opening import open_writer
from tactful.stores.sqlite.sqlite_connection import SqliteConnection

NEED = (StockNeed("RUN-42", "DE", 100),)


def promise(number: int, epoch: int = 1) -> Commit:
    made = offer(f"of_{number}", session=f"se_{number % 3}")
    return structs.replace(
        push(made, limit=None), state=b"s", resume=b"r%d" % (number % 3), epoch=epoch, stock=NEED
    )


async def test_two_writers_on_one_file_know_what_the_other_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = check_every_transaction(monkeypatch)
    draw = Random(1)
    pair = [SqliteLedger(tmp_path / "tactful.db") for _ in range(2)]
    for ledger in pair:
        await ledger.open()
    try:
        for number in range(150):
            ledger, kind = draw.choice(pair), draw.randrange(8)
            if kind < 4:
                await ledger.commit(promise(number, epoch=1_000))
            elif kind == 4:
                ledger.record(leave(offer(f"of_{number - 1}"), OfferState.EXPIRED, limit=None))
            elif kind == 5:
                await ledger.claim_session(b"r%d" % draw.randrange(3))
            elif kind == 6:
                await ledger.record_facts([fact(version=number)])
            elif kind == 7 and number % 2:
                await ledger.forget_session("se_1")
            else:
                await ledger.erase_customer("c1", "erased-1", T0)
            if draw.random() < 0.3:
                await ledger.flush()
    finally:
        for ledger in pair:
            await ledger.close()
    assert len(checks) > 100
    assert sum(checks) > 100


def test_a_transaction_of_another_connection_makes_everything_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "tactful.db"
    with closing(open_writer(path)) as one, closing(open_writer(path)) as other:
        for connection, number in ((one, 1), (one, 2), (other, 3), (one, 4)):
            connection.start()
            assert_known_rows_are_stored(connection)
            assert turns.commit(connection, promise(number)) is None
            assert_known_rows_are_stored(connection)
            connection.execute("COMMIT")
        assert one.known.promised == {("RUN-42", "DE"): 4}


def test_nothing_that_was_rolled_back_is_known(connection: SqliteConnection) -> None:
    connection.start()
    turns.commit(connection, promise(1))
    connection.execute("SAVEPOINT job")
    turns.commit(connection, promise(2))
    connection.undo_job("job")
    assert_known_rows_are_stored(connection)
    assert turns.commit(connection, promise(2)) is None
    connection.abandon()
    assert_known_rows_are_stored(connection)
    assert connection.known.promised == {}


def test_a_transaction_reads_no_row_again_that_the_one_before_knew(
    connection: SqliteConnection,
) -> None:
    statements: list[str] = []
    for number in (1, 4):
        connection.start()
        statements.clear()
        connection.set_trace_callback(statements.append)
        turns.commit(connection, structs.replace(promise(number), reads=ReadSet(0, ())))
        connection.set_trace_callback(None)
        connection.execute("COMMIT")
    assert [one for one in statements if "SELECT" in one] == [
        "SELECT state, units FROM offers WHERE id = 'of_4'"
    ]


def test_an_entry_that_was_forgotten_is_read_again(
    connection: SqliteConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_rows, "MAX_ENTRIES", 1)
    for number in range(2):
        connection.start()
        assert turns.commit(connection, promise(number)) is None
        connection.execute("COMMIT")
    connection.start()
    assert connection.known.epochs == {}
    old = structs.replace(promise(4, epoch=1), state=None)
    connection.execute("UPDATE sessions SET epoch = 2")
    assert turns.commit(connection, old) == CommitRefusal("session.moved")
    connection.execute("COMMIT")
