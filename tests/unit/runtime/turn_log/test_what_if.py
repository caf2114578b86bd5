"""A what-if run makes its own offers, and takes only answers to offers that it made."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, rules
from support.live_server import LiveServer, live_server
from tactful.core.rules.rule import Rulebook
from tactful.rulebook.compiler import compile_rulebook
from tactful.rulebook.source.tree import RuleSource
from tactful.rulebook.testing.comparison import BacktestResult
from tactful.runtime.turn_log.what_if import backtest

LONG = 10**15


@pytest.fixture
async def recorded(tmp_path: Path) -> AsyncIterator[LiveServer]:
    """A server whose log holds three sessions, each with an offer that was accepted."""
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        for _ in range(3):
            shopper = await one.shopper()
            await shopper.view("RUN-42", 31)
            offer = (await shopper.offered())["id"]
            await shopper.say("seen", offer=offer)
            await shopper.accept(offer)
            await one.advance(60)
        await one.parts.shop.settled()
        await one.parts.shop.ledger.flush()
        yield one


def compiled(one: LiveServer, text: str) -> Rulebook:
    policy = one.parts.shop.settings.policy
    source = RuleSource("rules.yaml", text.encode())
    found = compile_rulebook([source], now=0, policy=policy).rulebook
    assert found is not None
    return found


async def compared(one: LiveServer, new: str, *, since: int = 0) -> BacktestResult:
    shop = one.parts.shop
    pair = compiled(one, rules()), compiled(one, new)
    return await backtest(shop.ledger, pair, seed=shop.settings.seed, since=since, until=LONG)


async def test_the_same_rulebook_makes_the_same_offers_and_gets_the_same_answers(
    recorded: LiveServer,
) -> None:
    done = await compared(recorded, rules())
    assert done.sessions == 3
    assert (done.old.pushes, done.new.pushes) == (3, 3)
    assert done.old == done.new


async def test_an_answer_counts_only_for_an_offer_on_the_same_terms(recorded: LiveServer) -> None:
    done = await compared(recorded, rules(percent="12%"))
    assert done.new.pushes == 3
    assert (done.old.accepted, done.new.accepted) == (3, 0)


async def test_a_run_has_budgets_of_its_own(recorded: LiveServer) -> None:
    done = await compared(recorded, rules(budget="{EUR: 20.00, GBP: 20.00, USD: 20.00}"))
    assert done.old.pushes == 3
    assert done.new.pushes == 1


async def test_sessions_that_began_before_the_window_are_unknown(recorded: LiveServer) -> None:
    done = await compared(recorded, rules(), since=recorded.parts.shop.clock.now() + 1)
    assert (done.sessions, done.turns) == (0, 0)


async def test_progress_is_reported_in_milliseconds_of_the_window(recorded: LiveServer) -> None:
    shop = recorded.parts.shop
    pair = compiled(recorded, rules()), compiled(recorded, rules())
    steps: list[int] = []
    start = shop.clock.now() - 4 * 3_600_000
    await backtest(
        shop.ledger, pair, seed=shop.settings.seed, since=start, until=LONG, step=steps.append
    )
    assert steps == sorted(steps)
    assert 0 <= steps[0] < steps[-1] <= 4 * 3_600_000
