"""Which settings are there: the name, type, default and meaning of each, in one registry?"""

from difflib import get_close_matches
from typing import Any, Final

from msgspec import UNSET, Struct
from msgspec.structs import fields

from tactful.config import values as v
from tactful.config.schema import SECRETS, Config
from tactful.core.values.calendar import DAY, MINUTE


class Setting(Struct, frozen=True):
    """One setting; its field of `Config` has the same name."""

    name: str
    kind: v.SettingType
    meaning: str

    @property
    def environment(self) -> str:
        """The environment variable that sets it."""
        return f"TACTFUL_{self.name.upper()}"

    @property
    def flag(self) -> str | None:
        """The option that sets it; a secret has none, for `ps` shows options to everybody."""
        return None if self.secret else "--" + self.name.replace("_", "-")

    @property
    def secret(self) -> bool:
        """Whether it is never printed."""
        return self.name in SECRETS

    @property
    def default(self) -> Any:
        """What holds when nobody sets it."""
        return DEFAULTS[self.name]

    def format(self, value: object) -> str:
        """The value as it is written; nothing of a secret."""
        if value is None or value == ():
            return ""
        return "***" if self.secret else self.kind.format(value)


DEFAULTS: Final[dict[str, Any]] = {
    field.name: field.default for field in fields(Config) if field.default is not UNSET
}

SETTINGS: Final = (
    Setting(
        "data", v.folder(), "Where facts, offers and keys are kept; without it, in memory only."
    ),
    Setting("rules", v.folder(), "The folder of rule files; without it, nothing is offered."),
    Setting("host", v.text("an address such as 127.0.0.1"), "The address to listen on."),
    Setting("port", v.integer(0, 65535), "The port to listen on; 0 takes a free one."),
    Setting("public_url", v.url(), "Where browsers reach the server, if not at host and port."),
    Setting(
        "hosts",
        v.list_of(v.host_name(), "host names, such as offers.shop.example"),
        "Names the server answers under; unset: loopback, the bound address, and the hosts of "
        "public_url and origins. `*` takes any, for a proxy that checks it.",
    ),
    Setting(
        "origins",
        v.list_of(v.origin(), "origins, such as https://shop.example"),
        "The pages that may open a session, exactly: scheme, host, and port if it is not the usual.",
    ),
    Setting(
        "trusted_proxies",
        v.list_of(v.network(), "addresses or networks, such as 10.0.0.0/8"),
        "Proxies whose X-Forwarded-For names the client.",
    ),
    Setting("server_key", v.text(), "The secret with which the shop's systems come, as a bearer."),
    Setting("identity_secret", v.text(), "The secret with which the shop signs who is logged in."),
    Setting("name", v.text(), "What the shop is called, in messages and the console."),
    Setting(
        "default_territory",
        v.territory(),
        "Where a shopper is when neither the page nor the shop says; unset: nowhere, so no offer.",
    ),
    Setting("heartbeat_s", v.integer(1, 25, "seconds"), "How often a quiet session hears from us."),
    Setting(
        "idle_s",
        v.integer(31, 3600, "seconds"),
        "After how long without an act the widget may disconnect, to come back with the next.",
    ),
    Setting(
        "session_ttl",
        v.duration(MINUTE, 30 * DAY),
        "How long after its last connection a session can be resumed.",
    ),
    Setting(
        "retention",
        v.duration(DAY),
        "How long decisions and superseded facts are kept, for `why` and backtests.",
    ),
    Setting("max_connections", v.integer(1, 1_000_000), "How many peers there may be at once."),
    Setting(
        "max_connections_per_address",
        v.integer(1, 1_000_000),
        "How many of them from one address; an IPv6 /64 counts as one.",
    ),
    Setting(
        "max_memory_mib",
        v.integer(64, 2**30, "MiB"),
        "At 90 % of so much memory new sessions are refused; unset: of what the control group allows.",
    ),
    Setting("metrics", v.boolean(), "Whether /metrics is served."),
    Setting(
        "log_level", v.choice("debug", "info", "warning", "error"), "The least that is logged."
    ),
    Setting(
        "shared_port",
        v.boolean(),
        "Listen beside a server that already has the port, so that a restart refuses nobody: start "
        "the new one, which waits, then stop the old one.",
    ),
    Setting(
        "conformance_echo",
        v.boolean(),
        "Echo instead of sessions, for conformance suites; refused where others can connect.",
    ),
    Setting(
        "test_mode",
        v.boolean(),
        "A clock that stands until it is set over HTTP; refused where others can connect.",
    ),
    Setting(
        "seed",
        v.integer(0, 2**32 - 1),
        "Makes chance reproducible, in test mode only.",
    ),
)

BY_NAME: Final = {setting.name: setting for setting in SETTINGS}


def nearest(name: str, known: list[str] | tuple[str, ...]) -> str:
    """`; did you mean ...?`, or nothing."""
    found = get_close_matches(name, known, n=1, cutoff=0.7)
    return f"; did you mean {found[0]}?" if found else ""
