"""Balances in SQLite: read once, known after a write."""

from tactful.core.redemption.redemption_rows import BudgetRow
from tactful.stores.relational.tables.budget_balances import (
    all_balances,
    put_balances,
    read_balances,
)
from tactful.stores.sqlite.sqlite_connection import SqliteConnection

EUR = BudgetRow("spring", "2026-03", "EUR", 50_000, 1_935, 0)
COUNT = BudgetRow("spring", "2026-03", "#", 10, 1, 0)
KEYS = [("spring", "2026-03", "EUR"), ("spring", "2026-03", "#"), ("autumn", "2026-03", "EUR")]


def test_money_and_count_of_a_period_are_found_with_one_statement(
    connection: SqliteConnection,
) -> None:
    put_balances(connection, {KEYS[0]: EUR, KEYS[1]: COUNT})
    connection.known.balances.clear()
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    assert read_balances(connection, KEYS[:2]) == {KEYS[0]: EUR, KEYS[1]: COUNT}
    assert read_balances(connection, KEYS[:2]) == {KEYS[0]: EUR, KEYS[1]: COUNT}
    connection.set_trace_callback(None)
    assert len(statements) == 1
    assert read_balances(connection, KEYS[2:]) == {}


def test_a_write_is_read_and_stored(connection: SqliteConnection) -> None:
    put_balances(connection, {KEYS[0]: EUR})
    later = BudgetRow("spring", "2026-03", "EUR", 50_000, 0, 1_935)
    put_balances(connection, {KEYS[0]: later})
    put_balances(connection, {})
    assert read_balances(connection, KEYS) == {KEYS[0]: later}
    assert all_balances(connection) == [later]
