"""Checks every HTTP request's Host and pace, and tells the app the client's real address."""

from starlette.types import ASGIApp, Receive, Scope, Send

from tactful.transports.admission.access_policy import PROBE_PATHS, Rejection
from tactful.transports.admission.client_address import limit_key
from tactful.transports.admission.rejections import RATE_LIMITED, problem_body
from tactful.transports.sessions.connection_hub import ConnectionHub


class AccessMiddleware:
    """Middleware for plain HTTP; WebSockets are judged before their upgrade."""

    def __init__(self, app: ASGIApp, reception: ConnectionHub) -> None:
        self._app = app
        self._reception = reception
        self._policy = reception.policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        peer, port = scope.get("client") or ("127.0.0.1", 0)
        client = self._policy.proxies.client_address(peer, _values(scope, b"x-forwarded-for"))
        refusal = self._judge(scope, client)
        if refusal is not None:
            self._reception.rejections[refusal.code] += 1
            await send_rejection(send, refusal, hang_up=refusal is RATE_LIMITED and client == peer)
            return
        await self._app({**scope, "client": (client, port)}, receive, send)

    def _judge(self, scope: Scope, client: str) -> Rejection | None:
        if not self._policy.proxies.trusts(
            client
        ) and not self._reception.address_limiter.admit_request(
            limit_key(client), self._reception.clock()
        ):
            return RATE_LIMITED
        if scope["path"] in PROBE_PATHS:
            return None
        return self._policy.check_host(_values(scope, b"host"))


async def send_rejection(send: Send, refusal: Rejection, *, hang_up: bool = False) -> None:
    """Answer an HTTP request with problem details; `hang_up`: and end the connection."""
    headers = [(b"content-type", b"application/problem+json"), (b"cache-control", b"no-store")]
    if hang_up:
        headers.append((b"connection", b"close"))
    if refusal.retry_s is not None:
        headers.append((b"retry-after", str(refusal.retry_s).encode()))
    start = {"type": "http.response.start", "status": refusal.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": problem_body(refusal)})


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
