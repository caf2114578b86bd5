"""Stock commitments in SQLite."""

import sqlite3

import pytest

from tactful.stores.relational.tables.stock import (
    SELECT_COMMITMENTS,
    add_units,
    read_promised_units,
)
from tactful.stores.sqlite.sqlite_connection import SqliteConnection

DE, AT = ("RUN-42", "DE"), ("RUN-42", "AT")


def test_units_are_added_and_released(connection: SqliteConnection) -> None:
    add_units(connection, {DE: 3, AT: 1})
    add_units(connection, {DE: -2, AT: -1})
    assert read_promised_units(connection, DE) == 1
    assert read_promised_units(connection, ("RUN-43", "DE")) == 0
    rows = connection.execute(SELECT_COMMITMENTS, ('["RUN-42"]',)).fetchall()
    assert rows == [("RUN-42", "DE", 1)]
    assert connection.execute(SELECT_COMMITMENTS, ('["RUN-43"]',)).fetchall() == []


def test_more_than_is_promised_cannot_be_released(connection: SqliteConnection) -> None:
    add_units(connection, {DE: 1})
    with pytest.raises(sqlite3.IntegrityError):
        add_units(connection, {DE: -2})
