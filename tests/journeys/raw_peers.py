"""Raw clients, and a listener in a process of its own that is observed from outside.

After its tests, the log holds no traceback, all descriptors are closed, and the memory has hardly grown.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

HERE = Path(__file__).parent
PACE = {"per_second": 20, "burst": 120}
OFTEN = {"request_burst": 10**6, "requests_per_s": 10**6}
"""Limits for raw clients: all connect from one address, and each violates the protocol."""
VIEW = {"t": "view", "sku": "RUN-42"}
KEPT_KIB = 24 * 1_024
"""Memory (KiB) that the allocator may keep of what a thousand clients needed at once."""


class Served:
    """A server process: its port, its log, its memory and its descriptors."""

    def __init__(
        self,
        log: Path,
        *,
        echo: bool = False,
        descriptors: str = "",
        host: str = "127.0.0.1",
        within: tuple[str, ...] = (),
        **limits: Any,
    ) -> None:
        """Start it; `within` is a command that runs it, in another network for example."""
        self.log = log
        path = os.pathsep.join([str(HERE.parent), str(HERE.parent.parent / "server")])
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [*within, sys.executable, str(HERE / "raw_server.py"), msgspec.json.encode(OFTEN | limits).decode()]
                + ["echo"] * echo,
                stdout=subprocess.PIPE, stderr=errors, env=os.environ | {"PYTHONPATH": path, "DESCRIPTORS": descriptors, "HOST": host},
            )  # fmt: skip
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.descriptors_at_start = self.descriptors()

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_kib(self) -> int:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") // 1024

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()


def served(folder: Any, name: str, **options: Any) -> Iterator[Served]:
    """Run a server for some tests, and check it when they are over."""
    server = Served(folder.mktemp("raw") / f"{name}.log", **options)
    before = server.rss_kib()
    try:
        yield server
        deadline = time.monotonic() + 60
        while server.descriptors() > server.descriptors_at_start:
            assert time.monotonic() < deadline, f"{server.descriptors()} descriptors are still open"
            time.sleep(0.01)
        grown = server.rss_kib() - before
    finally:
        server.stop()
    written = server.log.read_text()
    assert "Traceback" not in written, written
    assert "ERROR" not in written, written
    assert grown < KEPT_KIB, f"{grown} KiB more"


serving = contextmanager(served)
"""The same as a context manager."""


def table(rows: list[tuple[Any, ...]]) -> pytest.MarkDecorator:
    """Return rows of (name, bytes sent, bytes expected) as test cases."""
    cases = [pytest.param(*row[1:], id=row[0]) for row in rows]
    return pytest.mark.parametrize(("sent", "expected"), cases)


def request(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def reluctant(port: int) -> socket.socket:
    """Return a connected socket with the smallest receive buffer, which is not read."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    peer.connect(("127.0.0.1", port))
    return peer
