"""Writes of rulebooks, rule states and the stop of all offers to a database."""

from collections.abc import Mapping
from functools import partial
from typing import Final, Literal

from tactful.runtime.ports.ledger_rows import RULEBOOK
from tactful.runtime.ports.rulebook_store import NO_TRIALS, OffersStop
from tactful.stores.relational.ledger_connection import LedgerConnection
from tactful.stores.relational.tables import change_rows, offers_stop
from tactful.stores.relational.writer.group_commit import GroupCommitWriter

_PUT_SOURCES: Final = "INSERT INTO rulebooks VALUES (?, ?) ON CONFLICT DO NOTHING"
_PUT_TRIAL: Final = "INSERT INTO trials VALUES (?, ?) ON CONFLICT DO NOTHING"
_PUT_STATE: Final = """
  INSERT INTO rule_states (rule, state) VALUES (?, ?)
  ON CONFLICT (rule) DO UPDATE SET state = excluded.state"""


class RelationalRulebooks:
    """The part of a ledger that writes rulebooks (role `RulebookStore`)."""

    @property
    def _open_writer(self) -> GroupCommitWriter:
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
            connection.execute(_PUT_SOURCES, (version, sources))
            connection.execute(sql, (version, at, bool(back)))
            connection.executemany(_PUT_TRIAL, list(trials.items()))
            change_rows.append(connection, "rulebook", (RULEBOOK,), at=at, body=version.encode())

        await self._open_writer.run(insert)

    async def set_rule_state(self, rule: str, state: Literal["paused", "running"]) -> None:
        """Store that a rule is paused, or running again."""
        sql = "DELETE FROM rule_states WHERE rule = ?"
        values: tuple[str, ...] = (rule,)
        if state == "paused":
            sql, values = _PUT_STATE, (rule, state)

        def put(connection: LedgerConnection) -> None:
            connection.execute(sql, values)
            change_rows.append(connection, "rule_state", (("rule", rule),), body=state.encode())

        await self._open_writer.run(put)

    async def stop_offers(self, stop: OffersStop) -> bool:
        """Store a stop of all offers, unless there is one."""
        return await self._open_writer.run(partial(offers_stop.put_stop, stop=stop))

    async def start_offers(self, at: int) -> bool:
        """Store that the stop has ended."""
        return await self._open_writer.run(partial(offers_stop.delete_stop, at=at))
