"""A check whether a write-ahead log was cut off by a crash or damaged in the middle.

SQLite takes the first frame with a bad checksum for the end of the log, and silently ignores
everything after it. With `synchronous=FULL` a transaction is on disk before the next one begins. So
a crash can leave a bad frame only in the last transaction. If whole transactions follow a bad
frame, the log is damaged: SQLite would lose acknowledged transactions without an error.

The format is that of https://sqlite.org/fileformat2.html#walformat.
"""

import struct
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

_HEADER: Final = struct.Struct(">8I")
_FRAME: Final = struct.Struct(">6I")
_MAGIC: Final = {0x377F0682: "<", 0x377F0683: ">"}
"""First word of a log → the byte order of its checksums."""


def wal_path(ledger: Path) -> Path:
    """Return the path at which SQLite keeps the log of a database."""
    return ledger.with_name(ledger.name + "-wal")


def read_salts(log: Path) -> tuple[int, int] | None:
    """Return the salts that mark the log's current frames; None: there is no log with frames.

    A checkpoint does not shorten the log. SQLite overwrites it from the start with new salts, so
    frames with other salts are left over from before the checkpoint.

    Raises:
        ValueError: The log has frames, but its header is damaged.
    """
    # Read whole, not measured first: another process may shorten the log in between.
    try:
        with log.open("rb") as file:
            raw = file.read(_HEADER.size + _FRAME.size)
    except FileNotFoundError:
        return None
    if len(raw) < _HEADER.size + _FRAME.size:
        return None
    raw = raw[: _HEADER.size]
    words = _HEADER.unpack(raw)
    order = _MAGIC.get(words[0])
    if order is None or _header_checksum(raw[:24], order) != words[6:8]:
        raise ValueError("its header does not check")
    return words[4], words[5]


def has_lost_transactions(log: Path, salts: tuple[int, int], valid: int) -> bool:
    """Return whether whole transactions follow the part of the log that SQLite accepts.

    Args:
        log: The log.
        salts: What `read_salts` returned.
        valid: How many frames SQLite accepts.
    """
    ended = False
    for commits in _frames(log, salts, valid):
        if ended:
            return True
        ended = commits
    return False


def _frames(log: Path, salts: tuple[int, int], start: int) -> Iterator[bool]:
    """Yield for each current frame from number `start` on whether it ends a transaction.

    A log that another process shortens meanwhile ends there.
    """
    with log.open("rb") as file:
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return
        page = _HEADER.unpack(header)[2]
        for number in count(start):
            file.seek(_HEADER.size + number * (_FRAME.size + page))
            frame = file.read(_FRAME.size + page)
            if len(frame) < _FRAME.size + page:
                return
            _, pages, salt_1, salt_2, _, _ = _FRAME.unpack(frame[: _FRAME.size])
            if (salt_1, salt_2) == salts:
                # A frame that ends a transaction holds the size of the database afterwards.
                yield pages != 0


def _header_checksum(raw: bytes, order: str) -> tuple[int, int]:
    """Return SQLite's checksum of a log header."""
    one = two = 0
    words = struct.unpack(f"{order}{len(raw) // 4}I", raw)
    for first, second in zip(words[::2], words[1::2], strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two
