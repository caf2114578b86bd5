"""Vouchers for the rest of vouchers, on a ledger in memory."""

from typing import Any

import msgspec
import pytest

from support.builders import when
from support.ledger_rows import T0, accepted, push
from support.redemption_ledger import Redemptions, request
from tactful.core.facts.customer_facts import Remedy, RemedyCause, RemedyValue
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.core.values.allocation import Deduction
from tactful.runtime.services.ingest import fact_row
from tactful.runtime.services.voucher_remainders import VoucherRemainders

SOCKS = request(lines=(RequestedLine(sku="SOCK-3", qty=1),), keeps_remainder=True)
PRICES = {"SOCK-3": SkuNow(price=1990, currency="EUR", available=40)}


class Vouchers(Redemptions):
    """A ledger with an accepted offer of a voucher over 50.00 EUR."""

    def __init__(self) -> None:
        off = Deduction("order", 5_000)
        super().__init__(accepted(remedy="r1", deduction=off, hold=5_000))
        self.settled = 0
        self.remainders = VoucherRemainders(self.ledger, self, fact_row, self.settle)

    def now(self) -> int:
        return T0

    async def settle(self) -> None:
        self.settled += 1

    async def report(self, **changes: Any) -> None:
        voucher = Remedy(
            remedy="r1", customer="c1", value=RemedyValue(amount=5_000, currency="EUR"),
            cause=RemedyCause(case="k1"), expires_at=when(T0 + 10**9), version=1,
        )  # fmt: skip
        await self.ledger.record_facts([fact_row(msgspec.structs.replace(voucher, **changes), T0)])

    async def value(self, remedy: str) -> int | None:
        """The amount of a voucher in force."""
        for stored in await self.ledger.fact_versions("remedy", remedy):
            if stored.ended is None:
                return int(msgspec.json.decode(stored.body)["value"]["amount"])
        return None


@pytest.fixture
async def vouchers() -> Vouchers:
    made = Vouchers()
    await made.ledger.commit(push(made.offers[0], limit=None))
    await made.report()
    return made


async def test_the_rest_of_a_used_voucher_is_issued_once(vouchers: Vouchers) -> None:
    await vouchers.redeem(SOCKS, skus_now=PRICES)
    for _ in range(3):
        await vouchers.remainders.issue(["other", "o1"])
    assert (await vouchers.value("r1"), await vouchers.value("r1/2")) == (1_990, 3_010)
    assert await vouchers.value("r1/3") is None
    assert vouchers.settled == 1


async def test_a_held_voucher_has_no_rest_yet(vouchers: Vouchers) -> None:
    await vouchers.hold(SOCKS, skus_now=PRICES)
    await vouchers.remainders.issue(["o1"])
    assert (await vouchers.value("r1"), await vouchers.value("r1/2")) == (5_000, None)


async def test_a_voucher_that_came_back_and_is_used_again_leaves_another_rest(
    vouchers: Vouchers,
) -> None:
    await vouchers.redeem(SOCKS, skus_now=PRICES)
    await vouchers.remainders.issue(["o1"])
    await vouchers.cancel()
    cheaper = {"SOCK-3": SkuNow(price=500, currency="EUR", available=40)}
    second = request("o2", lines=SOCKS.lines, keeps_remainder=True)
    await vouchers.redeem(second, skus_now=cheaper)
    await vouchers.remainders.issue(["o2"])
    values = [await vouchers.value(name) for name in ("r1", "r1/2", "r1/3")]
    assert values == [500, 3_010, 1_490]


async def test_an_order_without_a_voucher_or_with_an_unknown_one_leaves_nothing(
    vouchers: Vouchers,
) -> None:
    await vouchers.remainders.issue(["o1"])
    vouchers.ledger._facts.clear()
    await vouchers.redeem(SOCKS, skus_now=PRICES)
    await vouchers.remainders.issue(["o1"])
    assert vouchers.settled == 0
