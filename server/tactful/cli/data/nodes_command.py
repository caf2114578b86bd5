"""The command `tactful nodes`, which lists the servers that share a database."""

from datetime import UTC, datetime
from typing import Any

import click

from tactful.cli.shared.errors import CommandError, exit_on
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json, print_table, print_text


@click.command(epilog="\b\nExample:\n  tactful nodes --ledger postgresql://tactful@db/shop")
@setting_options("ledger")
@json_option
def nodes(*, json_output: bool, **options: Any) -> None:
    """List the servers that share a database, in the order in which they joined.

    The first one that is running also does what one server does for all: alerts, pruning, deliveries of
    other systems, and events. The database is read; no server need be running.
    """
    from tactful.runtime.ports.ledger import LedgerError

    config = load_config(options)
    if config.ledger is None:
        raise CommandError("The ledger is a file, which one server has alone. Set ledger.")
    with exit_on(LedgerError):
        from tactful.cli.shared.database import database_of

        target = database_of(config.ledger)
        from tactful.stores.postgres.membership_rows import read_nodes

        found = read_nodes(target)
    rows = [
        {
            "node": one.name,
            "state": "running" if one.is_running else "silent" if one.seen_at else "left",
            "version": one.version,
            "address": one.address,
            "joined_at": _time(one.joined_at),
            "seen_at": _time(one.seen_at) if one.seen_at else None,
        }
        for one in found
    ]
    if json_output:
        print_json({"nodes": rows})
    elif not rows:
        print_text("No server shares this database. Nodes have the setting cluster_secret.")
    else:
        print_table(
            tuple(rows[0]), [tuple(str(cell or "–") for cell in row.values()) for row in rows]
        )


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
