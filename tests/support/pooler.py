"""A pgbouncer in transaction mode before a PostgreSQL of the tests."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.postgres_cluster import Cluster
from support.postgres_proxy import SOCKET

MISSING = "pgbouncer is missing"
"""Why a test was left out."""
PATIENCE_S = 60


class Pooler:
    """A pgbouncer that listens on a Unix socket in a folder of its own."""

    def __init__(self, cluster: Cluster) -> None:
        program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
        if program is None:
            pytest.skip(MISSING)
        self._program = program
        # The path of a Unix socket may have 107 bytes only.
        self.folder = Path(tempfile.mkdtemp(prefix="pgb-", dir="/tmp"))
        self._config = self.folder / "pgbouncer.ini"
        self._config.write_text(
            f"[databases]\n* = host={cluster.folder} user=tactful\n"
            f"[pgbouncer]\nlisten_port = 5432\nlisten_addr =\nunix_socket_dir = {self.folder}\n"
            "pool_mode = transaction\ndefault_pool_size = 6\nauth_type = any\n"
            f"logfile = {self.folder}/log\npidfile = {self.folder}/pid\n"
        )
        # It refuses to run as root.
        self._user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        if self._user:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
            self._config.chmod(0o644)
        self._process: subprocess.Popen[bytes] | None = None

    def address(self, address: str) -> str:
        """The address of a database through this pooler."""
        return address.partition("?")[0] + f"?host={self.folder}"

    def start(self) -> None:
        """Start it, and return once it listens."""
        (self.folder / SOCKET).unlink(missing_ok=True)
        (self.folder / "pid").unlink(missing_ok=True)
        user = self._user
        self._process = subprocess.Popen(
            [self._program, "-q", str(self._config)],
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + PATIENCE_S
        while not (self.folder / SOCKET).exists():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "pgbouncer does not listen"
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill it, with all connections through it."""
        if self._process:
            self._process.kill()
            self._process.wait()


@contextmanager
def running_pooler(cluster: Cluster) -> Iterator[Pooler]:
    """A pooler that runs for the length of a block."""
    pooler = Pooler(cluster)
    try:
        pooler.start()
        yield pooler
    finally:
        pooler.kill()
        shutil.rmtree(pooler.folder)
