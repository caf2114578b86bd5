"""Binds one port, opens a door for each connection, and leaves without slamming it."""

import asyncio
import socket
from contextlib import suppress
from email.utils import formatdate
from typing import Any, cast

import msgspec
from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.lifespan.on import LifespanOn
from uvicorn.server import ServerState

from tactful.transports.admission.access_policy import LOOPBACK
from tactful.transports.admission.kernel_filter import KernelFilter
from tactful.transports.admission.limits import AdmissionLimits, raise_descriptor_limit
from tactful.transports.server.http_middleware import AccessMiddleware
from tactful.transports.server.http_protocol import HttpProtocol
from tactful.transports.server.incoming import IncomingConnection
from tactful.transports.server.server_state import ListenerState
from tactful.transports.sessions.connection_hub import ConnectionHub

RECONNECT_SPREAD_S = (
    4  # all come back within so many seconds: an offer is withdrawn late by no more
)
RECONNECTS_PER_S = 2_500  # but no more of them in one second
NOTICE_S = (
    1.0  # sessions are served so long after `bye`: the next server needs about as long to start
)
GRACE_S = 20.0  # for requests under way: a redemption is never cut off, and 30 s are promised
PENDING_HEAD_MS = (
    1_000  # who was let in and has said nothing for so long has only opened a line in advance
)
POLL_S = 0.02
CLOSE_S = 0.5  # for close frames to be answered: nobody is served meanwhile


class ListenError(Exception):
    """The server cannot listen there; the text says what to do."""


class ListenAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where to listen.

    `inherited` is a listening socket's descriptor: it outlives us, so nobody is refused during a
    restart. `shared_port` lets the next process listen on the same port before this one has gone.
    """

    host: str = "127.0.0.1"
    port: int = 8_000
    inherited: int | None = None
    shared_port: bool = False
    conformance_echo: bool = False


class Listener:
    """One port for HTTP and WebSocket: `start`, `drain`, `close`."""

    def __init__(self, app: ASGIApp, reception: ConnectionHub, place: ListenAddress) -> None:
        if place.conformance_echo and place.host not in LOOPBACK:
            raise ListenError("The conformance echo answers anybody: bind it to 127.0.0.1.")
        self._place = place
        self._reception = reception
        self._guarded = AccessMiddleware(app, reception)
        self._state = ServerState()
        self._config = Config(
            self._guarded,
            http="httptools",
            ws=cast("Any", self._take_upgrade),
            interface="asgi3",
            loop="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
        )
        self._config.load()
        self._lifespan = LifespanOn(self._config)
        raise_descriptor_limit()  # before the house counts how many places it has
        self.state = ListenerState(
            reception, self._speak_http, conformance_echo=place.conformance_echo
        )
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port in use, the chosen one if 0 was asked for."""
        return int(self.socket.getsockname()[1])

    @property
    def socket(self) -> socket.socket:
        """The listening socket, to hand on to the next process."""
        if self._socket is None:
            raise ListenError("The listener has not been started.")
        return self._socket

    async def start(self) -> None:
        """Start the app, then listen: whoever gets through is served."""
        self._socket = _bind(self._place, self._reception.policy.limits)
        await self._lifespan.startup()
        if self._lifespan.should_exit:
            self._socket.close()
            raise ListenError("The application did not start; the log says why.")
        self.state.barrier = KernelFilter(self._socket)
        self._renew_date()
        self.state.deadlines.start(self._each_round)
        loop = asyncio.get_running_loop()
        backlog = self._reception.policy.limits.backlog
        self._server = await loop.create_server(self._open, sock=self._socket, backlog=backlog)

    def _each_round(self) -> None:
        self._renew_date()
        if self.state.barrier is not None:
            self.state.barrier.look(self.state.clock())
        self._reception.memory_guard.check(len(self._reception.connections))

    def _renew_date(self) -> None:
        """HTTP answers carry the second they were written in."""
        self._state.default_headers = [(b"date", formatdate(usegmt=True).encode())]

    async def drain(
        self,
        *,
        spread_s: int = RECONNECT_SPREAD_S,
        notice_s: float = NOTICE_S,
        grace_s: float = GRACE_S,
    ) -> None:
        """Stop accepting, tell everybody when to come back, and finish what is under way.

        Sessions are served for `notice_s` or until their clients have left; then they end, for the
        next server can serve nobody while this one has the ledger. Requests have `grace_s` more.
        """
        await self._stop_accepting()
        present = len(self._reception.connections)
        self._reception.announce_shutdown(max(spread_s, present // RECONNECTS_PER_S))
        for protocol in list(self._state.connections):
            protocol.shutdown()
        await self._until_empty(notice_s)
        await self._until_heard()
        self._reception.close_all()
        await self._until_answered(grace_s)

    async def close(self) -> None:
        """Close what remains and stop the app."""
        await self._stop_accepting()
        self._reception.close_all()
        for protocol in list(self._state.connections):
            protocol.shutdown()
        await self._until_empty(CLOSE_S)
        for task in self._state.tasks:
            task.cancel()
        await asyncio.gather(*self._state.tasks, return_exceptions=True)
        self.state.deadlines.stop()
        for one in self.state.deadlines.watched():
            one.abort()
        await self._lifespan.shutdown()

    async def _until_empty(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.state.idle.wait()

    async def _until_heard(self) -> None:
        """Wait for what the latest who were let in are about to ask."""
        while self.state.has_pending_head(PENDING_HEAD_MS):  # noqa: ASYNC110 -- until they are old enough
            await asyncio.sleep(POLL_S)

    async def _until_answered(self, seconds: float) -> None:
        """Wait for the requests under way; streams have been told to end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._state.tasks:
                    await asyncio.wait(set(self._state.tasks))

    async def _stop_accepting(self) -> None:
        """Take in who has already knocked: closing a socket of ours resets those in its queue.

        In the queue of a socket that was handed to us they wait for the next server.
        """
        if self._server is None:
            return
        if self.state.barrier is not None:
            self.state.barrier.open()
        loop = asyncio.get_running_loop()
        if isinstance(loop, asyncio.SelectorEventLoop):
            # asyncio loses what it has accepted and not yet wrapped when its server closes.
            loop.remove_reader(self.socket.fileno())
            await asyncio.sleep(0)
        knocked = [] if self._place.inherited is not None else _accept_waiting(self.socket)
        self._server.close()
        self._server = None
        for connection in knocked:
            await loop.connect_accepted_socket(self._open, connection)

    def _open(self) -> IncomingConnection:
        return IncomingConnection(self.state)

    def _speak_http(self) -> HttpProtocol:
        given = self._config, self._state, self._lifespan.state
        return HttpProtocol(*given, refusals=self._reception.rejections)

    def _take_upgrade(self, **_: Any) -> IncomingConnection:
        """The HTTP stack has met an upgrade on a connection that served requests before."""
        return self._open()


def _bind(place: ListenAddress, limits: AdmissionLimits) -> socket.socket:
    if place.inherited is not None:
        listening = socket.socket(fileno=place.inherited)
    else:
        listening = _bind_anew(place)
    listening.setblocking(False)
    # Accepted sockets inherit these. The kernel doubles the buffer; the timeout drops a peer that
    # acknowledges nothing, also on plain HTTP and streams, where no pong tells.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, limits.send_buffer)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limits.timing.silent_ms)
    if place.shared_port:
        listening.listen(limits.backlog)  # who comes while the other server ends waits for us
    return listening


def _bind_anew(place: ListenAddress) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            place.host, place.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as problem:
        raise ListenError(f"{place.host} is no address of this machine: {problem}.") from problem
    listening = socket.socket(family, kind, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if place.shared_port:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind(address)
    except OSError as problem:
        listening.close()
        raise ListenError(
            f"Cannot listen on {place.host}:{place.port}: {problem.strerror}. "
            "Stop what uses it, or choose another with --port."
        ) from problem
    return listening


def _accept_waiting(listening: socket.socket) -> list[socket.socket]:
    """Accept what is in the kernel's queue, without waiting for more."""
    waiting: list[socket.socket] = []
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:  # the queue is empty, or the process has no descriptor left
            return waiting
        connection.setblocking(False)
        waiting.append(connection)
