"""A PostgreSQL of the tests' own, in a temporary folder, reached by a Unix socket only."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

UNSAFE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""Settings of a database that no test crashes."""
DURABLE = ("fsync=on",)
"""Settings of a database that tests crash."""
MISSING = "PostgreSQL (initdb and psycopg) is missing"
"""Why a test was left out."""


@cache
def programs() -> Path | None:
    """The folder of the newest PostgreSQL's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: one.parts[-3])
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).parent if named else None


def require() -> Path:
    """The folder of PostgreSQL's programs; the test is skipped where there are none."""
    folder = programs()
    try:
        import psycopg  # noqa: F401, PLC0415 - an optional dependency
    except ImportError:
        folder = None
    if folder is None:
        pytest.skip(MISSING)
    return folder


class Cluster:
    """A PostgreSQL that runs in a folder of its own."""

    def __init__(self, folder: Path, settings: tuple[str, ...]) -> None:
        self.folder = folder
        self._settings = settings
        self._programs = require()
        self._databases = 0
        self._port = dict(one.split("=", 1) for one in settings).get("port", "5432")
        # The server refuses to run as root.
        self._user = "postgres" if os.geteuid() == 0 else None

    def make(self) -> None:
        """Make the cluster and start it."""
        self._own_folder()
        options = ["--auth=trust", "--username=tactful", "--encoding=UTF8", "--locale=C"]
        self._run("initdb", "--pgdata", str(self.folder / "data"), "--no-sync", *options)
        self.start()

    def start(self) -> None:
        """Start the server, and return once it accepts connections."""
        settings = (
            "listen_addresses=", f"unix_socket_directories={self.folder}", "max_connections=200",
            "shared_buffers=32MB", *self._settings,
        )  # fmt: skip
        options = " ".join(f"-c {one}" for one in settings)
        log = str(self.folder / "log")
        data = str(self.folder / "data")
        self._run("pg_ctl", "start", "-D", data, "-l", log, "-w", "-t", "60", "-o", options)

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server; `immediate` is a crash."""
        self._run("pg_ctl", "stop", "-D", str(self.folder / "data"), "-m", mode, "-w", "-t", "60")

    def copy_as_standby(self, folder: Path) -> "Cluster":
        """A second server that follows this one; it is not started yet."""
        standby = Cluster(folder, self._settings)
        standby._own_folder()
        data = str(folder / "data")
        copied = [
            "-h",
            str(self.folder),
            "-U",
            "tactful",
            "-D",
            data,
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
        ]
        standby._run("pg_basebackup", *copied)
        return standby

    def promote(self) -> None:
        """Make a standby the primary, and return once it takes writes."""
        self._run("pg_ctl", "promote", "-D", str(self.folder / "data"), "-w", "-t", "60")

    def database(self) -> str:
        """The address of a new, empty database."""
        self._databases += 1
        name = f"shop{self._databases}"
        self.sql("postgres", f"CREATE DATABASE {name}")
        return self.address(name)

    def address(self, name: str) -> str:
        """The address of a database."""
        return f"postgresql://tactful@/{name}?host={self.folder}"

    def sql(self, database: str, text: str) -> str:
        """Execute SQL as an administrator; return what psql prints."""
        host = ["-h", str(self.folder), "-p", self._port, "-U", "tactful"]
        return self._run("psql", "-X", "-q", "-A", "-t", *host, "-d", database, "-c", text)

    def _own_folder(self) -> None:
        if self._user:
            known = pwd.getpwnam(self._user)
            os.chown(self.folder, known.pw_uid, known.pw_gid)

    def _run(self, program: str, *given: str) -> str:
        command = [str(self._programs / program), *given]
        if self._user:
            command = ["setpriv", f"--reuid={self._user}", f"--regid={self._user}", "--clear-groups",
                       *command]  # fmt: skip
        # A server that is started inherits no pipe, or the call would wait for its end.
        output = self.folder / "output"
        with output.open("w") as file:
            done = subprocess.run(
                command, stdout=file, stderr=subprocess.STDOUT, check=False, cwd="/", timeout=120
            )
        said = output.read_text()
        assert done.returncode == 0, f"{program}: {said}"
        return said


@contextmanager
def running_standby(primary: Cluster) -> Iterator[Cluster]:
    """A standby of a cluster that runs for the length of a block."""
    folder = Path(tempfile.mkdtemp(prefix="pgs-", dir="/tmp"))
    standby = primary.copy_as_standby(folder)
    try:
        standby.start()
        yield standby
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            standby.stop()
        shutil.rmtree(folder)


@contextmanager
def running_cluster(*settings: str) -> Iterator[Cluster]:
    """A cluster that runs for the length of a block."""
    require()
    # The path of a Unix socket may have 107 bytes only.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    cluster = Cluster(folder, settings)
    try:
        cluster.make()
        yield cluster
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            cluster.stop()
        shutil.rmtree(folder)
