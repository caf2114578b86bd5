"""Balances of budgets."""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import structs

from tactful.core.redemption.redemption_rows import BalanceKey, BudgetRow
from tactful.stores.relational.inserts import insert_into
from tactful.stores.relational.ledger_connection import LedgerConnection, WriteConnection
from tactful.stores.shared.balance_moves import balance_key

_ALL: Final = "SELECT * FROM budgets ORDER BY campaign, period, currency"
_SELECT: Final = "SELECT * FROM budgets WHERE campaign = ? AND period = ?"
_PUT: Final = insert_into(
    "budgets",
    'campaign text, period text, currency text, "limit" bigint, reserved bigint, settled bigint',
    """ON CONFLICT (campaign, period, currency) DO UPDATE SET
      "limit" = excluded."limit", reserved = excluded.reserved, settled = excluded.settled""",
    key_columns=3,
)


def all_balances(connection: WriteConnection) -> list[BudgetRow]:
    """Return the balances of all campaigns, periods and currencies."""
    return [BudgetRow(*row) for row in connection.execute(_ALL)]


def read_balances(
    connection: LedgerConnection, keys: Iterable[BalanceKey]
) -> dict[BalanceKey, BudgetRow]:
    """Return the balances that are stored under the keys."""
    known = connection.known.balances
    wanted = set(keys)
    # Nearly all commits move money and a count of one period: one look-up finds both.
    for pair in {key[:2] for key in wanted if key not in known}:
        for row in connection.execute(_SELECT, pair):
            balance = BudgetRow(*row)
            known[balance_key(balance)] = balance
    return {key: known[key] for key in wanted if key in known}


def put_balances(connection: LedgerConnection, rows: Mapping[BalanceKey, BudgetRow]) -> None:
    """Write balances in their new states."""
    if rows:
        connection.insert(_PUT, [structs.astuple(row) for row in rows.values()])
        connection.known.balances.update(rows)
