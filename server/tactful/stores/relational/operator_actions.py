"""Operator actions."""

from functools import partial
from typing import Any, Final

import msgspec
from msgspec import structs

from tactful.runtime.ports.operator_actions import OperatorAction
from tactful.stores.relational.ledger_connection import LedgerConnection, WriteConnection
from tactful.stores.relational.tables.tombstones import alias_of
from tactful.stores.shared.erased_ids import action_without_erased_id

NO_LIMIT: Final = 2**62
"""A number of rows that no table has."""
_COLUMNS: Final = "at, who, act, subject, detail, customer"


def insert(connection: LedgerConnection, action: OperatorAction) -> None:
    """Insert an operator action; an erased customer is replaced by the alias."""
    action = action_without_erased_id(action, partial(alias_of, connection))
    sql = f"INSERT INTO acts ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608
    connection.execute(sql, structs.astuple(action))


def query(customer: str | None, limit: int | None) -> tuple[str, tuple[object, ...]]:
    """Return the query for the latest actions, all or those about one customer; `limit` None: no limit."""
    where = "" if customer is None else "WHERE customer = ?"
    sql = f"SELECT {_COLUMNS} FROM acts {where} ORDER BY id DESC LIMIT ?"  # noqa: S608
    most = NO_LIMIT if limit is None else limit
    return sql, (most,) if customer is None else (customer, most)


def action_from_row(row: Any) -> OperatorAction:
    """Return the operator action of a row that `query` finds.

    Raises:
        msgspec.ValidationError: The row was written by a newer version.
    """
    return msgspec.convert(
        dict(zip(OperatorAction.__struct_fields__, row, strict=True)), OperatorAction
    )


def erase(connection: WriteConnection, customer: str, alias: str) -> None:
    """Replace a customer by an alias in the actions that concern them."""
    sql = "UPDATE acts SET customer = ?, subject = ? WHERE customer = ?"
    connection.execute(sql, (alias, alias, customer))
