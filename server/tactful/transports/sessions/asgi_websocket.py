"""The session as an ASGI WebSocket endpoint, for an application mounted in another server.

Under our own listener `server/incoming.py` serves sessions and this endpoint is never reached.
"""

import asyncio
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from tactful.core.values.addresses import limit_key
from tactful.protocol import close_codes
from tactful.protocol.problems import PROBLEM_JSON
from tactful.transports.admission.access_policy import SESSION_PATH, SUBPROTOCOL, Rejection
from tactful.transports.admission.limits import Admission, AdmissionResult
from tactful.transports.admission.rejections import ADDRESS_FULL, SERVER_FULL, rejection_body
from tactful.transports.sessions.connection_hub import ABNORMAL, ConnectionHub
from tactful.transports.sessions.send_queue import SendQueue

UPGRADE = Rejection(426, "handshake.refused", "Sessions are WebSockets: ask for the upgrade.")
NO_SUBPROTOCOL = Rejection(400, "handshake.refused", f"Ask for the subprotocol {SUBPROTOCOL}.")


def websocket_routes(hub: ConnectionHub) -> Sequence[BaseRoute]:
    """Return the endpoint, and the response to a request without an upgrade."""
    admission = Admission(hub.policy.limits)

    async def session(socket: WebSocket) -> None:
        await _AsgiWebSocket(hub, admission, socket).serve()

    async def require_upgrade(_: Request) -> Response:
        return _response(UPGRADE)

    return (
        WebSocketRoute(SESSION_PATH, session),
        Route(SESSION_PATH, require_upgrade, methods=["GET"]),
    )


class _AsgiWebSocket:
    """One WebSocket of the host server."""

    def __init__(self, hub: ConnectionHub, admission: Admission, socket: WebSocket) -> None:
        self._hub = hub
        self._admission = admission
        self._socket = socket
        self._address = hub.policy.proxies.client_address(
            socket.client.host if socket.client else "127.0.0.1",
            socket.headers.getlist("x-forwarded-for"),
        )

    async def serve(self) -> None:
        rejection = self._check()
        if rejection is not None:
            await self._reject(rejection)
            return
        key = limit_key(self._address)
        result = self._admission.count_in()
        claimed = self._admission.claim_address(key)
        try:
            if result is not AdmissionResult.ADMITTED:
                await self._reject(SERVER_FULL)
            elif not claimed:
                await self._reject(ADDRESS_FULL)
            else:
                await self._run_session()
        finally:
            self._admission.count_out()
            if claimed:
                self._admission.release_address(key)

    def _check(self) -> Rejection | None:
        policy = self._hub.policy
        headers = self._socket.headers
        offered = self._socket.scope.get("subprotocols", ())
        return (
            policy.check_host(headers.getlist("host"))
            or policy.check_origin(headers.getlist("origin"))
            or (None if SUBPROTOCOL in offered else NO_SUBPROTOCOL)
            or self._hub.session_rejection
        )

    async def _reject(self, rejection: Rejection) -> None:
        """Answer with HTTP where the host server can; others turn the close into a 403."""
        self._hub.rejections[rejection.code] += 1
        if "websocket.http.response" in self._socket.scope.get("extensions", {}):
            await self._socket.send_denial_response(_response(rejection))
        else:
            await self._socket.close(close_codes.ORIGIN.code)

    async def _run_session(self) -> None:
        await self._socket.accept(SUBPROTOCOL)
        queue = SendQueue(self._hub)
        origin = self._socket.headers["origin"]
        queue.connection = self._hub.admit(queue, self._address, origin)
        reading = asyncio.ensure_future(self._read(queue))
        writing = asyncio.ensure_future(self._write(queue))
        try:
            await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            code = reading.result() if reading.done() and not reading.exception() else None
            reading.cancel()
            writing.cancel()
            await asyncio.gather(reading, writing, return_exceptions=True)
            queue.connection.connection_lost(
                queue.closed[0].code if queue.closed else code or ABNORMAL
            )

    async def _read(self, queue: SendQueue) -> int:
        """Pass on messages until the client disconnects; return its close code."""
        connection = queue.connection
        while True:
            event = await self._socket.receive()
            if event["type"] == "websocket.disconnect":
                return int(event.get("code") or ABNORMAL)
            connection.begin_read(self._hub.clock())
            text = event.get("text")
            if text is None:
                connection.receive_binary(event["bytes"])
            elif len(text) > self._hub.policy.limits.message_bytes:
                connection.close(close_codes.TOO_LARGE, "The message is too large.")
            elif queue.closed is None:
                connection.receive_text(text.encode("utf-8", "replace"))
            connection.end_read()

    async def _write(self, queue: SendQueue) -> None:
        while batch := await queue.next_batch():
            for payload in batch:
                await self._socket.send_text(payload.decode())
        if queue.closed is not None:
            code, reason = queue.closed
            await self._socket.close(code.code, reason)


def _response(rejection: Rejection) -> Response:
    return Response(rejection_body(rejection), rejection.status, media_type=PROBLEM_JSON)
