"""The commands `tactful connect test` and `tactful connect mapping`."""

from pathlib import Path

import click
from click.exceptions import Exit

from tactful.cli.shared.errors import EXIT_NEGATIVE, CommandError
from tactful.cli.shared.output import json_option, print_json, print_line, print_text
from tactful.connectors.desks.examples import ExampleResult, play_examples
from tactful.connectors.desks.library import (
    UnknownMappingError,
    load_mapping,
    mapping_text,
    ready_made,
)
from tactful.connectors.desks.mapping_file import MappingError


@click.command(
    epilog="\b\nExamples:\n  tactful connect test tickets.yaml\n  tactful connect test zendesk"
)
@click.argument("names", nargs=-1, metavar="[FILE]...")
@json_option
def test(*, names: tuple[str, ...], json_output: bool) -> None:
    """Play the examples of mapping files, by file or by the name of a ready-made one.

    Exit code 0: all pass. 1: some fail. 2: a file cannot be used.
    """
    results = [(name, result) for name in names or ready_made() for result in _results(name)]
    failed = [result for _, result in results if result.failures]
    if json_output:
        print_json([{"file": name, "result": result} for name, result in results])
    else:
        for name, result in results:
            _print_result(name, result)
        print_text(f"{len(results) - len(failed)} of {len(results)} examples pass.")
    if failed:
        raise Exit(EXIT_NEGATIVE)


def _results(name: str) -> list[ExampleResult]:
    try:
        return list(play_examples(load_mapping(name)))
    except (UnknownMappingError, MappingError) as error:
        raise CommandError(str(error)) from error


def _print_result(name: str, result: ExampleResult) -> None:
    place = f"{name}:{result.line}"
    for failure in result.failures:
        print_line(f"{place}: failed: {result.name}: {failure}")
    for note in result.notes:
        print_line(f"{place}: note: {result.name}: the file has no row for {note!r}.")


@click.command(epilog="\b\nExample:\n  tactful connect mapping zendesk > tickets.yaml")
@click.argument("name", required=False, type=click.Choice(ready_made()), metavar="[NAME]")
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to a new file."
)
def mapping(name: str | None, output: Path | None) -> None:
    """Print a ready-made mapping file, to be adapted; without a name, list them."""
    if name is None:
        for one in ready_made():
            print_line(f"{one}: {load_mapping(one).file.source}")
        return
    if output is None:
        print_text(mapping_text(name), nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(mapping_text(name))
    except OSError as error:
        raise CommandError(
            f"{output}: The file cannot be written: {error.strerror}. Name a new file."
        ) from error
