"""The command `tactful import`, which reads facts from files and feeds, all or nothing."""

import shlex
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from functools import cache
from pathlib import Path
from typing import Any, Final

import click

from tactful.cli.data.fact_spool import FactSpool
from tactful.cli.data.import_changes import FactComparison, ImportChanges
from tactful.cli.data.import_completeness import Absence, FileContents, missing_facts
from tactful.cli.data.import_mappings import save_mapping
from tactful.cli.data.import_options import encoding_option, limit_option, term_options, terms_from
from tactful.cli.data.import_summary import (
    MAX_BAD_ROWS,
    CheckedFile,
    ImportResult,
    MessageCounts,
    json_report,
    print_findings,
    print_summary,
)
from tactful.cli.data.import_targets import ImportTarget, SendFacts, folder_target, server_target
from tactful.cli.shared.database import refuse_database
from tactful.cli.shared.errors import EXIT_NEGATIVE, CommandError, NegativeAnswerError, exit_on
from tactful.cli.shared.http_client import url_option
from tactful.cli.shared.options import load_config, setting_options, settings_file
from tactful.cli.shared.output import json_option, print_json, print_text, print_warning
from tactful.cli.shared.progress import ProgressStep, progress
from tactful.config import Config
from tactful.connectors.files import formats, mapped_tables
from tactful.connectors.files.byte_sources import ByteSource, open_source
from tactful.connectors.files.read_limits import ReadLimits
from tactful.connectors.files.results import (
    BadRow,
    FoundFact,
    ImportTerms,
    Row,
    RowNote,
    SkippedRow,
    SourceError,
)
from tactful.core.facts import fact_codec
from tactful.core.facts.fact_types import Gone, kind_of
from tactful.rulebook.authoring.territory_currencies import currency_of_territory

_SPREADSHEETS: Final = "windows-1252"
"""The encoding in which spreadsheets of western Europe save tables."""

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


@click.command("import", epilog=_EXAMPLE, context_settings={"max_content_width": 100})
@click.argument("names", nargs=-1, required=True, metavar="FILE|URL|-...")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(formats.BY_NAME)),
    help="Format of the files. Default: detected from the content.",
)
@term_options
@click.option(
    "--guess", is_flag=True, help="Propose a --column for each field, and import nothing."
)
@click.option(
    "--save",
    metavar="NAME",
    help="Save the columns as the mapping NAME in the settings file, and import nothing.",
)
@click.option(
    "--dry-run", is_flag=True, help="Check everything, say what would change, and send nothing."
)
@click.option(
    "--complete",
    is_flag=True,
    help="The files are whole: what is missing from them is not sold any more.",
)
@click.option(
    "--yes", is_flag=True, help="Do not ask if more than 20 % of what is known is missing."
)
@limit_option
@encoding_option
@click.option("--skip-bad", is_flag=True, help="Leave out bad rows instead of stopping.")
@url_option
@setting_options("data", "egress_allow")
@json_option
def import_(
    *,
    names: tuple[str, ...],
    form: str | None,
    dry_run: bool,
    skip_bad: bool,
    guess: bool,
    save: str | None,
    complete: bool,
    yes: bool,
    limits: ReadLimits,
    encoding: str | None,
    **options: Any,
) -> None:
    """Import facts from JSON Lines, Merchant feeds, exports of Shopify and WooCommerce, and tables.

    The running server receives them. With --data they are written into the data folder of a server
    that is not running.
    """
    json_output, url, folder = options.pop("json_output"), options.pop("url"), options["data"]
    settings = {name: options.pop(name) for name in ("config_file", "data", "egress_allow")}
    config = load_config(settings)
    terms = terms_from(options, config)
    if guess or save:
        proposed = _propose(names, config, limits, encoding) if guess else {}
        if save:
            file = save_mapping(save, proposed | dict(terms.columns), settings_file(settings))
            print_text(f"Saved as the mapping {save} in {file}. Use it with --mapping {save}.")
        return
    if complete and skip_bad:
        raise click.UsageError(
            "--complete and --skip-bad exclude each other: the items of bad rows would be missing."
        )
    started = time.monotonic()
    contents = FileContents() if complete else None
    absences: list[Absence] = []
    with ExitStack() as stack, exit_on(SourceError):
        checked = [
            _check_file(
                stack.enter_context(open_source(name, config.egress_allow, limits, encoding)),
                form,
                terms,
                contents,
                stack.enter_context(closing(FactSpool())),
            )
            for name in names
        ]
        _check_options(checked, terms, contents)
        if not json_output:
            print_findings(checked)
        empty = any(not each.kinds for each in checked)
        stopped = (empty or any(each.bad_count for each in checked)) and not skip_bad
        sent, changes = ImportResult(), None

        @cache
        def receiver() -> ImportTarget:
            if folder:
                refuse_database(config, "Import with --url, into its server.")
                return folder_target(stack, Path(folder), dry_run=dry_run)
            return server_target(stack, config, url)

        gone: list[Gone] = []
        if not stopped and contents is not None:
            gone, absences = missing_facts(contents, receiver().facts_of_kind)
        if not stopped:
            if dry_run:
                changes = _changes(checked, receiver, len(gone))
            else:
                target = receiver()
                _confirm_absences(absences, yes=yes)
                for each in checked:
                    _send_file(each, target.send, sent)
                _send_ends(gone, target, sent)
    if json_output:
        print_json(json_report(checked, sent, absences, changes, dry_run=dry_run))
    else:
        seconds = time.monotonic() - started
        print_summary(checked, sent, absences, changes, dry_run=dry_run, seconds=seconds)
    if stopped or empty or sent.rejected:
        raise click.exceptions.Exit(EXIT_NEGATIVE)


def _changes(
    checked: list[CheckedFile], receiver: Callable[[], ImportTarget], removed: int
) -> ImportChanges | None:
    """Return what the import would change; None: the receiver cannot be asked, and a warning says so."""
    kinds = {kind for each in checked for kind in each.kinds}
    try:
        comparison = FactComparison(kinds, receiver().facts_of_kind)
    except CommandError as error:
        print_warning(f"What would change is not known. {error.message.splitlines()[0]}")
        return None
    for each in checked:
        for _, encoded in each.spool.batches(BATCH_FACTS):
            for one in encoded:
                comparison.add(fact_codec.decode_stored(one))
    return comparison.changes(removed)


def _check_options(
    checked: list[CheckedFile], terms: ImportTerms, contents: FileContents | None
) -> None:
    if terms.customer_column and not any(each.form.name in formats.ORDERS for each in checked):
        raise SourceError(
            "--customer-column is for order exports, and no file is one. Leave it out."
        )
    if terms.sku_from and not any(each.form.has_substitutes for each in checked):
        raise SourceError(
            "--sku-from is for product exports of Shopify and WooCommerce, and no file is one. "
            "In a table, name the column with --column sku=NAME."
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
        answer = target.send([*map(fact_codec.encode, gone[first : first + BATCH_FACTS])])
        sent.ended += answer["accepted"]
        sent.rejected += [each["message"] for each in answer["rejected"]]


def _propose(
    names: tuple[str, ...], config: Config, limits: ReadLimits, encoding: str | None
) -> dict[str, str]:
    """Print the format of each file, or the columns that seem to give its fields.

    A header that is not in UTF-8 is read as windows-1252, the encoding of most spreadsheets, and the
    proposal says so.

    Returns:
        Field → column of all files whose columns are proposed.
    """
    proposed: dict[str, str] = {}
    for name in names:
        with (
            exit_on(SourceError),
            open_source(name, config.egress_allow, limits, encoding) as source,
        ):
            header, columns = mapped_tables.guess_header(source)
            if encoding is None and any("\ufffd" in column for column in header):
                print_text(
                    f"{source.name}: The file is not UTF-8, and is read as {_SPREADSHEETS}. Where letters"
                    " are wrong below, name another one with --encoding, such as windows-1250.",
                    err=True,
                )
                proposed |= _propose((name,), config, limits, _SPREADSHEETS)
                continue
            try:
                form = formats.detect_format(source)
            except SourceError:
                if not columns:
                    raise
                proposed |= columns
                options = [f"--column {shlex.quote(f'{k}={v}')}" for k, v in columns.items()]
                options += ["--encoding", encoding] if encoding else []
                print_text(f"tactful import {shlex.quote(name)} {' '.join(options)}")
                if "sku" not in columns:
                    print_text(
                        "No column of the SKU was recognised. Name it, as in --column sku=NAME.",
                        err=True,
                    )
                if wanted := _unsaid(columns, config.default_territory or "DE"):
                    print_text(f"Add what the table does not say, such as {wanted}.", err=True)
                unused = [column for column in header if column and column not in columns.values()]
                print_text(f"Columns that are not read: {', '.join(unused) or 'none'}.", err=True)
            else:
                print_text(f"{source.name}: {form.title}. It needs no --column.")
    return proposed


def _unsaid(columns: dict[str, str], territory: str) -> str:
    """Return examples of the options that a table with these columns needs besides."""
    options = []
    if columns.keys() & {"price", "stock", "availability"}:
        options.append(f"--territory {territory}")
    if "price" in columns:
        options.append("--tax-rate 20%")
    if columns.keys() & {"price", "cost"} and "currency" not in columns:
        options.append(f"--currency {currency_of_territory(territory) or 'EUR'}")
    return " ".join(options)


def _check_file(
    source: ByteSource,
    name: str | None,
    terms: ImportTerms,
    contents: FileContents | None,
    spool: FactSpool,
) -> CheckedFile:
    if name is None and terms.columns:
        name = "table"
    form = formats.BY_NAME[name] if name else formats.detect_format(source)
    bad: list[BadRow] = []
    count = 0
    skipped, notes = MessageCounts(), MessageCounts()
    kinds: Counter[str] = Counter()
    for row in _read_with_progress(source, terms, form):
        match row:
            case BadRow():
                count += 1
                if len(bad) < MAX_BAD_ROWS:
                    bad.append(row)
            case SkippedRow(line, reason):
                skipped.add(line, reason)
            case RowNote(line, message):
                notes.add(line, message)
            case FoundFact(line, fact):
                kinds[kind_of(fact)] += 1
                spool.add(line, fact)
                if contents is not None:
                    contents.add(fact)
    return CheckedFile(source, form, tuple(bad), count, skipped, notes, dict(kinds), spool)


def _read_with_progress(
    source: ByteSource, terms: ImportTerms, form: formats.FileFormat
) -> Iterator[Row]:
    with _progress("checking", source, source.size) as step:
        for row in formats.read_rows(source, terms, form):
            step(source.position)
            yield row


def _ignore_progress(done: int) -> None:
    """Stand in for a progress step: reading a short file takes no time."""


def _progress(what: str, source: ByteSource, total: int) -> AbstractContextManager[ProgressStep]:
    if source.size < _PROGRESS_BYTES:
        return nullcontext(_ignore_progress)
    return progress(f"{what} {source.name}", total)


def _send_file(checked: CheckedFile, send: SendFacts, sent: ImportResult) -> None:
    name, done = checked.source.name, 0
    with _progress("sending", checked.source, len(checked.spool)) as step:
        for lines, encoded in checked.spool.batches(BATCH_FACTS):
            answer = send(encoded)
            sent.accepted += answer["accepted"]
            sent.ignored += answer["ignored"]
            sent.unchanged += answer["unchanged"]
            for each in answer["rejected"]:
                line = f"{name}:{lines[each['index']]}: {each['message']}"
                (sent.erased if each["code"] == "fact.erased" else sent.rejected).append(line)
            done += len(encoded)
            step(done)
