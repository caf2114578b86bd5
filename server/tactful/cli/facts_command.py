"""The commands `tactful facts schema`, `tactful facts example` and `tactful facts check`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import click

from tactful.cli.shared.errors import EXIT_NEGATIVE, CommandError
from tactful.cli.shared.output import print_json, print_line
from tactful.core.facts import fact_codec
from tactful.core.facts.fact_codec import FactRejection
from tactful.core.facts.fact_types import KINDS
from tactful.core.facts.reference.fields import EXAMPLES
from tactful.core.facts.reference.schemas import fact_schema
from tactful.core.values.counts import counted

MAX_LINE_BYTES: Final = fact_codec.MAX_FACT_BYTES
"""The longest line that is read."""
_KIND: Final = click.Choice(sorted(KINDS))


@click.group()
def facts() -> None:
    """Describe and check the facts that a shop reports."""


@facts.command(epilog="\b\nExample:\n  tactful facts schema order")
@click.argument("kind", required=False, type=_KIND, metavar="[TYPE]")
def schema(kind: str | None) -> None:
    """Print the JSON Schema of one type of fact, or of all."""
    print_json(fact_schema(kind))


@facts.command(epilog="\b\nExample:\n  tactful facts example price")
@click.argument("kind", type=_KIND, metavar="TYPE")
def example(kind: str) -> None:
    """Print a fact of a type that shows every field."""
    print_json(EXAMPLES[kind])


@facts.command(epilog="\b\nExample:\n  tactful facts check facts.jsonl")
@click.argument("name", metavar="FILE")
def check(name: str) -> None:
    """Check every fact of a file of JSON Lines as the server would; nothing is sent.

    `-` reads standard input. The exit code is 1 if the server would refuse a fact.
    """
    good = refused = 0
    for number, line in _lines(name):
        if line is None:
            message = f"The line has more than {MAX_LINE_BYTES:,} bytes. Write one fact a line."
            print_line(f"{name}:{number}: fact.malformed: {message}")
            refused += 1
            continue
        reading = fact_codec.read_fact(line)
        for note in reading.notes:
            print_line(f"{name}:{number}: note: {note.message}")
        if isinstance(reading.result, FactRejection):
            refused += 1
            for error in reading.result.errors:
                print_line(f"{name}:{number}: {reading.result.code}: {error.message}")
        else:
            good += 1
    print_line(
        f"{counted(good, 'fact is', 'facts are')} valid, {refused:,} would be refused.", err=True
    )
    if refused:
        raise click.exceptions.Exit(EXIT_NEGATIVE)


def _lines(name: str) -> Iterator[tuple[int, bytes | None]]:
    """Yield each line with its number; `None` for a line that is too long."""
    try:
        with sys.stdin.buffer if name == "-" else Path(name).open("rb") as stream:
            yield from _numbered(stream)
    except OSError as error:
        raise CommandError(
            f"{name}: The file cannot be read: {error.strerror}. Name a file that can be read."
        ) from error


def _numbered(stream: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_LINE_BYTES)
            yield number, None
        elif text := line.removeprefix(b"\xef\xbb\xbf").strip():
            yield number, text
