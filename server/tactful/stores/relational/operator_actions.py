"""Operator actions."""

from functools import partial
from typing import Any, Final

import msgspec
from msgspec import structs

from tactful.runtime.ports.operator_actions import ActionFilter, AuditEntry, OperatorAction
from tactful.stores.relational.ledger_connection import LedgerConnection, WriteConnection
from tactful.stores.relational.tables.tombstones import alias_of
from tactful.stores.shared.erased_ids import action_without_erased_id

NO_LIMIT: Final = 2**62
"""A number of rows that no table has."""
_COLUMNS: Final = (
    "at, who, act, subject, detail, customer, role, before_values, after_values, amount, currency"
)
_JSON: Final = frozenset({"before", "after"})
_CONDITIONS: Final = {
    "who": "who = ?",
    "act": "act = ?",
    "subject": "subject = ?",
    "customer": "customer = ?",
    "since": "at >= ?",
    "until": "at < ?",
}
"""Field of `ActionFilter` → its condition."""


def insert(connection: LedgerConnection, action: OperatorAction) -> None:
    """Insert an operator action; an erased customer is replaced by the alias."""
    action = action_without_erased_id(action, partial(alias_of, connection))
    marks = ", ".join("?" * len(OperatorAction.__struct_fields__))
    sql = f"INSERT INTO acts ({_COLUMNS}) VALUES ({marks})"  # noqa: S608
    values = [
        msgspec.json.encode(value).decode() if name in _JSON else value
        for name, value in structs.asdict(action).items()
    ]
    connection.execute(sql, tuple(values))


def query(customer: str | None, limit: int | None) -> tuple[str, tuple[object, ...]]:
    """Return the query for the latest actions, all or those about one customer; `limit` None: no limit."""
    where = "" if customer is None else "WHERE customer = ?"
    sql = f"SELECT {_COLUMNS} FROM acts {where} ORDER BY id DESC LIMIT ?"  # noqa: S608
    most = NO_LIMIT if limit is None else limit
    return sql, (most,) if customer is None else (customer, most)


def filtered(
    wanted: ActionFilter, before: int | None, limit: int
) -> tuple[str, tuple[object, ...]]:
    """Return the query for the latest actions of a filter, each after its number."""
    given = {name: value for name, value in structs.asdict(wanted).items() if value is not None}
    conditions = [_CONDITIONS[name] for name in given] + (["id < ?"] if before is not None else [])
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    sql = f"SELECT id, {_COLUMNS} FROM acts {where} ORDER BY id DESC LIMIT ?"  # noqa: S608
    return sql, (*given.values(), *(() if before is None else (before,)), limit)


def entry_from_row(row: Any) -> AuditEntry:
    """Return the audit entry of a row that `filtered` finds; see `action_from_row`."""
    number, *rest = row
    return AuditEntry(number, action_from_row(rest))


def action_from_row(row: Any) -> OperatorAction:
    """Return the operator action of a row that `query` finds.

    Raises:
        msgspec.ValidationError: The row was written by a newer version.
    """
    named = dict(zip(OperatorAction.__struct_fields__, row, strict=True))
    named |= {name: msgspec.json.decode(named[name]) for name in _JSON}
    return msgspec.convert(named, OperatorAction)


def erase(connection: WriteConnection, customer: str, alias: str) -> None:
    """Replace a customer by an alias in the actions that concern them; their values are dropped."""
    sql = (
        "UPDATE acts SET customer = ?, subject = ?, before_values = '{}', after_values = '{}'"
        " WHERE customer = ?"
    )
    connection.execute(sql, (alias, alias, customer))
