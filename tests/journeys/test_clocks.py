"""A machine clock that is wrong or jumps: no ended offer returns, no used offer is used again."""

import time
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from journeys.fixture import CATALOGUE, rules
from support.cli_runner import run
from support.live_server import LiveServer, Shopper, live_server
from support.raw_connections import eventually
from tactful.app import build
from tactful.cli.shared import logging_setup as logs
from tactful.runtime.timers import YEAR_2020, SystemClock
from tactful.transports.server.listener import ListenAddress, Listener

HOUR, DAY = 3_600, 86_400


class Machine:
    """The machine's wall clock, which may be moved; its monotonic clock runs on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._real, self._real_ns = time.time, time.time_ns
        self.moved = 0.0
        monkeypatch.setattr(time, "time", lambda: self._real() + self.moved)
        monkeypatch.setattr(time, "time_ns", lambda: self._real_ns() + int(self.moved * 1e9))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


class Living(LiveServer):
    """A live server on the machine's clock instead of the test clock."""

    async def start(self) -> None:
        await super().start()
        await self.listener.close()
        self.parts = build(self.config, clock=SystemClock())
        self.listener = Listener(self.parts.app, self.parts.hub, ListenAddress(port=0))
        await self.listener.start()
        self.http.base_url = f"http://127.0.0.1:{self.listener.port}"


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


async def test_a_forward_clock_jump_expires_offers_and_is_logged(
    tmp_path: Path, machine: Machine
) -> None:
    one = Living(tmp_path, RESCUE)
    await one.start()
    try:
        await one.facts(*CATALOGUE)
        shopper, _ = await offered(one)
        with capture_logs() as logged:
            machine.moved = HOUR
            await eventually(
                lambda: not any(live.state.offers for live in one.parts.shop.state.registry)
            )
            await eventually(lambda: any(line["event"] == "clock.jumped" for line in logged))
        machine.moved = -DAY
        again = await one.shopper(resume=shopper.resume)
        assert again.welcome["offers"] == []
    finally:
        await one.stop()


async def test_a_backward_clock_jump_stops_nothing_and_revives_nothing(
    tmp_path: Path, machine: Machine
) -> None:
    one = Living(tmp_path, RESCUE)
    await one.start()
    try:
        await one.facts(*CATALOGUE)
        shopper, offer = await offered(one)
        await shopper.say("accept", offer=offer["id"])
        token = (await shopper.expect("accepted"))["token"]
        first = await one.redeem(token, "o1")
        assert first.status_code == 200
        before = one.parts.shop.clock.now()
        machine.moved = -DAY
        assert one.parts.shop.clock.now() >= before
        assert (await one.redeem(token, "o1")).content == first.content
        assert (await one.redeem(token, "o2")).status_code == 409
        other, _ = await offered(one)
        assert other.session != shopper.session
    finally:
        await one.stop()


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
    tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The command would take over the log of the test process.
    monkeypatch.setattr(logs, "LogHandler", lambda _: None)
    machine.moved = -time.time()
    result = run("serve", "--data", tmp_path, "--port", "0")
    assert result.exit_code == 2
    assert "the year 19" in result.output
    assert "Set the clock" in result.output
    machine.moved = 0
    machine.moved = YEAR_2020 / 1_000 - time.time() + 1
    assert SystemClock().now() >= YEAR_2020
