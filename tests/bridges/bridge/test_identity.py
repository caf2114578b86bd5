"""Identities are signed as `server/PROTOCOL.md` says."""

import jwt

from tactful_bridge.identity import sign_identity

SECRET = "an identity secret of 32 characters"
NOW = 1_773_144_000


def claims_of(token: str) -> dict[str, object]:
    options = {"verify_exp": False, "verify_iat": False}
    return dict(
        jwt.decode(token, SECRET, algorithms=["HS256"], audience="tactful", options=options)  # type: ignore[arg-type]
    )


def test_an_identity_names_the_customer_and_its_end() -> None:
    token = sign_identity(SECRET, "c-17", NOW)
    wanted = {"sub": "c-17", "aud": "tactful", "iat": NOW, "exp": NOW + 300}
    assert claims_of(token) == wanted
    assert jwt.get_unverified_header(token)["typ"] == "tactful-identity+jwt"


def test_an_identity_lives_no_longer_than_a_server_accepts() -> None:
    assert claims_of(sign_identity(SECRET, "c", NOW, life=86_400))["exp"] == NOW + 600


def test_a_price_group_is_part_of_the_identity() -> None:
    assert claims_of(sign_identity(SECRET, "c", NOW, group="club"))["group"] == "club"
