"""Whose session is explained, when it is asked for by the customer."""

import asyncio
from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, case, rules
from support.live_server import LiveServer, live_server

CROWD = 40


async def explained(one: LiveServer, customer: str, sku: str = "RUN-42", **more: str) -> str:
    """The session that answers for a customer."""
    query = {"sku": sku, "customer": customer, **more}
    answer = await one.http.get("/v1/why", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.json()["customer"] == customer
    return str(answer.json().get("session"))


@pytest.mark.parametrize("how", ["with the hello", "after it", "on coming back"])
async def test_whoever_was_welcomed_is_known_to_why_at_once(tmp_path: Path, how: str) -> None:
    """Many at once, each asked for in the instant of the welcome that answers the identity."""
    async with live_server(tmp_path, rules()) as one:
        people = [f"c{number}" for number in range(CROWD)]
        await one.facts(*CATALOGUE, *(case(f"k-{who}", who, "late") for who in people))

        async def arrive(who: str) -> None:
            if how == "after it":
                shopper = await one.shopper(consent="personal")
                await shopper.say("identify", identity=one.identity(who))
                session = (await shopper.expect("welcome"))["session"]
            else:
                stranger = await one.shopper(consent="personal")
                back = {"resume": stranger.resume} if how == "on coming back" else {}
                session = (await one.known(who, **back)).session
            assert await explained(one, who) == session.partition(".")[0]
            assert (await one.why("RUN-42", customer=who))["reason"] == "service.open"

        await asyncio.gather(*(arrive(who) for who in people))


async def test_the_session_that_somebody_is_in_answers_before_one_that_they_left(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        first = await one.known("c1")
        await one.advance(60)
        second = await one.known("c1")
        assert await explained(one, "c1") == second.session
        await second.leave()
        await one.parts.shop.settled()
        assert await explained(one, "c1") == first.session
        await first.leave()
        await one.parts.shop.settled()
        assert await explained(one, "c1") == second.session


async def test_a_past_instant_is_explained_by_the_session_of_then(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        first = await one.known("c1")
        await first.view("RUN-42", 60)
        second = await one.known("c1")
        await second.view("TRAIL-42", 60)
        assert await explained(one, "c1", at="2026-03-10T12:00:30Z") == first.session
        assert await explained(one, "c1", at="2026-03-10T12:01:30Z") == second.session
        assert await explained(one, "c1", at="2030-01-01T00:00:00Z") == second.session
