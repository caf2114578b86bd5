"""Only a recent, short-lived signature of the shop's server identifies a customer."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tactful.runtime.security.derived_keys import derived_key
from tactful.runtime.security.identity import IdentityVerifier, VerifiedIdentity
from tactful.runtime.timers import TestClock

SECRET = "identity-secret-of-the-tests-here"
NOW = 1_773_144_000
IDENTITIES = IdentityVerifier(SECRET, TestClock(NOW * 1000))


def token(secret: str = SECRET, typ: str | None = None, **claims: Any) -> str:
    body = {"sub": "c1", "aud": "tactful", "iat": NOW, "exp": NOW + 300} | claims
    known = {key: value for key, value in body.items() if value is not None}
    return jwt.encode(known, secret, algorithm="HS256", headers={"typ": typ} if typ else None)


def test_a_good_token_names_the_customer_and_where_they_are() -> None:
    signed_at = NOW * 1000
    assert IDENTITIES.verify_token(token()) == VerifiedIdentity("c1", None, signed_at)
    assert IDENTITIES.verify_token(token(territory="DE")) == VerifiedIdentity("c1", "DE", signed_at)
    assert IDENTITIES.verify_token(token(exp=NOW + 600)) == VerifiedIdentity("c1", None, signed_at)
    early = IDENTITIES.verify_token(token(iat=NOW + 30, exp=NOW + 60))
    assert early == VerifiedIdentity("c1", None, signed_at + 30_000)


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
    assert found == {"sub": None, "territory": VerifiedIdentity("c1", None, NOW * 1000)}.get(
        claim, found
    )
    assert IDENTITIES.link_purpose(signed) is None
    whole = IDENTITIES.verify_token(token(sub="c\ud83d\ude00"))
    assert whole == VerifiedIdentity("c😀", None, NOW * 1000)


@pytest.mark.parametrize(
    "aud", ["zendesk", "", "Tactful", "tactful ", [], ["zendesk"], [["tactful"]], 7, {"tactful": 1}]
)
def test_a_token_for_another_audience_identifies_nobody(aud: object) -> None:
    # A shop that signs tokens of its help desk with the same secret signs them for another audience.
    assert IDENTITIES.verify_token(token(aud=aud)) is None
    assert IDENTITIES.link_purpose(link(aud=aud)) is None
    assert IDENTITIES.link_purpose(link(SECRET, "JWT", aud=aud)) is None


@pytest.mark.parametrize("aud", ["tactful", ["tactful"], ["shop", "tactful"]])
def test_a_token_may_name_this_audience_among_others(aud: object) -> None:
    assert IDENTITIES.verify_token(token(aud=aud)) == VerifiedIdentity("c1", None, NOW * 1000)
    assert IDENTITIES.link_purpose(link(aud=aud)) == "apology"


@pytest.mark.parametrize("typ", ["at+jwt", "offer+jwt", "tactful-link+jwt", "jwt", "secevent+jwt"])
def test_a_token_of_another_type_identifies_nobody(typ: str) -> None:
    assert IDENTITIES.verify_token(token(typ=typ)) is None


def test_a_token_may_state_its_type() -> None:
    found = IDENTITIES.verify_token(token(typ="tactful-identity+jwt"))
    assert found == VerifiedIdentity("c1", None, NOW * 1000)


def test_a_token_without_an_audience_is_accepted_for_one_release_and_logged_once() -> None:
    identities = IdentityVerifier(SECRET, TestClock(NOW * 1000))
    with capture_logs() as logs:
        for _ in range(2):
            assert identities.verify_token(token(aud=None)) is not None
        assert identities.verify_token(token()) is not None
        assert identities.verify_token(token(aud=None, exp=NOW)) is None
    assert [line["event"] for line in logs] == ["identity.token_without_audience"]


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


def signed(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


HMAC_KEY = derived_key(SECRET, "identity-hmac")
LINK_KEY = derived_key(SECRET, "links")
SOON = NOW + 3600


def test_the_hmac_of_an_id_and_its_end_is_enough_for_a_template_language() -> None:
    digest = signed(HMAC_KEY, f"c1|{SOON}")
    assert IDENTITIES.verify_hmac("c1", digest, SOON) == VerifiedIdentity("c1")
    assert IDENTITIES.verify_hmac("c1", digest.upper(), SOON) == VerifiedIdentity("c1")
    assert IDENTITIES.verify_hmac("c2", digest, SOON) is None
    assert IDENTITIES.verify_hmac("c1", digest, SOON + 1) is None
    assert IDENTITIES.verify_hmac("c1", digest) is None


@pytest.mark.parametrize("expires", [0, NOW, NOW + 86_401])
def test_an_hmac_that_has_ended_or_lasts_for_more_than_a_day_is_refused(expires: int) -> None:
    assert IDENTITIES.verify_hmac("c1", signed(HMAC_KEY, f"c1|{expires}"), expires) is None


def test_the_hmac_of_the_id_alone_is_accepted_for_one_release_and_logged_once() -> None:
    identities = IdentityVerifier(SECRET, TestClock(NOW * 1000))
    digest = signed(SECRET, "c1")
    with capture_logs() as logs:
        assert identities.verify_hmac("c1", digest) == VerifiedIdentity("c1")
        assert identities.verify_hmac("c1", digest.upper()) == VerifiedIdentity("c1")
    assert [line["event"] for line in logs] == ["identity.hmac_without_expiry"]
    assert IDENTITIES.verify_hmac("c2", digest) is None
    for wrong in ("0" * 64, "", "short", digest + "0"):
        assert IDENTITIES.verify_hmac("c1", wrong) is None


@pytest.mark.parametrize(
    "customer",
    [token().rpartition(".")[0], token(), "e30.e30", "IHsiYWxnIjoiSFMyNTYifQ.x", "e30."],
)
def test_an_id_that_begins_like_a_token_is_refused_without_an_end(customer: str) -> None:
    assert IDENTITIES.verify_hmac(customer, signed(SECRET, customer)) is None


@pytest.mark.parametrize("customer", ["john.doe", "1234.5678", "a@b.example", ".", "e30", "c|1"])
def test_an_id_with_a_point_that_is_no_token_is_accepted_without_an_end(customer: str) -> None:
    assert IDENTITIES.verify_hmac(customer, signed(SECRET, customer)) == VerifiedIdentity(customer)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=128))
def test_what_a_template_signs_identifies_nobody_by_any_other_form(customer: str) -> None:
    # A shopper who chooses the id also knows the digest, as hexadecimal text or as a signature.
    text = f"{customer}|{SOON}"
    digest = signed(HMAC_KEY, text)
    assert IDENTITIES.verify_hmac(text, digest) is None
    signature = urlsafe_b64encode(bytes.fromhex(digest)).rstrip(b"=").decode()
    assert IDENTITIES.verify_token(f"{text}.{signature}") is None
    assert IDENTITIES.link_purpose(f"{text}.{signature}") is None


def test_a_token_under_the_key_of_another_use_is_refused() -> None:
    for key in (HMAC_KEY, LINK_KEY):
        assert IDENTITIES.verify_token(token(key)) is None
    both = {"sub": "c1", "iat": NOW, "exp": NOW + 300, "link": "apology"}
    for key in (SECRET, HMAC_KEY, LINK_KEY):
        link = jwt.encode(both, key, algorithm="HS256", headers={"typ": "tactful-link+jwt"})
        assert IDENTITIES.verify_token(link) is None
    assert len({SECRET, HMAC_KEY, LINK_KEY}) == 3


def test_an_empty_customer_id_is_refused_even_if_it_is_signed() -> None:
    digest = hmac.new(SECRET.encode(), b"", hashlib.sha256).hexdigest()
    assert IDENTITIES.verify_hmac("", digest) is None


def test_without_a_secret_every_shopper_stays_anonymous() -> None:
    nobody = IdentityVerifier(None, TestClock(NOW * 1000))
    assert nobody.verify_token(token()) is None
    assert nobody.verify_hmac("c1", "0" * 64) is None
    assert nobody.link_purpose("x") is None


def link(key: str = LINK_KEY, typ: str = "tactful-link+jwt", **claims: Any) -> str:
    body = {"link": "apology", "exp": NOW + 60} | claims
    return jwt.encode(body, key, algorithm="HS256", headers={"typ": typ})


def test_a_signed_link_has_a_purpose_until_it_ends() -> None:
    assert IDENTITIES.link_purpose(link()) == "apology"
    assert IDENTITIES.link_purpose(link(exp=NOW)) is None
    assert IDENTITIES.link_purpose(link(link=7)) is None
    assert IDENTITIES.link_purpose("nonsense") is None


def test_a_link_of_another_type_or_key_has_no_purpose() -> None:
    assert IDENTITIES.link_purpose(link(typ="JWT")) is None
    assert IDENTITIES.link_purpose(link(HMAC_KEY)) is None
    assert IDENTITIES.link_purpose(link(SECRET)) is None


def test_a_link_signed_with_the_identity_secret_is_accepted_for_one_release() -> None:
    identities = IdentityVerifier(SECRET, TestClock(NOW * 1000))
    with capture_logs() as logs:
        assert identities.link_purpose(link(SECRET, "JWT")) == "apology"
    assert [line["event"] for line in logs] == ["link.signed_with_identity_secret"]
