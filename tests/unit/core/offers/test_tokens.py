"""Tokens: what is signed, and that nothing else is accepted."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from support.tampered_tokens import mutants
from support.vectors import vectors
from tactful.core.offers.tokens import (
    TokenClaims,
    TokenRefusal,
    TokenSigner,
    TokenVerifier,
    holder_of,
    numeric_date,
)
from tactful.core.values.ids import base64url
from tactful.core.values.money import EXPONENTS

CASES = vectors("tokens.json")
SIGNERS = {name: TokenSigner(bytes.fromhex(seed)) for name, seed in CASES["seeds"].items()}
VERIFIER = TokenVerifier(SIGNERS[name].public for name in CASES["accepted"])
CLAIMS = msgspec.convert(CASES["claims"], TokenClaims)
NOW = CLAIMS.iat * 1000

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
ANY_CLAIMS = st.builds(
    TokenClaims,
    currency=st.sampled_from(sorted(EXPONENTS)),
    exp=st.integers(NOW // 1000 + 1, 2**53 - 1),
    holder=st.binary(min_size=16, max_size=16).map(
        lambda raw: holder_of(b"k", "session", raw.hex())
    ),
    iat=st.integers(0, 2**53 - 1),
    max_qty=st.integers(1, 1_000_000),
    offer=TEXTS,
    rulebook=TEXTS,
    sku=TEXTS,
    territory=st.from_regex("[A-Z]{2}(-[A-Z0-9]{1,3})?", fullmatch=True),
    unit=st.integers(0, 2**63 - 1),
)


@pytest.mark.parametrize("case", CASES["tokens"], ids=lambda case: case["name"])
def test_a_token_is_accepted_or_refused_as_in_the_vectors(case: dict[str, Any]) -> None:
    found = VERIFIER.verify(case["token"], case["now"])
    assert (found.code if isinstance(found, TokenRefusal) else "ok") == case["want"]


def test_the_same_claims_always_give_the_same_token() -> None:
    assert SIGNERS["old"].sign(CLAIMS) == CASES["token"]


def test_the_keys_are_published_as_a_jwks() -> None:
    assert VERIFIER.jwks() == CASES["jwks"]


@given(ANY_CLAIMS)
def test_what_is_signed_is_what_is_read(claims: TokenClaims) -> None:
    token = SIGNERS["new"].sign(claims)
    assert VERIFIER.verify(token, NOW) == claims


@given(ANY_CLAIMS)
def test_a_common_jwt_library_reads_the_same(claims: TokenClaims) -> None:
    token = SIGNERS["new"].sign(claims)
    keys = {key["kid"]: jwt.PyJWK(key) for key in VERIFIER.jwks()["keys"]}
    found = jwt.decode(
        token,
        keys[jwt.get_unverified_header(token)["kid"]],
        algorithms=["EdDSA"],
        options={"verify_exp": False, "verify_iat": False},
    )
    assert found == msgspec.to_builtins(claims)


def test_claims_are_written_in_alphabetical_order_without_blanks() -> None:
    payload = urlsafe_b64decode(CASES["token"].split(".")[1] + "==")
    assert payload == json.dumps(CASES["claims"], sort_keys=True, separators=(",", ":")).encode()


def signed(payload: bytes) -> str:
    """A token with any payload, signed by the shop's key."""
    head = VERIFIER_TOKEN.split(".")[0]
    body = f"{head}.{base64url(payload)}"
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(CASES["seeds"]["old"]))
    return f"{body}.{base64url(key.sign(body.encode()))}"


VERIFIER_TOKEN = SIGNERS["old"].sign(CLAIMS)


@pytest.mark.parametrize(
    ("changes", "accepted"),
    [
        ({"zone": 1}, True),
        ({"aaa": {"b": [1]}}, True),
        ({"at_most": None}, False),
        ({"max_qty": 1.0}, False),
        ({"min_order": 0}, False),
    ],
)
def test_claims_of_a_later_version_are_ignored_and_no_other_spelling_is_accepted(
    changes: dict[str, Any], accepted: bool
) -> None:
    verifier = TokenVerifier([SIGNERS["old"].public])
    plain = json.dumps({**CASES["claims"], **changes}, sort_keys=True, separators=(",", ":"))
    found = verifier.verify(signed(plain.encode()), NOW)
    assert found == (CLAIMS if accepted else TokenRefusal("token.malformed"))
    for other in (plain.replace(",", ", ", 1), json.dumps({**changes, **CASES["claims"]})):
        assert verifier.verify(signed(other.encode()), NOW) == TokenRefusal("token.malformed")


def test_the_minimum_of_an_order_is_a_claim_of_its_token() -> None:
    claims = structs.replace(CLAIMS, level="order", at_most=1500, min_order=20_000)
    token = SIGNERS["old"].sign(claims)
    assert TokenVerifier([SIGNERS["old"].public]).verify(token, NOW) == claims


def test_a_kid_is_the_thumbprint_of_its_key() -> None:
    published = CASES["jwks"]["keys"][0]
    assert TokenSigner(bytes.fromhex(CASES["seeds"]["old"])).kid in {
        key["kid"] for key in CASES["jwks"]["keys"]
    }
    raw = urlsafe_b64decode(published["x"] + "=")
    assert published["kid"] in {
        key["kid"]
        for key in TokenVerifier([Ed25519PublicKey.from_public_bytes(raw)]).jwks()["keys"]
    }


def test_without_keys_nothing_is_accepted() -> None:
    assert TokenVerifier([]).verify(CASES["token"], NOW) == TokenRefusal("token.key")


@given(st.text(max_size=200))
def test_no_text_makes_it_raise(text: str) -> None:
    assert isinstance(VERIFIER.verify(text, NOW), TokenRefusal)


@given(st.binary(min_size=32, max_size=32), ANY_CLAIMS)
def test_a_signature_of_another_key_is_refused(seed: bytes, claims: TokenClaims) -> None:
    other_key = Ed25519PrivateKey.from_private_bytes(seed)
    signed, _, _ = SIGNERS["old"].sign(claims).rpartition(".")
    _, _, forged = TokenSigner(seed).sign(claims).rpartition(".")
    assert other_key.public_key() != SIGNERS["old"].public
    assert VERIFIER.verify(f"{signed}.{forged}", NOW) == TokenRefusal("token.signature")


@pytest.mark.thorough
def test_no_mutated_token_is_accepted() -> None:
    """The short form; ten million in `tests/bench/tokens_mutated.py`."""
    accepted = [
        token
        for token in mutants(100_000, seed=4)
        if not isinstance(VERIFIER.verify(token, NOW), TokenRefusal)
    ]
    assert accepted == []


def test_a_verifier_that_decodes_loosely_accepts_a_mutated_token() -> None:
    """The control: a library's usual reading takes another spelling of the same signature."""

    def loose(token: str) -> bool:
        key = {kid: jwt.PyJWK(jwk) for kid, jwk in ((k["kid"], k) for k in CASES["jwks"]["keys"])}
        try:
            kid = jwt.get_unverified_header(token)["kid"]
            jwt.decode(
                token,
                key[kid],
                algorithms=["EdDSA"],
                options={"verify_exp": False, "verify_iat": False},
            )
        except (jwt.PyJWTError, KeyError, ValueError):
            return False
        return True

    assert any(loose(token) for token in mutants(20_000, seed=4))


@pytest.mark.parametrize("case", CASES["holders"], ids=str)
def test_a_holder_is_a_keyed_digest(case: dict[str, Any]) -> None:
    assert holder_of(bytes.fromhex(case["secret"]), case["kind"], case["id"]) == case["holder"]


@given(TEXTS, TEXTS)
def test_different_holders_have_different_digests(one: str, other: str) -> None:
    secret = bytes(32)
    assert (holder_of(secret, "customer", one) == holder_of(secret, "customer", other)) == (
        one == other
    )
    assert holder_of(secret, "session", one) != holder_of(secret, "customer", one)


@given(st.integers(0, 2**50))
def test_an_end_in_seconds_never_cuts_a_promise_short(at: int) -> None:
    assert numeric_date(at) * 1000 <= at <= numeric_date(at, end=True) * 1000 < at + 1000
