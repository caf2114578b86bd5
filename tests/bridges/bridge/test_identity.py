"""Identities are signed as `server/PROTOCOL.md` says."""

import hmac

import jwt

from tactful.runtime.security.derived_keys import derived_key
from tactful_bridge.identity import sign_customer, sign_identity

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


def test_a_paired_shop_signs_customers_with_the_derived_key() -> None:
    key = derived_key(SECRET, "identity-hmac")
    identity = sign_customer(key, "c-17", NOW, life=86_400)
    assert (identity["customer"], identity["expires"]) == ("c-17", NOW + 600)
    digest = hmac.digest(key.encode(), f"c-17|{NOW + 600}".encode(), "sha256")
    assert identity["hmac"] == digest.hex()
