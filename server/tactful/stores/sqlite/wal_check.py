"""Was the write-ahead log cut off where a crash cuts it, or damaged in the middle?

SQLite takes the first frame that does not check for the end of the log, and is silent about what
comes after it. With synchronous=FULL a transaction is on disk before the next one begins: a bad
frame in the last transaction is a crash, one that whole transactions follow is damage, and what was
acknowledged would be lost without a word.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_HEADER: Final = struct.Struct(">8I")
_FRAME: Final = struct.Struct(">6I")
_MAGIC: Final = {0x377F0682: "<", 0x377F0683: ">"}
"""The first word → the order of bytes in which sums are made."""


def wal_path(ledger: Path) -> Path:
    """Where SQLite keeps the log of a database."""
    return ledger.with_name(ledger.name + "-wal")


def read_salts(log: Path) -> tuple[int, int] | None:
    """What marks the frames of the log's present round; None: there is no log to speak of.

    ValueError for a log with frames whose own header is damaged.
    """
    if not log.exists() or log.stat().st_size < _HEADER.size + _FRAME.size:
        return None
    with log.open("rb") as file:
        raw = file.read(_HEADER.size)
    words = _HEADER.unpack(raw)
    order = _MAGIC.get(words[0])
    if order is None or _header_checksum(raw[:24], order) != words[6:8]:
        raise ValueError("its header does not check")
    return words[4], words[5]


def has_lost_transactions(log: Path, salts: tuple[int, int], valid: int) -> bool:
    """Whether whole transactions follow the first `valid` frames, which is all that SQLite took."""
    ended = False
    for commits in _frames(log, salts, valid):
        if ended:
            return True
        ended = commits
    return False


def _frames(log: Path, salts: tuple[int, int], start: int) -> Iterator[bool]:
    """Whether each frame of this round from `start` on ends a transaction."""
    with log.open("rb") as file:
        page = _HEADER.unpack(file.read(_HEADER.size))[2]
        step = _FRAME.size + page
        for place in range(start, (log.stat().st_size - _HEADER.size) // step):
            file.seek(_HEADER.size + place * step)
            _, size, one, two, _, _ = _FRAME.unpack(file.read(_FRAME.size))
            if (one, two) == salts:
                yield size != 0


def _header_checksum(raw: bytes, order: str) -> tuple[int, int]:
    """SQLite's checksum of the header, as its file format describes it."""
    one = two = 0
    words = struct.unpack(f"{order}{len(raw) // 4}I", raw)
    for first, second in zip(words[::2], words[1::2], strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two
