"""Who takes the facts of an import: a running server, or the folder of one that does not run?"""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tactful.cli.shared.errors import CommandError, exit_on
from tactful.cli.shared.http_client import ServerClient
from tactful.config import Config
from tactful.core.facts import fact_codec
from tactful.core.facts.fact_types import FEEDS, AnyFact

SendFacts = Callable[[list[AnyFact]], dict[str, Any]]


def server_target(stack: ExitStack, config: Config, url: str | None) -> SendFacts:
    """Over HTTP, in the order of the files."""
    server = stack.enter_context(ServerClient(config, url))

    def send(facts: list[AnyFact]) -> dict[str, Any]:
        body = b"\n".join(map(fact_codec.encode, facts))
        found: dict[str, Any] = server.request("POST", "/v1/facts", body, "application/x-ndjson")
        return found

    return send


def folder_target(stack: ExitStack, folder: Path) -> SendFacts:
    """Straight into the ledger of a server that does not run."""
    from tactful.cli.shared.data_folder import is_unused, ledger_file  # for this way only
    from tactful.runtime.ports.ledger import LedgerError
    from tactful.runtime.services.ingest import fact_row
    from tactful.stores.sqlite.ledger import SqliteLedger

    file = ledger_file(folder, must_exist=False)
    if file.exists() and not is_unused(file):
        raise CommandError(
            f"{folder}: a server is running on it; import with --url instead of --data"
        )
    runner = stack.enter_context(asyncio.Runner())
    ledger = SqliteLedger(file)
    stack.enter_context(exit_on(LedgerError))
    runner.run(ledger.open())
    stack.callback(lambda: runner.run(ledger.close()))

    def send(facts: list[AnyFact]) -> dict[str, Any]:
        now = time.time_ns() // 1_000_000
        kept = runner.run(ledger.record_facts([fact_row(fact, now) for fact in facts]))
        for feed in {FEEDS[type(fact)] for fact in facts if type(fact) in FEEDS}:
            runner.run(ledger.record_heartbeat(feed, now))
        return {"accepted": sum(kept), "ignored": len(kept) - sum(kept), "rejected": []}

    return send
