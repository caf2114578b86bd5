"""kill -9 at any point around a commit: nothing acknowledged is lost or doubled."""

import asyncio
import itertools
import multiprocessing
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.ledger_audit import CHECKS, audit
from support.processes.crash_worker import DATABASE, acknowledged, live, lost, work
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
    # Which commit is that of the first redemptions depends on how writes were grouped.
    for number, count in itertools.product(range(20), range(4, 9)):
        folder = tmp_path / f"{number}-{count}"
        folder.mkdir()
        kill_at(folder, f"before-commit:{count}", early=True)
        if any("redemption" in words for words in check(folder)):
            return
    pytest.fail("the test cannot tell an early answer from a late one")


def test_failpoints_exist_only_in_test_mode() -> None:
    assert from_environment({"TACTFUL_FAILPOINT": "before-commit"}) is no_failpoint
    assert from_environment({"TACTFUL_TEST_MODE": "1"}) is no_failpoint
    with pytest.raises(ValueError, match="no such point"):
        from_environment({"TACTFUL_TEST_MODE": "1", "TACTFUL_FAILPOINT": "nowhere"})


CORRUPTIONS = {
    "does not add up": "UPDATE stock_commitments SET promised = promised + 1",
    "positions have a hole": "DELETE FROM changes WHERE position = 3",
    "a change is earlier than the one before": "UPDATE changes SET at = -1 WHERE position = 3",
    "a fact has no change": "UPDATE changes SET kind = 'heartbeat' WHERE kind = 'fact'",
    "a key has two facts in force": """
      INSERT INTO facts (id, kind, key, subjects, body, at)
      SELECT 1000, kind, key, subjects, body, at FROM facts LIMIT 1""",
    "a subject of a fact in force is not indexed": "DELETE FROM subjects",
    "a column of an offer differs from its body": "UPDATE offers SET units = 5",
    "an offer is not in the state of its last step": """
      INSERT INTO steps (offer, session, at, seq, state) SELECT offer, session, at, seq, 'shown'
      FROM steps LIMIT 1""",
    "a redeemed offer and its redemption disagree": "UPDATE redemptions SET status = 'cancelled'",
    "a redemption has no change": "UPDATE changes SET subjects = '[]' WHERE kind = 'redemption'",
    "a budget exceeds its limit": 'UPDATE budgets SET "limit" = 1',
    "steps are miscounted": "UPDATE rule_steps SET count = count + 1",
    "a reduction is not that of its last offer": "UPDATE reductions SET last = last - 1",
    "a session has another epoch than its last claim": "UPDATE sessions SET epoch = 1",
    "a session was never claimed as often as its epoch says": """
      UPDATE changes SET subjects = '[]' WHERE kind = 'session_claimed'""",
    "a contact history has no revision": "UPDATE contacts SET revision = 0",
    "a tally is negative": "UPDATE tallies SET count = -1",
    "a tombstone is no digest": "UPDATE erased SET digest = substr(digest, 2)",
    "an erasure has no tombstone": "DELETE FROM erased",
    "a rulebook that was activated is missing": """
      INSERT INTO activations (version, at) VALUES ('gone', 1)""",
}


@pytest.fixture(scope="module")
def worked_on(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a ledger that a worker has finished."""
    folder = tmp_path_factory.mktemp("audit")
    asyncio.run(work(folder, 8))
    return folder


def test_the_audit_finds_nothing_wrong_with_a_whole_ledger(worked_on: Path) -> None:
    assert check(worked_on) == []
    acks = acknowledged((worked_on / "acks").read_bytes())
    kinds = {kind for ack in acks for kind in ack}
    assert kinds >= {"offer", "order", "fact", "session", "contact", "erased"}


@pytest.mark.parametrize("words", [words for words in CHECKS if words != "the file is damaged"])
def test_each_check_of_the_audit_finds_a_corrupted_row(worked_on: Path, words: str) -> None:
    with closing(sqlite3.connect(":memory:")) as copy:
        with closing(sqlite3.connect(worked_on / DATABASE)) as ledger:
            ledger.backup(copy)
        copy.execute(CORRUPTIONS[words])
        assert [one for one in audit(copy) if one.startswith(words)]


def test_a_lost_tally_claim_history_and_erasure_are_noticed(
    worked_on: Path, tmp_path: Path
) -> None:
    shutil.copytree(worked_on, tmp_path, dirs_exist_ok=True)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as ledger:
        ledger.execute("DELETE FROM tallies")
        ledger.execute("DELETE FROM erased")
        ledger.execute("UPDATE sessions SET epoch = 9, state = CAST('customer-0_0.' AS BLOB)")
        ledger.commit()
    found = " ".join(check(tmp_path))
    for words in ("are tallied of", "erasure of", "claim of", "names customer-0_0."):
        assert words in found
