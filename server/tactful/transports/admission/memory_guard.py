"""Refusal of new sessions while the process is close to its memory limit."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger("tactful.memory")

REFUSE_AT_PERCENT: Final = 90
"""Percentage of the limit at which new sessions are refused; open sessions use the rest."""
READMIT_BELOW_PERCENT: Final = 95
"""New sessions are admitted again when fewer than this percentage of the sessions remains.

It is a percentage of the number of sessions at the instant of the refusal.

A Python process returns hardly any memory to the system, so its size alone would keep new
sessions out for ever. New sessions reuse the memory of ended ones.
"""
_PAGE: Final = os.sysconf("SC_PAGESIZE")
_CONTROL_GROUPS: Final = Path("/sys/fs/cgroup")
_SELF: Final = Path("/proc/self")


def resident_bytes() -> int:
    """Return the resident memory of this process in bytes."""
    return int((_SELF / "statm").read_bytes().split()[1]) * _PAGE


def cgroup_limit(groups: Path = _CONTROL_GROUPS, own: Path = _SELF / "cgroup") -> int | None:
    """Return the lowest memory limit of the control groups around this process, in bytes.

    Args:
        groups: The mount point of the control group hierarchy (version 2).
        own: The file that names the process's control group, as proc(5) describes it.

    Returns:
        The limit, or `None` if no group sets one or the system has no control groups.
    """
    try:
        lines = own.read_text("utf-8").splitlines()
    except OSError:
        return None  # not Linux
    path = next((line[3:] for line in lines if line.startswith("0::")), "/")
    folder = groups / path.strip("/")
    enclosing = [each for each in (folder, *folder.parents) if each.is_relative_to(groups)]
    limits = [_read_limit(each / "memory.max") for each in enclosing]
    return min((each for each in limits if each is not None), default=None)


def _read_limit(file: Path) -> int | None:
    try:
        text = file.read_text("ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


class MemoryGuard:
    """Decides once a second whether new sessions are admitted."""

    def __init__(self, limit: int | None, *, used: Callable[[], int] = resident_bytes) -> None:
        """Create a guard.

        Args:
            limit: Bytes that the process may use; `None` for no limit.
            used: Returns the bytes in use; tests replace it.
        """
        self._refuse_at = limit * REFUSE_AT_PERCENT // 100 if limit else None
        self._step = (limit or 0) // 100
        self._used = used
        self._max_sessions = 0
        self._peak = 0
        self.refusing = False
        """Whether new sessions are refused."""

    def check(self, sessions: int) -> None:
        """Update `refusing` from the memory in use and the number of open sessions."""
        if self._refuse_at is None:
            return
        used = self._used()
        if used < self._refuse_at:
            self._peak = 0
        elif used > self._peak:
            # Each growth by a percent of the limit lowers the number of sessions that fit.
            self._max_sessions = min(self._max_sessions, sessions) if self._peak else sessions
            self._peak = used + self._step
        refusing = (
            used >= self._refuse_at and sessions * 100 >= self._max_sessions * READMIT_BELOW_PERCENT
        )
        if refusing != self.refusing:
            self.refusing = refusing
            log.warning(
                "memory.short" if refusing else "memory.enough", used=used, sessions=sessions
            )
