"""A node in a process of its own, behind a proxy of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from support.postgres_cluster import Cluster
from support.postgres_proxy import PostgresProxy

ROOT = Path(__file__).parents[2]


class NodeProcess:
    """One node: its way to the database, and its lives."""

    def __init__(self, folder: Path, cluster: Cluster, address: str, name: str, fault: str) -> None:
        self.name = name
        self.proxy = PostgresProxy(cluster.folder)
        self._address = self.proxy.address(address)
        self._history = folder / f"{name}.jsonl"
        self._errors = folder / f"{name}.log"
        self._fault = fault
        self.lives = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin a life."""
        self.lives += 1
        command = [
            sys.executable, "-m", "support.processes.node_worker", self._address, self.name,
            str(self.lives), str(self._history), str(self.lives * 100 + ord(self.name)),
        ]  # fmt: skip
        if self._fault:
            command.append(self._fault)
        if self._process and self._process.stdin:
            self._process.stdin.close()
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=errors, stderr=errors,
                env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": f"{ROOT / 'server'}:{ROOT / 'tests'}"},
            )  # fmt: skip

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def is_ready(self) -> bool:
        """Whether a life of it has begun to work."""
        return self._history.exists() and b'"ready"' in self._history.read_bytes()

    def tell(self, command: str) -> None:
        """Give the node a command; one that has ended gets none."""
        stream = self.process.stdin
        assert stream is not None
        with suppress(OSError):
            stream.write(command.encode() + b"\n")
            stream.flush()

    def send(self, number: int) -> None:
        """Send a signal."""
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    def end(self) -> None:
        """End the life and the way, whatever state they are in."""
        if self._process:
            self.send(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
            if self.process.stdin:
                self.process.stdin.close()
        self.proxy.close()

    def lines(self) -> Iterator[dict[str, Any]]:
        """What the lives wrote; the last line of a killed one may be cut off."""
        if not self._history.exists():
            return
        for line in self._history.read_bytes().splitlines():
            with suppress(ValueError):
                yield json.loads(line)
