"""The change log in SQLite: dense positions, heads, trimming and erased subjects."""

from contextlib import closing
from pathlib import Path

import pytest

from support.ledger_rows import T0, fact
from tactful.runtime.ports.ledger_rows import Change
from tactful.stores.relational import facts
from tactful.stores.relational.tables import change_rows
from tactful.stores.sqlite.opening import connect
from tactful.stores.sqlite.sqlite_connection import SqliteConnection

SKU, CASE = ("sku", "RUN-42"), ("case", "k1")


def log(connection: SqliteConnection, after: int = 0) -> list[Change]:
    rows = connection.execute(change_rows.READ_CHANGES, (after, 99)).fetchall()
    return change_rows.changes_from_rows(rows)


def test_the_number_of_a_fact_is_its_position_among_all_changes(
    connection: SqliteConnection,
) -> None:
    change_rows.append(connection, "rule_state", (("rule", "r1"),), at=T0, body=b"paused")
    facts.record(connection, [fact(version=1, at=T0 + 1), fact(version=1), fact(version=2)])
    assert connection.execute("SELECT id FROM facts ORDER BY id").fetchall() == [(2,), (3,)]
    assert [change.position for change in log(connection)] == [1, 2, 3]
    assert log(connection, 1)[0].body == fact(version=1).body


def test_the_instants_of_the_log_never_fall(connection: SqliteConnection) -> None:
    facts.record(connection, [fact(version=1, at=T0)])
    change_rows.append(connection, "heartbeat", (("feed", "erp"),))
    change_rows.append(connection, "heartbeat", (("feed", "erp"),), at=T0 - 1)
    assert [change.at for change in log(connection)] == [T0, T0, T0]


def test_a_fact_that_changes_its_subjects_is_a_change_of_the_former_ones_too(
    connection: SqliteConnection,
) -> None:
    facts.record(connection, [fact("case", "k1", 1, subjects=(CASE, SKU))])
    facts.record(connection, [fact("case", "k1", 2, subjects=(CASE,))])
    assert log(connection)[-1].subjects == (CASE, SKU)


def test_heads_follow_the_changes_of_this_connection_without_a_read(
    connection: SqliteConnection,
) -> None:
    assert change_rows.recent_heads(connection).base == 0
    facts.record(connection, [fact(version=1), fact("case", "k1", 1, subjects=(CASE,))])
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    heads = change_rows.recent_heads(connection)
    connection.set_trace_callback(None)
    assert statements == []
    assert (heads.changed_since(SKU, 0), heads.changed_since(SKU, 1)) == (True, False)
    assert heads.changed_since(CASE, 1)


def test_heads_learn_what_another_process_logged(connection: SqliteConnection) -> None:
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    with closing(connect(Path(path))) as other:
        other.start()
        facts.record(other, [fact(version=number) for number in range(1, 5)])
        other.execute("COMMIT")
    connection.start()
    heads = change_rows.recent_heads(connection)
    assert (heads.base, heads.upto) == (0, 4)
    assert heads.changed_since(SKU, 3)


def test_heads_begin_anew_where_the_log_was_trimmed_meanwhile(connection: SqliteConnection) -> None:
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    with closing(connect(Path(path))) as other:
        facts.record(other, [fact(version=number) for number in range(1, 5)])
        change_rows.trim(other, 2, 9)
    connection.start()
    assert change_rows.recent_heads(connection).base == 4


def test_heads_of_a_transaction_that_was_rolled_back_are_forgotten(
    connection: SqliteConnection,
) -> None:
    connection.start()
    facts.record(connection, [fact(version=1)])
    connection.abandon()
    connection.start()
    facts.record(connection, [fact("case", "k1", 1, subjects=(CASE,))])
    connection.execute("COMMIT")
    heads = change_rows.recent_heads(connection)
    assert not heads.changed_since(SKU, 0)


def test_trimming_drops_the_oldest_changes_in_small_pieces(connection: SqliteConnection) -> None:
    facts.record(connection, [fact(version=number) for number in (1, 2, 3, 4)])
    assert change_rows.trim(connection, 3, 2) == 2
    assert [change.position for change in log(connection)] == [3, 4]
    assert change_rows.trim(connection, 99, 2) == 1
    assert change_rows.trim(connection, 99, 2) == 0
    assert change_rows.newest_position(connection) == 4


def test_an_erased_subject_is_replaced_in_the_log(connection: SqliteConnection) -> None:
    facts.record(connection, [fact("case", "k1", 1, subjects=(CASE, ("customer", "c1")))])
    change_rows.replace_subjects(connection, {("customer", "c1"): ("customer", "~d")})
    assert log(connection)[0].subjects == (CASE, ("customer", "~d"))


def test_writing_no_changes_writes_nothing(connection: SqliteConnection) -> None:
    change_rows.write_changes(connection, [])
    assert log(connection) == []


def test_erased_subjects_are_replaced_in_slices_of_the_log(
    connection: SqliteConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_rows, "REPLACED_AT_ONCE", 2)
    for number in range(5):
        change_rows.append(connection, "rule_state", (CASE, ("rule", f"r{number}")), at=T0)
    hidden = ("case", "~digest")
    upto: int | None = 0
    slices = []
    while upto is not None:
        upto = change_rows.replace_subjects(connection, {CASE: hidden}, upto)
        slices.append(upto)
    assert slices == [2, 4, None]
    assert [change.subjects[0] for change in log(connection)] == [hidden] * 5
