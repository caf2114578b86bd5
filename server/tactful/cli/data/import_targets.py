"""Receivers of imported facts: a running server, or the data folder of a stopped one."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tactful.cli.shared.errors import CommandError, exit_on
from tactful.cli.shared.http_client import ServerClient
from tactful.config import Config
from tactful.core.facts import fact_codec
from tactful.core.facts.fact_types import AnyFact, feed_of
from tactful.core.facts.fact_versions import FactOutcome
from tactful.core.facts.shopper_contacts import keyed

ListFacts = Callable[[str], Iterator[AnyFact]]
"""Yields the facts in force of one kind: `product`, `price`, `cost` or `stock`."""
SendFacts = Callable[[list[bytes]], dict[str, Any]]
"""Stores a batch of facts, each as JSON, and returns the report of `POST /v1/facts`: `accepted`, `ignored`, `rejected`, `unchanged`."""


class ImportTarget(Struct, frozen=True):
    """A receiver of facts, which also says what it knows already."""

    send: SendFacts
    facts_of_kind: ListFacts


def server_target(stack: ExitStack, config: Config, url: str | None) -> ImportTarget:
    """Return a receiver that reports facts to a running server, in the order of the files.

    Args:
        stack: Closes the connection at its end.
        config: Settings with the server key.
        url: Value of `--url`.

    Raises:
        CommandError: `url` is not a URL; the receiver raises it where the server refuses a report.
    """
    server = stack.enter_context(ServerClient(config, url))

    def send(facts: list[bytes]) -> dict[str, Any]:
        body = b"\n".join(facts)
        report: dict[str, Any] = server.request("POST", "/v1/facts", body, "application/x-ndjson")
        return report

    def facts_of_kind(kind: str) -> Iterator[AnyFact]:
        after: str | None = ""
        while after is not None:
            page = server.get("/v1/facts", of=kind, after=after)
            for plain in page["facts"]:
                yield fact_codec.decode_stored(msgspec.json.encode(plain))
            after = page["next"]

    return ImportTarget(send, facts_of_kind)


def folder_target(stack: ExitStack, folder: Path, *, dry_run: bool = False) -> ImportTarget:
    """Return a receiver that writes facts into the ledger of a server that is not running.

    Args:
        stack: Closes the ledger at its end.
        folder: The data folder; it is created where it does not exist.
        dry_run: Whether nothing will be written. Then a folder that does not exist counts as empty.

    Raises:
        CommandError: A server is running on the folder, or its ledger cannot be opened.
    """
    # Only this receiver needs these.
    from tactful.cli.shared.data_folder import KEYS_FOLDER, is_unused, ledger_file
    from tactful.cli.shared.logging_setup import configure_logging
    from tactful.runtime.ports.ledger import LedgerError
    from tactful.runtime.security.key_files import KeyFileError
    from tactful.runtime.security.signing_keys import SigningKeys
    from tactful.runtime.services.ingest import erased_fact_rejection, fact_row
    from tactful.runtime.services.item_catalogue import read_page
    from tactful.runtime.state.erased_customers import ErasedCustomers
    from tactful.runtime.system_clock import SystemClock
    from tactful.stores.sqlite.ledger import SqliteLedger

    file = ledger_file(folder, must_exist=False)
    if dry_run and not file.exists():
        return ImportTarget(lambda _: {}, lambda _: iter(()))
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

    with exit_on(KeyFileError):
        contact_key = SigningKeys(file.parent / KEYS_FOLDER, SystemClock()).contact_key
    erased = ErasedCustomers(ledger)
    runner.run(erased.start())

    def send(reported: list[bytes]) -> dict[str, Any]:
        decoded = map(fact_codec.decode_stored, reported)
        given: list[AnyFact] = [keyed(fact, contact_key) for fact in decoded]
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

    def facts_of_kind(kind: str) -> Iterator[AnyFact]:
        after: str | None = ""
        while after is not None:
            page = runner.run(read_page(ledger, kind, after))
            yield from page.facts
            after = page.next

    return ImportTarget(send, facts_of_kind)
