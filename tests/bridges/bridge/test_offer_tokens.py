"""Every vector of tokens is verified as the server verifies it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.vectors import vectors
from tactful_bridge.errors import TokenRefusedError
from tactful_bridge.offer_tokens import LONGEST, OfferClaims, keys_of, verify

VECTORS = vectors("tokens.json")
KEYS = keys_of(VECTORS["jwks"])
IN_TIME = VECTORS["tokens"][0]["now"]


def outcome(token: str, now: int) -> str:
    try:
        verify(token, KEYS, now)
    except TokenRefusedError as refused:
        return refused.code
    return "ok"


@pytest.mark.parametrize("case", VECTORS["tokens"], ids=lambda case: case["name"])
def test_a_vector_is_verified_as_it_says(case: dict[str, str | int]) -> None:
    assert outcome(str(case["token"]), int(case["now"])) == case["want"]


def test_the_claims_are_those_that_were_signed() -> None:
    assert verify(VECTORS["token"], KEYS, IN_TIME) == OfferClaims(**VECTORS["claims"])


@given(st.text() | st.text(alphabet="abcXYZ019._-", max_size=200))
def test_no_other_text_is_a_token(text: str) -> None:
    assert outcome(text, IN_TIME) in {"token.malformed", "token.key"}


@given(st.integers(0, len(VECTORS["token"]) - 1), st.sampled_from("Aa0_-."))
def test_a_changed_character_makes_it_another_token(place: int, character: str) -> None:
    token = VECTORS["token"]
    changed = token[:place] + character + token[place + 1 :]
    assert changed == token or outcome(changed, IN_TIME) != "ok"


def test_a_token_that_is_too_long_is_not_parsed() -> None:
    assert outcome("a" * (LONGEST + 1), IN_TIME) == "token.malformed"


def test_keys_of_other_kinds_are_left_out() -> None:
    document = {"keys": [*VECTORS["jwks"]["keys"], {"kty": "RSA", "kid": "r"}, "text"]}
    assert keys_of(document).keys() == KEYS.keys()


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"keys": {}}, {"keys": [{"crv": "Ed25519", "kid": "k", "x": "AA"}]}],
)
def test_a_document_without_usable_keys_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match=r"JWK Set|32 bytes"):
        keys_of(document)
