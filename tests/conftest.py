"""Suite-wide configuration: fast tests come first, and skipped tests are summed up once or fail."""

import os
import time
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings

from support.documented_answers import undocumented_answers
from support.postgres_cluster import UNSAFE, Cluster, running_cluster

EXPLORE = os.environ.get("TACTFUL_EXPLORE") == "1"
"""Whether property tests try other examples in each run, instead of the same in all."""
# A deadline would fail on a busy machine.
settings.register_profile("tactful", deadline=None, derandomize=not EXPLORE)
settings.load_profile("tactful")

REQUIRED = os.environ.get("TACTFUL_REQUIRE") == "1"
"""Whether a skipped test is a failure, on a machine that claims to have everything."""
ELSEWHERE = ("real data", "network namespace", "WordPress")
"""Requirements that no checkout contains or a machine may forbid: their absence is never a failure."""


WHOLE_RUN = "tactful/whole_run_seconds"
"""Key of pytest's cache: how long the last complete run on this machine took."""
STARTED = pytest.StashKey[float]()


def speed_class(item: pytest.Item) -> int:
    """0 for fast tests, which `make check` runs; then long properties, journeys, browsers, the slowest."""
    if item.get_closest_marker("slow"):
        return 4
    if item.get_closest_marker("browser"):
        return 3
    if {"journeys", "bench"} & set(item.path.parts):
        return 2
    return 1 if item.get_closest_marker("thorough") else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the fast tests first, so that most mistakes are found in the first part of a run."""
    items.sort(key=speed_class)


def is_whole(config: pytest.Config) -> bool:
    """Whether the run is that of `make test`: all tests, without a selection."""
    named = [Path(one).name for one in config.args]
    marks = config.option.markexpr in {"", "not slow"}  # the latter is the default of the project
    return named == ["tests"] and marks and not config.option.keyword


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say how long a complete run takes."""
    if not is_whole(config):
        return None
    seconds = config.cache.get(WHOLE_RUN, None)
    took = (
        f"the last one here took {in_minutes(seconds)}"
        if seconds
        else "its time is shown next time"
    )
    return f"a complete run, the fast tests first; {took}"


def in_minutes(seconds: float) -> str:
    """A duration as `11 min 54 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def pytest_sessionstart(session: pytest.Session) -> None:
    """Note the start of the run."""
    session.config.stash[STARTED] = time.monotonic()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep how long a complete run took."""
    config = session.config
    if is_whole(config) and not session.shouldstop:
        config.cache.set(WHOLE_RUN, time.monotonic() - config.stash[STARTED])


@pytest.fixture(autouse=True)
def default_log_configuration() -> Iterator[None]:
    """Undo what a command under test configured: the log belongs to the whole process."""
    yield
    structlog.reset_defaults()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where nothing may be missing."""
    report = yield
    reason = reason_of(report)
    if REQUIRED and report.skipped and reason and not any(one in reason for one in ELSEWHERE):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which is not allowed here: {reason}"
    return report


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL of this run, whose disk nobody crashes."""
    with running_cluster(*UNSAFE) as cluster:
        yield cluster


def reason_of(report: Any) -> str:
    """Why a test was skipped."""
    if hasattr(report, "wasxfail") or not isinstance(report.longrepr, tuple):
        return ""
    return str(report.longrepr[2]).removeprefix("Skipped: ")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print one line for each missing requirement."""
    missing = Counter(reason_of(report) for report in terminalreporter.stats.get("skipped", ()))
    for reason, count in sorted(missing.items()):
        if reason:
            tests = "1 test" if count == 1 else f"{count} tests"
            terminalreporter.write_line(f"not tried here: {tests}, because {reason}")


@pytest.fixture(autouse=True)
def every_answer_is_documented() -> Iterator[None]:
    """Fail a test in which a server of this process answers what the OpenAPI document does not have."""
    with undocumented_answers() as found:
        yield
    assert found == []
