"""The command `tactful rules backtest`, which replays recorded sessions under two rulebooks."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from tactful.cli.rules.backtest_report import render_report
from tactful.cli.rules.rule_folder import collect_files, compile_files, require_rulebook
from tactful.cli.shared.data_folder import KEYS_FOLDER, LEDGER_FILE, server_now
from tactful.cli.shared.database import copy_ledger, ledger_folder
from tactful.cli.shared.errors import CommandError, exit_on
from tactful.cli.shared.options import load_config, parse_instant, setting_options
from tactful.cli.shared.output import json_option, print_json, print_table, print_text
from tactful.cli.shared.progress import progress
from tactful.config import Config
from tactful.core.rules.rule import Rulebook
from tactful.core.values.calendar import CalendarError, format_rfc3339, parse_duration
from tactful.core.values.money import Money, format_plain
from tactful.rulebook.testing.comparison import BacktestResult, RulebookResult

_PATH: Final = click.Path(path_type=Path, dir_okay=False)
RulebookPair = tuple[Rulebook | None, Rulebook | None]
MAX_ROWS: Final = 12
"""Reasons, and rules, that the table lists; `--json` and `--html` have all."""


@click.command(
    epilog="\b\nExamples:\n  tactful rules backtest rules-last-week rules --since 14d --data shop-data\n"
    "  tactful rules backtest 6cc29a68 rules --html backtest.html --data shop-data"
)
@click.argument("old")
@click.argument("new")
@click.option(
    "--since",
    metavar="TIME",
    default="14d",
    show_default=True,
    help="Length of the period to replay, such as 14d.",
)
@click.option(
    "--until",
    metavar="TIME",
    help="End of the period, such as 2026-03-10T12:00:00Z. Default: now.",
)
@click.option(
    "--html", "file", metavar="FILE", type=_PATH, help="Also write a report with charts to FILE."
)
@setting_options("data")
@json_option
def backtest(
    *,
    old: str,
    new: str,
    since: str,
    until: str | None,
    file: Path | None,
    json_output: bool,
    **options: Any,
) -> None:
    """Replay recorded sessions under two rulebooks, and compare the results.

    OLD and NEW are each a folder of rule files, or the version of a rulebook that was active. A copy
    of the ledger is read, so the server may be running. The result is not a forecast.
    """
    config = load_config(options)
    try:
        length = parse_duration(since)
    except CalendarError as error:
        raise click.BadParameter(str(error), param_hint="--since") from error
    end = parse_instant(until, "--until") if until else server_now(config.data)
    rulebooks = _rulebook_of_folder(old, options), _rulebook_of_folder(new, options)
    done = _replay_copy(config, (old, new), rulebooks, end - length, end)
    if file is not None:
        file.write_text(render_report(done, (old, new)), "utf-8")
    if json_output:
        bounds = {"since": format_rfc3339(done.since), "until": format_rfc3339(done.until)}
        print_json(msgspec.to_builtins(done, str_keys=True) | bounds)
        return
    for head, rows in _tables(done):
        print_table(head, rows)
        print_text()
    for line in done.cannot_know:
        print_text(f"- {line}")
    if file is not None:
        print_text(f"The report is written to {file}.")


def _replay_copy(
    config: Config, names: tuple[str, str], rulebooks: RulebookPair, since: int, until: int
) -> BacktestResult:
    from tactful.runtime.ports.ledger import LedgerError  # slow to import
    from tactful.stores.shared.draft_folder import draft_folder

    folder = ledger_folder(config)
    with exit_on(LedgerError, OSError), draft_folder(folder) as work:
        copy = work / LEDGER_FILE
        copy_ledger(config, copy)
        with progress("replaying recorded sessions", until - since) as step:
            return asyncio.run(_replay(config, copy, names, rulebooks, (since, until), step))


async def _replay(
    config: Config,
    copy: Path,
    names: tuple[str, str],
    rulebooks: RulebookPair,
    window: tuple[int, int],
    step: Callable[[int], None],
) -> BacktestResult:
    from tactful.app import hold_out_seed
    from tactful.runtime.security.signing_keys import SigningKeys
    from tactful.runtime.system_clock import SystemClock
    from tactful.runtime.turn_log.log_reader import RecordedRulebooks
    from tactful.runtime.turn_log.what_if import backtest as run_backtest
    from tactful.stores.sqlite.ledger import SqliteLedger

    ledger = SqliteLedger(copy)
    await ledger.open()
    try:
        recorded_rulebooks = RecordedRulebooks(ledger, config.policy)
        versions = [version for version, _, _ in await ledger.rulebooks()]
        old, new = [
            rulebook or await _rulebook_of_version(name, versions, recorded_rulebooks)
            for rulebook, name in zip(rulebooks, names, strict=True)
        ]
        seed = hold_out_seed(
            config, SigningKeys(ledger_folder(config) / KEYS_FOLDER, SystemClock())
        )
        return await run_backtest(
            ledger, (old, new), seed=seed,
            since=window[0], until=window[1], step=step,
        )  # fmt: skip
    finally:
        await ledger.close()


def _rulebook_of_folder(name: str, options: dict[str, Any]) -> Rulebook | None:
    """Compile the rules of a folder or file; None: no such path, so the name is a version."""
    if not Path(name).exists():
        return None
    return require_rulebook(
        compile_files(collect_files([Path(name)], options).rules, options)
    ).rulebook


async def _rulebook_of_version(name: str, versions: list[str], recorded_rulebooks: Any) -> Rulebook:
    """Return the recorded rulebook whose version begins with `name`."""
    matching = {version for version in versions if version.startswith(name)}
    if len(matching) != 1:
        problem = (
            "Several versions begin with this text."
            if matching
            else "There is no such folder, and no version begins with this text."
        )
        known = ", ".join(dict.fromkeys(versions)) or "none"
        raise CommandError(f"{name}: {problem} Versions that were active: {known}.")
    found: Rulebook | None = await recorded_rulebooks.rulebook(matching.pop())
    if found is None:
        raise CommandError(
            f"{name}: Under the present policy settings the files of this version compile to another "
            "version. Name a folder of rule files instead."
        )
    return found


Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


def _tables(done: BacktestResult) -> Iterator[Table]:
    """Yield the figures, the reasons and the rules as one table each."""
    when = f"{format_rfc3339(done.since)} to {format_rfc3339(done.until)}"
    yield (when, "old", "new", "change"), [*_figures(done)]
    for title, pick in (("withheld because of", _withheld), ("pushed by", _rules)):
        yield (title, "old", "new", "change"), _counted(pick(done.old), pick(done.new))


def _withheld(side: RulebookResult) -> Mapping[str, int]:
    return side.withheld


def _rules(side: RulebookResult) -> Mapping[str, int]:
    return side.rules


def _figures(done: BacktestResult) -> Iterator[tuple[str, ...]]:
    old, new = done.old, done.new
    yield "rulebook", old.version, new.version, ""
    yield "sessions replayed", str(done.sessions), str(done.sessions), ""
    yield _row("offers pushed", old.pushes, new.pushes)
    yield _row("shoppers reached", old.shoppers, new.shoppers)
    yield _row("items offered", len(old.items), len(new.items))
    yield _row("withdrawn", old.withdrawn, new.withdrawn)
    yield _row("redeemed as they were", old.redeemed, new.redeemed)
    for title, before, after in (
        ("discount promised", old.promised, new.promised),
        ("margin left", old.margin, new.margin),
    ):
        for currency in sorted({*before, *after}):
            amounts = before.get(currency, 0), after.get(currency, 0)
            more = amounts[1] - amounts[0]
            shown = [format_plain(Money(amount, currency)) for amount in (*amounts, more)]
            yield title, shown[0], shown[1], f"{'+' if more > 0 else ''}{shown[2]}"
    yield _row("pushed without a known cost", old.without_cost, new.without_cost)
    yield "shoppers affected", "", str(done.shoppers_affected), ""
    yield "items affected", "", str(done.items_affected), ""


def _row(title: str, before: int, after: int) -> tuple[str, ...]:
    return title, f"{before:,}", f"{after:,}", f"{after - before:+,}" if after != before else "0"


def _counted(old: Mapping[str, int], new: Mapping[str, int]) -> list[tuple[str, ...]]:
    names = sorted({*old, *new}, key=lambda name: (-max(old.get(name, 0), new.get(name, 0)), name))
    return [_row(name, old.get(name, 0), new.get(name, 0)) for name in names[:MAX_ROWS]]
