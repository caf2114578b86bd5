"""Progress of a long task on standard error: a bar on a terminal, four lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click


class ProgressStep(Protocol):
    """Callable that a task calls with how much of its total is done."""

    def __call__(self, done: int) -> None:
        """Report progress; `done` is in the unit of the total, and never falls."""
        ...


@contextmanager
def progress(title: str, total: int) -> Iterator[ProgressStep]:
    """Show the progress of the task in the block.

    Args:
        title: What is done, such as `checking facts.jsonl`.
        total: The amount at which the task is done, in any unit.

    Yields:
        The callable that reports progress.
    """
    if not sys.stderr.isatty():
        yield _QuarterLines(title, total)
        return
    from rich.console import Console  # slow to import
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=max(total, 1))
        yield lambda done: bar.update(task, completed=done)
        bar.update(task, completed=max(total, 1))


class _QuarterLines:
    """Prints a line whenever another quarter of the total is done."""

    def __init__(self, title: str, total: int) -> None:
        self._title = title
        self._total = max(total, 1)
        self._reported = 0

    def __call__(self, done: int) -> None:
        quarter = 4 * done // self._total
        if quarter > self._reported:
            self._reported = quarter
            click.echo(f"{self._title}: {25 * quarter} %", err=True)
