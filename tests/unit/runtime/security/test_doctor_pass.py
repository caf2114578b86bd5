"""A doctor pass holds for one origin and for half an hour, and nothing else is a pass."""

from pathlib import Path

import jwt
import pytest

from support.bare_shop import NOON
from tactful.runtime.security.doctor_pass import LIFETIME_MS, issue_pass, pass_origin
from tactful.runtime.security.signing_keys import SigningKeys
from tactful.runtime.timers import TestClock

ORIGIN = "https://shop.example"


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return SigningKeys(tmp_path / "keys", TestClock(NOON))


def test_a_pass_names_its_origin_until_it_ends(keys: SigningKeys) -> None:
    token = issue_pass(keys, ORIGIN, NOON)
    assert pass_origin(keys, token, NOON) == ORIGIN
    assert pass_origin(keys, token, NOON + LIFETIME_MS - 1) == ORIGIN
    assert pass_origin(keys, token, NOON + LIFETIME_MS) is None


def test_a_pass_survives_a_rotation_of_the_signing_keys(keys: SigningKeys) -> None:
    token = issue_pass(keys, ORIGIN, NOON)
    keys.rotate(overlap=0)
    assert pass_origin(keys, token, NOON) == ORIGIN


def test_another_token_is_no_pass(keys: SigningKeys, tmp_path: Path) -> None:
    foreign = SigningKeys(tmp_path / "other", TestClock(NOON))
    secret = keys.derived_key("doctor-pass")
    claims = {"origin": ORIGIN, "exp": NOON // 1000 + 60}
    others = [
        "",
        "a.b.c",
        issue_pass(foreign, ORIGIN, NOON),
        jwt.encode(claims, secret),  # another type
        jwt.encode({**claims, "exp": "soon"}, secret, headers={"typ": "tactful-doctor+jwt"}),
        jwt.encode({"exp": claims["exp"]}, secret, headers={"typ": "tactful-doctor+jwt"}),
    ]
    assert [pass_origin(keys, token, NOON) for token in others] == [None] * len(others)
