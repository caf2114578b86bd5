"""`tactful rules backtest`: what would other rules have done with the sessions that were recorded?"""

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from tactful.cli.rules.backtest_report import render_report
from tactful.cli.rules.rule_folder import collect_files, compile_files, require_rulebook
from tactful.cli.shared.data_folder import LEDGER_FILE, ledger_file, server_now
from tactful.cli.shared.errors import CommandError, exit_on
from tactful.cli.shared.options import load_config, parse_instant, setting_options
from tactful.cli.shared.output import json_option, print_json, print_table
from tactful.cli.shared.progress import progress
from tactful.config import Config
from tactful.core.rules.rule import Rulebook
from tactful.core.values.calendar import CalendarError, format_rfc3339, parse_duration
from tactful.core.values.money import Money, format_plain
from tactful.rulebook.testing.comparison import BacktestResult, RulebookResult

_PATH: Final = click.Path(path_type=Path, dir_okay=False)
RulebookPair = tuple[Rulebook | None, Rulebook | None]
MAX_ROWS: Final = 12
"""Reasons and rules listed in the table; `--json` and `--html` have them all."""


@click.command(
    epilog="\b\nExamples:\n  tactful rules backtest rules-last-week rules --since 14d --data shop-data\n"
    "  tactful rules backtest 6cc29a68 rules --html backtest.html --data shop-data"
)
@click.argument("old")
@click.argument("new")
@click.option("--since", default="14d", show_default=True, help="How far to go back, such as 14d.")
@click.option("--until", metavar="TIME", help="Go back from then, such as 2026-03-10T12:00:00Z.")
@click.option("--html", "file", type=_PATH, help="Write a report with charts there, too.")
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
    """Play recorded sessions under two rulebooks: each a folder of rules, or a version that was active.

    Reads a copy of the ledger: the server may go on. What it says is no forecast.
    """
    config = load_config(options)
    try:
        length = parse_duration(since)
    except CalendarError as error:
        raise click.BadParameter(str(error), param_hint="--since") from error
    end = parse_instant(until, "--until") if until else server_now(config.data)
    books = _rulebook_of_folder(old, options), _rulebook_of_folder(new, options)
    done = _replay_copy(config, (old, new), books, end - length, end)
    if file is not None:
        file.write_text(render_report(done, (old, new)), "utf-8")
    if json_output:
        bounds = {"since": format_rfc3339(done.since), "until": format_rfc3339(done.until)}
        print_json(msgspec.to_builtins(done, str_keys=True) | bounds)
        return
    for head, rows in _tables(done):
        print_table(head, rows)
        click.echo()
    for line in done.cannot_know:
        click.echo(f"- {line}")
    if file is not None:
        click.echo(f"wrote {file}")


def _replay_copy(
    config: Config, names: tuple[str, str], books: RulebookPair, since: int, until: int
) -> BacktestResult:
    from tactful.runtime.ports.ledger import LedgerError  # slow to import
    from tactful.stores.sqlite import backup as sqlite_copies

    source = ledger_file(config.data)
    with tempfile.TemporaryDirectory(prefix="tactful-") as work, exit_on(LedgerError):
        copy = Path(work) / LEDGER_FILE
        sqlite_copies.backup(source, copy)
        with progress("playing recorded sessions", until - since) as step:
            return asyncio.run(_replay(config, copy, names, books, (since, until), step))


async def _replay(
    config: Config,
    copy: Path,
    names: tuple[str, str],
    books: RulebookPair,
    window: tuple[int, int],
    step: Callable[[int], None],
) -> BacktestResult:
    from tactful.app import hold_out_seed
    from tactful.runtime.security.signing_keys import SigningKeys
    from tactful.runtime.timers import SystemClock
    from tactful.runtime.turn_log.log_reader import RecordedRulebooks
    from tactful.runtime.turn_log.what_if import backtest as play
    from tactful.stores.sqlite.ledger import SqliteLedger

    ledger = SqliteLedger(copy)
    await ledger.open()
    try:
        recorded = RecordedRulebooks(ledger, config.policy)
        versions = [version for version, _, _ in await ledger.rulebooks()]
        old, new = [
            book or await _rulebook_of_version(name, versions, recorded)
            for book, name in zip(books, names, strict=True)
        ]
        seed = hold_out_seed(
            config, SigningKeys(ledger_file(config.data).parent / "keys", SystemClock())
        )
        return await play(
            ledger, (old, new), seed=seed,
            since=window[0], until=window[1], step=step,
        )  # fmt: skip
    finally:
        await ledger.close()


def _rulebook_of_folder(name: str, options: dict[str, Any]) -> Rulebook | None:
    """The rulebook of a folder or file of rules; None: it must be a version."""
    if not Path(name).exists():
        return None
    return require_rulebook(
        compile_files(collect_files([Path(name)], options).rules, options)
    ).rulebook


async def _rulebook_of_version(name: str, versions: list[str], recorded: Any) -> Rulebook:
    """A rulebook that was active, by the first letters of its version."""
    fitting = {version for version in versions if version.startswith(name)}
    if len(fitting) != 1:
        many = "several versions begin" if fitting else "no folder, and no version begins"
        known = ", ".join(dict.fromkeys(versions)) or "none"
        raise CommandError(f"{name}: {many} like that; versions that were active: {known}")
    found: Rulebook | None = await recorded.rulebook(fitting.pop())
    if found is None:
        raise CommandError(
            f"{name}: the shop's configuration makes something else of that version by now",
            "name a folder of rules instead",
        )
    return found


Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


def _tables(done: BacktestResult) -> Iterator[Table]:
    """What is printed, a table at a time."""
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
