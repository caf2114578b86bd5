"""The reference of all commands, generated from their own help."""

from collections.abc import Iterator

import click

from tactful.cli import main as tactful


def command_reference() -> str:
    """Return the page of the commands."""
    lines = [
        "# Commands",
        "",
        "Generated from the help of every command. `tactful COMMAND --help` prints the same.",
        "",
    ]
    for path, command in _commands(click.Context(tactful, info_name="tactful"), tactful):
        context = click.Context(command, info_name=path, terminal_width=100)
        lines += [f"{'#' * (path.count(' ') + 1)} {path}", "", "```text"]
        lines += [command.get_help(context), "```", ""]
    return "\n".join(lines)


def _commands(context: click.Context, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    """Every visible command with its full name."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        path = f"{context.command_path} {name}"
        yield path, command
        if isinstance(command, click.Group):
            inner = click.Context(command, info_name=name, parent=context)
            yield from _commands(inner, command)
