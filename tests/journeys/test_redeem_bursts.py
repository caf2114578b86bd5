"""Concurrent redemptions use an offer once and its budget once."""

from pathlib import Path

import pytest

from support.processes.redemption_server import HELD
from support.redemption_bursts import AT_ONCE, Outcome, run


def check(outcome: Outcome, attempts: int) -> None:
    """Check what must hold after any run."""
    assert outcome.attempts == attempts
    assert outcome.doubled == []
    assert outcome.differing == []
    assert outcome.unexpected == []
    assert outcome.unsold == 0
    offers = attempts // AT_ONCE
    limit = (offers + 1) * HELD
    spent = {"limit": limit, "reserved": HELD, "settled": offers * HELD, "wrong": []}
    assert outcome.ledger == spent


def test_bursts_of_sixteen_over_four_processes_double_nothing(tmp_path: Path) -> None:
    check(run(tmp_path, 4_992), 4_992)


def test_a_build_that_checks_before_writing_redeems_an_offer_twice(tmp_path: Path) -> None:
    outcome = run(tmp_path, 480, "naive")
    assert outcome.doubled


@pytest.mark.slow
def test_a_million_attempts_double_nothing(tmp_path: Path) -> None:
    check(run(tmp_path, 1_000_000), 1_000_000)
