"""The rest of a voucher that is worth more than the order that used it."""

import pytest
from msgspec import structs

from support.builders import when
from support.ledger_rows import T0, accepted
from support.redemption_ledger import Redemptions, answered, request
from tactful.core.facts.customer_facts import Remedy, RemedyCause, RemedyValue
from tactful.core.offers.offer import Offer
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.core.redemption.voucher_remainder import next_part, split, without_remainder
from tactful.core.values.allocation import Deduction

VOUCHER = Remedy(
    remedy="r1", customer="c1", value=RemedyValue(amount=5_000, currency="EUR"),
    cause=RemedyCause(case="k1"), expires_at=when(T0), version=7,
)  # fmt: skip
SOCKS = (RequestedLine(sku="SOCK-3", qty=1),)
PRICES = {"SOCK-3": SkuNow(price=1990, currency="EUR", available=40)}


def offer() -> Offer:
    return accepted(remedy="r1", deduction=Deduction("order", 5_000), hold=5_000)


def test_a_voucher_is_split_into_what_was_used_and_the_rest() -> None:
    parts = split(VOUCHER, 1_990, "EUR")
    assert parts is not None
    used, rest = parts
    assert (used.remedy, used.value.amount, used.version) == ("r1", 1_990, 7)
    assert (rest.remedy, rest.value.amount, rest.version) == ("r1/2", 3_010, 1)
    assert (rest.cause, rest.expires_at, rest.customer) == (
        VOUCHER.cause, VOUCHER.expires_at, "c1",
    )  # fmt: skip
    assert split(used, 1_990, "EUR") is None


@pytest.mark.parametrize(
    ("value", "used", "currency"),
    [
        (RemedyValue(amount=5_000, currency="EUR"), 5_000, "EUR"),
        (RemedyValue(amount=5_000, currency="EUR"), 0, "EUR"),
        (RemedyValue(amount=5_000, currency="EUR"), 10, "GBP"),
        (RemedyValue(percent_bp=1_000), 10, "EUR"),
    ],
)
def test_nothing_is_left_of_other_vouchers(value: RemedyValue, used: int, currency: str) -> None:
    assert split(structs.replace(VOUCHER, value=value), used, currency) is None


@pytest.mark.parametrize(
    ("remedy", "following"),
    [("r1", "r1/2"), ("r1/2", "r1/3"), ("r1/9", "r1/10"), ("r1/1", "r1/1/2"), ("a/b", "a/b/2")],
)
def test_each_rest_has_an_id_of_its_own(remedy: str, following: str) -> None:
    assert next_part(remedy) == following


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_voucher_that_comes_back_is_worth_what_its_order_had_used(at_once: bool) -> None:
    redemptions = await Redemptions(offer()).opened()
    cart = request(lines=SOCKS, keeps_remainder=True)
    if at_once:
        await redemptions.redeem(cart, skus_now=PRICES)
    else:
        await redemptions.hold(cart, skus_now=PRICES)
        await redemptions.confirm(keeps_remainder=True)
    await redemptions.cancel()
    assert await redemptions.budget() == {"EUR": (1_990, 0)}
    again = request("o2", lines=(RequestedLine(sku="SOCK-3", qty=3),))
    assert answered(await redemptions.redeem(again, skus_now=PRICES))["saved"]["amount"] == 1_990


async def test_a_shop_that_loses_remainders_gives_the_whole_voucher_back() -> None:
    redemptions = await Redemptions(offer()).opened()
    await redemptions.redeem(request(lines=SOCKS), skus_now=PRICES)
    await redemptions.cancel()
    again = request("o2", lines=(RequestedLine(sku="SOCK-3", qty=3),))
    assert answered(await redemptions.redeem(again, skus_now=PRICES))["saved"]["amount"] == 5_000


def test_a_share_or_a_discount_that_is_no_voucher_stays_as_it_is() -> None:
    whole = offer()
    for other in (
        structs.replace(whole, remedy=None),
        structs.replace(whole, deduction=Deduction("order", 5_000, 1_000)),
    ):
        assert without_remainder(other, 1_990) is other
    assert without_remainder(whole, 5_000) is whole
