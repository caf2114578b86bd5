"""Output of commands: tables for people, JSON for a program."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
import msgspec


def print_json(value: object) -> None:
    """Print one indented JSON document on standard output."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows in columns under a head; long texts are wrapped in a terminal, but not in a pipe."""
    if not sys.stdout.isatty():
        lines = [tuple(head), *map(tuple, rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
            click.echo("  ".join(padded).rstrip())
        return
    from rich.console import Console  # slow to import, and only terminals need it
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        # `[` begins markup in rich.
        table.add_row(*(text.replace("[", "\\[") for text in row))
    Console().print(table)


def json_option(command: Any) -> Any:
    """Add the option `--json`; the command receives it as `json_output`."""
    return click.option(
        "--json", "json_output", is_flag=True, help="Print JSON, for a program to read."
    )(command)


def print_warning(text: str) -> None:
    """Print a line on standard error, with the prefix `warning: `."""
    click.secho("warning: ", fg="yellow", bold=True, nl=False, err=True)
    click.echo(text, err=True)
