"""How is an answer printed, for people and for machines?"""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
import msgspec


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns; in a pipe without frame, bounds or colour."""
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(row))
        return
    from rich.console import Console  # slow to import, and seldom needed
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(text.replace("[", "\\[") for text in row))
    Console().print(table)


def json_option(command: Any) -> Any:
    """`--json`: the answer for a machine."""
    return click.option("--json", "json_output", is_flag=True, help="Print JSON for a machine.")(
        command
    )


def print_warning(text: str) -> None:
    """A line of warning on standard error."""
    click.secho("warning: ", fg="yellow", bold=True, nl=False, err=True)
    click.echo(text, err=True)
