"""Vouchers of operators stay within their limits, and a form issues one."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, order, rules
from support.live_server import LiveServer, live_server
from tactful.core.facts.customer_facts import RemedyValue
from tactful.core.rules.policy import PerShopper, VoucherLimits
from tactful.core.values.calendar import DAY
from tactful.runtime.voucher_issue import (
    RefusedVoucherError,
    VoucherIssuer,
    VoucherRequest,
    new_code,
    value_words,
)

LIMITS = VoucherLimits(money={"EUR": 2500}, percent_bp=2000, per_customer=PerShopper(2, 30 * DAY))
VOUCHERS = "  - {id: V, remedy: true}\n"


def asked(**changes: Any) -> VoucherRequest:
    given: dict[str, Any] = {
        "code": new_code(), "customer": "c1", "value": RemedyValue(amount=1000, currency="EUR"),
        "cause": "order", "cause_id": "o-1", "days": 30,
    }  # fmt: skip
    return VoucherRequest(**given | changes)


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_server(tmp_path, rules(extra=VOUCHERS)) as started:
        await started.facts(*CATALOGUE, order("o-1", "c1", "TRAIL-42"))
        yield started


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (RemedyValue(amount=2501, currency="EUR"), "25.01 EUR is above your limit of 25.00 EUR"),
        (RemedyValue(amount=1, currency="GBP"), "0.01 GBP is above your limit of 0.00 GBP"),
        (RemedyValue(percent_bp=2001), "20.01% is above your limit of 20%"),
    ],
)
async def test_a_voucher_above_the_limit_is_refused_and_not_recorded(
    one: LiveServer, value: RemedyValue, words: str
) -> None:
    shop = one.parts.shop
    with pytest.raises(RefusedVoucherError, match=words):
        await VoucherIssuer(shop).issue(asked(value=value), "Ada", LIMITS)
    assert await shop.ledger.facts_about([("customer", "c1")], ["remedy"]) == []
    assert await shop.ledger.operator_actions() == []
    assert await VoucherIssuer(shop).issue(asked(value=value), "Ada", None) == "issued"


async def test_a_voucher_at_the_limit_is_issued_and_shown_at_once(one: LiveServer) -> None:
    shopper = await one.known("c1")
    await shopper.view("RUN-42", 1)
    wanted = asked(value=RemedyValue(amount=2500, currency="EUR"))
    assert await VoucherIssuer(one.parts.shop).issue(wanted, "Ada", LIMITS) == "issued"
    assert (await shopper.offered())["price"]["amount"] == 12900 - 2500
    (act,) = await one.parts.shop.ledger.operator_actions()
    assert (act.who, act.subject, act.detail) == (
        "Ada", wanted.code, "voucher of 25.00 EUR for an order",
    )  # fmt: skip


async def test_a_form_that_is_sent_several_times_at_once_issues_one_voucher(
    one: LiveServer,
) -> None:
    issuer, wanted = VoucherIssuer(one.parts.shop), asked()
    sent = [issuer.issue(wanted, "Ada", LIMITS) for _ in range(5)]
    assert sorted(await asyncio.gather(*sent)) == ["issued", *["repeated"] * 4]
    assert len(await one.parts.shop.ledger.operator_actions()) == 1
    other = asked(code=wanted.code, value=RemedyValue(percent_bp=500))
    with pytest.raises(RefusedVoucherError, match="has issued the voucher"):
        await issuer.issue(other, "Ada", LIMITS)


async def test_a_customer_gets_so_many_vouchers_in_any_window(one: LiveServer) -> None:
    issuer = VoucherIssuer(one.parts.shop)
    for _ in range(2):
        assert await issuer.issue(asked(), "Ada", LIMITS) == "issued"
    with pytest.raises(RefusedVoucherError, match="got 2 vouchers within 30d"):
        await issuer.issue(asked(), "Bo", LIMITS)
    await one.advance(30 * DAY / 1000)
    assert await issuer.issue(asked(), "Bo", LIMITS) == "issued"


async def test_a_voucher_that_nobody_would_see_or_store_is_refused(one: LiveServer) -> None:
    issuer = VoucherIssuer(one.parts.shop)
    with pytest.raises(RefusedVoucherError, match="out of date"):
        await issuer.issue(asked(code="mine"), "Ada", LIMITS)
    with pytest.raises(RefusedVoucherError, match="was rejected"):
        await issuer.issue(asked(customer="x" * 129), "Ada", LIMITS)
    await one.reload(rules())
    with pytest.raises(RefusedVoucherError, match="would never see it"):
        await issuer.issue(asked(), "Ada", LIMITS)


def test_a_code_can_be_read_out() -> None:
    codes = {new_code() for _ in range(100)}
    assert len(codes) == 100
    assert not any({"I", "L", "O", "U"} & set(code) for code in codes)
    assert value_words(RemedyValue(percent_bp=1500)) == "15%"
