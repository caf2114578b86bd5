"""The command `tactful connect NAME`: a check, a preview, and the progress of the reading."""

import asyncio
import time
from collections import Counter
from typing import Any, Final

import click
import msgspec
from msgspec import Struct

from tactful.cli.connect.configured import (
    configured,
    delivery_url,
    missing_settings,
    unreadable,
)
from tactful.cli.shared.errors import CommandError
from tactful.cli.shared.http_client import ServerClient, url_option
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import print_line, print_text
from tactful.cli.shared.progress import progress
from tactful.connectors.connector import Json, Listing
from tactful.connectors.objects.installed import InstalledConnector
from tactful.connectors.objects.object_mapper import ObjectMapper
from tactful.connectors.objects.remote_objects import FetchError, RemoteObjects
from tactful.connectors.reconcile.list_reader import first_url, rows_of, total_of
from tactful.core.facts.fact_types import AnyFact
from tactful.core.values.counts import counted
from tactful.runtime.system_clock import SystemClock

EXAMPLES: Final = 20
"""Objects of each list that are mapped for the preview."""
_SIGNED: Final = {
    "": "Each delivery is signed with the secret of the settings.",
    "secret-path": "They are not signed: write the secret of the settings in place of YOUR-SECRET.",
    "secret-header": "They are not signed: send the secret of the settings as X-Tactful-Secret.",
}
"""Signature of a connector → what the sender needs; empty: the others."""
POLL_S: Final = 1
"""Seconds between two looks at the progress."""


class Preview(Struct, frozen=True):
    """What some objects of a list mean."""

    total: int | None
    """The objects of the whole list; `None`: the other system does not say."""
    kinds: Counter[str]
    """Kind of fact → how many."""
    example: Json | None
    """One fact; contacts are digests under a key of this preview."""
    left_out: Counter[str]
    """What was left out or assumed → how often."""


@click.command(
    epilog="\b\nExamples:\n  tactful connect shop --dry-run\n  tactful connect shop",
)
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Only show what would be read; ask no server.")
@url_option
@setting_options()
def setup(*, name: str, dry_run: bool, url: str | None, **options: Any) -> None:
    """Check a connector of the settings, show examples, and follow its first reading.

    The server reads by itself, and goes on after a restart; this command only shows it.
    """
    config = load_config(options)
    installed = configured(config, name)
    print_text(f"Deliveries go to {delivery_url(config, installed)}.")
    print_text(_SIGNED.get(installed.connector.signature, _SIGNED[""]))
    for problem in missing_settings(installed):
        print_text(problem)
    lists = installed.connector.lists_for(installed.terms)
    if installed.remote is None or not lists:
        print_text(f"The kind {installed.connector.name} is not read: facts come with deliveries.")
    else:
        for listing in lists:
            _print(listing, preview_of(installed, installed.remote, listing))
    if not dry_run:
        with ServerClient(config, url) as server:
            _follow(server, name)


def preview_of(installed: InstalledConnector, remote: RemoteObjects, listing: Listing) -> Preview:
    """Return what the first objects of a list mean. Nothing is stored.

    Raises:
        CommandError: The list cannot be read.
    """
    installed.left_out.clear()
    mapper = ObjectMapper(installed, _nothing_known, SystemClock(), b"preview")
    try:
        page = remote.page(first_url(listing, installed.terms))
        rows = rows_of(listing, page)[:EXAMPLES]
        facts = asyncio.run(_mapped(mapper, installed, remote, listing, rows))
    except FetchError as error:
        raise CommandError(f"connectors.{installed.name}: {unreadable(listing, error)}") from error
    kinds = Counter(str(fact["type"]) for fact in facts)
    example = facts[0] if facts else None
    return Preview(total_of(listing, page), kinds, example, Counter(installed.left_out))


async def _mapped(
    mapper: ObjectMapper,
    installed: InstalledConnector,
    remote: RemoteObjects,
    listing: Listing,
    rows: list[Json],
) -> list[Json]:
    facts: list[Json] = []
    now = SystemClock().now()
    for row in rows:
        whole = (
            remote.page(listing.each.replace("{id}", str(row["id"]))).body if listing.each else row
        )
        try:
            fields = {**mapper.kept(listing.topic, whole), **listing.base}
            facts += await mapper.facts_of(listing.topic, fields, now, {}, is_read=True)
        except FetchError:
            raise
        except Exception as error:  # noqa: BLE001 - the preview names it, as the reading does
            installed.count_left_out(f"An object cannot be mapped: {type(error).__name__}.")
    return facts


async def _nothing_known(_: Any) -> tuple[AnyFact, ...]:
    return ()


def _print(listing: Listing, found: Preview) -> None:
    total = "" if found.total is None else f" of {found.total:,}"
    kinds = ", ".join(f"{number} {kind}" for kind, number in found.kinds.items()) or "no facts"
    print_text(f"{listing.name}: the first {EXAMPLES} objects{total} at most give {kinds}.")
    if found.example is not None:
        print_line(f"  {msgspec.json.encode(found.example).decode()}")
    for sentence, number in found.left_out.most_common():
        print_text(f"  {number} ×: {sentence}")


def _follow(server: ServerClient, name: str) -> None:
    """Show the first reading of each list until all are read.

    Raises:
        CommandError: The server does not respond, does not know the connector, or cannot read.
    """
    status = _status(server, name)
    arrived = status["mapped"] + status["waiting"] + status["failed"]
    print_text(
        f"The server runs with it: {counted(arrived, 'delivery', 'deliveries')}, {status['failed']} failed."
        if arrived
        else "The server runs with it. Send a delivery from the other system: `tactful connect list`"
        " counts it."
    )
    for place in range(len(status["lists"])):
        row = _status(server, name)["lists"][place]
        with progress(f"reading {row['name']}", row["total"] or 1) as step:
            while row["whole_at"] is None:
                status = _status(server, name)
                if status["fetch_problem"]:
                    raise CommandError(
                        f"{name}: {status['fetch_problem']} The server tries again by itself."
                    )
                row = status["lists"][place]
                step(min(row["reading"] or 0, row["total"] or 1))
                time.sleep(POLL_S)
        print_text(f"{row['name']}: {row['rows']:,} read.")


def _status(server: ServerClient, name: str) -> dict[str, Any]:
    for one in server.get("/v1/connectors")["connectors"]:
        if one["name"] == name:
            return dict(one)
    raise CommandError(
        f"{server.url}: The server does not know the connector {name}. Restart it with these settings."
    )
