"""Suite-wide configuration: skipped tests are summed up once, or fail where nothing may be missing."""

import os
from collections import Counter
from collections.abc import Generator, Iterator
from typing import Any

import pytest
import structlog
from hypothesis import settings

EXPLORE = os.environ.get("TACTFUL_EXPLORE") == "1"
"""Whether property tests try other examples in each run, instead of the same in all."""
# A deadline would fail on a busy machine.
settings.register_profile("tactful", deadline=None, derandomize=not EXPLORE)
settings.load_profile("tactful")

REQUIRED = os.environ.get("TACTFUL_REQUIRE") == "1"
"""Whether a skipped test is a failure, on a machine that claims to have everything."""
ELSEWHERE = ("real data", "network namespace")
"""Requirements that no checkout contains or a machine may forbid: their absence is never a failure."""


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
