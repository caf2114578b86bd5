"""The clock and the source of randomness, which are injected so that tests control both."""

from typing import Protocol


class Clock(Protocol):
    """The only clock of a shop. No other module reads the time of day."""

    def now(self) -> int:
        """Return the present instant, milliseconds since the Unix epoch, UTC."""


class Entropy(Protocol):
    """The only source of randomness of a shop."""

    def token_bytes(self, size: int) -> bytes:
        """Return unpredictable bytes; reproducible where a seed was set for a test.

        Args:
            size: The number of bytes.
        """
