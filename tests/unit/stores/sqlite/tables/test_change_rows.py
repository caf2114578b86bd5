"""The change log in SQLite: dense positions, heads, trimming and erased subjects."""

from support.ledger_rows import T0, fact
from tactful.runtime.ports.ledger_rows import Change
from tactful.stores.sqlite import facts
from tactful.stores.sqlite.ledger_connection import LedgerConnection
from tactful.stores.sqlite.tables import change_rows

SKU, CASE = ("sku", "RUN-42"), ("case", "k1")


def log(connection: LedgerConnection, after: int = 0) -> list[Change]:
    rows = connection.execute(change_rows.READ_CHANGES, (after, 99)).fetchall()
    return change_rows.changes_from_rows(rows)


def heads(connection: LedgerConnection) -> dict[tuple[str, str], int]:
    found = connection.execute("SELECT kind, id, number FROM heads").fetchall()
    return {(kind, ident): number for kind, ident, number in found}


def test_the_number_of_a_fact_is_its_position_among_all_changes(
    connection: LedgerConnection,
) -> None:
    change_rows.append(connection, "rule_state", (("rule", "r1"),), at=T0, body=b"paused")
    facts.record(connection, [fact(version=1, at=T0 + 1), fact(version=1), fact(version=2)])
    assert connection.execute("SELECT id FROM facts ORDER BY id").fetchall() == [(2,), (3,)]
    assert [change.position for change in log(connection)] == [1, 2, 3]
    assert log(connection, 1)[0].body == b'{"type":"stock"}'
    assert heads(connection) == {("rule", "r1"): 1, SKU: 3}


def test_the_instants_of_the_log_never_fall(connection: LedgerConnection) -> None:
    facts.record(connection, [fact(version=1, at=T0)])
    change_rows.append(connection, "keys", (("settings", "keys"),))
    change_rows.append(connection, "keys", (("settings", "keys"),), at=T0 - 1)
    assert [change.at for change in log(connection)] == [T0, T0, T0]


def test_a_fact_that_changes_its_subjects_is_a_change_of_the_former_ones_too(
    connection: LedgerConnection,
) -> None:
    facts.record(connection, [fact("case", "k1", 1, subjects=(CASE, SKU))])
    facts.record(connection, [fact("case", "k1", 2, subjects=(CASE,))])
    assert log(connection)[-1].subjects == (CASE, SKU)
    assert heads(connection) == {CASE: 2, SKU: 2}


def test_a_heartbeat_sets_no_head(connection: LedgerConnection) -> None:
    change_rows.append(connection, "heartbeat", (("feed", "erp"),), at=T0)
    assert heads(connection) == {}
    assert len(log(connection)) == 1


def test_newer_subjects_are_found_by_their_heads(connection: LedgerConnection) -> None:
    facts.record(connection, [fact(version=1), fact("case", "k1", 1, subjects=(CASE,))])
    asked = [SKU, CASE, ("sku", "other")]
    assert change_rows.newer_subjects(connection, asked, 1) == {CASE}
    assert change_rows.newer_subjects(connection, asked, 2) == set()


def test_trimming_drops_the_oldest_changes_with_their_heads_in_small_pieces(
    connection: LedgerConnection,
) -> None:
    facts.record(connection, [fact(version=1), fact("case", "k1", 1, subjects=(CASE,))])
    facts.record(connection, [fact(version=number) for number in (2, 3)])
    assert change_rows.trim(connection, 3, 2) == 2
    assert heads(connection) == {SKU: 4}
    assert [change.position for change in log(connection)] == [3, 4]
    assert change_rows.trim(connection, 99, 2) == 1
    assert change_rows.trim(connection, 99, 2) == 0
    connection.start()
    assert (change_rows.oldest_position(connection), change_rows.newest_position(connection)) == (
        4,
        4,
    )


def test_an_erased_subject_is_replaced_in_the_log(connection: LedgerConnection) -> None:
    facts.record(connection, [fact("case", "k1", 1, subjects=(CASE, ("customer", "c1")))])
    change_rows.replace_subjects(connection, {("customer", "c1"): ("customer", "~d")})
    assert log(connection)[0].subjects == (CASE, ("customer", "~d"))
    assert heads(connection) == {CASE: 1}


def test_writing_no_changes_writes_nothing(connection: LedgerConnection) -> None:
    change_rows.write_changes(connection, [])
    assert log(connection) == []
