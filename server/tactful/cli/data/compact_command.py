"""The command `tactful compact`, on the ledger of a data folder that no server uses."""

import shutil
from typing import Any

import click
import msgspec

from tactful.cli.shared.data_folder import is_unused, ledger_file
from tactful.cli.shared.errors import CommandError, exit_on
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json, print_text


@click.command(epilog="\b\nExample:\n  tactful compact --data shop-data")
@setting_options("data")
@json_option
def compact(*, json_output: bool, **options: Any) -> None:
    """Give the room of pruned and erased rows back to the disk. The server must be stopped.

    The ledger is copied without its free pages, the copy is checked, and it replaces the ledger.
    """
    from tactful.runtime.ports.ledger import LedgerError  # slow to import
    from tactful.stores.shared.draft_folder import draft_folder
    from tactful.stores.shared.folder_lock import exclusive_lock_now
    from tactful.stores.sqlite.maintenance.compaction import compact as compact_ledger
    from tactful.stores.sqlite.maintenance.compaction import room_needed

    file = ledger_file(load_config(options).data)
    if not is_unused(file):
        raise CommandError(
            f"{file}: A process uses this ledger. Stop the server, compact, and start it again."
            " A server that goes on needs no compaction: it fills the free room first."
        )
    with exit_on(LedgerError, OSError), exclusive_lock_now(file.parent):
        needed, free = room_needed(file), shutil.disk_usage(file.parent).free
        if needed > free:
            raise CommandError(
                f"{file.parent}: Compacting needs {needed:,} bytes here for a copy of the ledger, and"
                f" {free:,} are free. Free some space."
            )
        with draft_folder(file.parent) as draft:
            done = compact_ledger(file, draft / file.name)
    if json_output:
        print_json({"ledger": str(file), **msgspec.to_builtins(done)})
        return
    print_text(f"{file}: {done.before_bytes:,} bytes before, {done.after_bytes:,} bytes now.")
