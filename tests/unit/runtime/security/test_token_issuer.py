"""The token of an accepted offer: what it promises, until when, and to whom."""

from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import pytest

from support.bare_shop import NOON
from support.builders import offer
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.offers.tokens import TokenClaims
from tactful.core.values.allocation import Deduction
from tactful.runtime.security.signing_keys import SigningKeys
from tactful.runtime.security.token_issuer import holder_digest, issue_token
from tactful.runtime.timers import TestClock

HOLD = 1_800_000


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return SigningKeys(tmp_path / "keys", TestClock(NOON))


def accepted(**fields: Any) -> Offer:
    return offer(state=OfferState.ACCEPTED, accept_until=NOON + HOLD, qty=2, **fields)


def claims_of(keys: SigningKeys, one: Offer, now: int = NOON) -> TokenClaims:
    claims = keys.verify(issue_token(one, keys, now, HOLD).token)
    assert isinstance(claims, TokenClaims)
    return claims


def test_a_token_promises_the_offer_as_it_was_accepted(keys: SigningKeys) -> None:
    one = accepted()
    claims = claims_of(keys, one)
    assert (claims.offer, claims.sku, claims.territory) == (one.id, one.sku, one.territory)
    assert (claims.unit, claims.currency, claims.max_qty) == (one.unit, one.currency, 2)
    assert claims.rulebook == one.rulebook
    assert (claims.iat, claims.exp) == (NOON // 1000, (NOON + HOLD) // 1000)
    assert (claims.level, claims.at_most, claims.percent_bp) == (None, None, None)


def test_the_same_offer_has_the_same_token_at_any_time(keys: SigningKeys) -> None:
    first = issue_token(accepted(), keys, NOON, HOLD)
    later = issue_token(accepted(), keys, NOON + 60_000, HOLD)
    assert first.token == later.token
    assert (first.hold, later.hold) == (HOLD // 1000, HOLD // 1000 - 60)
    assert issue_token(accepted(), keys, NOON + 2 * HOLD, HOLD).hold == 0


def test_a_deduction_from_the_order_is_in_the_token(keys: SigningKeys) -> None:
    claims = claims_of(keys, accepted(deduction=Deduction("order", 500, percent_bp=1000)))
    assert (claims.level, claims.at_most, claims.percent_bp) == ("order", 500, 1000)


def test_a_token_names_the_customer_else_the_session_and_neither_in_the_clear(
    keys: SigningKeys,
) -> None:
    known, anonymous = accepted(customer="customer-4711"), accepted()
    assert claims_of(keys, known).holder == holder_digest(known, keys)
    assert holder_digest(known, keys) == keys.holder_of("customer", "customer-4711")
    assert holder_digest(anonymous, keys) == keys.holder_of("session", anonymous.session)
    payload = issue_token(known, keys, NOON, HOLD).token.split(".")[1]
    assert b"4711" not in urlsafe_b64decode(f"{payload}==")
