"""A machine clock that is wrong or jumps: no ended offer returns, no used offer is used again."""

import contextlib
import time
from collections.abc import AsyncIterator, MutableSequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from journeys.fixture import CATALOGUE, rules
from support.cli_runner import run
from support.live_server import LiveServer, Shopper, live_server
from support.machine_clocks import MachineClocks
from support.raw_connections import eventually
from tactful.app import build
from tactful.cli.shared import logging_setup as logs
from tactful.runtime.system_clock import SystemClock
from tactful.transports.server.listener import ListenAddress, Listener

HOUR, DAY = 3_600, 86_400


class Living(LiveServer):
    """A live server on clocks that the test sets, instead of the test clock."""

    def __init__(self, folder: Path, rules: str) -> None:
        super().__init__(folder, rules)
        self.machine = MachineClocks()

    async def start(self) -> None:
        await super().start()
        await self.listener.close()
        clock = SystemClock(self.machine.wall, self.machine.steady)
        self.parts = build(self.config, clock=clock)
        self.listener = Listener(self.parts.app, self.parts.hub, ListenAddress(port=0))
        await self.listener.start()
        self.http.base_url = f"http://127.0.0.1:{self.listener.port}"

    async def wait(self, seconds: float) -> None:
        """Let time pass once everything that was sent is decided."""
        await self.parts.shop.settled()
        self.machine.passed += seconds

    async def noticed(self, logged: MutableSequence[EventDict], kind: str) -> None:
        """Wait until the server has noticed a change of the machine's clock."""
        await eventually(lambda: any(line["event"] == f"clock.{kind}" for line in logged))


@contextlib.asynccontextmanager
async def living(folder: Path, text: str) -> AsyncIterator[Living]:
    one = Living(folder, text)
    await one.start()
    try:
        await one.facts(*CATALOGUE)
        yield one
    finally:
        await one.stop()


RESCUE = (
    rules(body="")
    .replace("campaign: C", "campaign: C\n    moment: rescue")
    .replace("        - session.dwell: {at_least: 30s}\n", "")
)


async def offered(one: LiveServer) -> tuple[Shopper, dict[str, Any]]:
    """A shopper on the cancel page, and the offer that the page causes at once."""
    shopper = await one.shopper()
    await shopper.view("RUN-42")
    await shopper.say("page", url="https://shop.example/cancel", kind="cancel", moment="rescue")
    return shopper, await shopper.offered()


async def test_an_hour_forwards_for_a_moment_and_back_silences_nothing(tmp_path: Path) -> None:
    async with living(tmp_path, rules()) as one:
        shopper = await one.shopper()
        await shopper.view("RUN-42")
        with capture_logs() as logged:
            one.machine.moved = HOUR
            await one.noticed(logged, "jumped")
            health = (await one.http.get("/readyz")).json()
            assert (health["status"], health["reasons"]) == ("degraded", ["clock.jumped"])
            one.machine.moved = 0
            await one.noticed(logged, "returned")
        await one.wait(31)
        assert (await shopper.offered())["sku"] == "RUN-42"
        assert (await one.http.get("/readyz")).json()["status"] == "ok"


@pytest.mark.parametrize("step", [1, 30, 59, 61, HOUR, DAY])
@pytest.mark.parametrize("direction", [1, -1])
async def test_offers_go_on_during_and_after_a_step_that_is_undone(
    tmp_path: Path, step: int, direction: int
) -> None:
    async with living(tmp_path, rules()) as one:
        first, second = await one.shopper(), await one.shopper()
        await first.view("RUN-42")
        await one.wait(10)
        with capture_logs() as logged:
            one.machine.moved = 1.1 * step * direction
            await one.noticed(logged, "jumped")
            await one.wait(25)
            assert (await first.offered())["sku"] == "RUN-42"
            logged.clear()
            one.machine.moved = 0
            await second.view("RUN-43")
            await eventually(lambda: bool(logged))
        await one.wait(35)
        assert (await second.offered())["sku"] == "RUN-43"
        assert abs(one.parts.shop.clock.now() / 1000 - one.machine.wall() / 1e9) < 10


async def test_a_forward_step_that_stands_expires_offers_and_is_logged(tmp_path: Path) -> None:
    async with living(tmp_path, RESCUE) as one:
        shopper, _ = await offered(one)
        with capture_logs() as logged:
            one.machine.moved = HOUR
            await one.noticed(logged, "jumped")
            await one.wait(31)
            await one.noticed(logged, "believed")
            await eventually(
                lambda: not any(live.state.offers for live in one.parts.shop.state.registry)
            )
            one.machine.moved = -DAY
            await eventually(lambda: [line["event"] for line in logged].count("clock.jumped") == 2)
            await one.wait(31)
            await eventually(
                lambda: [line["event"] for line in logged].count("clock.believed") == 2
            )
        again = await one.shopper(resume=shopper.resume)
        assert again.welcome["offers"] == []


async def test_offers_go_on_after_the_clock_went_back_a_day_for_good(tmp_path: Path) -> None:
    async with living(tmp_path, rules()) as one:
        earlier = await one.shopper()
        await earlier.view("RUN-43")
        with capture_logs() as logged:
            one.machine.moved = -DAY
            await one.noticed(logged, "jumped")
            await one.wait(31)
            await one.noticed(logged, "believed")
        assert abs(one.parts.shop.clock.now() / 1000 - one.machine.wall() / 1e9) < 1
        await earlier.view("RUN-42")
        new = await one.shopper()
        await new.view("RUN-42")
        await one.wait(31)
        assert (await new.offered())["sku"] == "RUN-42"
        await earlier.offered()


async def test_a_backward_step_stops_nothing_and_revives_nothing(tmp_path: Path) -> None:
    async with living(tmp_path, RESCUE) as one:
        shopper, offer = await offered(one)
        await shopper.say("accept", offer=offer["id"])
        token = (await shopper.expect("accepted"))["token"]
        first = await one.redeem(token, "o1")
        assert first.status_code == 200
        before = one.parts.shop.clock.now()
        one.machine.moved = -DAY
        assert one.parts.shop.clock.now() >= before
        assert (await one.redeem(token, "o1")).content == first.content
        assert (await one.redeem(token, "o2")).status_code == 409
        other, _ = await offered(one)
        assert other.session != shopper.session


async def test_a_start_with_a_clock_set_back_a_day_revives_no_offer(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 31)
        used = await shopper.offered()
        await shopper.say("accept", offer=used["id"])
        token = (await shopper.expect("accepted"))["token"]
        assert (await one.redeem(token, "o1")).status_code == 200
        other = await one.shopper()
        await other.view("RUN-43", 31)
        await other.offered()
        await one.advance(HOUR)
        resume = other.resume
        await one.restart()
        moved = await one.http.post("/v1/test/clock", json={"now": "2026-03-09T13:00:00Z"})
        assert moved.status_code == 200, moved.text
        assert (await one.redeem(token, "o2")).status_code == 409
        again = await one.shopper(resume=resume)
        assert again.welcome["offers"] == []


def test_a_start_with_an_unset_clock_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The command would take over the log of the test process.
    monkeypatch.setattr(logs, "LogHandler", lambda _: None)
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    result = run("serve", "--data", tmp_path, "--port", "0")
    assert result.exit_code == 2
    assert "the year 1970" in result.output
    assert "Set the clock" in result.output
