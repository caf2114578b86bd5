"""Errors of commands, and the exit code of each."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

import click

from tactful.cli.shared.output import print_text

EXIT_NEGATIVE: Final = 1
"""Exit code of a command that ran and whose answer is no: findings, refused rows, a bad page."""
EXIT_FAILED: Final = 2
"""Exit code of a command that could not run."""


class CommandError(click.ClickException):
    """A command cannot run. Each line says what is wrong, where, and what to do."""

    exit_code = EXIT_FAILED

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))

    def show(self, file: IO[Any] | None = None) -> None:
        """Print each line to standard error, with the prefix `error: `."""
        for line in self.message.splitlines():
            print_text("error: ", fg="red", bold=True, nl=False, err=True, file=file)
            print_text(line, err=True, file=file)


class NegativeAnswerError(CommandError):
    """A command ran, and the lines are its negative answer."""

    exit_code = EXIT_NEGATIVE


@contextmanager
def exit_on(*kinds: type[Exception]) -> Iterator[None]:
    """Turn exceptions of these kinds into a `CommandError` with their own text.

    Raises:
        CommandError: The block raised one of `kinds`.
    """
    try:
        yield
    except kinds as error:
        raise CommandError(*str(error).splitlines()) from error
