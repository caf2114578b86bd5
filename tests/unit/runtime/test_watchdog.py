"""A blocked event loop is counted and logged with the place that blocked it."""

import asyncio
import time

import structlog

from support.machine_clocks import MachineClocks
from tactful.runtime.system_clock import SystemClock
from tactful.runtime.telemetry import Telemetry
from tactful.runtime.watchdog import BEAT_S, STALL_S, Watchdog

COUNTED = b"tactful_loop_stalls_total 1.0"


def block(seconds: float) -> None:
    """Block the event loop."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(1000))


async def test_a_stall_is_counted_and_logged_with_what_ran() -> None:
    telemetry = Telemetry()
    watchdog = Watchdog(telemetry)
    with structlog.testing.capture_logs() as logs:
        watchdog.start()
        block(2 * STALL_S + 4 * BEAT_S)
        for _ in range(10):
            await asyncio.sleep(0)
        watchdog.stop()
    stalls = [line for line in logs if line["event"] == "loop.stalled"]
    assert COUNTED in telemetry.exposition()
    assert stalls[0]["ms"] >= 1000 * STALL_S
    assert any(place.endswith(" block") for place in stalls[0]["where"])


async def test_a_stopped_watchdog_reports_nothing() -> None:
    telemetry = Telemetry()
    watchdog = Watchdog(telemetry)
    watchdog.start()
    watchdog.stop()
    with structlog.testing.capture_logs() as logs:
        block(STALL_S + BEAT_S)
        for _ in range(10):
            await asyncio.sleep(0)
    assert logs == []
    assert COUNTED not in telemetry.exposition()


async def test_a_step_of_the_machines_clock_is_logged_and_passed_on_once_it_is_believed() -> None:
    machine = MachineClocks(runs=False)
    believed = list[int]()
    clock = SystemClock(machine.wall, machine.steady)
    watchdog = Watchdog(Telemetry(), clock, believed.append)
    with structlog.testing.capture_logs() as logs:
        watchdog.start()
        machine.moved = -90
        watchdog._beat()
        watchdog._beat()
        assert believed == []
        machine.passed = 31
        watchdog._beat()
        watchdog.stop()
    assert [(line["event"], line["seconds"]) for line in logs] == [
        ("clock.jumped", -90.0),
        ("clock.believed", -90.0),
    ]
    assert believed == [-90_000]
