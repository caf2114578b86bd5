"""What reports of orders say about redemptions, and what they confirm and give back."""

from typing import Any

import pytest
from msgspec import structs

from support.bare_shop import CountedEntropy
from support.builders import line, when
from support.builders import order as order_fact
from support.ledger_rows import T0, accepted, offer, push
from support.redemption_ledger import MINUTE, Redemptions, request
from tactful.api.redemption_responses import encode_answer
from tactful.core.offers.discount_codes import FreeCode
from tactful.core.offers.offer import OfferState
from tactful.runtime.services.ingest import fact_row
from tactful.runtime.services.redemption_runner import RedemptionRunner
from tactful.runtime.services.reported_orders import ReportedOrders, all_ids, order_uses
from tactful.runtime.services.voucher_remainders import VoucherRemainders
from unit.runtime.services.test_redemption_runner import Shop

NOW = T0 + 20 * MINUTE


class Clock:
    """A clock that stands still."""

    def now(self) -> int:
        return NOW


class Reports(Redemptions):
    """A ledger in memory with one accepted offer, and the shop's reports about orders."""

    async def report(self, order: str = "o1", status: str = "placed", **fields: Any) -> None:
        """Store a report of an order, and follow it."""
        await self.opened()
        made = order_fact(order, *fields.pop("lines", ("RUN-42",)), status=status, **fields)
        await self.ledger.record_facts([fact_row(made, NOW)])
        shop = Shop(self.ledger)
        runner = RedemptionRunner(self.ledger, shop, encode_answer)
        remainders = VoucherRemainders(self.ledger, Clock(), fact_row, shop.settle)
        await ReportedOrders(
            self.ledger, Clock(), CountedEntropy(), runner, shop, remainders
        ).follow([made])

    async def opened(self) -> "Reports":
        if await self.ledger.offer("of_1") is None:
            await self.ledger.commit(push(accepted(), limit=self.limit))
        return self


@pytest.fixture
async def reports() -> Reports:
    return await Reports().opened()


# discount codes


async def coded() -> Reports:
    """The accepted offer, with a code of its own."""
    reports = Reports()
    await reports.ledger.add_codes("p", [FreeCode("A"), FreeCode("B")], T0)
    shown = offer(pool="p", code="A")
    await reports.ledger.commit(push(shown, limit=reports.limit))
    taken = accepted(pool="p", code="A")
    await reports.ledger.commit(structs.replace(push(taken), moves=()))
    return reports


async def test_a_paid_order_redeems_the_offer_whose_code_it_used() -> None:
    reports = await coded()
    await reports.report("o1", codes=("a", "B", "FOREIGN"), paid=False, version=1)
    assert await reports.state() is OfferState.ACCEPTED
    await reports.report("o1", codes=("a", "B", "FOREIGN"), version=2)
    assert await reports.state() is OfferState.REDEEMED
    found = await reports.ledger.find_codes(["A", "B"])
    assert [one.state for one in found] == ["used", "used"], "B was given out by the shop itself"
    assert await reports.ledger.reconcile() == []


async def test_a_cancelled_order_uses_no_code() -> None:
    reports = await coded()
    await reports.report("o1", "cancelled", codes=("A",))
    assert await reports.state() is OfferState.ACCEPTED


async def test_two_orders_with_one_code_redeem_it_once() -> None:
    reports = await coded()
    await reports.report("o1", codes=("A",))
    await reports.report("o2", codes=("A",))
    assert await reports.ledger.orders_of("of_1") == ["o1"]


# what confirms


async def test_a_paid_order_confirms_what_it_holds(reports: Reports) -> None:
    await reports.hold()
    await reports.report("o1", paid=False, version=1)
    assert await reports.state() is OfferState.HELD
    await reports.report("o1", version=2)
    assert await reports.state() is OfferState.REDEEMED
    assert await reports.budget() == {"EUR": (0, 1935)}


async def test_a_paid_order_confirms_under_each_of_its_ids(reports: Reports) -> None:
    await reports.hold(request("cart-1"))
    await reports.report("9001", also=("cart-1",))
    assert await reports.state() is OfferState.REDEEMED


async def test_a_paid_order_confirms_a_hold_that_has_lapsed(reports: Reports) -> None:
    await reports.hold()
    await reports.lapse()
    await reports.report("o1")
    assert await reports.state() is OfferState.REDEEMED


async def test_only_the_report_in_force_confirms(reports: Reports) -> None:
    await reports.hold()
    await reports.report("o1", paid=False, version=5)
    await reports.report("o1", version=4)
    assert await reports.state() is OfferState.HELD


async def test_a_paid_order_changes_nothing_of_what_is_redeemed_or_given_back(
    reports: Reports,
) -> None:
    await reports.redeem()
    before = await reports.budget()
    await reports.report("o1", version=1)
    assert await reports.budget() == before
    await reports.cancel()
    await reports.report("o1", version=2)
    assert await reports.state() is OfferState.ACCEPTED


async def test_an_order_that_holds_nothing_is_not_looked_into(reports: Reports) -> None:
    await reports.report("o9")
    assert await reports.state() is OfferState.ACCEPTED


# what gives back


async def test_a_cancelled_order_gives_back_under_each_of_its_ids(reports: Reports) -> None:
    await reports.redeem(request("cart-1"))
    await reports.report("9001", "cancelled", also=("cart-1",))
    assert await reports.state() is OfferState.ACCEPTED


async def test_a_cancellation_that_is_older_than_the_redemption_is_about_an_earlier_attempt(
    reports: Reports,
) -> None:
    await reports.redeem(now=T0 + 3 * MINUTE)
    await reports.report("o1", "cancelled", version=when(T0 + 2 * MINUTE))
    assert await reports.state() is OfferState.REDEEMED
    await reports.report("o1", "cancelled", version=when(T0 + 3 * MINUTE))
    assert await reports.state() is OfferState.ACCEPTED


@pytest.mark.parametrize("version", [None, 7])
async def test_a_cancellation_without_an_instant_gives_everything_back(
    reports: Reports, version: int | None
) -> None:
    await reports.redeem(now=T0 + 3 * MINUTE)
    await reports.report("o1", "cancelled", version=version)
    assert await reports.state() is OfferState.ACCEPTED


async def test_a_cancellation_of_what_was_ever_shipped_gives_nothing_back(
    reports: Reports,
) -> None:
    await reports.redeem()
    await reports.report("o1", "shipped", version=1)
    await reports.report("o1", "cancelled", version=2)
    assert await reports.state() is OfferState.REDEEMED


async def test_a_late_cancellation_that_is_not_in_force_gives_nothing_back(
    reports: Reports,
) -> None:
    await reports.redeem()
    await reports.report("o1", version=5)
    await reports.report("o1", "cancelled", version=4)
    assert await reports.state() is OfferState.REDEEMED


# what is read


async def test_the_ids_of_an_order_and_who_used_an_offer_are_read_from_the_reports(
    reports: Reports,
) -> None:
    used = line("RUN-42", offer="of_1")
    await reports.report("9001", also=("cart-1",), lines=(used,))
    found = await order_uses(reports.ledger, "cart-1", ["of_1", "of_2"])
    assert found.ids == {"9001", "cart-1"}
    assert found.used_by == {"of_1": (("9001", "cart-1"),)}
    other = await order_uses(reports.ledger, "o2", ["of_1"])
    assert (other.ids, other.used_by) == (frozenset({"o2"}), found.used_by)
    await reports.report("9001", "cancelled", also=("cart-1",), lines=(used,), version=2)
    assert (await order_uses(reports.ledger, "o2", ["of_1"])).used_by == {}


async def test_all_ids_of_an_order_are_those_of_reports_and_of_confirmations(
    reports: Reports,
) -> None:
    await reports.hold(request("cart-1"))
    await reports.confirm("cart-1", alias="9001")
    await reports.report("9001", also=("A-7",))
    for order in ("cart-1", "9001", "A-7"):
        assert await all_ids(reports.ledger, order) == {"cart-1", "9001", "A-7"}
    assert await all_ids(reports.ledger, "o9") == {"o9"}
