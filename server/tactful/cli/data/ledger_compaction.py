"""The step `--compact` of `tactful migrate`, on a ledger that no server uses."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tactful.cli.shared.errors import CommandError, exit_on

if TYPE_CHECKING:
    from tactful.stores.sqlite.maintenance.compaction import Compaction


def compact_ledger(file: Path) -> "Compaction":
    """Copy a ledger without its free pages, check the copy, and let it replace the ledger.

    Raises:
        CommandError: There is no room for the copy, or the ledger cannot be compacted.
    """
    from tactful.runtime.ports.ledger import LedgerError  # slow to import
    from tactful.stores.shared.draft_folder import draft_folder
    from tactful.stores.shared.folder_lock import exclusive_lock_now
    from tactful.stores.sqlite.maintenance.compaction import compact, room_needed

    with exit_on(LedgerError, OSError), exclusive_lock_now(file.parent):
        needed, free = room_needed(file), shutil.disk_usage(file.parent).free
        if needed > free:
            raise CommandError(
                f"{file.parent}: Compacting needs {needed:,} bytes here for a copy of the ledger, and"
                f" {free:,} are free. Free some space."
            )
        with draft_folder(file.parent) as draft:
            return compact(file, draft / file.name)
