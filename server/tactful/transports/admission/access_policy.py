"""From which pages and under which names the server may be reached."""

import re
from collections.abc import Sequence

import msgspec

from tactful.transports.admission.client_address import TrustedProxies
from tactful.transports.admission.limits import AdmissionLimits

SESSION_PATH = "/v1/session"
SUBPROTOCOL = "tactful.v1"
PROBE_PATHS = frozenset(
    {"/healthz", "/readyz"}
)  # a cluster's probes come by address, under no name
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")


class Rejection(msgspec.Struct, frozen=True):
    """Why a request goes no further, as an HTTP answer says it."""

    status: int
    code: str
    detail: str
    retry_s: int | None = None


class AccessPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What the front door checks before it lets anybody in.

    `hosts` are names with or without a port; None takes any well-formed name and is for servers
    behind a proxy that checks it. `origins` are exact, scheme and port included.
    """

    origins: frozenset[str] = frozenset()
    hosts: frozenset[str] | None = LOOPBACK
    proxies: TrustedProxies = TrustedProxies()
    limits: AdmissionLimits = AdmissionLimits()

    def check_host(self, values: Sequence[str]) -> Rejection | None:
        """Check the Host header: there, once, well-formed and ours (RFC 9112 section 3.2)."""
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
        """Check the Origin header against the shop's list, exactly."""
        if len(values) == 1 and values[0] in self.origins:
            return None
        return Rejection(403, "origin.refused", "The page's origin is not on the shop's list.")
