"""The listener of one port: bind, accept, drain, and hand the socket to the next process."""

import asyncio
import socket
from contextlib import suppress
from email.utils import formatdate
from functools import partial
from typing import Any, cast

import msgspec
from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.lifespan.on import LifespanOn
from uvicorn.server import ServerState

from tactful.transports.admission.access_policy import LOOPBACK
from tactful.transports.admission.limits import AdmissionLimits, raise_descriptor_limit
from tactful.transports.server.http_middleware import AccessMiddleware
from tactful.transports.server.http_protocol import HttpProtocol
from tactful.transports.server.incoming import IncomingConnection
from tactful.transports.server.server_state import ListenerState
from tactful.transports.sessions.connection_hub import ConnectionHub

RECONNECT_SPREAD_S = 4
"""Seconds over which `bye` spreads reconnects. No withdrawal is delayed by more than this."""
RECONNECTS_PER_S = 2_500
"""Maximum clients that are asked to reconnect in one second. More clients widen the spread."""
NOTICE_S = 1.0
"""Seconds for which sessions are served after `bye`: the next server needs about as long to start."""
GRACE_S = 20.0
"""Seconds for requests in progress, so that no redemption is cut off.

The manual promises that a shutdown takes at most 30 s in total.
"""
PENDING_HEAD_MS = 1_000
"""Milliseconds for a new connection's first request.

A connection that takes longer counts as opened in advance, and a drain does not wait for it.
"""
POLL_S = 0.02
"""Seconds between two checks for pending requests."""
CLOSE_S = 0.5
"""Seconds for close frames to be answered; no client is served meanwhile."""


class ListenError(Exception):
    """The server cannot listen at an address; the message says what to do."""


class ListenAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how to listen."""

    host: str = "127.0.0.1"
    """A name or address of this machine."""
    port: int = 8_000
    """A TCP port; 0 chooses a free one."""
    inherited: int | None = None
    """The descriptor of a listening socket, used instead of `host` and `port`.

    The socket outlives this process, so no connection is refused during a restart.
    """
    shared_port: bool = False
    """Whether the next process may listen on the same port before this one has ended."""
    conformance_echo: bool = False
    """Whether sessions are replaced by an echo, for WebSocket conformance suites."""


class Listener:
    """One port for HTTP and WebSocket: `start`, `drain`, `close`, in this order."""

    def __init__(self, app: ASGIApp, hub: ConnectionHub, place: ListenAddress) -> None:
        """Create a listener that is not bound yet.

        Raises:
            ListenError: The conformance echo is to listen on an address other than loopback.
        """
        if place.conformance_echo and place.host not in LOOPBACK:
            raise ListenError(
                "The conformance echo serves any client. Bind it to 127.0.0.1 instead."
            )
        self._place = place
        self._hub = hub
        self._uvicorn_state = ServerState()
        self._config = Config(
            AccessMiddleware(app, hub),
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
        raise_descriptor_limit()  # before the state derives its capacity from the limit
        new_http_protocol = partial(
            HttpProtocol,
            self._config,
            self._uvicorn_state,
            self._lifespan.state,
            rejections=hub.rejections,
        )
        self.state = ListenerState(hub, new_http_protocol, conformance_echo=place.conformance_echo)
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port in use.

        Raises:
            ListenError: The listener has not been started.
        """
        return int(self.socket.getsockname()[1])

    @property
    def socket(self) -> socket.socket:
        """The listening socket, for the next process.

        Raises:
            ListenError: The listener has not been started.
        """
        if self._socket is None:
            raise ListenError("The listener has not been started.")
        return self._socket

    async def start(self) -> None:
        """Bind, start the application, then accept, so that each accepted connection can be served.

        Raises:
            ListenError: The address is not available, or the application does not start.
        """
        self._socket = _bind(self._place, self._hub.policy.limits)
        await self._lifespan.startup()
        if self._lifespan.should_exit:
            self._socket.close()
            raise ListenError("The application did not start. Its log says why.")
        self._renew_date()
        self.state.deadlines.start(self._each_round)
        loop = asyncio.get_running_loop()
        backlog = self._hub.policy.limits.backlog
        self._server = await loop.create_server(
            self._new_connection, sock=self._socket, backlog=backlog
        )

    def _each_round(self) -> None:
        self._renew_date()
        self._hub.memory_guard.check(len(self._hub.connections))

    def _renew_date(self) -> None:
        """Update the `Date` header, which has a precision of a second."""
        self._uvicorn_state.default_headers = [(b"date", formatdate(usegmt=True).encode())]

    async def drain(
        self,
        *,
        spread_s: int = RECONNECT_SPREAD_S,
        notice_s: float = NOTICE_S,
        grace_s: float = GRACE_S,
    ) -> None:
        """Stop accepting, send `bye` to all sessions, and finish the requests in progress.

        Sessions end after `notice_s` at the latest, because the next server cannot serve them while
        this one holds the ledger.

        Args:
            spread_s: Seconds over which the clients are asked to reconnect.
            notice_s: Seconds for which sessions are still served.
            grace_s: Seconds that requests in progress have after that.
        """
        await self._stop_accepting()
        sessions = len(self._hub.connections)
        self._hub.announce_shutdown(max(spread_s, sessions // RECONNECTS_PER_S))
        for protocol in list(self._uvicorn_state.connections):
            protocol.shutdown()
        await self._wait_until_idle(notice_s)
        await self._wait_for_pending_heads()
        self._hub.close_all()
        await self._wait_for_requests(grace_s)

    async def close(self) -> None:
        """Close the remaining connections and stop the application."""
        await self._stop_accepting()
        self._hub.close_all()
        for protocol in list(self._uvicorn_state.connections):
            protocol.shutdown()
        await self._wait_until_idle(CLOSE_S)
        for task in self._uvicorn_state.tasks:
            task.cancel()
        await asyncio.gather(*self._uvicorn_state.tasks, return_exceptions=True)
        self.state.deadlines.stop()
        for connection in self.state.deadlines.watched():
            connection.abort()
        await self._lifespan.shutdown()

    async def _wait_until_idle(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.state.idle.wait()

    async def _wait_for_pending_heads(self) -> None:
        """Wait for the requests of the connections that were accepted last."""
        while self.state.has_pending_head(PENDING_HEAD_MS):  # noqa: ASYNC110 -- time passes, no event is set
            await asyncio.sleep(POLL_S)

    async def _wait_for_requests(self, seconds: float) -> None:
        """Wait for the requests in progress; event streams have been closed already."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._uvicorn_state.tasks:
                    await asyncio.wait(set(self._uvicorn_state.tasks))

    async def _stop_accepting(self) -> None:
        """Accept the connections that wait in the kernel's queue, and no further ones.

        Closing a socket of our own resets the connections in its queue. In the queue of an
        inherited socket they wait for the next server.
        """
        if self._server is None:
            return
        loop = asyncio.get_running_loop()
        if isinstance(loop, asyncio.SelectorEventLoop):
            # An asyncio server that closes loses connections that are accepted but not wrapped yet.
            loop.remove_reader(self.socket.fileno())
            await asyncio.sleep(0)
        waiting = [] if self._place.inherited is not None else _accept_waiting(self.socket)
        self._server.close()
        self._server = None
        for connection in waiting:
            await loop.connect_accepted_socket(self._new_connection, connection)

    def _new_connection(self) -> IncomingConnection:
        return IncomingConnection(self.state)

    def _take_upgrade(self, **_: Any) -> IncomingConnection:
        """Take over a connection on which the HTTP stack met an upgrade after earlier requests."""
        return self._new_connection()


def _bind(place: ListenAddress, limits: AdmissionLimits) -> socket.socket:
    if place.inherited is not None:
        listening = socket.socket(fileno=place.inherited)
    else:
        listening = _bind_new(place)
    listening.setblocking(False)
    # Accepted sockets inherit both options. The kernel doubles the buffer. The timeout drops a
    # client that acknowledges no data. It covers plain HTTP and event streams, which have no pongs.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, limits.send_buffer)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limits.timing.silent_ms)
    if place.shared_port:
        # Connections that arrive while the previous server ends wait in this queue.
        listening.listen(limits.backlog)
    return listening


def _bind_new(place: ListenAddress) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            place.host, place.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as problem:
        raise ListenError(
            f"{place.host} is no address of this machine: {problem}. Choose another with --host."
        ) from problem
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
            "Stop the program that uses it, or choose another with --port."
        ) from problem
    return listening


def _accept_waiting(listening: socket.socket) -> list[socket.socket]:
    """Accept the connections in the kernel's queue, without waiting for more."""
    waiting: list[socket.socket] = []
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:  # the queue is empty, or the process has no descriptor left
            return waiting
        connection.setblocking(False)
        waiting.append(connection)
