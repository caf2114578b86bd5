"""Work at low priority runs on a thread of its own, and leaves the command as it was."""

import os
import signal
import sys
from collections.abc import Iterator
from threading import Event, get_native_id, main_thread

import pytest

from tactful.cli.shared.low_priority import LOWEST, at_low_priority


def own_priority() -> int:
    return os.getpriority(os.PRIO_PROCESS, get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority for each thread")
def test_only_the_thread_that_works_has_the_lowest_priority() -> None:
    before = own_priority()
    assert at_low_priority(own_priority) == LOWEST
    assert own_priority() == before


def test_an_error_of_the_work_is_raised_to_the_caller() -> None:
    def fail() -> None:
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        at_low_priority(fail)


@pytest.fixture
def _ctrl_c_is_heard() -> Iterator[None]:
    """A shell without job control starts background jobs with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ctrl_c_is_heard")
def test_ctrl_c_ends_the_command_without_waiting_for_the_work() -> None:
    may_end, has_ended = Event(), Event()

    def work() -> None:
        ident = main_thread().ident
        assert ident is not None
        signal.pthread_kill(ident, signal.SIGINT)
        assert may_end.wait(20)
        has_ended.set()

    with pytest.raises(KeyboardInterrupt):
        at_low_priority(work)
    assert not has_ended.is_set()
    may_end.set()
    assert has_ended.wait(20)
