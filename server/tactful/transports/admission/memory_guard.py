"""Is there memory for more sessions, or must new ones wait until some have gone?"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger("tactful.memory")

REFUSE_AT_PERCENT: Final = 90
"""Percent of the limit at which sessions are refused: the rest is for those that are here."""
READMIT_BELOW_PERCENT: Final = 95
"""Percent of the sessions of that moment below which some come in again.

A process gives hardly any memory back, but what one session leaves the next one takes.
"""
_PAGE: Final = os.sysconf("SC_PAGESIZE")
_CONTROL_GROUPS: Final = Path("/sys/fs/cgroup")
_SELF: Final = Path("/proc/self")


def resident_bytes() -> int:
    """Bytes of this process that are in memory."""
    return int((_SELF / "statm").read_bytes().split()[1]) * _PAGE


def cgroup_limit(groups: Path = _CONTROL_GROUPS, own: Path = _SELF / "cgroup") -> int | None:
    """The least memory that a control group around this process allows; None: none says."""
    try:
        lines = own.read_text("utf-8").splitlines()
    except OSError:
        return None  # not Linux
    place = next((line[3:] for line in lines if line.startswith("0::")), "/")
    folder = groups / place.strip("/")
    around = [each for each in (folder, *folder.parents) if each.is_relative_to(groups)]
    found = [_allowed(each / "memory.max") for each in around]
    return min((each for each in found if each is not None), default=None)


def _allowed(file: Path) -> int | None:
    try:
        text = file.read_text("ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


class MemoryGuard:
    """Looks once a round whether sessions may still come in."""

    def __init__(self, limit: int | None, *, used: Callable[[], int] = resident_bytes) -> None:
        """`limit`: bytes that the process may have; None: as many as it likes."""
        self._enough = limit * REFUSE_AT_PERCENT // 100 if limit else None
        self._step = (limit or 0) // 100
        self._used = used
        self._most = 0
        self._peak = 0
        self.refusing = False

    def check(self, present: int) -> None:
        """Judge by what is used now, while so many sessions are here."""
        if self._enough is None:
            return
        used = self._used()
        if used < self._enough:
            self._peak = 0
        elif used > self._peak:
            self._most = min(self._most, present) if self._peak else present
            self._peak = used + self._step
        short = used >= self._enough and present * 100 >= self._most * READMIT_BELOW_PERCENT
        if short != self.refusing:
            self.refusing = short
            log.warning("memory.short" if short else "memory.enough", used=used, sessions=present)
