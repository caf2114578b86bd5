"""Rulebooks, paused rules and the stop of all offers in plain dictionaries."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from tactful.runtime.ports.ledger_rows import RULEBOOK
from tactful.runtime.ports.rulebook_store import NO_TRIALS, OffersStop
from tactful.stores.memory.changes import MemoryChanges


class MemoryRulebooks(MemoryChanges):
    """The part of `MemoryLedger` that keeps rulebooks (role `RulebookStore`)."""

    def __init__(self) -> None:
        super().__init__()
        self._sources: dict[str, bytes] = {}
        self._activations: list[tuple[str, int, bool]] = []
        self._rule_states: dict[str, str] = {}
        self._trials: dict[str, int] = {}
        self._offers_stop: OffersStop | None = None

    async def store_rulebook(
        self,
        version: str,
        sources: bytes,
        at: int,
        *,
        back: bool = False,
        trials: Mapping[str, int] = NO_TRIALS,
    ) -> None:
        """Store an activation, and the sources where the version is new."""
        self._trials = {**trials, **self._trials}
        self._sources.setdefault(version, sources)
        self._activations.append((version, at, back))
        self._log("rulebook", (RULEBOOK,), at=at, body=version.encode())
        self._publish()

    async def rulebooks(self) -> list[tuple[str, int, bool]]:
        """Return (version, activated at, back) of every activation, newest first."""
        return self._activations[::-1]

    async def rulebook_sources(self, version: str) -> bytes | None:
        """Return the sources of a version; None: it was never active."""
        return self._sources.get(version)

    async def trial_starts(self) -> dict[str, int]:
        """Return rule id → its first activation as a trial."""
        return dict(self._trials)

    async def rule_states(self) -> dict[str, str]:
        """Return rule id → `paused`, for the rules that are paused."""
        return dict(self._rule_states)

    async def set_rule_state(self, rule: str, state: Literal["paused", "running"]) -> None:
        """Store that a rule is paused, or running again."""
        if state == "paused":
            self._rule_states[rule] = state
        else:
            self._rule_states.pop(rule, None)
        self._log("rule_state", (("rule", rule),), body=state.encode())
        self._publish()

    async def offers_stop(self) -> OffersStop | None:
        """Return the stop of all offers; None: they are not stopped."""
        return self._offers_stop

    async def stop_offers(self, stop: OffersStop) -> bool:
        """Store a stop of all offers, unless there is one."""
        if self._offers_stop is not None:
            return False
        self._offers_stop = stop
        self._log("offers_stop", (RULEBOOK,), at=stop.at, body=msgspec.json.encode(stop))
        self._publish()
        return True

    async def start_offers(self, at: int) -> bool:
        """Store that the stop has ended."""
        if self._offers_stop is None:
            return False
        self._offers_stop = None
        self._log("offers_stop", (RULEBOOK,), at=at)
        self._publish()
        return True
