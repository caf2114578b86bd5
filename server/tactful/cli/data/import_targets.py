"""Receivers of imported facts: a running server, or the data folder of a stopped one."""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from tactful.cli.shared.errors import CommandError, exit_on
from tactful.cli.shared.http_client import ServerClient
from tactful.config import Config
from tactful.core.facts import fact_codec
from tactful.core.facts.fact_types import AnyFact, feed_of
from tactful.core.facts.fact_versions import FactOutcome

SendFacts = Callable[[list[AnyFact]], dict[str, Any]]
"""Stores a batch of facts and returns the report of `POST /v1/facts`: `accepted`, `ignored`, `rejected`, `unchanged`."""


def server_target(stack: ExitStack, config: Config, url: str | None) -> SendFacts:
    """Return a receiver that reports facts to a running server, in the order of the files.

    Args:
        stack: Closes the connection at its end.
        config: Settings with the server key.
        url: Value of `--url`.

    Raises:
        CommandError: `url` is not a URL; the receiver raises it where the server refuses a report.
    """
    server = stack.enter_context(ServerClient(config, url))

    def send(facts: list[AnyFact]) -> dict[str, Any]:
        body = b"\n".join(map(fact_codec.encode, facts))
        report: dict[str, Any] = server.request("POST", "/v1/facts", body, "application/x-ndjson")
        return report

    return send


def folder_target(stack: ExitStack, folder: Path) -> SendFacts:
    """Return a receiver that writes facts into the ledger of a server that is not running.

    Args:
        stack: Closes the ledger at its end.
        folder: The data folder; it is created where it does not exist.

    Raises:
        CommandError: A server is running on the folder, or its ledger cannot be opened.
    """
    from tactful.cli.shared.data_folder import is_unused, ledger_file  # only this receiver needs it
    from tactful.cli.shared.logging_setup import configure_logging
    from tactful.runtime.ports.ledger import LedgerError
    from tactful.runtime.services.ingest import erased_fact_rejection, fact_row
    from tactful.runtime.state.erased_customers import ErasedCustomers
    from tactful.stores.sqlite.ledger import SqliteLedger

    file = ledger_file(folder, must_exist=False)
    if file.exists() and not is_unused(file):
        raise CommandError(
            f"{folder}: A server is running on this folder. Import with --url instead of --data."
        )
    configure_logging("error")  # on standard error; unconfigured, it would mix with the output
    runner = stack.enter_context(asyncio.Runner())
    ledger = SqliteLedger(file)
    stack.enter_context(exit_on(LedgerError))
    runner.run(ledger.open())
    stack.callback(lambda: runner.run(ledger.close()))

    erased = ErasedCustomers(ledger)
    runner.run(erased.start())

    def send(given: list[AnyFact]) -> dict[str, Any]:
        now = time.time_ns() // 1_000_000
        found = [erased_fact_rejection(fact, index, erased) for index, fact in enumerate(given)]
        facts = [fact for fact, refused in zip(given, found, strict=True) if refused is None]
        kept = runner.run(ledger.record_facts([fact_row(fact, now) for fact in facts]))
        for fact, outcome in zip(facts, kept, strict=True):
            if outcome is FactOutcome.ACCEPTED:
                erased.note_stored(fact)
        for feed in {feed for fact in facts if (feed := feed_of(fact))}:
            runner.run(ledger.record_heartbeat(feed, now))
        accepted, unchanged = map(kept.count, (FactOutcome.ACCEPTED, FactOutcome.UNCHANGED))
        return {
            "accepted": accepted,
            "ignored": len(kept) - accepted,
            "rejected": [msgspec.to_builtins(refused) for refused in found if refused],
            "unchanged": unchanged,
        }

    return send
