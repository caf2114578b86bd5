"""Split off."""

from typing import Protocol


class Clock(Protocol):
    """The one clock."""

    def now(self) -> int:
        """Milliseconds since the Unix epoch, UTC."""


class Entropy(Protocol):
    """The one source of chance."""

    def token_bytes(self, size: int) -> bytes:
        """Unpredictable bytes; reproducible where a seed was set for a test."""
