"""A process whose clock of the day is set by a test, through a preloaded C library."""

import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

SOURCE: Final = Path(__file__).parent / "clock.c"

needs_clock_shim = pytest.mark.skipif(
    shutil.which("cc") is None or sys.platform != "linux",
    reason="a clock is set for one process by a small C library: needs cc and Linux",
)


class SettableClock:
    """The clock of the day of every process that is started with `environment`."""

    def __init__(self, folder: Path) -> None:
        """Compile the library into `folder`."""
        self._shim = folder / "clock.so"
        self._ahead = folder / "clock-ahead"
        self.set(0)
        made, source = str(self._shim), str(SOURCE)
        subprocess.run(
            ["cc", "-O1", "-shared", "-fPIC", "-o", made, source, "-ldl", "-lm"], check=True
        )

    @property
    def environment(self) -> dict[str, str]:
        """What the process needs in its environment."""
        return {"LD_PRELOAD": str(self._shim), "CLOCK_AHEAD": str(self._ahead)}

    def set(self, seconds: float) -> None:
        """Let the clock be ahead by so many seconds, or behind where negative."""
        raw = struct.pack("=d", seconds)
        if self._ahead.exists():  # in place: the process has mapped the file
            with self._ahead.open("r+b") as file:
                file.write(raw)
        else:
            self._ahead.write_bytes(raw)
