"""Named points in a write at which a test may kill the process, as a power cut would.

`TACTFUL_FAILPOINT=name` or `name:n` kills the process with SIGKILL when the point is passed for the
n-th time. Points are armed in test mode only; otherwise passing one does nothing.
"""

import os
import signal
from collections.abc import Callable, Mapping
from typing import Final

FailpointHook = Callable[[str], None]

FAILPOINTS: Final = ("before-begin", "after-insert", "before-commit", "after-commit")


def no_failpoint(point: str) -> None:
    """Pass every point; what a server uses outside test mode."""


def from_environment(environment: Mapping[str, str]) -> FailpointHook:
    """Return the hook that the environment arms; outside test mode that is `no_failpoint`.

    Raises:
        ValueError: There is no failpoint of that name.
    """
    armed = environment.get("TACTFUL_FAILPOINT")
    if not armed or environment.get("TACTFUL_TEST_MODE") != "1":
        return no_failpoint
    name, _, count = armed.partition(":")
    if name not in FAILPOINTS:
        message = (
            f"TACTFUL_FAILPOINT={armed}: there is no such point; known: {', '.join(FAILPOINTS)}"
        )
        raise ValueError(message)
    return _Armed(name, int(count or 1))


class _Armed:
    def __init__(self, name: str, left: int) -> None:
        self._name = name
        self._left = left

    def __call__(self, point: str) -> None:
        if point == self._name:
            self._left -= 1
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
