"""How does the command line list its commands without importing them?"""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click
from msgspec import Struct

from tactful.cli.shared.errors import CommandError


class LazyCommand(Struct, frozen=True):
    """A command that is imported when it is run: `module:attribute`, and its line of help."""

    target: str
    help: str


class LazyGroup(click.Group):
    """A group of lazy commands, that ends every failure in one line and an exit code."""

    def __init__(self, lazy: Mapping[str, LazyCommand], **attributes: Any) -> None:
        super().__init__(**attributes)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they were given, not by the alphabet."""
        del ctx
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        del ctx
        if cmd_name not in self.lazy:
            return None
        module, _, attribute = self.lazy[cmd_name].target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant; for one that is not there, the nearest."""
        near = get_close_matches(args[0], self.lazy, n=1)
        if args[0] not in self.lazy and near:
            ctx.fail(f"No such command {args[0]!r}; did you mean {near[0]}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in self.lazy.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what it did not foresee ends in one line, too."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except OSError as error:  # a disk, a pipe or a socket, with its own words
            if isinstance(error, BrokenPipeError):
                raise
            where = f"{error.filename}: " if error.filename else ""
            raise CommandError(f"{where}{error.strerror or error}") from error
        except Exception as error:
            text = f"this is a mistake in tactful: {type(error).__name__}: {error}"
            raise CommandError(f"{text}; please report it with the command that you ran") from error
