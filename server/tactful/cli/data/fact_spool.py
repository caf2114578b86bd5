"""The facts of a checked file, kept until they are sent, so that the file is read only once."""

from array import array
from collections.abc import Iterator
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import Final

from tactful.core.facts import fact_codec
from tactful.core.facts.fact_types import AnyFact

IN_MEMORY: Final = 64 << 20
"""Bytes of facts that are kept in memory. More are kept in a temporary file without a name."""


class FactSpool:
    """Facts in the order of their file, each with the line on which its row begins."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile[bytes](max_size=IN_MEMORY)
        self._lines = array("Q")

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, line: int, fact: AnyFact) -> None:
        """Add a fact; `line`: where its row begins."""
        self._file.write(fact_codec.encode(fact))
        self._file.write(b"\n")
        self._lines.append(line)

    def batches(self, size: int) -> Iterator[tuple[list[int], list[bytes]]]:
        """Yield the lines and the encoded facts of each batch of at most `size` facts."""
        self._file.seek(0)
        for start in range(0, len(self._lines), size):
            encoded = [each.rstrip(b"\n") for each in islice(self._file, size)]
            yield list(self._lines[start : start + size]), encoded

    def close(self) -> None:
        """Drop the facts."""
        self._file.close()
