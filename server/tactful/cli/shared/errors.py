"""How does a command say that it could not do what was asked?"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

import click

EXIT_NEGATIVE: Final = 1
"""Exit code: it ran, and the answer is no."""
EXIT_FAILED: Final = 2
"""Exit code: it could not run."""


class CommandError(click.ClickException):
    """What is wrong, where, and what to do; a line for each."""

    exit_code = EXIT_FAILED

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it to standard error."""
        for line in self.message.splitlines():
            click.secho("error: ", fg="red", bold=True, nl=False, err=True, file=file)
            click.echo(line, err=True, file=file)


class NegativeAnswerError(CommandError):
    """It ran, and what it says is the answer."""

    exit_code = EXIT_NEGATIVE


@contextmanager
def exit_on(*kinds: type[Exception]) -> Iterator[None]:
    """Errors of these kinds carry their own words."""
    try:
        yield
    except kinds as error:
        raise CommandError(*str(error).splitlines()) from error
