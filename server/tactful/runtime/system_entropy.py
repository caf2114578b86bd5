"""The two sources of randomness: the operating system, and a seed for tests."""

import hashlib
import os
from pathlib import Path

from tactful.runtime.ports.environment import Entropy


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


def entropy_of(seed: int | None, file: Path) -> Entropy:
    """Return the randomness of a server.

    Args:
        seed: A seed for tests; None: the operating system's.
        file: Keeps the number of starts with a seed.
    """
    return SystemEntropy() if seed is None else SeededEntropy(seed, count_start(file))


def count_start(file: Path) -> int:
    """Return the number of earlier starts and add one, so that no id is repeated."""
    starts = int(file.read_text("ascii")) if file.exists() else 0
    file.write_text(str(starts + 1), "ascii")
    return starts
