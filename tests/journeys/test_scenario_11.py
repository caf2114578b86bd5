"""Scenario 11: more conversions, less money. Expected value decides from the shop's own log."""

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest
from msgspec import structs

from journeys.fixture import CATALOGUE, order
from support.ledger_rows import offer
from support.live_server import NOON, LiveServer, Shopper, live_server
from tactful.core.offers.offer import OfferState, OfferStep
from tactful.runtime.ports.ledger_rows import Commit
from tactful.stores.sqlite.ledger import SqliteLedger

FIFTEEN = """
  - id: fifteen
    when: [item.category: running]
    offer: {percent: 15%}
"""
EIGHT = """
  - id: eight
    when: [item.category: running]
    offer: {percent: 8%}
"""
WEIGHED = """
policy:
  holdout: 0%
  arbitration: expected_value
  prior: {silence: 3%, offer: 4%, weight: 0}
"""


def book(*rules: str, policy: str = WEIGHED) -> str:
    return f"rules:{''.join(rules)}{policy}"


def history() -> Iterator[Commit]:
    """A log of a thousand held-out shoppers, a thousand with 15 % and a thousand with 8 % off."""
    for rule, bought in (("", 60), ("fifteen", 80), ("eight", 75)):
        for number in range(1000):
            won = number < bought
            made = offer(f"of_{rule}_{number}", rule=rule, product="Aero Runner", campaign=None)
            if rule:
                states = [OfferState.PUSHED, OfferState.SHOWN]
                states += (
                    [OfferState.ACCEPTED, OfferState.REDEEMED] if won else [OfferState.EXPIRED]
                )
            else:
                states = [OfferState.HELD_OUT]
            last = structs.replace(made, state=states[-1], bought=won and not rule)
            steps = tuple(OfferStep(made.id, 0, seq, state) for seq, state in enumerate(states, 1))
            yield Commit(session=made.session, offers=(last,), steps=steps)


async def seeded(folder: Path) -> Path:
    """A shop that starts with that log."""
    (folder / "data").mkdir()
    ledger = SqliteLedger(folder / "data" / "tactful.db")
    await ledger.open()
    for commit in history():
        ledger.record(commit)
    await ledger.flush()
    await ledger.close()
    return folder


async def on_the_shoe(one: LiveServer) -> Shopper:
    await one.facts(*CATALOGUE)
    shopper = await one.shopper()
    await shopper.view("RUN-42", 30)
    return shopper


async def test_an_offer_that_earns_less_than_silence_is_not_made(tmp_path: Path) -> None:
    async with live_server(await seeded(tmp_path), book(FIFTEEN)) as one:
        shopper = await on_the_shoe(one)
        await shopper.nothing()
        why = await one.why("RUN-42", session=shopper.session)
        assert why["reason"] == "arbitration.negative_value"
        (gate,) = why["gates"]
        assert gate["actual"] == {
            "value": "-17.28",
            "offer": {"rate": "8.00%", "margin": "4014.29", "shoppers": 1000, "bought": 80},
            "silence": {"rate": "6.00%", "margin": "5640.34", "shoppers": 1000, "bought": 60},
            "decided_by": "log",
        }
        assert gate["needed"] == 0


@pytest.mark.parametrize("first", [0, 1])
async def test_of_two_offers_the_one_that_earns_more_is_made(tmp_path: Path, first: int) -> None:
    rules = [*permutations((FIFTEEN, EIGHT))][first]
    async with live_server(await seeded(tmp_path), book(*rules)) as one:
        shopper = await on_the_shoe(one)
        assert (await shopper.offered())["price"]["amount"] == 11868
        assert await one.reason("RUN-42", shopper, "fifteen") == "arbitration.negative_value"


@pytest.mark.parametrize(
    ("more", "price"), [("priority: 1", 11868), ("priority: 1\n    force: true", 10965)]
)
async def test_a_tier_overrides_no_negative_value_unless_it_is_forced(
    tmp_path: Path, more: str, price: int
) -> None:
    first = FIFTEEN.replace("- id: fifteen", f"- id: fifteen\n    {more}")
    async with live_server(await seeded(tmp_path), book(first, EIGHT)) as one:
        shopper = await on_the_shoe(one)
        assert (await shopper.offered())["price"]["amount"] == price


async def test_a_past_explanation_shows_the_rates_of_its_time(tmp_path: Path) -> None:
    async with live_server(await seeded(tmp_path), book(FIFTEEN, EIGHT)) as one:
        shopper = await on_the_shoe(one)
        await shopper.say("seen", offer=(await shopper.offered())["id"])
        then = {"session": shopper.session, "at": "2026-03-10T12:00:31Z"}
        await one.advance(60)
        now = await one.why("RUN-42", "fifteen", **then)
        assert now["gates"][0]["actual"]["value"] == "-17.28"
        rates = one.parts.shop.state.conversions.view
        assert rates.tally_of("eight", "Aero Runner", "DE").tried == 1001
        assert (await one.why("RUN-42", "eight", **then))["outcome"] == "standing"


# how the log comes about


HELD = WEIGHED.replace("holdout: 0%", "holdout: 100%").replace("weight: 0", "weight: 200")


def silent(one: LiveServer) -> tuple[int, int]:
    tally = one.parts.shop.state.conversions.view.tally_of("", "Aero Runner", "DE")
    return tally.tried, tally.bought


async def bought(one: LiveServer, shopper: Shopper, sku: str = "RUN-43", **more: object) -> None:
    placed = {"placed_at": "2026-03-10T12:05:00Z", "delivered_at": None, "status": "placed"}
    fact = {**order("o1", "", sku), **placed, "session": shopper.session, **more}
    await one.facts({name: value for name, value in fact.items() if value})


async def test_a_held_out_shopper_who_buys_the_product_is_counted(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, book(EIGHT, policy=HELD)) as one:
        shopper = await on_the_shoe(one)
        await shopper.nothing()
        assert silent(one) == (1, 0)
        await bought(one, shopper, "SOCK-3")
        assert silent(one) == (1, 0)
        await bought(one, shopper)
        await bought(one, shopper, status="shipped")
        assert silent(one) == (1, 1)
        await one.restart(now=NOON + 600)
        assert silent(one) == (1, 1)
        await bought(one, shopper)
        assert silent(one) == (1, 1)


async def test_a_cancelled_purchase_is_not_counted(tmp_path: Path) -> None:
    async with live_server(tmp_path, book(EIGHT, policy=HELD)) as one:
        shopper = await on_the_shoe(one)
        await bought(one, shopper)
        await bought(one, shopper, status="cancelled")
        assert silent(one) == (1, 0)
        await one.restart(now=NOON + 600)
        assert silent(one) == (1, 0)


async def test_a_customer_is_recognised_for_a_week(tmp_path: Path) -> None:
    async with live_server(tmp_path, book(EIGHT, policy=HELD)) as one:
        await one.facts(*CATALOGUE)
        for name in ("c1", "c2"):
            shopper = await one.shopper(consent="personal", identity=one.identity(name))
            await shopper.view("RUN-42", 30)
            await shopper.leave()
        assert silent(one) == (2, 0)
        await one.restart(now=NOON + 6 * 86_400)
        placed = {"status": "placed", "delivered_at": "2026-03-20T12:00:00Z"}
        await one.facts(
            {**order("o1", "c1", "RUN-42"), **placed, "placed_at": "2026-03-16T12:00:00Z"}
        )
        assert silent(one) == (2, 1)
        await one.facts(
            {**order("o2", "c2", "RUN-42"), **placed, "placed_at": "2026-03-18T12:00:00Z"}
        )
        assert silent(one) == (2, 1)


async def test_a_guest_whose_session_is_over_is_not_recognised(tmp_path: Path) -> None:
    async with live_server(tmp_path, book(EIGHT, policy=HELD)) as one:
        shopper = await on_the_shoe(one)
        await shopper.leave()
        await one.advance(3600)
        await bought(one, shopper)
        assert silent(one) == (1, 0)


async def test_a_customer_who_is_erased_is_not_recognised(tmp_path: Path) -> None:
    async with live_server(tmp_path, book(EIGHT, policy=HELD)) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper(consent="personal", identity=one.identity("c1"))
        await shopper.view("RUN-42", 30)
        await one.parts.shop.forget("c1")
        await one.facts(
            {
                **order("o1", "c1", "RUN-42"),
                "placed_at": "2026-03-10T12:01:00Z",
                "delivered_at": "2026-03-20T12:00:00Z",
                "status": "placed",
            }
        )
        assert silent(one) == (1, 0)


async def test_a_redemption_counts_until_its_order_is_cancelled(tmp_path: Path) -> None:
    forced = EIGHT.replace("- id: eight", "- id: eight\n    force: true")
    async with live_server(tmp_path, book(forced)) as one:
        shopper = await on_the_shoe(one)
        await shopper.say("accept", offer=(await shopper.offered())["id"])
        token = (await shopper.expect("accepted"))["token"]
        assert (await one.redeem(token, "o9")).status_code == 200
        rates = one.parts.shop.state.conversions.view
        tally = rates.tally_of("eight", "Aero Runner", "DE")
        assert (tally.tried, tally.bought) == (1, 1)
        await one.http.post("/v1/redemptions/o9/cancel")
        tally = rates.tally_of("eight", "Aero Runner", "DE")
        assert (tally.tried, tally.bought) == (1, 0)
        await one.restart()
        tally = one.parts.shop.state.conversions.view.tally_of("eight", "Aero Runner", "DE")
        assert (tally.tried, tally.bought) == (1, 0)


async def test_the_earlier_log_is_read_when_the_rulebook_switches_to_expected_value(
    tmp_path: Path,
) -> None:
    async with live_server(await seeded(tmp_path), book(FIFTEEN, policy="")) as one:
        first = await on_the_shoe(one)
        assert (await first.offered())["price"]["amount"] == 10965
        await one.reload(book(FIFTEEN))
        second = await one.shopper()
        await second.view("RUN-42", 30)
        await second.nothing()
        assert await one.reason("RUN-42", second) == "arbitration.negative_value"
        assert silent(one) == (1000, 60)
        await one.reload(book(FIFTEEN, EIGHT))
        assert silent(one) == (1000, 60)
