"""Click group that lists its commands without importing them."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click
from msgspec import Struct

from tactful.cli.shared.errors import CommandError


class LazyCommand(Struct, frozen=True):
    """A command that is imported when it runs."""

    target: str
    """`module:attribute` of the command."""
    help: str
    """Its line in the list of commands: an imperative sentence."""
    hidden: bool = False
    """Whether it is an old name, which still works and is not listed."""


class LazyGroup(click.Group):
    """Group of lazy commands that ends every failure in one line and an exit code."""

    def __init__(self, lazy: Mapping[str, LazyCommand], **attributes: Any) -> None:
        super().__init__(**attributes)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which they were given, not alphabetically."""
        del ctx
        return [name for name, lazy in self.lazy.items() if not lazy.hidden]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; None: the group has no command of that name."""
        del ctx
        if cmd_name not in self.lazy:
            return None
        module, _, attribute = self.lazy[cmd_name].target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of the first argument, and suggest the nearest name for an unknown one."""
        near = get_close_matches(args[0], self.lazy, n=1)
        if args[0] not in self.lazy and near:
            ctx.fail(f"There is no command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands for `--help`."""
        names = self.list_commands(ctx)
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.lazy[name].help) for name in names])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command, and turn every unexpected exception into one line.

        Raises:
            CommandError: The operating system refused something, or the command has a bug.
        """
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except OSError as error:  # a disk, a pipe or a socket: the system's own text says which
            if isinstance(error, BrokenPipeError):
                raise
            where = f"{error.filename}: " if error.filename else ""
            raise CommandError(f"{where}{error.strerror or error}") from error
        except Exception as error:
            text = f"This is a bug in Tactful: {type(error).__name__}: {error}."
            raise CommandError(f"{text} Please report it with the command that you ran.") from error
