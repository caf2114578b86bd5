"""A proxy before a PostgreSQL that loses connections, holds back bytes, or is slow."""

import contextlib
import shutil
import socket
import tempfile
import threading
from enum import Enum, auto
from pathlib import Path

SOCKET = ".s.PGSQL.5432"


class Fault(Enum):
    """What happens to a connection that sends a COMMIT."""

    CUT_BEFORE = auto()
    """It is closed, and the server never sees the COMMIT."""
    CUT_AFTER = auto()
    """It is closed after the server has committed; the answer is lost."""
    HOLE_BEFORE = auto()
    """Nothing passes any more, and nobody is told."""
    HOLE_AFTER = auto()
    """The server commits, and from then on nothing passes."""


class Way:
    """One direction of the network, for all connections of a proxy."""

    def __init__(self) -> None:
        self._passes = threading.Event()
        self._passes.set()
        self._never = threading.Event()
        self.delay_s = 0.0

    def hold(self) -> None:
        """Keep back every byte, as a network does that drops packets: they are sent again later."""
        self._passes.clear()

    def release(self) -> None:
        """Let pass what was kept back, and everything from now on."""
        self._passes.set()

    def wait(self) -> None:
        """Return when the next bytes may pass."""
        if self.delay_s:
            self._never.wait(self.delay_s)
        self._passes.wait()


class PostgresProxy:
    """A Unix socket that stands before the one of a cluster."""

    def __init__(self, cluster: Path) -> None:
        self._server = str(cluster / SOCKET)
        self.folder = Path(tempfile.mkdtemp(prefix="pgp-", dir="/tmp"))
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / SOCKET))
        self._listener.listen()
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.to_server, self.to_client = Way(), Way()
        self._begin(self._accept)

    def fail_next_commit(self, fault: Fault) -> None:
        """Let a fault happen to the next COMMIT."""
        with self._lock:
            self._faults.append(fault)

    @property
    def is_due(self) -> bool:
        """Whether a fault still waits for a COMMIT."""
        return bool(self._faults)

    def cut(self) -> None:
        """End all connections; new ones are accepted."""
        with self._lock:
            for one in self._sockets:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def heal(self) -> None:
        """Let everything pass at once, and forget faults that have not happened."""
        for way in (self.to_server, self.to_client):
            way.delay_s = 0
            way.release()
        with self._lock:
            self._faults.clear()

    def address(self, address: str) -> str:
        """The address of a database through this proxy."""
        return address.partition("?")[0] + f"?host={self.folder}"

    def close(self) -> None:
        """End all connections."""
        # A thread that waits in accept() is woken by a shutdown, not by a close.
        self._listener.shutdown(socket.SHUT_RDWR)
        self.heal()
        self.cut()
        for thread in self._threads:
            thread.join(20)
        self._listener.close()
        shutil.rmtree(self.folder)

    def _begin(self, work: object, *given: object) -> None:
        thread = threading.Thread(target=work, args=given, daemon=True)  # type: ignore[arg-type]
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self._server)
            except OSError:
                client.close()
                server.close()
                continue
            with self._lock:
                self._sockets |= {client, server}
            link = _Link(client, server)
            self._begin(self._to_server, link)
            self._begin(self._to_client, link)

    def _to_server(self, link: "_Link") -> None:
        with contextlib.suppress(OSError):
            while data := link.client.recv(65536):
                self.to_server.wait()
                if link.is_hole:
                    continue
                fault = self._fault_of(data)
                if fault in {Fault.CUT_AFTER, Fault.HOLE_AFTER}:
                    link.after = fault
                    link.server.sendall(data)
                elif fault is Fault.CUT_BEFORE:
                    break
                elif fault is Fault.HOLE_BEFORE:
                    link.is_hole = True
                else:
                    link.server.sendall(data)
        self._end(link)

    def _to_client(self, link: "_Link") -> None:
        with contextlib.suppress(OSError):
            while data := link.server.recv(65536):
                self.to_client.wait()
                # The answer to the COMMIT shows that the server has committed.
                if link.after and b"COMMIT\0" in data:
                    if link.after is Fault.CUT_AFTER:
                        break
                    link.is_hole = True
                if not link.is_hole:
                    link.client.sendall(data)
        if not link.is_hole:
            self._end(link)

    def _fault_of(self, data: bytes) -> Fault | None:
        if b"COMMIT" not in data:
            return None
        with self._lock:
            return self._faults.pop(0) if self._faults else None

    def _end(self, link: "_Link") -> None:
        for one in (link.client, link.server):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            with self._lock:
                self._sockets.discard(one)
            one.close()


class _Link:
    """A connection through the proxy."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client = client
        self.server = server
        self.after: Fault | None = None
        self.is_hole = False
