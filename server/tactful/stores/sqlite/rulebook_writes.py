"""Writes of rulebooks and rule states to one SQLite file."""

from collections.abc import Mapping
from typing import Literal

from tactful.runtime.ports.ledger_rows import RULEBOOK
from tactful.runtime.ports.rulebook_store import NO_TRIALS
from tactful.stores.sqlite.ledger_connection import LedgerConnection
from tactful.stores.sqlite.tables import change_rows
from tactful.stores.sqlite.writer.group_commit import SqliteWriter


class SqliteRulebooks:
    """The part of `SqliteLedger` that writes rulebooks (role `RulebookStore`)."""

    @property
    def _open_writer(self) -> SqliteWriter:
        raise NotImplementedError

    async def store_rulebook(
        self,
        version: str,
        sources: bytes,
        at: int,
        *,
        back: bool = False,
        trials: Mapping[str, int] = NO_TRIALS,
    ) -> None:
        """Store an activation, the sources of a new version, and the start of its trials."""
        sql = "INSERT INTO activations (version, at, back) VALUES (?, ?, ?)"

        def insert(connection: LedgerConnection) -> None:
            connection.execute("INSERT OR IGNORE INTO rulebooks VALUES (?, ?)", (version, sources))
            connection.execute(sql, (version, at, back))
            connection.executemany("INSERT OR IGNORE INTO trials VALUES (?, ?)", trials.items())
            change_rows.append(connection, "rulebook", (RULEBOOK,), at=at, body=version.encode())

        await self._open_writer.run(insert)

    async def set_rule_state(self, rule: str, state: Literal["paused", "running"]) -> None:
        """Store that a rule is paused, or running again."""
        sql = "DELETE FROM rule_states WHERE rule = ?"
        values: tuple[str, ...] = (rule,)
        if state == "paused":
            sql, values = "INSERT OR REPLACE INTO rule_states VALUES (?, ?)", (rule, state)

        def put(connection: LedgerConnection) -> None:
            connection.execute(sql, values)
            change_rows.append(connection, "rule_state", (("rule", rule),), body=state.encode())

        await self._open_writer.run(put)
