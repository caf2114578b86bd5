"""Only a recent, short-lived signature of the shop's server identifies a customer."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from typing import Any

import jwt
import pytest

from tactful.runtime.security.identity import IdentityVerifier, VerifiedIdentity
from tactful.runtime.timers import TestClock

SECRET = "identity-secret-of-the-tests-here"
NOW = 1_773_144_000
IDENTITIES = IdentityVerifier(SECRET, TestClock(NOW * 1000))


def token(secret: str = SECRET, **claims: Any) -> str:
    body = {"sub": "c1", "iat": NOW, "exp": NOW + 300} | claims
    known = {key: value for key, value in body.items() if value is not None}
    return jwt.encode(known, secret, algorithm="HS256")


def test_a_good_token_names_the_customer_and_where_they_are() -> None:
    assert IDENTITIES.verify_token(token()) == VerifiedIdentity("c1")
    assert IDENTITIES.verify_token(token(territory="DE")) == VerifiedIdentity("c1", "DE")
    assert IDENTITIES.verify_token(token(exp=NOW + 600)) == VerifiedIdentity("c1")
    assert IDENTITIES.verify_token(token(iat=NOW + 30, exp=NOW + 60)) == VerifiedIdentity("c1")


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW},
        {"exp": NOW + 601},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 129},
        {"iat": NOW + 31},
        {"iat": "now"},
        {"nbf": NOW + 31},
        {"nbf": "soon"},
        {"exp": 10**18},
    ],
)
def test_a_missing_expired_or_overlong_claim_leaves_the_shopper_anonymous(
    claims: dict[str, Any],
) -> None:
    assert IDENTITIES.verify_token(token(**claims)) is None


@pytest.mark.parametrize("claim", ["sub", "territory", "link"])
def test_half_a_character_in_a_signed_claim_is_refused(claim: str) -> None:
    # JSON can escape half of a surrogate pair; no store and no socket can encode it.
    signed = token(**{claim: "c\ud83d"})
    found = IDENTITIES.verify_token(signed)
    assert found == {"sub": None, "territory": VerifiedIdentity("c1")}.get(claim, found)
    assert IDENTITIES.link_purpose(signed) is None
    assert IDENTITIES.verify_token(token(sub="c\ud83d\ude00")) == VerifiedIdentity("c😀")


def test_a_forged_token_leaves_the_shopper_anonymous() -> None:
    def part(value: object) -> str:
        return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    body = part({"sub": "c1", "iat": NOW, "exp": NOW + 300})
    forged = [
        f"{part({'alg': 'none'})}.{body}.",
        f"{part({'alg': 'HS256'})}.{body}.AAAA",
        token("another-secret-that-is-long-enough"),
        f"{part({'alg': 'HS512'})}.{body}.AAAA",
        token()[:-2],
        "",
        "a.b.c",
        "." * 50,
    ]
    assert [IDENTITIES.verify_token(one) for one in forged] == [None] * len(forged)


def test_the_hmac_of_an_id_is_enough_for_a_template_language() -> None:
    digest = hmac.new(SECRET.encode(), b"c1", hashlib.sha256).hexdigest()
    assert IDENTITIES.verify_hmac("c1", digest) == VerifiedIdentity("c1")
    assert IDENTITIES.verify_hmac("c2", digest) is None
    assert IDENTITIES.verify_hmac("c1", digest.upper()) == VerifiedIdentity("c1")
    for wrong in ("0" * 64, "", "short", digest + "0"):
        assert IDENTITIES.verify_hmac("c1", wrong) is None


def test_an_empty_customer_id_is_refused_even_if_it_is_signed() -> None:
    digest = hmac.new(SECRET.encode(), b"", hashlib.sha256).hexdigest()
    assert IDENTITIES.verify_hmac("", digest) is None


def test_without_a_secret_every_shopper_stays_anonymous() -> None:
    nobody = IdentityVerifier(None, TestClock(NOW * 1000))
    assert nobody.verify_token(token()) is None
    assert nobody.verify_hmac("c1", "0" * 64) is None
    assert nobody.link_purpose("x") is None


def test_a_signed_link_has_a_purpose_until_it_ends() -> None:
    def link(**claims: Any) -> str:
        return jwt.encode({"link": "apology", "exp": NOW + 60} | claims, SECRET, algorithm="HS256")

    assert IDENTITIES.link_purpose(link()) == "apology"
    assert IDENTITIES.link_purpose(link(exp=NOW)) is None
    assert IDENTITIES.link_purpose(link(link=7)) is None
    assert IDENTITIES.link_purpose("nonsense") is None
