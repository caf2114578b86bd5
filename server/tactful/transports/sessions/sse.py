"""The session without WebSockets: server-sent events down, posted messages up.

For networks that block WebSocket upgrades (`server/PROTOCOL.md`, section 7). The messages are the
same as on a WebSocket; only the envelope differs.
"""

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from tactful.core.values.addresses import limit_key
from tactful.protocol import close_codes
from tactful.protocol.codec import encode
from tactful.protocol.messages import Closed, StreamOpened
from tactful.protocol.problems import PROBLEM_JSON
from tactful.transports.admission.access_policy import SESSION_PATH, Rejection
from tactful.transports.admission.limits import Admission, AdmissionResult
from tactful.transports.admission.rejections import ADDRESS_FULL, SERVER_FULL, rejection_body
from tactful.transports.sessions.connection_hub import ABNORMAL, ConnectionHub
from tactful.transports.sessions.send_queue import SendQueue

STREAM_PATH = f"{SESSION_PATH}/stream"
MESSAGES_PER_POST = 64
"""Maximum messages of one post: enough to send again after a reconnect. More go into the next post."""

UNKNOWN = Rejection(404, "stream.unknown", "There is no such stream; open a new one.")
TOO_LARGE = Rejection(413, "body.too_large", "Post at most 65,536 bytes.")
MALFORMED = Rejection(400, "body.malformed", "Post one JSON object, or an array of at most 64.")

_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


class EventStreams:
    """All open streams, by the id to which their clients post."""

    def __init__(self, hub: ConnectionHub) -> None:
        self._hub = hub
        self.admission = Admission(hub.policy.limits)
        self._queues: dict[str, SendQueue] = {}

    def routes(self) -> Sequence[BaseRoute]:
        """Return the two endpoints and their CORS preflights."""
        return (
            Route(STREAM_PATH, self.open_stream, methods=["GET"]),
            Route(STREAM_PATH, self.preflight, methods=["OPTIONS"]),
            Route(STREAM_PATH + "/{stream}", self.post, methods=["POST"]),
            Route(STREAM_PATH + "/{stream}", self.preflight, methods=["OPTIONS"]),
        )

    async def open_stream(self, request: Request) -> Response:
        """Open a stream, which lasts until either side ends it."""
        rejection = self._check(request) or self._hub.session_rejection
        if rejection is not None:
            return self._reject(request, rejection)
        headers = self._cors(request) | {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        if request.method == "HEAD":  # opens no session
            return Response(headers=headers, media_type="text/event-stream")
        address = _address(request)
        key = limit_key(address)
        result = self.admission.count_in()
        if result is not AdmissionResult.ADMITTED or not self.admission.claim_address(key):
            self.admission.count_out()
            full = SERVER_FULL if result is not AdmissionResult.ADMITTED else ADDRESS_FULL
            return self._reject(request, full)
        queue = SendQueue(self._hub)
        queue.connection = self._hub.admit(queue, address, request.headers["origin"])
        stream = secrets.token_urlsafe(16)
        self._queues[stream] = queue
        return _EventStream(
            _events(stream, queue), partial(self._stream_ended, stream, key), headers=headers
        )

    async def post(self, request: Request) -> Response:
        """Receive one or more messages; their results are sent on the stream."""
        rejection = self._check(request)
        queue = self._queues.get(request.path_params["stream"])
        if rejection is not None:
            return self._reject(request, rejection)
        if queue is None or queue.connection.origin != request.headers["origin"]:
            return self._reject(request, UNKNOWN)
        # A post is charged as messages, so it is not charged as a request too.
        self._hub.address_limiter.refund_request(limit_key(_address(request)), self._hub.clock())
        body = await self._read_body(request)
        messages = TOO_LARGE if body is None else _split(body)
        if isinstance(messages, Rejection):
            self._receive(queue, [])
            return self._reject(request, messages)
        self._receive(queue, messages)
        return Response(status_code=204, headers=self._cors(request))

    async def preflight(self, request: Request) -> Response:
        """Answer a CORS preflight: pages of the shop may use both endpoints."""
        rejection = self._check(request)
        if rejection is not None:
            return self._reject(request, rejection)
        allowed = {
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "content-type",
            "Access-Control-Max-Age": "600",
        }
        return Response(status_code=204, headers=self._cors(request) | allowed)

    def _receive(self, queue: SendQueue, messages: list[bytes]) -> None:
        connection = queue.connection
        connection.begin_read(self._hub.clock())
        if not messages and not connection.charge_frame(0):
            connection.close(close_codes.TOO_FAST, "Too many posts.")
        for message in messages:
            if queue.closed is None:
                connection.receive_text(message)
        connection.end_read()

    def _stream_ended(self, stream: str, key: str) -> None:
        queue = self._queues.pop(stream)
        self.admission.count_out()
        self.admission.release_address(key)
        queue.connection.connection_lost(queue.closed[0].code if queue.closed else ABNORMAL)

    async def _read_body(self, request: Request) -> bytes | None:
        """Return the body, or `None` if it is larger than a message may be."""
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > self._hub.policy.limits.message_bytes:
                    return None
        except ClientDisconnect:
            return b""
        return bytes(body)

    def _check(self, request: Request) -> Rejection | None:
        policy = self._hub.policy
        headers = request.headers
        return policy.check_host(headers.getlist("host")) or policy.check_origin(
            headers.getlist("origin")
        )

    def _cors(self, request: Request) -> dict[str, str]:
        """Return headers that let a page of the shop read the response, never with credentials."""
        origin = request.headers.getlist("origin")
        if self._hub.policy.check_origin(origin) is not None:
            return {"Vary": "Origin"}
        return {"Access-Control-Allow-Origin": origin[0], "Vary": "Origin"}

    def _reject(self, request: Request, rejection: Rejection) -> Response:
        self._hub.rejections[rejection.code] += 1
        headers = self._cors(request) | {"Cache-Control": "no-store"}
        if rejection.retry_s is not None:
            headers["Retry-After"] = str(rejection.retry_s)
        body = rejection_body(rejection)
        return Response(body, rejection.status, headers, media_type=PROBLEM_JSON)


class _EventStream(StreamingResponse):
    """A response that reports its end, also if the client left before it began."""

    def __init__(
        self, events: AsyncIterator[bytes], ended: Callable[[], None], *, headers: dict[str, str]
    ) -> None:
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()


async def _events(stream: str, queue: SendQueue) -> AsyncIterator[bytes]:
    yield _event(encode(StreamOpened(stream=stream)))
    while batch := await queue.next_batch():
        yield b"".join(map(_event, batch))
    if queue.closed is not None:
        code, reason = queue.closed
        yield _event(encode(Closed(code=code.code, reason=reason)))


def _split(body: bytes) -> list[bytes] | Rejection:
    """Return the messages of a post, each with its original bytes."""
    if not body.lstrip().startswith(b"["):
        return [body]
    try:
        messages = _decode_array(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return MALFORMED
    return MALFORMED if len(messages) > MESSAGES_PER_POST else [bytes(each) for each in messages]


def _event(payload: bytes) -> bytes:
    return b"data: " + payload + b"\n\n"


def _address(request: Request) -> str:
    """Return the client's address, which the access middleware has resolved."""
    return request.client.host if request.client else "127.0.0.1"
