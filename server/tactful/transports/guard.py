"""Checks every HTTP request's Host, and tells the app the client's real address."""

from starlette.types import ASGIApp, Receive, Scope, Send

from tactful.transports.policy import PROBES, Policy, Refusal
from tactful.transports.refusals import problem


class Guard:
    """Middleware for plain HTTP; WebSockets are judged before their upgrade."""

    def __init__(self, app: ASGIApp, policy: Policy) -> None:
        self._app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        hosts = _values(scope, b"host")
        refusal = None if scope["path"] in PROBES else self._policy.judge_host(hosts)
        if refusal is not None:
            await refuse(send, refusal)
            return
        peer, port = scope.get("client") or ("127.0.0.1", 0)
        client = self._policy.proxies.client(peer, _values(scope, b"x-forwarded-for"))
        await self._app({**scope, "client": (client, port)}, receive, send)


async def refuse(send: Send, refusal: Refusal) -> None:
    """Answer an HTTP request with problem details."""
    headers = [(b"content-type", b"application/problem+json"), (b"cache-control", b"no-store")]
    if refusal.retry_s is not None:
        headers.append((b"retry-after", str(refusal.retry_s).encode()))
    start = {"type": "http.response.start", "status": refusal.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": problem(refusal)})


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
