"""A replay reports every difference between the log and what is decided again."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import structs

from journeys.fixture import CATALOGUE, rules
from support.live_server import LiveServer, live_server
from tactful.core.rules.policy import Policy
from tactful.runtime.turn_log.replay import Replay, ReplayResult

LONG = 10**15
UNDECIDED = "SELECT * FROM entries WHERE inputs IS NULL"


@pytest.fixture
async def recorded(tmp_path: Path) -> AsyncIterator[LiveServer]:
    """A server whose log holds one offer that was dismissed."""
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper(consent="personal")
        await shopper.view("RUN-42", 31)
        await shopper.say("dismiss", offer=(await shopper.offered())["id"])
        await one.parts.shop.settled()
        await one.parts.shop.ledger.flush()
        yield one


async def replayed(
    one: LiveServer, *, policy: Policy | None = None, seed: str | None = None, since: int = 0
) -> ReplayResult:
    shop = one.parts.shop
    chosen = policy or shop.settings.policy, seed or shop.settings.seed
    return await Replay(shop.ledger, *chosen).run(since, LONG)


def change(one: LiveServer, sql: str) -> None:
    with closing(
        sqlite3.connect(one.folder / "data" / "tactful.db", isolation_level=None)
    ) as ledger:
        ledger.execute(sql)


def aspects(result: ReplayResult) -> set[str]:
    return {one.what for one in result.differences}


async def test_an_unchanged_log_is_decided_again_without_a_difference(recorded: LiveServer) -> None:
    done = await replayed(recorded)
    assert done.differences == ()
    assert (done.unknown, done.lost, done.sessions) == (0, 0, 1)
    assert 0 < done.decisions < done.turns


async def test_another_seed_issues_other_offers(recorded: LiveServer) -> None:
    assert aspects(await replayed(recorded, seed="other")) == {"steps"}


async def test_a_rulebook_that_means_something_else_is_lost_and_not_compared(
    recorded: LiveServer,
) -> None:
    other = structs.replace(recorded.parts.shop.settings.policy, stock_minimum=3)
    lost = await replayed(recorded, policy=other)
    assert (lost.turns, lost.lost > 0, lost.differences) == (0, True, ())


async def test_turns_of_a_session_that_began_before_the_window_are_unknown(
    recorded: LiveServer,
) -> None:
    change(recorded, "DELETE FROM entries WHERE inputs IS NOT NULL")
    done = await replayed(recorded)
    assert (done.turns, done.unknown > 0, done.differences) == (0, True, ())


async def test_turns_that_are_missing_show_as_another_session(recorded: LiveServer) -> None:
    change(recorded, "DELETE FROM entries WHERE inputs IS NULL")
    assert "session" in aspects(await replayed(recorded))


async def test_a_decision_at_another_instant_takes_other_steps(recorded: LiveServer) -> None:
    change(recorded, "UPDATE entries SET at = at + 1 WHERE trace IS NOT NULL")
    assert "steps" in aspects(await replayed(recorded))


async def test_a_trace_that_is_missing_is_reported_with_both_sides(recorded: LiveServer) -> None:
    change(recorded, "UPDATE entries SET trace = NULL WHERE trace IS NOT NULL")
    silent = await replayed(recorded)
    assert aspects(silent) == {"trace"}
    first = silent.differences[0]
    assert first.recorded == "nothing"
    assert "R1" in first.replayed
