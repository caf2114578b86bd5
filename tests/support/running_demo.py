"""A demo in a process of its own, as a user starts it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread


class RunningDemo:
    """The command `tactful demo`, from its greeting until it is interrupted."""

    def __init__(self, temporary: Path, port: int = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tactful", "demo", "--port", str(port)],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        self.said = ""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said += line
            if "Ctrl-C" in line:
                break
        # A demo whose messages nobody reads would wait for a reader once the pipe is full.
        self._reader = Thread(target=self._read_on, daemon=True)
        self._reader.start()
        found = re.search(r"http://[\d.]+:(\d+)/", self.said)
        assert found, f"{self.said!r}, exit code {self.process.poll()}"
        self.url, self.port = found[0], int(found[1])

    def _read_on(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as messages:
            for line in messages:
                self.said += line

    @property
    def key(self) -> str:
        """The key of the console, as the greeting names it."""
        found = re.search(r"with the key (\S+)", self.said)
        assert found
        return found[1]

    def interrupt(self) -> int:
        """Press Ctrl-C, and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(30)
        self._reader.join()
        return code


@contextmanager
def running_demo(temporary: Path, port: int = 0) -> Iterator[RunningDemo]:
    """Run a demo that ends with the test."""
    running = RunningDemo(temporary, port)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.interrupt()
