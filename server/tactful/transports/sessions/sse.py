"""The session without WebSockets: a stream of server-sent events down, posted messages up.

For networks that let no upgrade through. The messages are the same; only the envelope differs.
"""

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from tactful.protocol import close_codes
from tactful.protocol.codec import encode
from tactful.protocol.messages import Closed, StreamOpened
from tactful.transports.admission.access_policy import SESSION_PATH, Rejection
from tactful.transports.admission.client_address import limit_key
from tactful.transports.admission.limits import Admission, AdmissionResult
from tactful.transports.admission.rejections import ADDRESS_FULL, SERVER_FULL, problem_body
from tactful.transports.sessions.connection_hub import ConnectionHub
from tactful.transports.sessions.send_queue import SendQueue

STREAM_PATH = f"{SESSION_PATH}/stream"
MESSAGES_PER_POST = 64  # a resend after a reconnect; more comes in the next request

UNKNOWN = Rejection(404, "stream.unknown", "There is no such stream; open a new one.")
TOO_LARGE = Rejection(413, "body.too_large", "Post at most 65,536 bytes.")
MALFORMED = Rejection(400, "body.malformed", "Post one JSON object, or an array of at most 64.")

_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


class EventStreams:
    """All open streams, by the id under which their clients post."""

    def __init__(self, reception: ConnectionHub) -> None:
        self._reception = reception
        self.admission = Admission(reception.policy.limits)
        self._open: dict[str, SendQueue] = {}

    def routes(self) -> Sequence[BaseRoute]:
        """The two endpoints and their preflights."""
        return (
            Route(STREAM_PATH, self.open, methods=["GET"]),
            Route(STREAM_PATH, self.preflight, methods=["OPTIONS"]),
            Route(STREAM_PATH + "/{stream}", self.post, methods=["POST"]),
            Route(STREAM_PATH + "/{stream}", self.preflight, methods=["OPTIONS"]),
        )

    async def open(self, request: Request) -> Response:
        """Open a stream, which ends when either side goes."""
        refusal = self._judge(request) or self._reception.session_rejection
        if refusal is not None:
            return self._refuse(request, refusal)
        headers = self._cors(request) | {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        if request.method == "HEAD":  # there is nobody to talk to
            return Response(headers=headers, media_type="text/event-stream")
        peer = limit_key(_peer(request))
        verdict = self.admission.count_in()
        if verdict is not AdmissionResult.ADMITTED or not self.admission.claim_address(peer):
            self.admission.count_out()
            return self._refuse(
                request, ADDRESS_FULL if verdict is AdmissionResult.ADMITTED else SERVER_FULL
            )
        outbox = SendQueue(self._reception)
        origin = request.headers["origin"]
        outbox.connection = self._reception.admit(outbox, _peer(request), origin)
        stream = secrets.token_urlsafe(16)
        self._open[stream] = outbox
        return _EventStream(
            _events(stream, outbox), partial(self._ended, stream, peer), headers=headers
        )

    async def post(self, request: Request) -> Response:
        """Take in one message or several; what they cause comes down the stream."""
        refusal = self._judge(request)
        outbox = self._open.get(request.path_params["stream"])
        if refusal is not None:
            return self._refuse(request, refusal)
        if outbox is None or outbox.connection.origin != request.headers["origin"]:
            return self._refuse(request, UNKNOWN)
        callers = self._reception.address_limiter
        callers.refund_request(
            limit_key(_peer(request)), self._reception.clock()
        )  # it pays as messages
        body = await self._read(request)
        messages = TOO_LARGE if body is None else _split(body)
        if isinstance(messages, Rejection):
            self._take_in(outbox, [])
            return self._refuse(request, messages)
        self._take_in(outbox, messages)
        return Response(status_code=204, headers=self._cors(request))

    async def preflight(self, request: Request) -> Response:
        """Tell a browser that pages of the shop may do this."""
        refusal = self._judge(request)
        if refusal is not None:
            return self._refuse(request, refusal)
        allowed = {
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "content-type",
            "Access-Control-Max-Age": "600",
        }
        return Response(status_code=204, headers=self._cors(request) | allowed)

    def _take_in(self, outbox: SendQueue, messages: list[bytes]) -> None:
        exchange = outbox.connection
        exchange.begin_read(self._reception.clock())
        if not messages and not exchange.charge_frame(0):
            exchange.close(close_codes.TOO_FAST, "Too many posts.")
        for message in messages:
            if outbox.closed is None:
                exchange.receive_text(message)
        exchange.end_read()

    def _ended(self, stream: str, peer: str) -> None:
        outbox = self._open.pop(stream)
        self.admission.count_out()
        self.admission.release_address(peer)
        outbox.connection.connection_lost(outbox.closed[0].code if outbox.closed else 1006)

    async def _read(self, request: Request) -> bytes | None:
        """The body, or nothing if it is larger than a message may be."""
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > self._reception.policy.limits.message_bytes:
                    return None
        except ClientDisconnect:
            return b""
        return bytes(body)

    def _judge(self, request: Request) -> Rejection | None:
        policy = self._reception.policy
        headers = request.headers
        return policy.check_host(headers.getlist("host")) or policy.check_origin(
            headers.getlist("origin")
        )

    def _cors(self, request: Request) -> dict[str, str]:
        """Let the page read the answer, if its origin is on the list. No credentials, ever."""
        origin = request.headers.getlist("origin")
        if self._reception.policy.check_origin(origin) is not None:
            return {"Vary": "Origin"}
        return {"Access-Control-Allow-Origin": origin[0], "Vary": "Origin"}

    def _refuse(self, request: Request, refusal: Rejection) -> Response:
        self._reception.rejections[refusal.code] += 1
        headers = self._cors(request) | {"Cache-Control": "no-store"}
        if refusal.retry_s is not None:
            headers["Retry-After"] = str(refusal.retry_s)
        kind = "application/problem+json"
        return Response(problem_body(refusal), refusal.status, headers, media_type=kind)


class _EventStream(StreamingResponse):
    """A stream that reports its end also when its client went before it began."""

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


async def _events(stream: str, outbox: SendQueue) -> AsyncIterator[bytes]:
    yield _event(encode(StreamOpened(stream=stream)))
    while batch := await outbox.next_batch():
        yield b"".join(map(_event, batch))
    if outbox.closed is not None:
        code, reason = outbox.closed
        yield _event(encode(Closed(code=code.code, reason=reason)))


def _split(body: bytes) -> list[bytes] | Rejection:
    """The messages of a post, each as it was written."""
    if not body.lstrip().startswith(b"["):
        return [body]
    try:
        messages = _decode_array(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return MALFORMED
    return MALFORMED if len(messages) > MESSAGES_PER_POST else [bytes(each) for each in messages]


def _event(payload: bytes) -> bytes:
    return b"data: " + payload + b"\n\n"


def _peer(request: Request) -> str:
    return request.client.host if request.client else "127.0.0.1"
