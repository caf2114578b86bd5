"""Explanation of an offer, computed from a copy of a data folder without a running server."""

import asyncio
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import structs

from tactful.cli.shared.data_folder import KEYS_FOLDER, LEDGER_FILE, server_now
from tactful.cli.shared.database import copy_ledger, ledger_folder
from tactful.cli.shared.errors import CommandError, exit_on
from tactful.cli.shared.options import parse_instant
from tactful.config import Config
from tactful.core.values.calendar import CalendarError, parse_duration
from tactful.rulebook.source.stored_sources import decode_sources
from tactful.rulebook.source.tree import RuleSource


def explain_offline(config: Config, question: dict[str, str | None]) -> Any:
    """Return what `GET /v1/why` would answer on this data folder at this instant.

    The folder is only read, and a server may be running on it: a copy is explained.

    Args:
        config: Settings whose `data` names the folder. Without `rules`, the rule files that were
            active last are taken from the ledger.
        question: The query of `GET /v1/why`: `sku`, `session`, `customer`, `at`, `territory`, `dwell`, `recompute`.

    Raises:
        CommandError: The folder holds no ledger, the rules folder is missing, or the ledger knows no
            such shopper.
        click.BadParameter: `at` or `dwell` cannot be read.
    """
    from tactful.runtime.ports.ledger import LedgerError  # slow to import
    from tactful.runtime.services.explanations import HypotheticalVisit, UnknownShopperError
    from tactful.runtime.services.near_names import UnknownNameError
    from tactful.stores.shared.draft_folder import draft_folder

    at, dwell = question["at"], _parse_dwell(question["dwell"])
    visit = None
    if question["territory"] is not None or dwell is not None:
        visit = (
            HypotheticalVisit(question["territory"])
            if dwell is None
            else HypotheticalVisit(question["territory"], dwell)
        )
    if config.rules is not None and not config.rules.is_dir():
        # A server would keep the rules that were active last, and the answer would be about those.
        raise CommandError(
            f"The rules folder {config.rules} does not exist. Correct --rules or the setting rules."
            " Without one, the rules that were active last are explained."
        )
    folder = ledger_folder(config)
    shopper = {
        "session": question["session"],
        "customer": question["customer"],
        "at": parse_instant(at) if at else None,
        "visit": visit,
        "recompute": question["recompute"] is not None,
    }
    with (
        exit_on(LedgerError, UnknownShopperError, UnknownNameError, OSError),
        draft_folder(folder) as work,
    ):
        copy_ledger(config, work / LEDGER_FILE)
        if (folder / KEYS_FOLDER).is_dir():
            shutil.copytree(folder / KEYS_FOLDER, work / KEYS_FOLDER)
        rules = config.rules or asyncio.run(_recorded_rules(work))
        return asyncio.run(
            _explain(
                structs.replace(config, data=work, ledger=None, rules=rules, erasures_copy=None),
                question["sku"],
                shopper,
                server_now(config.data),
            )
        )


def _parse_dwell(text: str | None) -> int | None:
    """Return the time on an item in milliseconds; None: not given."""
    try:
        return None if text is None else parse_duration(text)
    except CalendarError as error:
        raise click.BadParameter(str(error), param_hint="--dwell") from error


async def _recorded_rules(work: Path) -> Path:
    """Write the rule files that were active last into a folder, and return the folder."""
    from tactful.stores.sqlite.ledger import SqliteLedger

    ledger = SqliteLedger(work / LEDGER_FILE)
    await ledger.open()
    versions = await ledger.rulebooks()
    stored = await ledger.rulebook_sources(versions[0][0]) if versions else None
    await ledger.close()
    return _write_rule_files(work / "rules", decode_sources(stored))


def _write_rule_files(folder: Path, sources: Iterable[RuleSource]) -> Path:
    for source in sources:
        file = folder / source.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(source.text)
    return folder


async def _explain(config: Config, sku: str | None, shopper: dict[str, Any], now: int) -> Any:
    from tactful.api import representations as views
    from tactful.app import build
    from tactful.runtime.timers import TestClock

    shop = build(config, clock=TestClock(now)).shop
    await shop.start()
    try:
        found = await shop.explanations.explain(sku or "", **shopper)
        return msgspec.to_builtins(views.explanation(found))
    finally:
        await shop.stop()
