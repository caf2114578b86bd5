"""The configuration of one shop's server, as all other parts receive it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct, field
from msgspec.structs import fields

from tactful.config.connector_settings import ConnectorSettings
from tactful.core.rules.policy import Policy
from tactful.core.values.calendar import DAY, MINUTE

SECRETS = frozenset({"server_key", "identity_secret", "events_secret", "cluster_secret"})
"""Names of the settings that are never printed."""


class Config(Struct, frozen=True, kw_only=True):
    """The settings of one shop's server. `config.settings.SETTINGS` describes each.

    Durations are milliseconds, or seconds where the name ends in `_s`.
    """

    data: Path | None = None
    ledger: str | None = None
    cluster_secret: str | None = None
    node: str | None = None
    erasures_copy: Path | None = None
    rules: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str | None = None
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    egress_allow: tuple[str, ...] = ()
    server_key: str | None = None
    identity_secret: str | None = None
    events_url: str | None = None
    events_secret: str | None = None
    name: str = "Shop"
    default_territory: str | None = None
    heartbeat_s: int = 15
    idle_s: int = 60
    session_ttl: int = 30 * MINUTE
    retention: int = 90 * DAY
    money_retention: int = 3653 * DAY
    report_retention: int = 400 * DAY
    max_connections: int = 20_000
    max_connections_per_address: int = 256
    max_memory_mib: int | None = None
    metrics: bool = True
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    conformance_echo: bool = False
    shared_port: bool = False
    test_mode: bool = False
    seed: int | None = None
    mappings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Name of a mapping of imported tables → field → column."""
    connectors: Mapping[str, ConnectorSettings] = field(default_factory=dict)
    """Name of a connector → its settings."""
    policy: Policy = Policy()

    @property
    def allowed_hosts(self) -> frozenset[str] | None:
        """Names that a request's `Host` header may have; `None` accepts any well-formed name."""
        if "*" in self.hosts:
            return None
        if self.hosts:
            return frozenset(self.hosts)
        own = (*self.origins, *([self.public_url] if self.public_url else []))
        names = {_bracketed(urlsplit(each).hostname or "") for each in own}
        bound = {_bracketed(self.host)} - {"0.0.0.0", "[::]"}  # noqa: S104 - these name no host
        return frozenset({"localhost", "127.0.0.1", "[::1]"} | names | bound)

    @property
    def own_url(self) -> str:
        """URL of the server: the public URL, else the address that it listens on."""
        if self.public_url:
            return self.public_url
        host = "localhost" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104
        return f"http://{_bracketed(host)}:{self.port}"

    def __repr__(self) -> str:
        shown = (f"{f.name}={self._shown(f.name)}" for f in fields(self))
        return f"Config({', '.join(shown)})"

    def _shown(self, name: str) -> str:
        value = getattr(self, name)
        return "***" if value is not None and name in SECRETS else repr(value)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
