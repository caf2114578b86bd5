"""How are rulebooks and the states of rules kept in plain dictionaries?"""

from typing import Literal


class MemoryRulebooks:
    """The part of the ledger that keeps what merchandisers and operators decided."""

    def __init__(self) -> None:
        super().__init__()
        self._sources: dict[str, bytes] = {}
        self._activations: list[tuple[str, int, bool]] = []
        self._rule_states: dict[str, str] = {}

    async def store_rulebook(
        self, version: str, sources: bytes, at: int, *, back: bool = False
    ) -> None:
        """Keep the sources of an activated rulebook; `back`: somebody went back to it."""
        self._sources.setdefault(version, sources)
        self._activations.append((version, at, back))

    async def rulebooks(self) -> list[tuple[str, int, bool]]:
        """(version, activated at, back), newest first; one row an activation."""
        return self._activations[::-1]

    async def rulebook_sources(self, version: str) -> bytes | None:
        """The sources of a version."""
        return self._sources.get(version)

    async def rule_states(self) -> dict[str, str]:
        """Rule id → `paused`, for rules that an operator paused."""
        return dict(self._rule_states)

    async def set_rule_state(self, rule: str, state: Literal["paused", "running"]) -> None:
        """Pause a rule, or let it run again."""
        if state == "paused":
            self._rule_states[rule] = state
        else:
            self._rule_states.pop(rule, None)
