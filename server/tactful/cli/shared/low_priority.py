"""Work of a command at the lowest priority: a server on the same machine is served first."""

import os
import sys
from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread, get_native_id
from typing import Final, TypeVar

T = TypeVar("T")

LOWEST: Final = 19
"""The lowest priority that `nice` knows. A thread of it gets 15 of 1,024 parts of a busy core."""


LOOK_EVERY: Final = 0.5
"""Seconds after which the wait for the work looks for Ctrl-C.

A signal that arrives just before a wait begins is noticed only when the wait ends.
"""


def at_low_priority(work: Callable[[], T]) -> T:
    """Perform work on a thread of the lowest priority, and return its result.

    Linux has a priority for each thread, which only a privileged process may raise again. On other
    systems the work has the priority of the command.

    Raises:
        Exception: Whatever the work raised.
    """
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            if sys.platform == "linux":
                os.setpriority(os.PRIO_PROCESS, get_native_id(), LOWEST)
            outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
            outcome.set_exception(error)

    # A daemon, so that Ctrl-C ends the command without waiting for the rest of the work.
    Thread(target=run, name="low-priority", daemon=True).start()
    while not wait((outcome,), LOOK_EVERY).done:
        pass
    return outcome.result()
