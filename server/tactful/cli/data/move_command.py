"""The command `tactful move`, which carries a whole ledger into a database or back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tactful.cli.shared.data_folder import LEDGER_FILE, is_unused, ledger_file, require_data_folder
from tactful.cli.shared.errors import CommandError, exit_on
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json, print_text
from tactful.core.values.counts import counted


@click.command(
    epilog="\b\nExamples:\n  tactful move --data shop-data --to postgresql://tactful@db/shop\n"
    "  tactful move --data shop-data --from postgresql://tactful@db/shop"
)
@setting_options("data")
@click.option("--to", "target", metavar="ADDRESS", help="The empty database to move the ledger to.")
@click.option("--from", "source", metavar="ADDRESS", help="The database to move the ledger from.")
@json_option
def move(*, target: str | None, source: str | None, json_output: bool, **options: Any) -> None:
    """Move a ledger from a data folder into a PostgreSQL database, or back.

    The server must be stopped. Every row is read back and compared before anything counts as moved.
    Keys and the list of erasures stay in the data folder.
    """
    if (target is None) == (source is None):
        raise CommandError(
            "Name either the database to move to, with --to, or the one with --from."
        )
    data = load_config(options).data
    moved: dict[str, int] = {}
    if target is not None:
        place = _move_to(ledger_file(data), target, moved.__setitem__)
    else:
        place = _move_from(source or "", require_data_folder(data) / LEDGER_FILE, moved.__setitem__)
    if json_output:
        print_json({"ledger": place, "rows": moved})
    else:
        rows = sum(moved.values())
        print_text(
            f"{place}: {counted(rows, 'row')} of {counted(len(moved), 'table')} moved and compared."
        )


def _move_to(file: Path, address: str, progress: Callable[[str, int], None]) -> str:
    """Move a ledger into a database; return how messages name it."""
    from tactful.runtime.ports.ledger import LedgerError
    from tactful.stores.shared.folder_lock import exclusive_lock_now

    if not is_unused(file):
        raise CommandError(f"{file}: A server uses this ledger. Stop the server first.")
    with exit_on(LedgerError, OSError), exclusive_lock_now(file.parent):
        from tactful.cli.shared.database import database_of
        from tactful.stores.transfer.ledger_moves import move_to_postgres

        target = database_of(address)
        move_to_postgres(file, target, progress)
    return target.place


def _move_from(address: str, file: Path, progress: Callable[[str, int], None]) -> str:
    """Move the ledger of a database into a folder; return the file."""
    from tactful.runtime.ports.ledger import LedgerError
    from tactful.stores.shared.folder_lock import exclusive_lock_now

    if file.exists():
        raise CommandError(f"{file}: This ledger exists already. Name another data folder.")
    with exit_on(LedgerError, OSError):
        from tactful.cli.shared.database import database_of
        from tactful.stores.transfer.ledger_moves import move_to_sqlite

        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with exclusive_lock_now(file.parent):
            move_to_sqlite(database_of(address), file, progress)
    return str(file)
