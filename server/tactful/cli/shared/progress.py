"""Progress of a long task on standard error: a bar on a terminal, four lines elsewhere.

Both say how much time is left, if it is half a second or more.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from tactful.cli.shared.output import print_text


class ProgressStep(Protocol):
    """Callable that a task calls with how much of its total is done."""

    def __call__(self, done: int) -> None:
        """Report progress; `done` is in the unit of the total, and never falls."""
        ...


@contextmanager
def progress(title: str, total: int, *, in_bytes: bool = False) -> Iterator[ProgressStep]:
    """Show the progress of the task in the block.

    Args:
        title: What is done, such as `checking facts.jsonl`.
        total: The amount at which the task is done, in any unit.
        in_bytes: Whether the unit is bytes; then the size and the rate are shown too.

    Yields:
        The callable that reports progress.
    """
    if not sys.stderr.isatty():
        yield _QuarterLines(title, total, in_bytes=in_bytes)
        return
    from rich.console import Console  # slow to import
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        ProgressColumn,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    amounts: tuple[ProgressColumn, ...] = ()
    if in_bytes:
        amounts = (DownloadColumn(), TransferSpeedColumn())

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        *amounts,
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=max(total, 1))
        yield lambda done: bar.update(task, completed=done)
        bar.update(task, completed=max(total, 1))


class _QuarterLines:
    """Prints a line whenever another quarter of the total is done."""

    def __init__(
        self,
        title: str,
        total: int,
        *,
        in_bytes: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._title = title
        self._total = max(total, 1)
        self._in_bytes = in_bytes
        self._clock = clock
        self._began = clock()
        self._reported = 0

    def __call__(self, done: int) -> None:
        quarter = 4 * done // self._total
        if quarter > self._reported:
            self._reported = quarter
            rate = done / max(self._clock() - self._began, 0.001)
            amounts = self._amounts(rate) if self._in_bytes else ""
            left = max(0, round((self._total - done) / rate))
            ending = f", {left // 60} min {left % 60} s left" if left else ""
            print_text(f"{self._title}: {25 * quarter} %{amounts}{ending}", err=True)

    def _amounts(self, rate: float) -> str:
        """Return the size and the rate, as text."""
        return f" of {self._total / 1_000_000:,.1f} MB, {rate / 1_000_000:,.1f} MB/s"
