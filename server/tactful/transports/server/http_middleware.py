"""ASGI middleware that resolves the client's address and checks rate and `Host`."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from tactful.core.values.addresses import PROXY_FIELDS, limit_key
from tactful.protocol.problems import PROBLEM_JSON
from tactful.transports.admission.access_policy import PROBE_PATHS, Rejection
from tactful.transports.admission.rejections import RATE_LIMITED, rejection_body
from tactful.transports.sessions.connection_hub import ConnectionHub

_PROXY_FIELDS: Final = frozenset(name.encode() for name in PROXY_FIELDS)


class AccessMiddleware:
    """Middleware for plain HTTP; a WebSocket is checked before its upgrade."""

    def __init__(self, app: ASGIApp, hub: ConnectionHub) -> None:
        self._app = app
        self._hub = hub
        self._policy = hub.policy
        self._proxies = hub.policy.proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with the client's resolved address, or reject it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        hosts: list[str] = []
        forwarded: list[str] = []
        is_passed_on = False
        for name, value in scope["headers"]:
            if name == b"host":
                hosts.append(value.decode("latin-1"))
            elif name == b"x-forwarded-for":
                forwarded.append(value.decode("latin-1"))
            elif name in _PROXY_FIELDS:
                is_passed_on = True
        peer, port = scope.get("client") or ("127.0.0.1", 0)
        client = self._proxies.client_address(peer, forwarded, is_passed_on=is_passed_on)
        limited = not self._proxies.trusts(client)  # a proxy's own requests have no rate limit
        rejection: Rejection | None = None
        if limited and not self._hub.address_limiter.admit_request(
            limit_key(client), self._hub.clock()
        ):
            rejection = RATE_LIMITED
        elif scope["path"] not in PROBE_PATHS:
            rejection = self._policy.check_host(hosts)
        if rejection is not None:
            self._hub.rejections[rejection.code] += 1
            # Behind a proxy the connection carries requests of other clients too.
            await send_rejection(
                send, rejection, close=rejection is RATE_LIMITED and client == peer
            )
            return
        await self._app({**scope, "client": (client, port)}, receive, send)


async def send_rejection(send: Send, rejection: Rejection, *, close: bool = False) -> None:
    """Answer an HTTP request with problem details; `close` also ends the connection."""
    headers = [(b"content-type", PROBLEM_JSON.encode()), (b"cache-control", b"no-store")]
    if close:
        headers.append((b"connection", b"close"))
    if rejection.retry_s is not None:
        headers.append((b"retry-after", str(rejection.retry_s).encode()))
    start = {"type": "http.response.start", "status": rejection.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": rejection_body(rejection)})
