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

from tactful.cli.data.import_targets import Send, into_folder, to_server
from tactful.cli.shared.errors import FOUND, exit_on
from tactful.cli.shared.http_client import url_option
from tactful.cli.shared.options import config_of, settings
from tactful.cli.shared.output import as_json, json_option
from tactful.cli.shared.progress import ProgressStep, progress
from tactful.config.values import SettingType, ValueProblem, percent, territory, zone
from tactful.connectors import files
from tactful.connectors.byte_sources import ByteSource, opened
from tactful.connectors.results import (
    BadRow,
    FoundFact,
    ImportTerms,
    Row,
    SkippedRow,
    SourceError,
)
from tactful.core.facts.fact_types import kind_of

BATCH: Final = 1000
"""Facts in one request: the server answers in some ten milliseconds, and a bar moves."""
_SHOWN: Final = 20
_LONG: Final = 1 << 20
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
            return kind.read(value)
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
    "--zone", default="UTC", callback=_read_as(zone()), help="The zone of times that name none."
)
@click.option("--dry-run", is_flag=True, help="Read and check everything, send nothing.")
@click.option("--skip-bad", is_flag=True, help="Leave out bad rows instead of stopping.")
@url_option
@settings("data")
@json_option
def import_(
    *, names: tuple[str, ...], form: str | None, dry_run: bool, skip_bad: bool, **given: Any
) -> None:
    """Bring in facts from JSON Lines, Merchant feeds (XML, TSV), and exports of Shopify and WooCommerce.

    They go to the running server, or with --data into the folder of one that does not run.
    """
    started = time.monotonic()
    machine, url, terms = given.pop("as_json_"), given.pop("url"), _terms(given)
    into = given["data"]
    config = config_of(given)
    with ExitStack() as stack, exit_on(SourceError):
        checked = [_checked(stack.enter_context(opened(name)), form, terms) for name in names]
        _show_bad(checked, machine=machine)
        stopped = any(each.bad for each in checked) and not skip_bad
        sent = ImportResult()
        if not (dry_run or stopped):
            send = into_folder(stack, Path(into)) if into else to_server(stack, config, url)
            for each in checked:
                _send(each, terms, send, sent)
    if machine:
        as_json(_report(checked, sent, dry_run=dry_run))
    else:
        _summarise(checked, sent, dry_run=dry_run, seconds=time.monotonic() - started)
    if stopped or sent.rejected:
        raise click.exceptions.Exit(FOUND)


def _terms(given: dict[str, Any]) -> ImportTerms:
    return ImportTerms(
        now=time.time_ns() // 1_000_000,
        territory=given.pop("territory"),
        currency=given.pop("currency"),
        tax_included=given.pop("gross"),
        tax_rate_bp=given.pop("tax_rate"),
        assumed_stock=given.pop("assume_stock"),
        customer_column=given.pop("customer_column"),
        zone=given.pop("zone"),
    )


def _checked(source: ByteSource, name: str | None, terms: ImportTerms) -> CheckedFile:
    form = files.BY_NAME[name] if name else files.format_of(source)
    bad: list[BadRow] = []
    skipped = 0
    kinds: Counter[str] = Counter()
    for row in _rows("checking", source, terms, form):
        match row:
            case BadRow():
                bad.append(row)
            case SkippedRow():
                skipped += 1
            case FoundFact(_, fact):
                kinds[kind_of(fact)] += 1
    return CheckedFile(source, form, tuple(bad), skipped, dict(kinds))


def _rows(
    what: str, source: ByteSource, terms: ImportTerms, form: files.FileFormat
) -> Iterator[Row]:
    bar: AbstractContextManager[ProgressStep] = (
        nullcontext(_untold)
        if source.size < _LONG
        else progress(f"{what} {source.name}", source.size)
    )
    with bar as step:
        for row in files.rows_of(source, terms, form):
            step(source.position)
            yield row


def _untold(done: int) -> None:
    """A short file needs no progress."""


def _send(checked: CheckedFile, terms: ImportTerms, send: Send, sent: ImportResult) -> None:
    batch: list[FoundFact] = []
    for row in _rows("sending", checked.source, terms, checked.form):
        if isinstance(row, FoundFact):
            batch.append(row)
        if len(batch) == BATCH:
            _deliver(checked.source.name, batch, send, sent)
            batch = []
    if batch:
        _deliver(checked.source.name, batch, send, sent)


def _deliver(name: str, batch: list[FoundFact], send: Send, sent: ImportResult) -> None:
    answer = send([row.fact for row in batch])
    sent.accepted += answer["accepted"]
    sent.ignored += answer["ignored"]
    sent.rejected += [
        f"{name}:{batch[each['index']].line}: {each['message']}" for each in answer["rejected"]
    ]


def _show_bad(checked: list[CheckedFile], *, machine: bool) -> None:
    if machine:
        return
    for each in checked:
        for bad in each.bad[:_SHOWN]:
            click.echo(f"{each.source.name}:{bad.line}: {bad.message}", err=True)
        if len(each.bad) > _SHOWN:
            click.echo(f"{each.source.name}: and {len(each.bad) - _SHOWN} more", err=True)


def _report(checked: list[CheckedFile], sent: ImportResult, *, dry_run: bool) -> dict[str, Any]:
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


def _summarise(
    checked: list[CheckedFile], sent: ImportResult, *, dry_run: bool, seconds: float
) -> None:
    for each in checked:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in each.kinds.items()) or "no fact"
        rest = f", {each.skipped:,} rows left out" if each.skipped else ""
        click.echo(f"{each.source.name}: {each.form.title}: {kinds}{rest}")
    bad = sum(len(each.bad) for each in checked)
    for line in sent.rejected[:_SHOWN]:
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
