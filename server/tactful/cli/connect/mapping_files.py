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
from tactful.connectors.desks.mapping_lines import kinds, lines_for
from tactful.core.values.counts import counted


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
        print_text(
            f"{len(results) - len(failed)} of {counted(len(results), 'example passes', 'examples pass')}."
        )
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


@click.command(
    epilog="\b\nExamples:\n  tactful connect mapping zendesk > tickets.yaml\n"
    "  tactful connect mapping tickets.yaml --kind defect --tag broken-zip"
)
@click.argument("name", required=False, metavar="[NAME]")
@click.option(
    "--kind", type=click.Choice(kinds()), help="Print the lines that give a word this kind instead."
)
@click.option("--tag", metavar="WORD", help="The word is a tag of tickets.")
@click.option("--queue", metavar="WORD", help="The word is a queue.")
@click.option("--value", metavar="WORD", help="The word is a value of the field for the kind.")
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to a new file."
)
def mapping(
    *, name: str | None, output: Path | None, kind: str | None, **words: str | None
) -> None:
    """Print a ready-made mapping file, to be adapted; without a name, list them.

    With --kind and a word of tickets it prints the lines by which the word gives the kind, for
    example after an agent has corrected a case.
    """
    given = {step: word for step, word in words.items() if word}
    if kind is not None or given:
        _print_lines(name, kind, given)
        return
    if name is None:
        for one in ready_made():
            print_line(f"{one}: {load_mapping(one).file.source}")
        return
    if name not in ready_made():
        raise CommandError(f"There is no file {name!r}. Name one of {', '.join(ready_made())}.")
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


def _print_lines(name: str | None, kind: str | None, given: dict[str, str]) -> None:
    if name is None or kind is None or len(given) != 1:
        raise CommandError("Give a mapping file, --kind, and one of --tag, --queue and --value.")
    ((step, word),) = given.items()
    try:
        print_text(lines_for(load_mapping(name).file, kind, step, word), nl=False)
    except (UnknownMappingError, MappingError) as error:
        raise CommandError(str(error)) from error
