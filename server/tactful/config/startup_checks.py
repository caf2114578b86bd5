"""Checks of a configuration before a server starts: errors that stop it, and warnings."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from tactful.config.schema import Config
from tactful.config.values import is_loopback
from tactful.core.values.calendar import SECOND, format_duration

MIN_SERVER_KEY_CHARACTERS: Final = 16
"""Minimum length of a server key. Guessing it over the network takes longer than a key is used."""
MIN_IDENTITY_SECRET_BYTES: Final = 32
"""Minimum bytes of an HS256 secret (RFC 7518, section 3.2).

An attacker with a single token can try secrets offline.
"""

MIN_DISTINCT_CHARACTERS: Final = 6
"""Minimum number of different characters in a secret. A key held down produces fewer."""

PLACEHOLDERS: Final = (
    *("changeme", "change-me", "secret", "password", "example", "default", "tactful"),
    *("letmein", "your-server-key", "server-key", "test-key", "admin", "qwerty", "12345678"),
)
"""Words from manuals and templates. A secret made of these words and digits is known to attackers."""


def startup_errors(config: Config) -> Iterator[str]:
    """Yield the reasons why a server must not start, each with what to do."""
    if config.test_mode and is_public(config):
        yield (
            f"In test mode anybody can move the clock, and {_exposure(config)}. "
            "Switch test_mode off, or listen on 127.0.0.1 without public_url."
        )
    if config.conformance_echo and is_public(config):
        yield (
            f"conformance_echo echoes every client's messages, and {_exposure(config)}. "
            "Switch it off, or listen on 127.0.0.1 without public_url."
        )
    if is_loopback(config.host) and is_public(config) and not config.trusted_proxies:
        yield (
            f"public_url is {config.public_url}, but the server listens on {config.host}, so its "
            "clients come through a proxy on this machine. Without trusted_proxies they all count as "
            'this machine, which has no limits. Set trusted_proxies = ["127.0.0.1", "::1"].'
        )
    if config.seed is not None and not config.test_mode:
        yield ("A seed makes the ids of sessions predictable. Remove seed, or switch test_mode on.")
    if config.ledger is not None and config.data is None:
        yield (
            "The ledger is on PostgreSQL, but the keys and the list of erasures need a folder. "
            "Set data, with --data or TACTFUL_DATA."
        )
    if config.cluster_secret is not None:
        if config.ledger is None:
            yield (
                "Several servers share a database, but there is none. Set ledger, or remove "
                "cluster_secret."
            )
        if weakness := _weakness(config.cluster_secret, MIN_IDENTITY_SECRET_BYTES):
            yield f"cluster_secret {weakness}. Make one with `tactful keys secret`."
    if config.rules is not None and not config.rules.is_dir():
        yield (
            f"The rules folder {config.rules} does not exist. Make it, or correct the setting rules. "
            "A server that offers nothing needs an empty folder, or no setting."
        )
    behind_proxy = bool(config.trusted_proxies) and not config.test_mode
    if is_public(config) or behind_proxy:
        yield from _weak_secrets(config)
    engaged = config.policy.moment.engaged
    if config.idle_s * SECOND <= engaged:
        yield (
            f"idle_s is {config.idle_s}, but a shopper is engaged only after "
            f"{format_duration(engaged)} (policy.moment.engaged), so nothing would ever be offered. "
            "Raise idle_s above it."
        )
    if config.policy.good_rating <= config.policy.bad_rating:
        yield (
            "policy.good_rating is not above policy.bad_rating. Raise good_rating or lower bad_rating."
        )


def _weak_secrets(config: Config) -> Iterator[str]:
    make = "Make one with `tactful keys secret`."
    if config.server_key is None:
        yield (
            f"There is no server key, and {_exposure(config)}. "
            f"Set TACTFUL_SERVER_KEY, which the shop's systems need. {make}"
        )
    elif weakness := _weakness(config.server_key, MIN_SERVER_KEY_CHARACTERS):
        yield f"server_key {weakness}, and {_exposure(config)}. {make}"
    if config.identity_secret and (
        weakness := _weakness(config.identity_secret, MIN_IDENTITY_SECRET_BYTES)
    ):
        yield f"identity_secret {weakness}, and {_exposure(config)}. {make}"


def startup_warnings(config: Config) -> Iterator[str]:
    """Yield warnings about settings that work but should be changed before others rely on the server."""
    everywhere = config.host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
    if everywhere and not config.hosts and not config.public_url:
        yield (
            "The server listens on every address, but answers only under its own names. "
            "Set public_url or hosts, with --public-url or --hosts."
        )
    if not config.origins:
        yield "No page may open a session. Set origins, such as --origins https://shop.example."
    if not config.rules:
        yield "Without a folder of rule files nothing is offered. Set rules, with --rules or TACTFUL_RULES."
    if not config.data:
        yield "Without a data folder all data is lost when the server stops. Set data, with --data or TACTFUL_DATA."
    if not is_public(config):
        if config.server_key is None:
            yield (
                "Without a server key facts, redemptions and `why` are refused. "
                "Set TACTFUL_SERVER_KEY."
            )
        elif weakness := _weakness(config.server_key, MIN_SERVER_KEY_CHARACTERS):
            yield f"server_key {weakness}. The server refuses it where others can connect."
        secret = config.identity_secret
        if secret and (weakness := _weakness(secret, MIN_IDENTITY_SECRET_BYTES)):
            yield f"identity_secret {weakness}. The server refuses it where others can connect."


def is_public(config: Config) -> bool:
    """Return whether other machines can connect: `host` is not loopback, or there is a public URL."""
    outside = urlsplit(config.public_url).hostname if config.public_url else None
    return not is_loopback(config.host) or (outside is not None and not is_loopback(outside))


def _exposure(config: Config) -> str:
    if not is_loopback(config.host):
        return f"others can reach {config.host}"
    return f"{config.public_url or 'a proxy'} makes the server public"


def _weakness(secret: str, least: int) -> str | None:
    if len(secret.encode()) < least:
        return f"is shorter than {least} characters"
    rest = secret.lower()
    for word in PLACEHOLDERS:
        rest = rest.replace(word, "")
    if len(set(secret)) < MIN_DISTINCT_CHARACTERS or not rest.strip("-_0123456789"):
        return "is easy to guess"
    return None
