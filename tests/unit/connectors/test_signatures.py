"""Every scheme accepts what its sender signed, and refuses a changed or stale delivery."""

import base64
import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, structs

from tactful.connectors.signatures import SCHEMES, TOLERANCE_MS, Signed, is_genuine
from tactful.core.values.calendar import format_rfc3339

NOW = 1_614_265_330_000
BODY = b'{"id":10}'

# From the test of the reference libraries of Standard Webhooks.
# https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/python/tests/test_webhooks.py
STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD = Signed(
    {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    b'{"test": 2432232314}',
)
# As a WooCommerce 11.0.1 with the secret `whsecret` has sent it.
WOOCOMMERCE = Signed(
    {"x-wc-webhook-signature": "DjhJMv/O7NhkSI/1mV83vfaKWf2xUAe341G6Xz69hN0="}, BODY
)


def rfc2104(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256, written out from RFC 2104, for the senders of which no vector was found."""
    padded = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).digest()


def shopify(body: bytes) -> Signed:
    signature = base64.b64encode(rfc2104(b"hush", body)).decode()
    return Signed({"x-shopify-hmac-sha256": signature}, body)


def zendesk(body: bytes) -> Signed:
    # https://developer.zendesk.com/documentation/webhooks/verifying/: base64(HMACSHA256(TIMESTAMP + BODY))
    stamp = format_rfc3339(NOW)
    signature = base64.b64encode(rfc2104(b"hush", stamp.encode() + body)).decode()
    return Signed(
        {
            "x-zendesk-webhook-signature": signature,
            "x-zendesk-webhook-signature-timestamp": stamp,
        },
        body,
    )


def chatwoot(body: bytes) -> Signed:
    stamp = str(NOW // 1000)
    signature = "sha256=" + rfc2104(b"hush", f"{stamp}.".encode() + body).hex()
    return Signed({"x-chatwoot-signature": signature, "x-chatwoot-timestamp": stamp}, body)


class Vector(Struct, frozen=True):
    """A signature that no code of ours has computed, of `BODY`."""

    scheme: str
    secret: str
    headers: dict[str, str]
    source: str
    """Where it comes from. No published signature of Shopify, Zendesk and Chatwoot was found: theirs are
    computed by two programs that agree, as each sender's documentation says."""


VECTORS = (
    # printf '%s' '{"id":10}' | openssl dgst -sha256 -hmac hush -binary | base64
    Vector(
        "shopify",
        "hush",
        {"x-shopify-hmac-sha256": "fHcCUv2w5ZhLoStePzJnueUFbOoSarv7EkIu3KKfJ1Q="},
        "OpenSSL and Node; shopify.dev/docs/apps/build/webhooks/subscribe/https says how",
    ),
    # The secret is the one with which Zendesk signs the tests of a webhook that is not saved yet.
    # printf '%s%s' STAMP '{"id":10}' | openssl dgst -sha256 -hmac SECRET -binary | base64
    Vector(
        "zendesk",
        "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==",
        {
            "x-zendesk-webhook-signature": "Lwq5D3tSktHNPqc5WXqeLflY6fcLfsP062wjTck7U+c=",
            "x-zendesk-webhook-signature-timestamp": "2021-02-25T15:02:10Z",
        },
        "OpenSSL and PHP; developer.zendesk.com/documentation/webhooks/verifying says how",
    ),
    # printf '1614265330.%s' '{"id":10}' | openssl dgst -sha256 -hmac hush
    Vector(
        "chatwoot",
        "hush",
        {
            "x-chatwoot-signature": "sha256="
            "db9eea150b08073d5e802b5b4b571ddb83f13db6e103706c5961ec7eb9bc40c6",
            "x-chatwoot-timestamp": "1614265330",
        },
        "OpenSSL and PHP; Chatwoot's guide of webhooks says how",
    ),
    Vector("woocommerce", "whsecret", dict(WOOCOMMERCE.headers), "WooCommerce 11.0.1, captured"),
)

SIGNED: dict[str, tuple[str, Signed]] = {
    "standard-webhooks": (STANDARD_SECRET, STANDARD),
    "woocommerce": ("whsecret", WOOCOMMERCE),
    "shopify": ("hush", shopify(BODY)),
    "zendesk": ("hush", zendesk(BODY)),
    "chatwoot": ("hush", chatwoot(BODY)),
    "secret-header": ("hush", Signed({"x-tactful-secret": "hush"}, BODY)),
    "secret-path": ("hush", Signed({":secret": "hush"}, BODY)),
}
COVER_THE_BODY = sorted(set(SIGNED) - {"secret-header", "secret-path"})
STAMPED = sorted(name for name, scheme in SCHEMES.items() if scheme.stamp is not None)


def test_every_scheme_is_tested() -> None:
    assert set(SIGNED) == set(SCHEMES)
    assert STAMPED == ["chatwoot", "standard-webhooks", "zendesk"]


@pytest.mark.parametrize("name", SIGNED)
def test_a_scheme_accepts_what_its_sender_signed_and_no_other_secret(name: str) -> None:
    secret, delivery = SIGNED[name]
    assert is_genuine(SCHEMES[name], secret, delivery, NOW)
    other = "whsec_AAAA" if name == "standard-webhooks" else "other"
    assert not is_genuine(SCHEMES[name], other, delivery, NOW)
    assert not is_genuine(SCHEMES[name], secret, Signed({}, delivery.body), NOW)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: str(one.scheme))
def test_a_scheme_accepts_what_other_programs_signed_and_no_other_body(vector: Vector) -> None:
    scheme = SCHEMES[vector.scheme]
    assert is_genuine(scheme, vector.secret, Signed(vector.headers, BODY), NOW), vector.source
    assert not is_genuine(scheme, vector.secret, Signed(vector.headers, b'{"id":11}'), NOW)


@pytest.mark.parametrize("name", COVER_THE_BODY)
@given(data=st.data())
def test_no_flipped_bit_of_the_body_passes(name: str, data: st.DataObject) -> None:
    secret, delivery = SIGNED[name]
    body = bytearray(delivery.body)
    body[data.draw(st.integers(0, len(body) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    changed = structs.replace(delivery, body=bytes(body))
    assert not is_genuine(SCHEMES[name], secret, changed, NOW)


@pytest.mark.parametrize("name", SIGNED)
@given(data=st.data())
def test_no_changed_character_of_a_header_passes(name: str, data: st.DataObject) -> None:
    secret, delivery = SIGNED[name]
    header = data.draw(st.sampled_from(sorted(delivery.headers)))
    value = delivery.headers[header]
    place = data.draw(st.integers(0, len(value) - 1))
    letter = "A" if value[place] != "A" else "B"
    changed = value[:place] + letter + value[place + 1 :]
    headers = {**delivery.headers, header: changed}
    assert not is_genuine(SCHEMES[name], secret, structs.replace(delivery, headers=headers), NOW)


@pytest.mark.parametrize("name", STAMPED)
@pytest.mark.parametrize("late", [-TOLERANCE_MS - 1000, TOLERANCE_MS + 1000])
def test_a_stamp_that_is_too_old_or_ahead_is_refused(name: str, late: int) -> None:
    secret, delivery = SIGNED[name]
    assert not is_genuine(SCHEMES[name], secret, delivery, NOW + late)
    assert is_genuine(SCHEMES[name], secret, delivery, NOW + late // 2)


@pytest.mark.parametrize("stamp", ["", "soon", "-1", "9" * 30, "١٦١٤٢٦٥٣٣٠"])
@pytest.mark.parametrize("name", STAMPED)
def test_an_unreadable_stamp_is_refused(name: str, stamp: str) -> None:
    secret, delivery = SIGNED[name]
    headers = {
        key: stamp if "timestamp" in key else value for key, value in delivery.headers.items()
    }
    assert not is_genuine(SCHEMES[name], secret, Signed(headers, delivery.body), NOW)


def test_one_of_several_signatures_is_enough_while_a_secret_is_rotated() -> None:
    value = STANDARD.headers["webhook-signature"]
    for both in (f"v1,AAAA {value}", f"{value} v1a,AAAA"):
        headers = {**STANDARD.headers, "webhook-signature": both}
        assert is_genuine(
            SCHEMES["standard-webhooks"], STANDARD_SECRET, Signed(headers, STANDARD.body), NOW
        )


def test_a_secret_that_is_no_base64_is_named() -> None:
    with pytest.raises(ValueError, match="base64"):
        is_genuine(SCHEMES["standard-webhooks"], "whsec_ä!", STANDARD, NOW)


@pytest.mark.parametrize("make", [shopify, zendesk, chatwoot])
@given(body=st.binary(max_size=300))
def test_any_body_passes_under_its_own_signature(
    make: Callable[[bytes], Signed], body: bytes
) -> None:
    assert is_genuine(SCHEMES[make.__name__], "hush", make(body), NOW)
