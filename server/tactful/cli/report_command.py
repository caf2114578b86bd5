"""The command `tactful report`: what offers earned, and what to do about them."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

import click
from msgspec import structs

from tactful.cli.report_texts import print_lasting, print_report, print_variants
from tactful.cli.shared.data_folder import LEDGER_FILE, server_now
from tactful.cli.shared.database import copy_ledger, ledger_folder
from tactful.cli.shared.errors import CommandError, exit_on
from tactful.cli.shared.http_client import ServerClient, url_option
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import print_json, print_line, print_text
from tactful.config import Config
from tactful.core.values.counts import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tactful.measurement.experiment_report import ExperimentReport
    from tactful.runtime.services.report_service import ReportQuestion, ReportService
    from tactful.stores.sqlite.ledger import SqliteLedger

T = TypeVar("T")

_EXAMPLE = """
\b
Examples:
  tactful report
  tactful report --rule spring-shoes --since 2026-03-01T00:00:00Z
  tactful report --format csv > report.csv
  tactful report --format html > report.html
"""
LASTING: Final = ("30d", "90d", "180d")
"""The windows of the lasting effect."""


@click.command(epilog=_EXAMPLE)
@click.option("--rule", metavar="ID", help="Report on one rule instead of all.")
@click.option(
    "--experiment", metavar="ID", help="Compare the rules of an experiment with each other."
)
@click.option(
    "--since",
    metavar="TIME",
    help="Shoppers who were due an offer from here on. Default: 30 days ago, and earlier by what --window is longer than 7d.",
)
@click.option(
    "--until", metavar="TIME", help="Shoppers who were due an offer before this. Default: now."
)
@click.option("--window", metavar="TIME", help="How long their purchases count. Default: 7d.")
@click.option(
    "--lasting", is_flag=True, help="Follow shoppers for 30, 90 and 180 days instead of one window."
)
@click.option(
    "--rows",
    metavar="DIR",
    help="Write the shoppers who are compared to this new folder, as CSV with SQL.",
)
@click.option(
    "--self-test",
    "is_self_test",
    is_flag=True,
    help="Divide the shoppers by chance 1,000 times, and count the false alarms of reports.",
)
@click.option("--territory", metavar="CODE", help="Report on one territory.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv", "html"]),
    default="text",
    show_default=True,
    help="The form of the report.",
)
@url_option
@setting_options("data")
def report(
    *,
    rule: str | None,
    experiment: str | None,
    since: str | None,
    until: str | None,
    window: str | None,
    territory: str | None,
    lasting: bool,
    rows: str | None,
    is_self_test: bool,
    form: str,
    url: str | None,
    **options: Any,
) -> None:
    """Report what offers earned, and what to do about them.

    Shoppers who were shown offers are compared with shoppers who were held out. The running server
    answers. With --data a copy of that folder is read instead.
    """
    question = {
        "rule": rule, "since": since, "until": until, "window": window, "territory": territory,
    }  # fmt: skip
    if experiment is not None and (rule or lasting or rows is not None):
        raise click.UsageError(
            "--experiment compares all its rules: without --rule, --lasting, --rows."
        )
    if lasting and (window is not None or form in {"csv", "html"}):
        raise click.UsageError("--lasting has windows of its own, and is text or json.")
    config = load_config(options)
    if is_self_test:
        if lasting or experiment or rows is not None or url is not None or form in {"csv", "html"}:
            raise click.UsageError(
                "--self-test reads a data folder, in one window, as text or json: without --lasting,"
                " --experiment, --rows, --url."
            )
        _test_itself(config, _given(question), as_json=form == "json")
        return
    if rows is not None:
        if lasting or url is not None:
            raise click.UsageError(
                "--rows reads a data folder, in one window: without --lasting, --url."
            )
        _write_rows(config, _given(question), Path(rows))
        return
    questions = [question | {"window": one} for one in (LASTING if lasting else (window,))]
    if options["data"] is not None:
        answers = [report_offline(config, _given(one), experiment) for one in questions]
    else:
        path = (
            "/v1/report"
            if experiment is None
            else f"/v1/experiments/{quote(experiment, safe='')}/report"
        )
        with ServerClient(config, url) as server:
            answers = [server.get(path, **one) for one in questions]
    answer = {"lasting": answers} if lasting else answers[0]
    if form == "json":
        print_json(answer)
    elif form == "csv":
        from tactful.api.effect_reports import csv_text

        print_text(csv_text(answer), nl=False)
    elif form == "html":
        print_text(_page_of(answer), nl=False)
    elif lasting:
        print_lasting(answers)
    elif experiment is not None:
        print_variants(answer)
    else:
        print_report(answer)


def _page_of(answer: dict[str, Any]) -> str:
    if "experiment" in answer:
        from tactful.cli.variants_page import variants_page

        return variants_page(answer)
    from tactful.cli.report_page import report_page

    return report_page(answer)


def _given(question: dict[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in question.items() if text}


def report_offline(
    config: Config, question: dict[str, str], experiment: str | None = None
) -> dict[str, Any]:
    """Return what `GET /v1/report` would answer on this data folder at this instant.

    The folder is only read, and a server may be running on it: a copy is read.

    Args:
        config: Settings whose `data` names the folder.
        question: The query of `GET /v1/report`.
        experiment: The experiment whose rules are compared; None: offers are compared with none.

    Raises:
        CommandError: The folder holds no ledger, or the question cannot be read.
    """
    from tactful.api.effect_reports import report_view, response_view, variants_view

    if experiment is not None:
        variants, asked, now = _read_offline(
            config,
            question,
            lambda _, service, one: service.variants(structs.replace(one, experiment=experiment)),
        )
        return variants_view(variants, structs.replace(asked, experiment=experiment), now)

    async def both(
        ledger: "SqliteLedger", service: "ReportService", one: "ReportQuestion"
    ) -> "tuple[ExperimentReport, dict[str, Any]]":
        return await service.report(one), await response_view(ledger, one)

    (found, responses), asked, now = _read_offline(config, question, both)
    return report_view(found, asked, now) | responses


def _test_itself(config: Config, question: dict[str, str], *, as_json: bool) -> None:
    """Print how often reports on this data folder would see a difference where there is none.

    Raises:
        CommandError: There are more false alarms than the methods promise.
    """
    from tactful.measurement.self_test import DIVISIONS, MOST_LIFT_ALARMS, MOST_RATIO_ALARMS

    found, _, _ = _read_offline(config, question, lambda _, service, one: service.self_test(one))
    if as_json:
        print_json({**structs.asdict(found), "divisions": DIVISIONS, "ok": found.ok})
    else:
        print_line(
            f"{counted(found.units, 'shopper')}, of whom {found.buyers:,} bought, were divided by chance"
            f" {DIVISIONS:,} times, and each division was looked at on {counted(found.looks, 'day')}."
        )
        print_line(
            f"{counted(found.lift_alarms, 'division')} showed a difference on some day; at most"
            f" {MOST_LIFT_ALARMS} are expected."
        )
        print_line(
            f"{found.ratio_alarms} showed groups of wrong sizes; at most {MOST_RATIO_ALARMS} is"
            " expected."
        )
    if not found.ok:
        raise CommandError(
            "There are more false alarms than promised, so reports on this shop see differences that"
            " are none. Report it with these numbers."
        )


def _write_rows(config: Config, question: dict[str, str], folder: Path) -> None:
    """Write the units that a report on this data folder compares."""
    from tactful.cli.unit_files import write_unit_files

    table, _, _ = _read_offline(config, question, lambda _, service, one: service.units(one))
    with exit_on(OSError):
        write_unit_files(folder, table)
    print_line(
        f"{counted(len(table.rows), 'shopper is', 'shoppers are')} in {folder}; lift.sql there says how to compare them."
    )
    if table.other_currencies:
        left_out = ", ".join(table.other_currencies)
        print_line(
            f"Amounts in {left_out} are left out; those in {table.currency} are not converted."
        )


def _read_offline(
    config: Config,
    question: dict[str, str],
    read: "Callable[[SqliteLedger, ReportService, ReportQuestion], Coroutine[Any, Any, T]]",
) -> "tuple[T, ReportQuestion, int]":
    """Return what a report service reads from a copy of the data folder, the question and the instant."""
    from tactful.api.effect_reports import question_of
    from tactful.api.problems import ProblemError
    from tactful.runtime.ports.ledger import LedgerError
    from tactful.stores.shared.draft_folder import draft_folder

    folder = ledger_folder(config)
    now = server_now(config.data)
    with (
        exit_on(LedgerError, ProblemError, OSError),
        draft_folder(folder) as work,
    ):
        asked = question_of(question, now)
        copy_ledger(config, work / LEDGER_FILE)
        return asyncio.run(_read(work / LEDGER_FILE, asked, now, read)), asked, now


async def _read(
    ledger_path: Path,
    question: "ReportQuestion",
    now: int,
    read: "Callable[[SqliteLedger, ReportService, ReportQuestion], Coroutine[Any, Any, T]]",
) -> T:
    from tactful.runtime.services.report_service import ReportService
    from tactful.runtime.timers import TestClock
    from tactful.stores.sqlite.ledger import SqliteLedger

    ledger = SqliteLedger(ledger_path)
    await ledger.open()
    try:
        return await read(ledger, ReportService(ledger, TestClock(now)), question)
    finally:
        await ledger.close()
