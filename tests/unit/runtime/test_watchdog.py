"""A loop that is held up is noticed, with the place that held it."""

import asyncio
import time

import structlog

from tactful.runtime.telemetry import Telemetry
from tactful.runtime.watchdog import BEAT_S, STALL_S, Watchdog

COUNTED = b"tactful_loop_stalls_total 1.0"


def hold_up(seconds: float) -> None:
    """Keep the loop from everything else."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(1000))


async def test_a_stall_is_counted_and_logged_with_what_ran() -> None:
    telemetry = Telemetry()
    watchdog = Watchdog(telemetry)
    with structlog.testing.capture_logs() as logs:
        watchdog.start()
        hold_up(2 * STALL_S + 4 * BEAT_S)
        for _ in range(10):
            await asyncio.sleep(0)
        watchdog.stop()
    stalls = [line for line in logs if line["event"] == "loop.stalled"]
    assert COUNTED in telemetry.exposition()
    assert stalls[0]["ms"] >= 1000 * STALL_S
    assert any(place.endswith(" hold_up") for place in stalls[0]["where"])


async def test_a_stopped_watchdog_is_silent() -> None:
    telemetry = Telemetry()
    watchdog = Watchdog(telemetry)
    watchdog.start()
    watchdog.stop()
    with structlog.testing.capture_logs() as logs:
        hold_up(STALL_S + BEAT_S)
        for _ in range(10):
            await asyncio.sleep(0)
    assert logs == []
    assert COUNTED not in telemetry.exposition()
