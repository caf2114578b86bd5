"""The ids that the server issues."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.core.values import ids

MAKERS = {
    ids.OFFER: ids.offer_id,
    ids.SESSION: ids.session_id,
    ids.SHOPPER: ids.shopper_id,
    ids.DECISION: ids.decision_id,
    ids.REDEMPTION: ids.redemption_id,
}
ENTROPY = st.binary(min_size=ids.ID_BYTES, max_size=ids.ID_BYTES)
SECRETS = st.binary(min_size=ids.SECRET_BYTES, max_size=ids.SECRET_BYTES)


@pytest.mark.parametrize("prefix", MAKERS)
@given(entropy=ENTROPY)
def test_an_id_is_of_its_kind_and_of_no_other(prefix: str, entropy: bytes) -> None:
    made = MAKERS[prefix](entropy)
    assert [kind for kind in ids.PREFIXES if ids.is_id(made, kind)] == [prefix]


@given(ENTROPY, ENTROPY)
def test_different_entropy_gives_a_different_id(one: bytes, other: bytes) -> None:
    assert (ids.offer_id(one) == ids.offer_id(other)) == (one == other)


@given(ENTROPY)
def test_an_id_has_one_spelling(entropy: bytes) -> None:
    made = ids.offer_id(entropy)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = {made[:-1] + last for last in alphabet} - {made}
    # 128 bits fill 21 characters and 2 bits: of 64 last characters, 4 stand for different ids.
    assert sum(ids.is_id(other, ids.OFFER) for other in others) == 3


@given(st.text())
def test_other_text_is_no_id(text: str) -> None:
    assert not ids.is_id(text, ids.OFFER)


@pytest.mark.parametrize("wrong", ["\n", " ", "=", "A", ""])
def test_an_id_with_something_after_it_is_no_id(wrong: str) -> None:
    made = ids.session_id(bytes(16))
    assert ids.is_id(made + wrong, ids.SESSION) == (wrong == "")


@pytest.mark.parametrize("size", [0, 15, 17, 32])
def test_too_little_or_too_much_entropy_is_a_programming_error(size: int) -> None:
    with pytest.raises(ValueError, match="16 random bytes"):
        ids.offer_id(bytes(size))


@given(SECRETS, SECRETS)
def test_a_secret_resumes_only_its_own_session(one: bytes, other: bytes) -> None:
    digest = ids.resume_digest(ids.resume_secret(one))
    assert ids.resumes(ids.resume_secret(other), digest) == (one == other)


@given(st.text())
def test_text_that_is_no_secret_resumes_nothing(text: str) -> None:
    assert not ids.resumes(text, ids.resume_digest(text))


def test_a_secret_is_not_in_its_digest() -> None:
    secret = ids.resume_secret(bytes(range(32)))
    assert secret.encode() not in ids.resume_digest(secret)


@given(st.binary(max_size=64))
def test_what_is_written_in_base64url_is_read_back_in_either_alphabet(raw: bytes) -> None:
    text = ids.base64url(raw)
    assert ids.from_base64url(text) == raw
    assert ids.from_base64url(text.replace("-", "+").replace("_", "/")) == raw
