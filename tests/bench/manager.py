"""Starts `tactful serve` as a service manager does, and keeps the listening socket between starts."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import harness

HOST = "127.0.0.1"
KEY = "the-key-of-the-restarts"
PATIENCE_S = 60.0
# sd_listen_fds(3): the socket is descriptor 3, and the variables name the process that they are for.
HANDED_ON = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); "
    "os.environ |= {'LISTEN_FDS': '1', 'LISTEN_PID': str(os.getpid())}; "
    "os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"
)


class Manager:
    """One service: its socket, if it is the manager's, and the process that serves now.

    `way`: `handed on`, the manager keeps the socket; `shared`, the next server listens beside the one
    before it; `none`, the next one binds when the one before has gone.
    """

    def __init__(
        self, way: str, folder: Path, settings: Sequence[str], *, in_own_session: bool = True
    ) -> None:
        self.way = way
        self._in_own_session = in_own_session
        self._folder = folder
        self._socket = socket.create_server((HOST, 0), backlog=4_096)
        self.port = int(self._socket.getsockname()[1])
        if way != "handed on":
            self._socket.close()
        shared = ["--shared-port"] if way == "shared" else []
        at = ["--host", HOST, "--port", str(self.port)]
        self._command = ["-m", "tactful", "serve", *settings, *at, *shared]
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        """Start the next server, which logs into a file of the folder."""
        environment = os.environ | {
            "PYTHONPATH": str(harness.ROOT / "server"),
            "TACTFUL_SERVER_KEY": KEY,
        }
        command, kept = self._command, ()
        if self.way == "handed on":
            kept = (self._socket.fileno(),)
            command = ["-c", HANDED_ON, str(kept[0]), *command]
        with (self._folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command], pass_fds=kept, env=environment,
                start_new_session=self._in_own_session, stdout=subprocess.DEVNULL, stderr=log,
            )  # fmt: skip
        os.sched_setaffinity(self.process.pid, {harness.SERVER_CORE})
        return self.process

    def cpu_seconds(self) -> float:
        """Processor time of the server since its start."""
        return round(sum(harness.cpu_of(self.process.pid)), 2)

    def log(self) -> str:
        """What the servers have logged so far."""
        return (self._folder / "server.log").read_text()

    def close(self) -> None:
        """Stop the server and release the port."""
        self.process.terminate()
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._socket.close()


@contextmanager
def opened(
    folder: Path, rules: str, settings: str, *more: str, in_own_session: bool = True
) -> Iterator[Manager]:
    """A whole shop with these rules and this `tactful.toml`; `more`: of the command line.

    Linux shares a core between sessions first. A server `in_own_session` is like one under systemd.
    """
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "rules.yaml").write_text(rules, "utf-8")
    (folder / "tactful.toml").write_text(settings, "utf-8")
    named = ["--config", str(folder / "tactful.toml"), "--data", str(folder / "data")]
    settings_of = [*named, "--rules", str(folder / "rules"), *more]
    manager = Manager("none", folder, settings_of, in_own_session=in_own_session)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while "serves" not in manager.log():
            assert time.monotonic() < deadline, manager.log()
            time.sleep(0.02)
        yield manager
    finally:
        manager.close()
