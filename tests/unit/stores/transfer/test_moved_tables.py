"""The tables that a move carries."""

import pytest

from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.relational.customers.retention import RETENTION
from tactful.stores.transfer.moved_tables import (
    NOT_MOVED,
    MovedTable,
    TableDigest,
    compare,
    tables_of,
)

COLUMNS = [(name, "key", "text") for name in RETENTION]


def test_every_table_of_a_ledger_is_moved() -> None:
    assert {one.name for one in tables_of(COLUMNS)} == RETENTION.keys()


def test_a_table_that_a_move_does_not_know_is_refused() -> None:
    with pytest.raises(LedgerError, match="does not know the tables new"):
        tables_of([*COLUMNS, ("new", "id", "bigint")])
    tables_of([*COLUMNS, *((name, "id", "bigint") for name in NOT_MOVED)])


def test_rows_are_read_in_an_order_that_both_engines_have() -> None:
    made = MovedTable("budgets", (("campaign", "text"), ("limit", "bigint")))
    assert made.query == (
        'SELECT "campaign", "limit" FROM budgets ORDER BY campaign, period, currency'
    )
    assert MovedTable("offers", ()).numbered == "rowid"
    assert MovedTable("facts", ()).numbered is None


def digest(*rows: tuple[object, ...]) -> TableDigest:
    made = TableDigest()
    assert list(made.reading(rows)) == [*rows]
    return made


def test_a_row_that_differs_is_found() -> None:
    compare("t", digest(("a", 1)), digest(("a", True)))
    with pytest.raises(LedgerError, match="Nothing was moved"):
        compare("t", digest(("a", 1)), digest(("a", 2)))
    with pytest.raises(LedgerError, match="2 rows were read and 1 stored"):
        compare("t", digest(("a", 1), ("b", 1)), digest(("a", 1)))
