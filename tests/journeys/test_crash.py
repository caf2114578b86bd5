"""kill -9 at any point around a commit: nothing acknowledged is lost or doubled."""

import asyncio
import multiprocessing
import signal
from pathlib import Path

import pytest

from support.processes.crash_worker import DATABASE, acknowledged, live, lost
from tactful.stores.shared.failpoints import FAILPOINTS, from_environment, no_failpoint

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["support.processes.crash_worker"])


def kill_at(folder: Path, failpoint: str, *, early: bool = False) -> None:
    """Run a worker until it kills itself at a failpoint."""
    process = FORKS.Process(target=live, args=(str(folder), failpoint, early))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, failpoint


def check(folder: Path) -> list[str]:
    """What is missing or wrong after a restart; empty if nothing is."""
    acks = acknowledged((folder / "acks").read_bytes())
    return asyncio.run(lost(folder / DATABASE, acks))


def failpoints(times: int) -> list[str]:
    """Every failpoint, at its second to n-th hit."""
    return [f"{point}:{count}" for count in range(2, times + 2) for point in FAILPOINTS]


@pytest.mark.parametrize("point", FAILPOINTS)
def test_a_kill_at_a_named_point_loses_and_doubles_nothing_acknowledged(
    tmp_path: Path, point: str
) -> None:
    """One ledger is killed 13 times at each of the four points: 52 kills in all."""
    for count in range(2, 15):
        kill_at(tmp_path, f"{point}:{count}")
        assert check(tmp_path) == []


@pytest.mark.slow
def test_a_thousand_kills_lose_and_double_nothing_acknowledged(tmp_path: Path) -> None:
    for failpoint in failpoints(250):
        kill_at(tmp_path, failpoint)
        assert check(tmp_path) == []


def test_a_build_that_acknowledges_before_the_commit_loses_data(tmp_path: Path) -> None:
    for count in range(4, 12):
        kill_at(tmp_path, f"before-commit:{count}", early=True)
        if any("redemption" in words for words in check(tmp_path)):
            return
    pytest.fail("the test cannot tell an early answer from a late one")


def test_failpoints_exist_only_in_test_mode() -> None:
    assert from_environment({"TACTFUL_FAILPOINT": "before-commit"}) is no_failpoint
    assert from_environment({"TACTFUL_TEST_MODE": "1"}) is no_failpoint
    with pytest.raises(ValueError, match="no such point"):
        from_environment({"TACTFUL_TEST_MODE": "1", "TACTFUL_FAILPOINT": "nowhere"})
