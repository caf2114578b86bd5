"""How are the acts of people kept beside what they decided about?"""

import sqlite3
from typing import Any, Final

import msgspec
from msgspec import structs

from tactful.runtime.ports.operator_actions import OperatorAction

_COLUMNS: Final = "at, who, act, subject, detail, customer"


def insert(connection: sqlite3.Connection, act: OperatorAction) -> None:
    """Keep an act."""
    sql = f"INSERT INTO acts ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608
    connection.execute(sql, structs.astuple(act))


def query(customer: str | None, limit: int) -> tuple[str, tuple[object, ...]]:
    """What finds the latest acts, or those that concern a customer."""
    where = "" if customer is None else "WHERE customer = ?"
    sql = f"SELECT {_COLUMNS} FROM acts {where} ORDER BY id DESC LIMIT ?"  # noqa: S608
    return sql, (limit,) if customer is None else (customer, limit)


def action_from_row(row: Any) -> OperatorAction:
    """An act, as `query` finds it."""
    return msgspec.convert(
        dict(zip(OperatorAction.__struct_fields__, row, strict=True)), OperatorAction
    )


def erase(connection: sqlite3.Connection, customer: str, alias: str) -> None:
    """Leave the acts that concern a customer under an alias."""
    sql = "UPDATE acts SET customer = ?, subject = ? WHERE customer = ?"
    connection.execute(sql, (alias, alias, customer))
