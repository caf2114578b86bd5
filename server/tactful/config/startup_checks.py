"""With which settings does the server refuse to start, and which does it only warn about?"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from tactful.config.schema import Config
from tactful.config.values import is_loopback
from tactful.core.values.calendar import SECOND, format_duration

MIN_SERVER_KEY_CHARACTERS: Final = 16
"""Characters of a server key: guessing one over the network takes longer than a key lives."""
MIN_IDENTITY_SECRET_BYTES: Final = 32
"""Bytes of an HS256 secret (RFC 7518 section 3.2): whoever has one token can try secrets offline."""

MIN_DISTINCT_CHARACTERS: Final = 6
"""Fewer different characters are a key held down."""

PLACEHOLDERS: Final = (
    *("changeme", "change-me", "secret", "password", "example", "default", "tactful"),
    *("letmein", "your-server-key", "server-key", "test-key", "admin", "qwerty", "12345678"),
)
"""What manuals and scaffolds say; a key that repeats one of these is nobody's secret."""


def startup_errors(config: Config) -> Iterator[str]:
    """Why the server must not start, each with what to do."""
    if config.test_mode and is_public(config):
        yield (
            f"test mode lets anybody move the clock, and {_exposure(config)}: "
            "switch test_mode off, or listen on 127.0.0.1 without public_url"
        )
    if config.conformance_echo and is_public(config):
        yield f"conformance_echo answers anybody, and {_exposure(config)}: listen on 127.0.0.1"
    if config.seed is not None and not config.test_mode:
        yield "a seed makes sessions guessable: remove it, or switch test_mode on"
    behind_proxy = bool(config.trusted_proxies) and not config.test_mode
    if is_public(config) or behind_proxy:
        yield from _weak_secrets(config)
    engaged = config.policy.moment.engaged
    if config.idle_s * SECOND <= engaged:
        yield (
            f"idle_s is {config.idle_s}, but a shopper counts as engaged after "
            f"{format_duration(engaged)}: raise idle_s above it, or nothing is ever offered"
        )
    if config.policy.good_rating <= config.policy.bad_rating:
        yield "policy.good_rating must be above policy.bad_rating"


def _weak_secrets(config: Config) -> Iterator[str]:
    make = "make one with `tactful keys secret`"
    if config.server_key is None:
        yield f"{_exposure(config)}: set TACTFUL_SERVER_KEY, else the shop's systems cannot come in; {make}"
    elif weakness := _weakness(config.server_key, MIN_SERVER_KEY_CHARACTERS):
        yield f"server_key {weakness}: {make}"
    if config.identity_secret and (
        weakness := _weakness(config.identity_secret, MIN_IDENTITY_SECRET_BYTES)
    ):
        yield f"identity_secret {weakness}: {make}"


def startup_warnings(config: Config) -> Iterator[str]:
    """What is worth a look before others rely on it."""
    everywhere = config.host in {"0.0.0.0", "::"}  # noqa: S104 - asked, not bound
    if everywhere and not config.hosts and not config.public_url:
        yield "bound to every address, but answering to few names: set public_url or hosts"
    if not config.origins:
        yield "no origin may open a session: set origins, such as https://shop.example"
    if not config.rules:
        yield "without a rules folder nothing is offered: set rules"
    if not config.data:
        yield "without a data folder everything is lost at the end: set data"
    if not is_public(config):
        if config.server_key is None:
            yield "no server key: facts, redemptions and `why` are refused: set TACTFUL_SERVER_KEY"
        elif weakness := _weakness(config.server_key, MIN_SERVER_KEY_CHARACTERS):
            yield f"server_key {weakness}: refused once others can connect"
        secret = config.identity_secret
        if secret and (weakness := _weakness(secret, MIN_IDENTITY_SECRET_BYTES)):
            yield f"identity_secret {weakness}: refused once others can connect"


def is_public(config: Config) -> bool:
    """Whether others than this machine can connect."""
    outside = urlsplit(config.public_url).hostname if config.public_url else None
    return not is_loopback(config.host) or (outside is not None and not is_loopback(outside))


def _exposure(config: Config) -> str:
    if not is_loopback(config.host):
        return f"{config.host} can be reached by others"
    return f"{config.public_url or 'a proxy'} makes the server public"


def _weakness(secret: str, least: int) -> str | None:
    if len(secret.encode()) < least:
        return f"is shorter than {least} characters"
    rest = secret.lower()
    for word in PLACEHOLDERS:
        rest = rest.replace(word, "")
    if len(set(secret)) < MIN_DISTINCT_CHARACTERS or not rest.strip("-_0123456789"):
        return "is one that everybody knows"
    return None
