"""The health of a shop: each reason has its cause, and the word follows from the reasons."""

from pathlib import Path
from typing import get_args

import pytest

from support.bare_shop import NOON, bare_shop
from support.machine_clocks import MachineClocks
from tactful.core.rules.policy import FeedMaxAge
from tactful.runtime.health import FAILING, REASONS, Health, liveness, readiness
from tactful.runtime.state.active_rulebook import KeptReason
from tactful.runtime.system_clock import SystemClock


@pytest.mark.parametrize(
    ("reasons", "word"),
    [
        ((), "ok"),
        *(((code,), "failing" if code in FAILING else "degraded") for code in REASONS),
        (tuple(REASONS), "failing"),
    ],
)
def test_one_failing_reason_makes_the_word(reasons: tuple[str, ...], word: str) -> None:
    assert Health(reasons).word == word


def test_every_reason_to_keep_a_rulebook_is_a_reason_of_the_health(tmp_path: Path) -> None:
    state = bare_shop(tmp_path).state
    for reason in get_args(KeptReason):
        state.active_rulebook.keep(reason)
        assert readiness(state, ready=True).reasons == (f"rules.{reason}",)
    state.active_rulebook.accept()
    assert readiness(state, ready=True).reasons == ()


def test_a_shop_that_has_not_started_is_alive(tmp_path: Path) -> None:
    state = bare_shop(tmp_path).state
    assert readiness(state, ready=False).reasons == ("starting",)
    assert liveness(state).reasons == ()


@pytest.mark.parametrize(("broken", "reason"), [(False, "ledger.full"), (True, "ledger.broken")])
def test_a_ledger_that_cannot_be_written_is_named_by_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bool, reason: str
) -> None:
    state = bare_shop(tmp_path).state
    monkeypatch.setattr(type(state.ledger), "failure", property(lambda _: "no"))
    monkeypatch.setattr(type(state.ledger), "is_broken", property(lambda _: broken))
    assert liveness(state).reasons == (reason,)


def test_a_watched_feed_that_is_silent_is_stale_and_an_unwatched_one_is_not(tmp_path: Path) -> None:
    state = bare_shop(tmp_path).state
    state.feeds.record_heartbeat("prices", NOON - 60_000)
    assert readiness(state, ready=True).reasons == ()
    state.feeds.use_policy(FeedMaxAge(prices=60_000))
    assert readiness(state, ready=True).reasons == ()
    state.feeds.use_policy(FeedMaxAge(prices=59_999))
    assert readiness(state, ready=True).reasons == ("feed.stale",)
    state.feeds.use_policy(FeedMaxAge(stock=60_000))
    assert readiness(state, ready=True).reasons == ("feed.stale",)


def test_a_folder_of_keys_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    state = bare_shop(tmp_path).state
    (key,) = tmp_path.rglob("*.key.json")
    damaged = key.with_name("000002.key.json")
    damaged.write_text("{}")
    assert readiness(state, ready=True).reasons == ("keys.unusable",)
    damaged.unlink()
    assert readiness(state, ready=True).reasons == ()
    key.parent.rename(tmp_path / "away")
    assert readiness(state, ready=True).reasons == ("keys.unusable",)


def test_a_clock_that_is_not_followed_yet_is_named(tmp_path: Path) -> None:
    machine = MachineClocks(runs=False)
    state = bare_shop(tmp_path).state
    state.clock = clock = SystemClock(machine.wall, machine.steady)
    machine.moved = 61
    clock.observe()
    assert readiness(state, ready=True).reasons == ("clock.jumped",)
    machine.passed = 31
    clock.observe()
    assert readiness(state, ready=True).reasons == ()
