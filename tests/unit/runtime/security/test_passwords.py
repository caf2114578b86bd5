"""Passwords are kept as slow digests, and codes of the second factor follow RFC 6238."""

import pytest

from tactful.runtime.security.passwords import (
    SECRET_BYTES,
    PasswordHasher,
    code_at,
    enrolment_uri,
    new_secret,
    password_problem,
    secret_text,
    step_of_code,
)

RFC_SECRET = b"12345678901234567890"
"""The secret of the test vectors in RFC 6238, appendix B; codes here have six of the eight digits."""


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_rfc(second: int, code: str) -> None:
    assert code_at(RFC_SECRET, second // 30) == code
    assert step_of_code(RFC_SECRET, code, second * 1000) == second // 30


def test_a_code_is_accepted_one_step_early_or_late_and_no_more() -> None:
    now = 1_000_000 * 30_000
    codes = {step: code_at(RFC_SECRET, 1_000_000 + step) for step in range(-2, 3)}
    accepted = [step for step, code in codes.items() if step_of_code(RFC_SECRET, code, now)]
    assert accepted == [-1, 0, 1]
    assert step_of_code(RFC_SECRET, f" {codes[0][:3]} {codes[0][3:]} ", now) == 1_000_000


@pytest.mark.parametrize(
    "typed", ["", "12345", "abcdef", "²³⁴⁵⁶⁷", "\ud800", "0" * 4000], ids=ascii
)
def test_what_is_no_code_is_wrong(typed: str) -> None:
    assert step_of_code(RFC_SECRET, typed, 60_000) is None


async def test_a_password_matches_its_own_digest_only() -> None:
    hasher = PasswordHasher()
    kept = await hasher.digest("correct horse battery")
    assert await hasher.matches("correct horse battery", kept)
    assert not await hasher.matches("correct horse batterz", kept)
    assert not await hasher.matches("", kept)
    assert not await hasher.matches("\ud800", kept)
    assert b"correct" not in kept.digest
    other = await hasher.digest("correct horse battery")
    assert (other.salt, other.digest) != (kept.salt, kept.digest)


async def test_nobody_has_no_password() -> None:
    assert not await PasswordHasher().matches("correct horse battery", None)


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("correct horse battery", True),
        ("elevenchars", False),
        ("x" * 257, False),
        ("aaaaaaaaaaaa", False),
        ("my name is ADA!", False),
    ],
)
def test_a_password_is_long_and_hard_to_guess(password: str, is_good: bool) -> None:
    assert (password_problem(password, "Ada") is None) is is_good


def test_an_authenticator_is_told_the_secret_and_whose_it_is() -> None:
    secret = new_secret()
    assert len(secret) == SECRET_BYTES
    assert secret != new_secret()
    uri = enrolment_uri(secret, "Ada & Bo", "Shoe Shop")
    assert uri == (
        f"otpauth://totp/Shoe%20Shop:Ada%20%26%20Bo?secret={secret_text(secret)}&issuer=Shoe%20Shop"
    )
