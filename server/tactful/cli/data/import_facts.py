"""The command `tactful import`, which reads facts from files and feeds, all or nothing."""

import shlex
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import click

from tactful.cli.data.import_completeness import Absence, FileContents, missing_facts
from tactful.cli.data.import_summary import (
    CheckedFile,
    ImportResult,
    MessageCounts,
    json_report,
    print_findings,
    print_summary,
)
from tactful.cli.data.import_targets import ImportTarget, SendFacts, folder_target, server_target
from tactful.cli.shared.errors import EXIT_NEGATIVE, NegativeAnswerError, exit_on
from tactful.cli.shared.http_client import url_option
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json, print_warning
from tactful.cli.shared.progress import ProgressStep, progress
from tactful.config.values import SettingType, ValueProblem, percent, territory, time_zone
from tactful.connectors import files, mapped_tables, tables
from tactful.connectors.byte_sources import ByteSource, open_source
from tactful.connectors.results import (
    BadRow,
    FoundFact,
    ImportTerms,
    Row,
    RowNote,
    SkippedRow,
    SourceError,
)
from tactful.core.facts.fact_types import Gone, kind_of

BATCH_FACTS: Final = 1000
"""Facts in one request: the server answers in about ten milliseconds, so that progress is visible."""
_PROGRESS_BYTES: Final = 1 << 20
"""Size in bytes from which a file takes long enough to read to show progress."""

_EXAMPLE = """
\b
Examples:
  tactful import facts.jsonl
  tactful import products_export.csv --territory DE --currency EUR --tax-rate 19%
  tactful import https://shop.example/feed.xml --territory GB --tax-rate 20% --dry-run
  tactful import stock.csv --column sku=Artikelnr --column stock=Bestand --territory DE
  zcat orders.csv.gz | tactful import - --customer-column Email

Every file is read and checked completely before the first fact is sent. A bad row stops the whole
import, unless --skip-bad leaves it out. Unknown words, rows that are left out and assumed values are
counted and named. Facts have ids, so an interrupted import can be run again.
"""


def _read_as(kind: SettingType) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    """Return a click callback that parses an option as a setting's value."""

    def read(_: click.Context, __: click.Parameter, value: str | None) -> Any:
        if value is None:
            return None
        try:
            return kind.parse(value)
        except ValueProblem as problem:
            raise click.BadParameter(str(problem)) from problem

    return read


def _read_columns(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    """Return field → column."""
    found = dict(pair.partition("=")[::2] for pair in pairs)
    for field, column in found.items():
        _check_column(field, column)
    return found


def _check_column(field: str, column: object) -> None:
    if field not in mapped_tables.FIELDS:
        near = get_close_matches(field, mapped_tables.FIELDS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Use {', '.join(mapped_tables.FIELDS)}."
        raise click.BadParameter(f"{field!r} is no field of an import. {hint}")
    if not isinstance(column, str) or not column:
        raise click.BadParameter(f"{field!r} names no column. Write {field}=NAME.")


def _read_mapping(path: Path) -> dict[str, str]:
    """Return field → column of a mapping file."""
    try:
        columns = tomllib.loads(path.read_text("utf-8")).get("columns")
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"{path} cannot be read: {error}.") from error
    if not isinstance(columns, dict):
        raise click.BadParameter(f"{path} has no table [columns]. Write sku = 'NAME' below it.")
    for field, column in columns.items():
        _check_column(field, column)
    return columns


@click.command("import", epilog=_EXAMPLE, context_settings={"max_content_width": 100})
@click.argument("names", nargs=-1, required=True, metavar="FILE|URL|-...")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(files.BY_NAME)),
    help="Format of the files. Default: detected from the content.",
)
@click.option(
    "--territory",
    metavar="CODE",
    callback=_read_as(territory()),
    help="Territory of prices and stock, such as DE.",
)
@click.option("--currency", metavar="CODE", help="Currency of prices that name none, such as EUR.")
@click.option(
    "--tax-rate",
    metavar="PERCENT",
    callback=_read_as(percent()),
    help="Tax rate of the prices, such as 20%.",
)
@click.option(
    "--gross/--net", default=True, show_default=True, help="Whether prices include the tax."
)
@click.option(
    "--assume-stock",
    metavar="PIECES",
    type=click.IntRange(0),
    help='Pieces of an item that a feed calls "in stock" without a number.',
)
@click.option(
    "--customer-column",
    metavar="NAME",
    help="Column of an order export that holds the shop's customer id.",
)
@click.option(
    "--zone",
    callback=_read_as(time_zone()),
    metavar="NAME",
    help="Time zone of times that name none. Default: UTC.",
)
@click.option(
    "--decimal",
    type=click.Choice([".", ","]),
    help="Decimal sign of prices. Default: read from each price where it is unambiguous.",
)
@click.option(
    "--column",
    "columns",
    metavar="FIELD=NAME",
    multiple=True,
    callback=_read_columns,
    help=f"Column of a table that gives a field: {', '.join(mapped_tables.FIELDS)}. Repeatable.",
)
@click.option(
    "--mapping",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML file with such columns as its table [columns].",
)
@click.option(
    "--guess", is_flag=True, help="Propose a --column for each field, and import nothing."
)
@click.option("--dry-run", is_flag=True, help="Read and check everything, but send nothing.")
@click.option(
    "--complete",
    is_flag=True,
    help="The files are whole: what is missing from them is not sold any more.",
)
@click.option(
    "--yes", is_flag=True, help="Do not ask if more than 20 % of what is known is missing."
)
@click.option("--skip-bad", is_flag=True, help="Leave out bad rows instead of stopping.")
@url_option
@setting_options("data")
@json_option
def import_(
    *,
    names: tuple[str, ...],
    form: str | None,
    dry_run: bool,
    skip_bad: bool,
    guess: bool,
    complete: bool,
    yes: bool,
    **options: Any,
) -> None:
    """Import facts from JSON Lines, Merchant feeds, exports of Shopify and WooCommerce, and tables.

    The running server receives them. With --data they are written into the data folder of a server
    that is not running.
    """
    if guess:
        _propose(names)
        return
    if complete and skip_bad:
        raise click.UsageError(
            "--complete and --skip-bad exclude each other: the items of bad rows would be missing."
        )
    started = time.monotonic()
    json_output, url, terms = options.pop("json_output"), options.pop("url"), _terms_from(options)
    folder = options["data"]
    config = load_config(options)
    contents = FileContents() if complete else None
    absences: list[Absence] = []
    with ExitStack() as stack, exit_on(SourceError):
        checked = [
            _check_file(stack.enter_context(open_source(name)), form, terms, contents)
            for name in names
        ]
        _check_options(checked, terms, contents)
        if not json_output:
            print_findings(checked)
        empty = any(not each.kinds for each in checked)
        stopped = (empty or any(each.bad for each in checked)) and not skip_bad
        sent = ImportResult()
        if not stopped and (contents is not None or not dry_run):
            target = (
                folder_target(stack, Path(folder)) if folder else server_target(stack, config, url)
            )
            gone: list[Gone] = []
            if contents is not None:
                gone, absences = missing_facts(contents, target.facts_of_kind)
            if not dry_run:
                _confirm_absences(absences, yes=yes)
                for each in checked:
                    _send_file(each, terms, target.send, sent)
                _send_ends(gone, target, sent)
    if json_output:
        print_json(json_report(checked, sent, absences, dry_run=dry_run))
    else:
        seconds = time.monotonic() - started
        print_summary(checked, sent, absences, dry_run=dry_run, seconds=seconds)
    if stopped or empty or sent.rejected:
        raise click.exceptions.Exit(EXIT_NEGATIVE)


def _check_options(
    checked: list[CheckedFile], terms: ImportTerms, contents: FileContents | None
) -> None:
    if terms.customer_column and not any(each.form.name in files.ORDERS for each in checked):
        raise SourceError(
            "--customer-column is for order exports, and no file is one. Leave it out."
        )
    if contents is not None and not contents.kinds and all(each.kinds for each in checked):
        raise SourceError(
            "--complete is for products, prices and stock, and no file has any. Leave it out."
        )


def _confirm_absences(absences: list[Absence], *, yes: bool) -> None:
    """Ask before so much ends that the files may be cut off; nothing was sent yet."""
    suspicious = [each.text() for each in absences if each.is_suspicious]
    if yes or not suspicious:
        return
    if not sys.stdin.isatty():
        raise NegativeAnswerError(
            *suspicious,
            "Nothing was imported. Check that the files are whole, then add --yes.",
        )
    for text in suspicious:
        print_warning(text)
    click.confirm("Report all of it as not sold any more?", abort=True, err=True)


def _send_ends(gone: list[Gone], target: ImportTarget, sent: ImportResult) -> None:
    """Report what is missing from the files as gone."""
    for first in range(0, len(gone), BATCH_FACTS):
        answer = target.send([*gone[first : first + BATCH_FACTS]])
        sent.ended += answer["accepted"]
        sent.rejected += [each["message"] for each in answer["rejected"]]


def _propose(names: tuple[str, ...]) -> None:
    """Print the format of each file, or the columns that seem to give its fields."""
    for name in names:
        with exit_on(SourceError), open_source(name) as source:
            header = tables.read_header(source)
            columns = mapped_tables.propose_columns(header)
            try:
                form = files.detect_format(source)
            except SourceError:
                if not columns:
                    raise
                options = [f"--column {shlex.quote(f'{k}={v}')}" for k, v in columns.items()]
                click.echo(f"tactful import {shlex.quote(name)} {' '.join(options)}")
                unused = [column for column in header if column and column not in columns.values()]
                click.echo(f"Columns that are not read: {', '.join(unused) or 'none'}.", err=True)
            else:
                click.echo(f"{source.name}: {form.title}. It needs no --column.")


def _terms_from(options: dict[str, Any]) -> ImportTerms:
    mapping = options.pop("mapping")
    return ImportTerms(
        now=time.time_ns() // 1_000_000,
        territory=options.pop("territory"),
        currency=options.pop("currency"),
        tax_included=options.pop("gross"),
        tax_rate_bp=options.pop("tax_rate"),
        assumed_stock=options.pop("assume_stock"),
        customer_column=options.pop("customer_column"),
        zone=options.pop("zone"),
        decimal=options.pop("decimal"),
        columns=(_read_mapping(mapping) if mapping else {}) | options.pop("columns"),
    )


def _check_file(
    source: ByteSource, name: str | None, terms: ImportTerms, contents: FileContents | None
) -> CheckedFile:
    if name is None and terms.columns:
        name = "table"
    form = files.BY_NAME[name] if name else files.detect_format(source)
    bad: list[BadRow] = []
    skipped, notes = MessageCounts(), MessageCounts()
    kinds: Counter[str] = Counter()
    for row in _read_with_progress("checking", source, terms, form):
        match row:
            case BadRow():
                bad.append(row)
            case SkippedRow(line, reason):
                skipped.add(line, reason)
            case RowNote(line, message):
                notes.add(line, message)
            case FoundFact(_, fact):
                kinds[kind_of(fact)] += 1
                if contents is not None:
                    contents.add(fact)
    return CheckedFile(source, form, tuple(bad), skipped, notes, dict(kinds))


def _read_with_progress(
    what: str, source: ByteSource, terms: ImportTerms, form: files.FileFormat
) -> Iterator[Row]:
    bar: AbstractContextManager[ProgressStep] = (
        nullcontext(_ignore_progress)
        if source.size < _PROGRESS_BYTES
        else progress(f"{what} {source.name}", source.size)
    )
    with bar as step:
        for row in files.read_rows(source, terms, form):
            step(source.position)
            yield row


def _ignore_progress(done: int) -> None:
    """Stand in for a progress step: reading a short file takes no time."""


def _send_file(
    checked: CheckedFile, terms: ImportTerms, send: SendFacts, sent: ImportResult
) -> None:
    batch: list[FoundFact] = []
    for row in _read_with_progress("sending", checked.source, terms, checked.form):
        if isinstance(row, FoundFact):
            batch.append(row)
        if len(batch) == BATCH_FACTS:
            _send_batch(checked.source.name, batch, send, sent)
            batch = []
    if batch:
        _send_batch(checked.source.name, batch, send, sent)


def _send_batch(name: str, batch: list[FoundFact], send: SendFacts, sent: ImportResult) -> None:
    answer = send([row.fact for row in batch])
    sent.accepted += answer["accepted"]
    sent.ignored += answer["ignored"]
    sent.unchanged += answer["unchanged"]
    for each in answer["rejected"]:
        line = f"{name}:{batch[each['index']].line}: {each['message']}"
        (sent.erased if each["code"] == "fact.erased" else sent.rejected).append(line)
