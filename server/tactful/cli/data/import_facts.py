"""`tactful import`: bring in facts from files, feeds and exports, all or nothing."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from msgspec import Struct

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
    SkippedRow,
    SourceError,
)
from tactful.core.facts.fact_types import kind_of

BATCH_FACTS: Final = 1000
"""Facts in one request: the server answers in some ten milliseconds, and a bar moves."""
_MAX_LINES: Final = 20
_PROGRESS_BYTES: Final = 1 << 20
"""Bytes of a file that takes a moment."""

_EXAMPLE = """
\b
Examples:
  tactful import facts.jsonl
  tactful import products_export.csv --territory DE --currency EUR --tax-rate 19%
  tactful import https://shop.example/feed.xml --territory GB --tax-rate 20% --dry-run
  zcat orders.csv.gz | tactful import - --customer-column Email

Every file is read and checked to its end before the first fact is sent: a bad row stops the whole
import, unless you give --skip-bad. Facts have ids, so an import that broke off can be run again.
"""


class CheckedFile(Struct, frozen=True):
    """A file after its first reading."""

    source: ByteSource
    form: files.FileFormat
    bad: tuple[BadRow, ...]
    skipped: int
    kinds: dict[str, int]


class ImportResult(Struct):
    """What the receiver made of the facts."""

    accepted: int = 0
    ignored: int = 0
    rejected: list[str] = []


def _read_as(kind: SettingType) -> Callable[[click.Context, click.Parameter, str | None], Any]:
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
    "--format", "form", type=click.Choice(list(files.BY_NAME)), help="Default: by content."
)
@click.option("--territory", callback=_read_as(territory()), help="Where prices and stock hold.")
@click.option("--currency", metavar="CODE", help="The currency of prices that name none.")
@click.option(
    "--tax-rate", callback=_read_as(percent()), help="The tax on the prices, such as 20%."
)
@click.option(
    "--gross/--net", default=True, show_default=True, help="Whether prices contain the tax."
)
@click.option(
    "--assume-stock", type=click.IntRange(0), help="How many are there if a feed says in stock."
)
@click.option(
    "--customer-column",
    metavar="NAME",
    help="The column of an order export with the shop's customer id.",
)
@click.option(
    "--zone",
    default="UTC",
    callback=_read_as(time_zone()),
    help="The zone of times that name none.",
)
@click.option("--dry-run", is_flag=True, help="Read and check everything, send nothing.")
@click.option("--skip-bad", is_flag=True, help="Leave out bad rows instead of stopping.")
@url_option
@setting_options("data")
@json_option
def import_(
    *, names: tuple[str, ...], form: str | None, dry_run: bool, skip_bad: bool, **options: Any
) -> None:
    """Bring in facts from JSON Lines, Merchant feeds (XML, TSV), and exports of Shopify and WooCommerce.

    They go to the running server, or with --data into the folder of one that does not run.
    """
    started = time.monotonic()
    machine, url, terms = options.pop("json_output"), options.pop("url"), _terms_from(options)
    into = options["data"]
    config = load_config(options)
    with ExitStack() as stack, exit_on(SourceError):
        checked = [
            _check_file(stack.enter_context(open_source(name)), form, terms) for name in names
        ]
        _print_bad_rows(checked, machine=machine)
        stopped = any(each.bad for each in checked) and not skip_bad
        sent = ImportResult()
        if not (dry_run or stopped):
            send = folder_target(stack, Path(into)) if into else server_target(stack, config, url)
            for each in checked:
                _send_file(each, terms, send, sent)
    if machine:
        print_json(_json_report(checked, sent, dry_run=dry_run))
    else:
        _print_summary(checked, sent, dry_run=dry_run, seconds=time.monotonic() - started)
    if stopped or sent.rejected:
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
    )


def _check_file(source: ByteSource, name: str | None, terms: ImportTerms) -> CheckedFile:
    form = files.BY_NAME[name] if name else files.detect_format(source)
    bad: list[BadRow] = []
    skipped = 0
    kinds: Counter[str] = Counter()
    for row in _read_with_progress("checking", source, terms, form):
        match row:
            case BadRow():
                bad.append(row)
            case SkippedRow():
                skipped += 1
            case FoundFact(_, fact):
                kinds[kind_of(fact)] += 1
    return CheckedFile(source, form, tuple(bad), skipped, dict(kinds))


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
    """A short file needs no progress."""


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


def _print_bad_rows(checked: list[CheckedFile], *, machine: bool) -> None:
    if machine:
        return
    for each in checked:
        for bad in each.bad[:_MAX_LINES]:
            click.echo(f"{each.source.name}:{bad.line}: {bad.message}", err=True)
        if len(each.bad) > _MAX_LINES:
            click.echo(f"{each.source.name}: and {len(each.bad) - _MAX_LINES} more", err=True)


def _json_report(
    checked: list[CheckedFile], sent: ImportResult, *, dry_run: bool
) -> dict[str, Any]:
    shown = [
        {
            "file": each.source.name,
            "format": each.form.name,
            "facts": each.kinds,
            "skipped": each.skipped,
            "bad": [{"line": bad.line, "message": bad.message} for bad in each.bad],
        }
        for each in checked
    ]
    return {"dry_run": dry_run, "files": shown, **msgspec.to_builtins(sent)}


def _print_summary(
    checked: list[CheckedFile], sent: ImportResult, *, dry_run: bool, seconds: float
) -> None:
    for each in checked:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in each.kinds.items()) or "no fact"
        rest = f", {each.skipped:,} rows left out" if each.skipped else ""
        click.echo(f"{each.source.name}: {each.form.title}: {kinds}{rest}")
    bad = sum(len(each.bad) for each in checked)
    for line in sent.rejected[:_MAX_LINES]:
        click.echo(line, err=True)
    if dry_run:
        click.echo(f"{bad:,} bad rows. Nothing was sent." if bad else "All good. Nothing was sent.")
    elif bad and not sent.accepted + sent.ignored:
        click.echo(f"{bad:,} bad rows. Nothing was imported: mend them, or give --skip-bad.")
    else:
        click.echo(
            f"{sent.accepted:,} accepted, {sent.ignored:,} known already, "
            f"{len(sent.rejected):,} refused, {bad:,} bad rows left out, in {seconds:.1f} s"
        )
