"""Output of commands: tables for people, JSON for a program."""

import re
import sys
from collections.abc import Iterable, Sequence
from typing import IO, Any, Final

import click
import msgspec

_UNSAFE: Final = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
)
"""Characters that move the cursor, change the direction of text, or start a terminal's commands."""


def printable(text: str) -> str:
    """Return a text in which characters that control a terminal are written as escapes.

    Line feeds and tabs stay.
    """
    return _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text)


def one_line(text: str) -> str:
    """Return a text as `printable` does, in which line feeds are escaped too."""
    return printable(text).replace("\n", "\\n")


def plain_text(value: object) -> str:
    """Return what a gate saw or needs as one line, an amount as `109.65 EUR`.

    Args:
        value: JSON-compatible, or a struct that msgspec can encode.
    """
    return _plain(msgspec.to_builtins(value))


def _plain(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        # Imported here, because `--help` prints neither amounts nor findings.
        if value.keys() == {"amount", "currency"}:
            from tactful.core.values.money import Money, format_plain

            return format_plain(Money(**value))
        from tactful.core.verdicts.counterfactuals import field_words

        return ", ".join(field_words(name, _plain(inner)) for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "nothing"
    return str(value).lower() if isinstance(value, bool) else str(value)


def local_times(text: str, zone: str) -> str:
    """Return a text with its UTC timestamps as local times: `2026-03-10 13:00:00 CET`.

    Args:
        text: What a server answered.
        zone: The IANA time zone that the server names; one that is not known here changes nothing.
    """
    # Imported here, because `--help` prints no times.
    from tactful.core.values.calendar import CalendarError, with_local_times

    try:
        return with_local_times(text, zone)
    except CalendarError:
        return text


def print_text(
    text: str = "",
    *,
    err: bool = False,
    nl: bool = True,
    fg: str | None = None,
    bold: bool | None = None,
    file: IO[Any] | None = None,
) -> None:
    """Print a text, whatever foreign data it quotes.

    Args:
        text: One or several lines.
        err: Whether to print to standard error.
        nl: Whether to end the line.
        fg: Colour of the text on a terminal.
        bold: Whether it is bold on a terminal.
        file: The stream; `None`: standard output or error.
    """
    click.secho(printable(text), file=file, nl=nl, err=err, fg=fg, bold=bold)


def print_line(text: str, *, err: bool = False) -> None:
    """Print one line, whatever foreign data it quotes: a line feed in a name begins no line."""
    click.echo(one_line(text), err=err)


def print_json(value: object) -> None:
    """Print one indented JSON document on standard output."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    # Outside of strings, JSON has none of these characters but the line feed.
    click.echo(_UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows in columns under a head; long texts are wrapped in a terminal, but not in a pipe."""
    if not sys.stdout.isatty():
        lines = [tuple(head), *map(tuple, rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
            print_line("  ".join(padded).rstrip())
        return
    from rich.console import Console  # slow to import, and only terminals need it
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        # `[` begins markup in rich.
        table.add_row(*(one_line(text).replace("[", "\\[") for text in row))
    Console().print(table)


def json_option(command: Any) -> Any:
    """Add the option `--json`; the command receives it as `json_output`."""
    return click.option(
        "--json", "json_output", is_flag=True, help="Print JSON, for a program to read."
    )(command)


def print_warning(text: str) -> None:
    """Print a line on standard error, with the prefix `warning: `."""
    print_text("warning: ", fg="yellow", bold=True, nl=False, err=True)
    print_text(text, err=True)
