"""Budgets over real sockets: periods, pace, and balances that reconcile after any day."""

import random  # noqa: TID251 - seeded
from pathlib import Path

from journeys.fixture import CATALOGUE, rules, stock
from support.live_server import NOON, LiveServer, Shopper, live_server
from tactful.core.offers.budget import BudgetMove
from tactful.runtime.ports.ledger_rows import Commit


def with_budget(budget: str) -> str:
    start = rules()[: rules().index("campaigns:")]
    return f"{start}campaigns:\n  C: {budget}\npolicy:\n  holdout: 0%\n"


async def bought(one: LiveServer, order: str) -> bool:
    """Whether a new shopper gets an offer; if so, the shopper buys."""
    shopper = await one.shopper()
    await shopper.view("RUN-42", 30)
    await shopper.say("activity", kind="idle")
    if not shopper.frames:
        assert (await one.reason("RUN-42", shopper)) in {"budget.spend", "budget.count"}
        return False
    await shopper.say("accept", offer=(await shopper.offered())["id"])
    token = (await shopper.expect("accepted"))["token"]
    assert (await one.redeem(token, order)).status_code == 200
    return True


async def test_a_daily_budget_is_renewed_on_the_next_day_of_its_time_zone(tmp_path: Path) -> None:
    budget = "{budget: {EUR: 30.00}, per: day, timezone: America/New_York}"
    async with live_server(tmp_path, with_budget(budget)) as one:
        await one.facts(*CATALOGUE)
        assert await bought(one, "o1")
        assert not await bought(one, "o2")
        await one.clock(NOON + 15 * 3600)  # 23:00 in New York
        assert not await bought(one, "o3")
        await one.clock(NOON + 16 * 3600)  # midnight there
        assert await bought(one, "o4")
        assert await one.parts.shop.reconcile() == []


async def test_an_even_pace_allows_an_offer_when_its_share_is_released(tmp_path: Path) -> None:
    budget = "{budget: {EUR: 77.40}, per: day, pace: even}"  # four offers a day, two by noon
    async with live_server(tmp_path, with_budget(budget)) as one:
        await one.facts(*CATALOGUE)
        assert [await bought(one, f"o{n}") for n in range(3)] == [True, True, False]
        await one.clock(NOON + 6 * 3600)
        assert [await bought(one, f"o{n}") for n in (4, 5)] == [True, False]


async def test_a_weekly_count_is_shared_by_all_sessions_and_survives_a_restart(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, with_budget("{count: 2, per: week}")) as one:
        await one.facts(*CATALOGUE)
        assert [await bought(one, f"o{n}") for n in range(3)] == [True, True, False]
        await one.restart()
        assert not await bought(one, "o4")
        assert await one.parts.shop.reconcile() == []


async def test_a_budget_added_or_removed_while_offers_stand_keeps_balances_exact(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, with_budget("{count: 9}")) as one:
        await one.facts(*CATALOGUE)
        first, second = await one.shopper(), await one.shopper()
        for shopper in (first, second):
            await shopper.view("RUN-42", 30)
        await one.reload(with_budget("{budget: {EUR: 500.00}}"))
        assert await one.budget() == (3870, 0)
        await first.say("dismiss", offer=(await first.offered())["id"])
        assert await one.budget() == (1935, 0)
        await one.reload(rules(budget="{GBP: 5.00}"))
        await second.say("dismiss", offer=(await second.offered())["id"])
        assert await one.parts.shop.reconcile() == []
        assert {row.reserved for row in await one.parts.shop.ledger.balances()} == {0}


async def act(one: LiveServer, shopper: Shopper, dice: random.Random, number: int) -> None:
    """A random action of a shopper or a checkout."""
    sku = dice.choice(["RUN-42", "RUN-43", "TRAIL-42"])
    await shopper.view(sku, dice.choice([5, 30, 40]))
    await shopper.say("activity", kind="idle")
    if not shopper.frames:
        return
    answer = dice.choice(["seen", "dismiss", "accept", "accept"])
    await shopper.say(answer, offer=(await shopper.offered())["id"])
    if answer == "accept" and dice.random() < 0.8:
        token = (await shopper.expect("accepted"))["token"]
        assert (await one.redeem(token, f"o{number}", sku=sku)).status_code == 200
        if dice.random() < 0.4:
            await one.http.post(f"/v1/redemptions/o{number}/cancel")


async def test_after_a_random_day_the_balances_reconcile(tmp_path: Path) -> None:
    dice = random.Random(11)
    async with live_server(
        tmp_path, with_budget("{budget: {EUR: 90.00}, count: 7, per: day}")
    ) as one:
        await one.facts(*CATALOGUE, stock("RUN-42", "DE", 50), stock("RUN-43", "DE", 50))
        for number in range(40):
            await act(one, await one.shopper(), dice, number)
            for row in await one.parts.shop.ledger.balances():
                assert row.limit is None or row.reserved + row.settled <= row.limit
            if number % 13 == 12:
                await one.restart()
                await one.advance(4 * 3600)
        rows = await one.parts.shop.ledger.balances()
        assert any(row.settled for row in rows)
        assert await one.parts.shop.reconcile() == []
        kept = {(r.campaign, r.period, r.currency): (r.reserved, r.settled) for r in rows}
        memory = one.parts.shop.state.balances.rows()
        assert {
            (r.campaign, r.period, r.currency): (r.reserved, r.settled)
            for r in memory
            if r.reserved or r.settled
        } == {key: sums for key, sums in kept.items() if any(sums)}


async def test_balances_that_do_not_reconcile_are_reported(tmp_path: Path) -> None:
    async with live_server(tmp_path, with_budget("{budget: {EUR: 90.00}}")) as one:
        await one.facts(*CATALOGUE)
        assert await bought(one, "o1")
        shop = one.parts.shop
        await shop.ledger.commit(Commit(moves=(BudgetMove("C", "total", "EUR", 9000, settle=1),)))
        (told,) = await shop.reconcile()
        assert told.startswith("C total EUR")
