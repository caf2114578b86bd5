"""The statements of the shared modules in the form that PostgreSQL and psycopg expect."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from msgspec import Struct

from tactful.stores.relational.inserts import Insert

_REWRITES: Final = (
    # (pattern, replacement), in this order
    # A JSON list as rows, and the members of its pairs.
    (re.compile(r"\bjson_each\(([^()]*)\)"), r"json_array_elements_text((\1)::json)"),
    (re.compile(r"(?<!\w)((?:\w+\.)?value) ->> (\d)"), r"(\1::json ->> \2)"),
    (re.compile(r"\bjson_group_array\((\w+)\)"), r"coalesce(json_agg(\1), '[]')::text"),
    # Letters from A to Z only, as in SQLite, whose choice of an index PostgreSQL makes by itself.
    (
        re.compile(r"\blower\(((?:CAST\(body AS TEXT\) ->> '\w+')|:\w+)\)"),
        r'lower((\1) COLLATE "C")',
    ),
    (re.compile(r" INDEXED BY \w+"), ""),
    # A stored body, which is JSON in UTF-8.
    (re.compile(r"\bCAST\(((?:\w+\.)?body) AS TEXT\)"), r"convert_from(\1, 'UTF8')::json"),
    (re.compile(r"\bx''"), "''::bytea"),
    # SQLite keeps the order of a CROSS JOIN; PostgreSQL chooses one.
    (re.compile(r"\bCROSS JOIN\b"), "JOIN"),
    # Parameters, but not what stands in quotes. psycopg gives `%` a meaning of its own.
    (re.compile("%"), "%%"),
    (re.compile(r"'[^']*'|\?"), lambda found: "%s" if found[0] == "?" else found[0]),
    (re.compile(r"(?<![:\w]):(\w+)"), r"%(\1)s"),
)


class Statement(Struct, frozen=True):
    """A statement as psycopg takes it."""

    text: str
    is_read: bool
    """Whether it changes nothing."""


@cache
def statement(sql: str) -> Statement:
    """Return a statement of the shared modules as psycopg takes it."""
    text = sql
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    return Statement(text, text.lstrip().startswith(("SELECT", "WITH")))


@cache
def bulk_insert(insert: Insert) -> str:
    """Return an insert whose values are one array for each column."""
    names = ", ".join(name for name, _ in insert.columns)
    arrays = ", ".join(f"%b::{kind}[]" for _, kind in insert.columns)
    conflict = statement(insert.conflict).text
    return f"INSERT INTO {insert.table} ({names}) SELECT * FROM unnest({arrays}) {conflict}"  # noqa: S608


def split_by_key(
    rows: Sequence[tuple[object, ...]], key_columns: int
) -> tuple[Sequence[tuple[object, ...]], Sequence[tuple[object, ...]]]:
    """Return (rows for later, rows for now): those for now have keys that differ."""
    if not key_columns or len(rows) == 1:
        return (), rows
    seen: set[tuple[object, ...]] = set()
    now: list[tuple[object, ...]] = []
    later: list[tuple[object, ...]] = []
    for row in rows:
        key = row[:key_columns]
        (later if key in seen else now).append(row)
        seen.add(key)
    return later, now
