"""The two sources of randomness: the operating system, and a seed for tests."""

import hashlib
import os


class SystemEntropy:
    """The randomness of the operating system."""

    def token_bytes(self, size: int) -> bytes:
        """Return `size` unpredictable bytes."""
        return os.urandom(size)


class SeededEntropy:
    """Repeatable bytes for tests: the same sequence for the same seed and start."""

    def __init__(self, seed: int, start: int) -> None:
        self._seed = f"{seed}:{start}"
        self._count = 0

    def token_bytes(self, size: int) -> bytes:
        """Return the next `size` bytes of the sequence."""
        self._count += 1
        text = f"{self._seed}:{self._count}".encode()
        return hashlib.shake_256(text).digest(size)
