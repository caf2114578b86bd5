"""Statements of the SQLite ledger are prepared once, and not again for each value.

SQLite prepares a statement again for another value if it has compared a parameter with the condition of
a partial index. That took longer than storing a fact. Newer versions also look at the value of a limit.
"""

import sqlite3
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Protocol

import pytest

from support.ledger_rows import T0, exported, fact
from tactful.stores.sqlite.ledger import SqliteLedger

CUSTOMERS = 12
MOST = 4
"""How often a statement is prepared at most. A few times it is anyway, after a change of the schema."""
KINDS = ("product", "customer", "order", "case", "stock")
"""Kinds of facts; the first two have partial indexes of their own."""


LOOKS_AT_LIMITS = sqlite3.sqlite_version_info >= (3, 47)


class Connecting(Protocol):
    """What opens a connection."""

    def __call__(self, *given: Any, **named: Any) -> sqlite3.Connection: ...


def counted(connect: Connecting, prepared: Counter[str]) -> Connecting:
    """Return what opens connections that count the executions of each statement that prepare it.

    Args:
        connect: Opens a connection.
        prepared: Statement → the count of the connection that has prepared it most often.
    """

    def connect_counted(*given: Any, **named: Any) -> sqlite3.Connection:
        class Counting(named.pop("factory", sqlite3.Connection)):  # type: ignore[misc]
            def __init__(self, *given: Any, **named: Any) -> None:
                super().__init__(*given, **named)
                self.is_prepared = False
                self.counts: Counter[str] = Counter()

            def note(self, *_: object) -> int:
                self.is_prepared = True
                return sqlite3.SQLITE_OK

            def execute(self, sql: str, *values: Any) -> Any:
                self.is_prepared = False
                found = super().execute(sql, *values)
                self.counts[sql] += self.is_prepared
                prepared[sql] = max(prepared[sql], self.counts[sql])
                return found

        made = connect(*given, **named, factory=Counting, cached_statements=1_000)
        assert isinstance(made, Counting)
        # SQLite asks whenever it prepares a statement.
        made.set_authorizer(made.note)
        return made

    return connect_counted


@pytest.mark.skipif(
    sys.version_info < (3, 12) and LOOKS_AT_LIMITS,
    reason="Python 3.11 cannot keep this SQLite from planning again for each limit",
)
async def test_no_statement_about_facts_is_prepared_again_for_each_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared: Counter[str] = Counter()
    ledger = SqliteLedger(tmp_path / "tactful.db")
    monkeypatch.setattr(sqlite3, "connect", counted(sqlite3.connect, prepared))
    await ledger.open()
    for number in range(CUSTOMERS):
        customer = f"c{number}"
        for version in (1, 2):
            for kind in KINDS:
                named = ("customer", customer), ("sku", f"s{number}")
                row = fact(kind, f"{kind} {number}", version, at=T0 + version, subjects=named)
                await ledger.record_facts([row])
    for number in range(CUSTOMERS):
        for kind in KINDS:
            assert len(await ledger.fact_versions(kind, f"{kind} {number}")) == 2
            assert await ledger.facts_of_kind(kind, "", 1)
        assert await ledger.facts_about([("customer", f"c{number}")], KINDS)
        assert await exported(ledger, f"c{number}")
    await ledger.prune(before=T0 + 5)
    for number in range(CUSTOMERS):
        assert await ledger.erase_customer(f"c{number}", f"erased-{number}", T0 + 9)
    await ledger.close()
    assert any("facts" in sql for sql in prepared)
    assert [sql for sql, count in prepared.items() if "facts" in sql and count > MOST] == []
