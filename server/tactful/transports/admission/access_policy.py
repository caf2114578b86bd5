"""Names and page origins under which the server may be reached."""

import re
from collections.abc import Sequence

import msgspec

from tactful.transports.admission.client_address import TrustedProxies
from tactful.transports.admission.limits import AdmissionLimits

SESSION_PATH = "/v1/session"
"""The path of the session's WebSocket."""
SUBPROTOCOL = "tactful.v1"
"""The WebSocket subprotocol of a session (RFC 6455, section 1.9)."""
# A cluster sends its probes to an IP address, so their `Host` is not in `AccessPolicy.hosts`.
PROBE_PATHS = frozenset({"/healthz", "/readyz"})
"""Paths that are served under any `Host`."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Host names of this machine, and the default of `AccessPolicy.hosts`."""

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")


class Rejection(msgspec.Struct, frozen=True):
    """The HTTP response to a request that is not admitted."""

    status: int
    """The HTTP status code."""
    code: str
    """The stable problem code, listed in `server/PROTOCOL.md` or `server/HTTP.md`."""
    detail: str
    """What is wrong, in one sentence for people."""
    retry_s: int | None = None
    """Seconds until a new attempt may succeed; `None` if the same request would fail again."""


class AccessPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the checks before a connection or request is admitted."""

    origins: frozenset[str] = frozenset()
    """Origins of the shop's pages, each with scheme and port, compared exactly."""
    hosts: frozenset[str] | None = LOOPBACK
    """Host names that are accepted, each with or without a port.

    `None` accepts every well-formed name, for a server behind a proxy that checks the name.
    """
    proxies: TrustedProxies = TrustedProxies()
    """Proxies whose `X-Forwarded-For` header is trusted."""
    limits: AdmissionLimits = AdmissionLimits()
    """Sizes, deadlines and rates."""

    def check_host(self, values: Sequence[str]) -> Rejection | None:
        """Check the `Host` header: present once, well-formed and in `hosts` (RFC 9112, section 3.2).

        A page of a foreign site can point its own name at this server's address (DNS rebinding).
        The `Host` of such a request is not in `hosts`, so the request is rejected.
        """
        if len(values) != 1:
            return Rejection(400, "host.count", "Send exactly one Host header.")
        found = _HOST.fullmatch(values[0])
        if found is None:
            return Rejection(400, "host.malformed", "The Host header is malformed.")
        name = found[1].lower()
        if self.hosts is None or name in self.hosts or values[0].lower() in self.hosts:
            return None
        return Rejection(421, "host.unknown", "This server does not answer under that name.")

    def check_origin(self, values: Sequence[str]) -> Rejection | None:
        """Check the `Origin` header: present once and in `origins`."""
        if len(values) == 1 and values[0] in self.origins:
            return None
        return Rejection(403, "origin.refused", "The page's origin is not on the shop's list.")
