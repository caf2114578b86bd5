"""A failpoint kills the process where it is told to, and only in test mode."""

import os
import signal

import pytest

from tactful.stores.shared.failpoints import FAILPOINTS, from_environment, no_failpoint

ARMED = {"TACTFUL_TEST_MODE": "1"}


@pytest.fixture
def kills(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The signals that were sent, instead of sending them."""
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda process, number: sent.append((process, number)))
    return sent


def test_outside_test_mode_no_failpoint_is_armed() -> None:
    assert from_environment({"TACTFUL_FAILPOINT": "before-commit"}) is no_failpoint
    assert from_environment(ARMED) is no_failpoint


def test_the_named_point_kills_the_process_when_it_is_passed_first(
    kills: list[tuple[int, int]],
) -> None:
    passed = from_environment({**ARMED, "TACTFUL_FAILPOINT": "before-commit"})
    passed("before-begin")
    assert kills == []
    passed("before-commit")
    assert kills == [(os.getpid(), signal.SIGKILL)]


def test_a_count_lets_the_point_be_passed_before(kills: list[tuple[int, int]]) -> None:
    passed = from_environment({**ARMED, "TACTFUL_FAILPOINT": "after-insert:3"})
    passed("after-insert")
    passed("after-insert")
    assert kills == []
    passed("after-insert")
    assert len(kills) == 1


def test_an_unknown_point_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="there is no such point") as caught:
        from_environment({**ARMED, "TACTFUL_FAILPOINT": "somewhere"})
    assert all(point in str(caught.value) for point in FAILPOINTS)
