"""Facts as rows: versions, subjects, and the query for any past point."""

import sqlite3
from contextlib import closing
from pathlib import Path

from msgspec import structs

from support import builders
from support.ledger_rows import T0, fact, stock
from tactful.core.facts.fact_versions import FactOutcome
from tactful.runtime.services.ingest import fact_row
from tactful.stores.relational import facts
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.sqlite_connection import SqliteConnection


def about(
    connection: SqliteConnection, *subjects: tuple[str, str], **point: int
) -> list[tuple[str, int]]:
    query, values = facts.facts_query(subjects, (), point.get("at"), point.get("upto"))
    found = facts.select_facts(connection.execute(query, values), subjects)
    return [(one.key, one.number) for one in found]


def test_the_row_of_a_version_carries_the_highest_of_each_kind(
    connection: SqliteConnection,
) -> None:
    facts.record(connection, [fact(version=7), fact(version=("time", 5)), fact(version=8)])
    rows = connection.execute("SELECT int_version, time_version FROM facts ORDER BY id").fetchall()
    assert rows == [(7, None), (7, 5), (8, 5)]


def test_an_unchanged_subject_is_indexed_once(connection: SqliteConnection) -> None:
    facts.record(connection, [stock(5, 1), stock(4, 2), stock(3, 3)])
    assert connection.execute("SELECT * FROM subjects").fetchall() == [
        ("sku", "RUN-42", "stock", "RUN-42|DE|")
    ]


def test_a_late_version_ends_before_it_begins_and_is_stored_once(
    connection: SqliteConnection,
) -> None:
    dated = structs.replace(fact("price", "p", 1, at=T0 + 9, amount=1), dated=True)
    facts.record(connection, [fact("price", "p", 2, at=T0), dated, dated])
    rows = connection.execute("SELECT at, ended FROM facts ORDER BY id").fetchall()
    assert rows == [(T0, None), (T0 + 9, T0 + 8)]


def test_a_fact_is_found_as_of_now_an_instant_and_a_number(connection: SqliteConnection) -> None:
    facts.record(connection, [stock(5, 1, at=T0), fact("cost", "c", 1), stock(4, 2, at=T0 + 10)])
    sku = ("sku", "RUN-42")
    assert about(connection, sku) == [("c", 2), ("RUN-42|DE|", 3)]
    assert about(connection, sku, at=T0 + 9) == [("c", 2), ("RUN-42|DE|", 1)]
    assert about(connection, sku, upto=1) == [("RUN-42|DE|", 1)]


def test_the_query_uses_the_indexes_and_scans_no_table(connection: SqliteConnection) -> None:
    for point in ({}, {"at": T0}, {"upto": 5}):
        query, values = facts.facts_query([("sku", "RUN-42")], ("stock",), **_named(point))
        plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", values).fetchall()
        assert not [step for *_, step in plan if step.startswith(("SCAN f", "SCAN s", "SCAN g"))]


def test_names_are_found_and_sorted_by_their_index(connection: SqliteConnection) -> None:
    for query in facts.NAMED.values():
        asked = {"beginning": "a", "last": facts.LAST_CHARACTER, "limit": 9}
        ((*_, step),) = connection.execute(f"EXPLAIN QUERY PLAN {query}", asked).fetchall()
        assert step.startswith("SEARCH facts USING INDEX facts_by_")
        assert "(<expr>>? AND <expr><?)" in step


def _named(point: dict[str, int]) -> dict[str, int | None]:
    return {"at": point.get("at"), "upto": point.get("upto")}


def test_the_digest_ignores_the_order_of_arrival(connection: SqliteConnection) -> None:
    facts.record(connection, [stock(5, 2), stock(4, 1), fact("cost", "c", 1)])
    first = facts.digest(connection)
    connection.execute("DELETE FROM facts")
    facts.record(connection, [fact("cost", "c", 1), stock(4, 1), stock(5, 2), stock(4, 1)])
    assert facts.digest(connection) == first


async def test_ninety_nights_of_an_unchanged_import_leave_the_file_as_large_as_the_first(
    tmp_path: Path,
) -> None:
    sizes = []
    catalogue = [
        fact
        for number in range(40)
        for fact in (
            builders.product(f"S{number}", f"p{number}"),
            builders.price(f"S{number}", 1000 + number),
            builders.stock(f"S{number}", number),
        )
    ]
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    for night in range(90):
        rows = [fact_row(fact, T0 + night * builders.DAY) for fact in catalogue]
        outcomes = await ledger.record_facts(rows)
        assert set(outcomes) == {FactOutcome.UNCHANGED if night else FactOutcome.ACCEPTED}
        if night in {0, 89}:
            with closing(sqlite3.connect(tmp_path / "tactful.db")) as made:
                made.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            sizes.append((tmp_path / "tactful.db").stat().st_size)
    await ledger.close()
    assert sizes[1] <= 1.5 * sizes[0]
