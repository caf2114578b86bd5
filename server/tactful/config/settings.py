"""Registry of the settings: name, type, default and meaning of each."""

from difflib import get_close_matches
from typing import Any, Final

from msgspec import UNSET, Struct
from msgspec.structs import fields

from tactful.config import values as v
from tactful.config.schema import SECRETS, Config
from tactful.core.values.calendar import DAY, MINUTE


class Setting(Struct, frozen=True):
    """One setting. The field of `Config` that holds its value has the same name."""

    name: str
    kind: v.SettingType
    meaning: str
    """One or two sentences for manuals, `--help` and `tactful config show`."""

    @property
    def environment(self) -> str:
        """Name of the environment variable that sets the value."""
        return f"TACTFUL_{self.name.upper()}"

    @property
    def flag(self) -> str | None:
        """Command-line option that sets the value; None for a secret, because `ps` shows options to all users."""
        return None if self.secret else "--" + self.name.replace("_", "-")

    @property
    def secret(self) -> bool:
        """Whether the value is never printed."""
        return self.name in SECRETS

    @property
    def default(self) -> Any:
        """Value if no source sets one."""
        return DEFAULTS[self.name]

    def format(self, value: object) -> str:
        """Return a value as it is written in a file; empty for None, and `***` for a secret."""
        if value is None or value == ():
            return ""
        return "***" if self.secret else self.kind.format(value)


DEFAULTS: Final[dict[str, Any]] = {
    field.name: field.default for field in fields(Config) if field.default is not UNSET
}

SETTINGS: Final = (
    Setting(
        "data",
        v.folder(),
        "The folder of facts, offers and keys. Without it they are kept in memory only.",
    ),
    Setting(
        "ledger",
        v.database(),
        "The PostgreSQL database of facts and offers, without a password: PGPASSFILE names a file with "
        "it. Without this setting they are kept in the data folder, which then still holds the keys.",
    ),
    Setting(
        "cluster_secret",
        v.text(),
        "The secret of a shop with several servers, which is the same for each of them. It encrypts "
        "the signing keys in the database. Without it one server has the database alone.",
    ),
    Setting(
        "node",
        v.text("a name"),
        "The name of this server among several. Without it, the name is made of the host's name and a "
        "number that the data folder keeps.",
    ),
    Setting(
        "erasures_copy",
        v.file(),
        "A file on another disk that also gets each entry of the list of erasures. With it, a backup "
        "can be restored after the loss of the data folder, without the customers erased since.",
    ),
    Setting("rules", v.folder(), "The folder of rule files. Without it nothing is offered."),
    Setting("host", v.text("an address such as 127.0.0.1"), "The address to listen on."),
    Setting("port", v.integer(0, 65535), "The port to listen on. 0 takes a free port."),
    Setting(
        "public_url",
        v.url(),
        "The URL under which browsers reach the server. Without it, that is host and port.",
    ),
    Setting(
        "hosts",
        v.list_of(v.host_name(), "host names, such as offers.shop.example"),
        "The host names under which the server answers. Without it, these are the loopback names, the "
        "bound address, and the hosts of public_url and origins. `*` accepts every name, for a proxy "
        "that checks it.",
    ),
    Setting(
        "origins",
        v.list_of(v.origin(), "origins, such as https://shop.example"),
        "The origins whose pages may open a session, exactly as browsers send them: scheme, host, and "
        "the port if it is not the default.",
    ),
    Setting(
        "trusted_proxies",
        v.list_of(v.network(), "addresses or networks, such as 10.0.0.0/8"),
        "The proxies whose X-Forwarded-For header is trusted to name the client.",
    ),
    Setting(
        "egress_allow",
        v.list_of(v.network(), "addresses or networks, such as 10.0.0.0/8"),
        "The private networks from which `tactful import`, `tactful doctor` and connectors may fetch. Public "
        "addresses need no entry, nor do localhost and addresses that are typed in the URL itself.",
    ),
    Setting(
        "server_key",
        v.text(),
        "The secret that the shop's systems send as a bearer token with every request.",
    ),
    Setting(
        "identity_secret",
        v.text(),
        "The secret with which the shop signs the identity of a customer who is logged in.",
    ),
    Setting(
        "events_url",
        v.url(),
        "The URL to which events of offers and alerts are sent as webhooks. Without it they can only be read.",
    ),
    Setting(
        "events_secret",
        v.text(),
        "The secret that signs these webhooks: base64 after `whsec_` (Standard Webhooks). To change it, "
        "write the new and the old one with a space between them: each webhook is signed with both.",
    ),
    Setting("name", v.text(), "The name of the shop, in messages and in the console."),
    Setting(
        "default_territory",
        v.territory(),
        "The territory of a shopper for whom neither the page nor the shop names one. Without it such "
        "a shopper gets no offers.",
    ),
    Setting(
        "heartbeat_s",
        v.integer(1, 25, "seconds"),
        "How often the server sends a heartbeat to a quiet session. The widget hides its offers after "
        "30 s without a message.",
    ),
    Setting(
        "idle_s",
        v.integer(31, 3600, "seconds"),
        "How long after the shopper's last activity the widget may disconnect. It reconnects at the "
        "next activity.",
    ),
    Setting(
        "session_ttl",
        v.duration(MINUTE, 30 * DAY),
        "How long after its last connection a session can be resumed.",
    ),
    Setting(
        "retention",
        v.duration(DAY),
        "How long decisions, ended offers and superseded facts are kept. Explanations of the past and "
        "backtests need them.",
    ),
    Setting(
        "money_retention",
        v.duration(DAY, 5479 * DAY),
        "How long redeemed offers are kept for the books. From `retention` on they no longer name the "
        "customer or the order. Less than `retention` counts as `retention`.",
    ),
    Setting(
        "report_retention",
        v.duration(DAY, 3660 * DAY),
        "How long it is kept which shoppers were first shown an offer of a rule, or had it held out. "
        "Reports compare them. An erasure deletes them with their customer.",
    ),
    Setting(
        "max_connections",
        v.integer(1, 1_000_000),
        "How many connections the server accepts at once.",
    ),
    Setting(
        "max_connections_per_address",
        v.integer(1, 1_000_000),
        "How many connections the server accepts at once from one address. An IPv6 /64 network counts "
        "as one address.",
    ),
    Setting(
        "max_memory_mib",
        v.integer(64, 2**30, "MiB"),
        "New sessions are refused when the server uses 90 % of this memory. Without it, the limit of "
        "the control group counts.",
    ),
    Setting("metrics", v.boolean(), "Whether the server answers at /metrics."),
    Setting(
        "log_level",
        v.choice("debug", "info", "warning", "error"),
        "The least severe level of events that are logged.",
    ),
    Setting(
        "shared_port",
        v.boolean(),
        "Whether to listen beside another server on the same port, so that a restart refuses no "
        "connection. Start the new server, which waits for the ledger, then stop the old one.",
    ),
    Setting(
        "conformance_echo",
        v.boolean(),
        "Whether to echo messages instead of serving sessions, for protocol conformance suites. It is "
        "refused where others can connect.",
    ),
    Setting(
        "test_mode",
        v.boolean(),
        "Whether the clock stands still until it is set over HTTP. It is refused where others can "
        "connect.",
    ),
    Setting(
        "seed",
        v.integer(0, 2**32 - 1),
        "The seed of all random numbers, to make a run reproducible. It works in test mode only.",
    ),
)

BY_NAME: Final = {setting.name: setting for setting in SETTINGS}


def nearest(name: str, known: list[str] | tuple[str, ...]) -> str | None:
    """Return the known name that is most similar to a misspelt one; `None` if no name is similar."""
    found = get_close_matches(name, known, n=1, cutoff=0.7)
    return found[0] if found else None
