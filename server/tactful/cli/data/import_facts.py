"""The command `tactful import`, which reads facts from files and feeds, all or nothing."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import Any, Final

import click

from tactful.cli.data.import_summary import (
    CheckedFile,
    ImportResult,
    MessageCounts,
    json_report,
    print_findings,
    print_summary,
)
from tactful.cli.data.import_targets import SendFacts, folder_target, server_target
from tactful.cli.shared.errors import EXIT_NEGATIVE, exit_on
from tactful.cli.shared.http_client import url_option
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json
from tactful.cli.shared.progress import ProgressStep, progress
from tactful.config.values import SettingType, ValueProblem, percent, territory, time_zone
from tactful.connectors import files
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
from tactful.core.facts.fact_types import kind_of

BATCH_FACTS: Final = 1000
"""Facts in one request: the server answers in about ten milliseconds, so that progress is visible."""
_PROGRESS_BYTES: Final = 1 << 20
"""Bytes from which reading a file takes long enough to show progress."""

_EXAMPLE = """
\b
Examples:
  tactful import facts.jsonl
  tactful import products_export.csv --territory DE --currency EUR --tax-rate 19%
  tactful import https://shop.example/feed.xml --territory GB --tax-rate 20% --dry-run
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
@click.option("--dry-run", is_flag=True, help="Read and check everything, but send nothing.")
@click.option("--skip-bad", is_flag=True, help="Leave out bad rows instead of stopping.")
@url_option
@setting_options("data")
@json_option
def import_(
    *, names: tuple[str, ...], form: str | None, dry_run: bool, skip_bad: bool, **options: Any
) -> None:
    """Import facts from JSON Lines, Merchant feeds (XML, TSV) and exports of Shopify and WooCommerce.

    The running server receives them. With --data they are written into the data folder of a server
    that is not running.
    """
    started = time.monotonic()
    json_output, url, terms = options.pop("json_output"), options.pop("url"), _terms_from(options)
    folder = options["data"]
    config = load_config(options)
    with ExitStack() as stack, exit_on(SourceError):
        checked = [
            _check_file(stack.enter_context(open_source(name)), form, terms) for name in names
        ]
        if not json_output:
            print_findings(checked)
        empty = any(not each.kinds for each in checked)
        stopped = (empty or any(each.bad for each in checked)) and not skip_bad
        sent = ImportResult()
        if not (dry_run or stopped):
            send = (
                folder_target(stack, Path(folder)) if folder else server_target(stack, config, url)
            )
            for each in checked:
                _send_file(each, terms, send, sent)
    if json_output:
        print_json(json_report(checked, sent, dry_run=dry_run))
    else:
        print_summary(checked, sent, dry_run=dry_run, seconds=time.monotonic() - started)
    if stopped or empty or sent.rejected:
        raise click.exceptions.Exit(EXIT_NEGATIVE)


def _terms_from(options: dict[str, Any]) -> ImportTerms:
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
    )


def _check_file(source: ByteSource, name: str | None, terms: ImportTerms) -> CheckedFile:
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
    sent.rejected += [
        f"{name}:{batch[each['index']].line}: {each['message']}" for each in answer["rejected"]
    ]
