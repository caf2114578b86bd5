"""The session as an ASGI WebSocket endpoint, for an app that is mounted in another server.

Under our own listener the front door serves sessions and this is never reached.
"""

import asyncio
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from tactful.protocol import close_codes
from tactful.transports.admission.access_policy import SESSION_PATH, SUBPROTOCOL, Rejection
from tactful.transports.admission.client_address import limit_key
from tactful.transports.admission.limits import Admission, AdmissionResult
from tactful.transports.admission.rejections import ADDRESS_FULL, SERVER_FULL, problem_body
from tactful.transports.sessions.connection_hub import ConnectionHub
from tactful.transports.sessions.send_queue import SendQueue

UPGRADE = Rejection(426, "handshake.refused", "Sessions are WebSockets: ask for the upgrade.")
NO_SUBPROTOCOL = Rejection(400, "handshake.refused", f"Ask for the subprotocol {SUBPROTOCOL}.")


def websocket_routes(reception: ConnectionHub) -> Sequence[BaseRoute]:
    """The endpoint, and the answer for those who ask for it without an upgrade."""
    admission = Admission(reception.policy.limits)

    async def session(socket: WebSocket) -> None:
        await _AsgiWebSocket(reception, admission, socket).serve()

    async def ask_for_upgrade(_: Request) -> Response:
        return _response(UPGRADE)

    return (
        WebSocketRoute(SESSION_PATH, session),
        Route(SESSION_PATH, ask_for_upgrade, methods=["GET"]),
    )


class _AsgiWebSocket:
    """One WebSocket of the host server."""

    def __init__(self, reception: ConnectionHub, admission: Admission, socket: WebSocket) -> None:
        self._reception = reception
        self._admission = admission
        self._socket = socket
        self._peer = reception.policy.proxies.client_address(
            socket.client.host if socket.client else "127.0.0.1",
            socket.headers.getlist("x-forwarded-for"),
        )

    async def serve(self) -> None:
        refusal = self._judge()
        if refusal is not None:
            await self._refuse(refusal)
            return
        key = limit_key(self._peer)
        verdict = self._admission.count_in()
        claimed = self._admission.claim_address(key)
        try:
            if verdict is not AdmissionResult.ADMITTED or not claimed:
                await self._refuse(
                    ADDRESS_FULL if verdict is AdmissionResult.ADMITTED else SERVER_FULL
                )
            else:
                await self._converse()
        finally:
            self._admission.count_out()
            if claimed:
                self._admission.release_address(key)

    def _judge(self) -> Rejection | None:
        policy = self._reception.policy
        headers = self._socket.headers
        offered = self._socket.scope.get("subprotocols", ())
        return (
            policy.check_host(headers.getlist("host"))
            or policy.check_origin(headers.getlist("origin"))
            or (None if SUBPROTOCOL in offered else NO_SUBPROTOCOL)
            or self._reception.session_rejection
        )

    async def _refuse(self, refusal: Rejection) -> None:
        """Answer with plain HTTP where the server can; others turn the close into a 403."""
        self._reception.rejections[refusal.code] += 1
        if "websocket.http.response" in self._socket.scope.get("extensions", {}):
            await self._socket.send_denial_response(_response(refusal))
        else:
            await self._socket.close(close_codes.ORIGIN.code)

    async def _converse(self) -> None:
        await self._socket.accept(SUBPROTOCOL)
        outbox = SendQueue(self._reception)
        origin = self._socket.headers["origin"]
        outbox.connection = self._reception.admit(outbox, self._peer, origin)
        reading = asyncio.ensure_future(self._read(outbox))
        writing = asyncio.ensure_future(self._write(outbox))
        try:
            await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            code = reading.result() if reading.done() and not reading.exception() else None
            reading.cancel()
            writing.cancel()
            await asyncio.gather(reading, writing, return_exceptions=True)
            outbox.connection.connection_lost(
                outbox.closed[0].code if outbox.closed else code or 1006
            )

    async def _read(self, outbox: SendQueue) -> int:
        """Take in messages until the client goes; the result is its close code."""
        exchange = outbox.connection
        while True:
            event = await self._socket.receive()
            if event["type"] == "websocket.disconnect":
                return int(event.get("code") or 1006)
            exchange.begin_read(self._reception.clock())
            text = event.get("text")
            if text is None:
                exchange.receive_binary(event["bytes"])
            elif len(text) > self._reception.policy.limits.message_bytes:
                exchange.close(close_codes.TOO_LARGE, "The message is too large.")
            elif outbox.closed is None:
                exchange.receive_text(text.encode("utf-8", "replace"))
            exchange.end_read()

    async def _write(self, outbox: SendQueue) -> None:
        while batch := await outbox.next_batch():
            for payload in batch:
                await self._socket.send_text(payload.decode())
        if outbox.closed is not None:
            code, reason = outbox.closed
            await self._socket.close(code.code, reason)


def _response(refusal: Rejection) -> Response:
    return Response(problem_body(refusal), refusal.status, media_type="application/problem+json")
