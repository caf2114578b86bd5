"""Signature schemes of inbound deliveries, as a table of how each sender signs.

Digests and secrets are compared in constant time. A scheme with a stamp refuses deliveries that were
signed more than `TOLERANCE_MS` ago or ahead, so that a recorded one cannot be replayed later. Within
that time the id of the delivery, which the inbox takes once, ends a replay.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from tactful.core.values.calendar import MINUTE, SECOND, CalendarError, parse_rfc3339

TOLERANCE_MS: Final = 5 * MINUTE
"""Milliseconds by which the stamp of a signature may differ from the clock."""


class Signed(Struct, frozen=True):
    """A delivery whose signature is checked."""

    headers: Mapping[str, str]
    """Name in lower case → value."""
    body: bytes
    """The raw body."""


class Scheme(Struct, frozen=True, kw_only=True):
    """How a sender signs its deliveries."""

    header: str
    """The header with the signature, in lower case."""
    expected: Callable[[bytes, Signed], Iterator[bytes]]
    """Yields the values that are valid, given the secret's bytes."""
    given: Callable[[str], Iterator[bytes]] = lambda value: iter([value.encode()])
    """Yields the signatures in the header's value."""
    stamp: Callable[[Signed], int | None] | None = None
    """Returns when the delivery was signed, milliseconds since the Unix epoch, UTC; `None`: unreadable."""
    secret: Callable[[str], bytes] = str.encode
    """Returns the bytes of a secret as the sender's pages show it; `ValueError`: it is none."""


def is_genuine(scheme: Scheme, secret: str, delivery: Signed, now: int) -> bool:
    """Return whether a delivery was signed with the secret, and not too long ago.

    Args:
        scheme: How the sender signs.
        secret: The secret as the sender's pages show it.
        delivery: The delivery.
        now: Milliseconds since the Unix epoch, UTC.
    """
    value = delivery.headers.get(scheme.header, "")
    if scheme.stamp is not None:
        signed_at = scheme.stamp(delivery)
        if signed_at is None or abs(now - signed_at) > TOLERANCE_MS:
            return False
    valid = list(scheme.expected(scheme.secret(secret), delivery))
    # Every pair is compared, so that the time does not tell which one is right.
    matches = [hmac.compare_digest(a, b) for a in scheme.given(value) for b in valid]
    return any(matches)


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


def _base64_of_body(key: bytes, delivery: Signed) -> Iterator[bytes]:
    yield base64.b64encode(_hmac(key, delivery.body))


def _standard_webhooks(key: bytes, delivery: Signed) -> Iterator[bytes]:
    head = [delivery.headers.get(name, "") for name in ("webhook-id", "webhook-timestamp")]
    message = ".".join(head).encode() + b"." + delivery.body
    yield b"v1," + base64.b64encode(_hmac(key, message))


def standard_webhooks_headers(
    keys: Iterable[bytes], ident: str, stamp: int, body: bytes
) -> dict[str, str]:
    """Return the headers with which a delivery of ours is signed, once with each key.

    Args:
        keys: The bytes of the secrets: several while a receiver changes from one to the next.
        ident: The id of the delivery.
        stamp: When it is sent, seconds since the Unix epoch, UTC.
        body: The body as it is sent.
    """
    headers = {"webhook-id": ident, "webhook-timestamp": str(stamp)}
    delivery = Signed(headers, body)
    signatures = [one.decode() for key in keys for one in _standard_webhooks(key, delivery)]
    return {**headers, "webhook-signature": " ".join(signatures)}


def standard_secret(secret: str) -> bytes:
    """Return the bytes of a secret of Standard Webhooks, which is base64 after `whsec_`."""
    try:
        found = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError as error:
        raise ValueError("The secret is not base64.") from error
    if not found:
        raise ValueError("The secret is empty.")
    return found


def _zendesk(key: bytes, delivery: Signed) -> Iterator[bytes]:
    stamp = delivery.headers.get("x-zendesk-webhook-signature-timestamp", "")
    yield base64.b64encode(_hmac(key, stamp.encode() + delivery.body))


def _chatwoot(key: bytes, delivery: Signed) -> Iterator[bytes]:
    stamp = delivery.headers.get("x-chatwoot-timestamp", "")
    yield b"sha256=" + _hmac(key, stamp.encode() + b"." + delivery.body).hex().encode()


def _secret_itself(key: bytes, _: Signed) -> Iterator[bytes]:
    yield key


def _seconds_in(header: str) -> Callable[[Signed], int | None]:
    def read(delivery: Signed) -> int | None:
        text = delivery.headers.get(header, "")
        return int(text) * SECOND if text.isascii() and text.isdigit() and len(text) < 16 else None

    return read


def _instant_in(header: str) -> Callable[[Signed], int | None]:
    def read(delivery: Signed) -> int | None:
        try:
            return parse_rfc3339(delivery.headers.get(header, ""))
        except CalendarError:
            return None

    return read


def _words(value: str) -> Iterator[bytes]:
    yield from value.encode().split()


SCHEMES: Final[Mapping[str, Scheme]] = {
    "standard-webhooks": Scheme(
        header="webhook-signature",
        expected=_standard_webhooks,
        given=_words,
        stamp=_seconds_in("webhook-timestamp"),
        secret=standard_secret,
    ),
    "shopify": Scheme(header="x-shopify-hmac-sha256", expected=_base64_of_body),
    "woocommerce": Scheme(header="x-wc-webhook-signature", expected=_base64_of_body),
    "zendesk": Scheme(
        header="x-zendesk-webhook-signature",
        expected=_zendesk,
        stamp=_instant_in("x-zendesk-webhook-signature-timestamp"),
    ),
    "chatwoot": Scheme(
        header="x-chatwoot-signature",
        expected=_chatwoot,
        stamp=_seconds_in("x-chatwoot-timestamp"),
    ),
    "secret-header": Scheme(header="x-tactful-secret", expected=_secret_itself),
    "secret-path": Scheme(header=":secret", expected=_secret_itself),
}
"""Name → scheme. `secret-path`: the last part of the path, which the server puts under `:secret`."""
