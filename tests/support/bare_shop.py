"""A shop without a server: its real parts on a ledger in memory, with a clock that can be set."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tactful.api.redemption_responses import encode_answer
from tactful.runtime.ports.ledger import Ledger
from tactful.runtime.security.signing_keys import SigningKeys
from tactful.runtime.shop import Settings, Shop
from tactful.runtime.state.session_registry import Outgoing, SessionConnection, SessionSnapshot
from tactful.runtime.timers import TestClock
from tactful.stores.memory.ledger import MemoryLedger

NOON = 1_773_144_000_000
"""2026-03-10T12:00:00Z, in milliseconds."""


class CountedEntropy:
    """Different bytes at each call, and the same in each run."""

    def __init__(self) -> None:
        self._count = 0

    def token_bytes(self, size: int) -> bytes:
        """The next bytes."""
        self._count += 1
        return hashlib.shake_256(str(self._count).encode()).digest(size)


class Recorder:
    """A subscriber that keeps what it is sent."""

    def __init__(self) -> None:
        self.snapshots: list[SessionSnapshot] = []
        self.effects: list[Outgoing] = []
        self.replaced = False
        self.highest_n = 0
        self.continued: list[tuple[int, ...]] = []
        self.moved = False

    def send_snapshot(self, snapshot: SessionSnapshot) -> None:
        """Keep it."""
        self.snapshots.append(snapshot)

    def deliver(self, effects: Sequence[Outgoing]) -> None:
        """Keep them."""
        self.effects += effects

    def continue_numbering(self, taken: tuple[int, ...]) -> None:
        """Keep them."""
        self.continued.append(taken)

    def close_replaced(self) -> None:
        """Note it."""
        self.replaced = True

    def close_moved(self) -> None:
        """Note it."""
        self.moved = True


def recorded_connection() -> tuple[SessionConnection, Recorder]:
    """A connection, and what it is sent."""
    recorder = Recorder()
    return SessionConnection(recorder), recorder


def bare_shop(
    folder: Path,
    ledger: Ledger | None = None,
    free_bytes: Callable[[], int] | None = None,
    **settings: Any,
) -> Shop:
    """A shop that is built and not started; `folder` holds its keys."""
    clock = TestClock(NOON)
    return Shop(
        ledger=ledger or MemoryLedger(),
        clock=clock,
        entropy=CountedEntropy(),
        keys=SigningKeys(folder / "keys", clock),
        settings=Settings(**settings),
        encode_redemption=encode_answer,
        free_bytes=free_bytes,
    )
