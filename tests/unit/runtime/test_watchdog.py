"""A blocked event loop is counted, and logged once a minute with the place that blocked it."""

import linecache
import sys
from threading import Thread, get_ident
from typing import Any

from structlog.testing import capture_logs

from support.machine_clocks import MachineClocks
from tactful.runtime.system_clock import SystemClock
from tactful.runtime.telemetry import Telemetry
from tactful.runtime.watchdog import (
    BEAT_S,
    BEATS_PER_LOOK,
    STACK_FRAMES,
    STALL_S,
    SUMMARY_S,
    Watchdog,
    places_of,
)


class ManualTime:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def watchdog(clock: ManualTime) -> tuple[Watchdog, Telemetry]:
    telemetry = Telemetry()
    return Watchdog(telemetry, monotonic=clock), telemetry


def counted(telemetry: Telemetry) -> float:
    (line,) = [
        line
        for line in telemetry.exposition().decode().splitlines()
        if line.startswith("tactful_loop_stalls_total")
    ]
    return float(line.split()[1])


def stall(watched: Watchdog, clock: ManualTime, seconds: float) -> None:
    clock.at += seconds
    watched._beat()


def warnings_of(logs: list[Any]) -> list[Any]:
    return [
        line for line in logs if line["log_level"] == "warning" and line["event"] == "loop.stalled"
    ]


async def test_a_stall_is_counted_and_its_place_is_found_while_it_lasts() -> None:
    clock = ManualTime()
    watched, telemetry = watchdog(clock)

    def block() -> None:
        looking = Thread(target=watched._look, args=(get_ident(),))
        looking.start()
        looking.join()

    with capture_logs() as logs:
        watched.start()
        clock.at += STALL_S + BEAT_S
        block()
        watched._beat()
        watched.stop()
    assert counted(telemetry) == 1
    (line,) = warnings_of(logs)
    assert (line["stalls"], line["ms"]) == (1, 1000 * (STALL_S + BEAT_S))
    assert any(place.endswith(" block") for place in line["where"])


async def test_a_busy_machine_gets_one_warning_a_minute_with_the_worst_stall() -> None:
    clock = ManualTime()
    watched, telemetry = watchdog(clock)
    with capture_logs() as logs:
        watched.start()
        for number in range(169):
            stall(watched, clock, 1.5 if number % 50 == 7 else 0.3)
            for _ in range(150):
                stall(watched, clock, BEAT_S)
        watched.stop()
    assert counted(telemetry) == 169
    found = warnings_of(logs)
    lasted = 169 * (0.3 + 150 * BEAT_S)
    assert len(found) <= lasted // SUMMARY_S + 2
    assert sum(line["stalls"] for line in found) == 169
    assert found[0]["ms"] == 1500
    assert sum(line["log_level"] == "debug" for line in logs) == 169


async def test_a_loop_that_beats_and_a_stopped_watchdog_report_nothing() -> None:
    clock = ManualTime()
    watched, telemetry = watchdog(clock)
    with capture_logs() as logs:
        watched.start()
        for _ in range(100):
            clock.at += STALL_S - BEAT_S
            watched._look(get_ident())
            watched._beat()
        watched.stop()
    assert logs == []
    assert counted(telemetry) == 0


def test_the_innermost_places_are_named_without_reading_a_source_file() -> None:
    def deep(levels: int) -> list[str]:
        return deep(levels - 1) if levels else places_of(sys._getframe())

    linecache.clearcache()
    found = deep(20)
    assert len(found) == STACK_FRAMES
    assert all(place.startswith(f"{__file__}:") and place.endswith(" deep") for place in found)
    assert __file__ not in linecache.cache
    assert places_of(None) == []


async def test_a_step_of_the_machines_clock_is_logged_and_passed_on_once_it_is_believed() -> None:
    machine = MachineClocks(runs=False)
    believed = list[int]()
    clock = SystemClock(machine.wall, machine.steady)
    watchdog = Watchdog(Telemetry(), clock, believed.append)
    with capture_logs() as logs:
        watchdog.start()
        machine.moved = -90
        for _ in range(2 * BEATS_PER_LOOK):
            watchdog._beat()
        assert believed == []
        machine.passed = 31
        for _ in range(BEATS_PER_LOOK):
            watchdog._beat()
        watchdog.stop()
    assert [(line["event"], line["seconds"]) for line in logs] == [
        ("clock.jumped", -90.0),
        ("clock.believed", -90.0),
    ]
    assert believed == [-90_000]
