"""Commands on a ledger that is a PostgreSQL database."""

from pathlib import Path
from typing import TYPE_CHECKING

from tactful.cli.shared.data_folder import COUNT_ACCEPTED, ledger_file
from tactful.cli.shared.errors import CommandError, exit_on
from tactful.config import Config

if TYPE_CHECKING:
    from tactful.stores.postgres.target import Target

KEEP_FOLDER = (
    "Back up the data folder too: it holds the keys, and the list of erasures, which a server applies"
    " to a restored database."
)
"""What a backup of the database lacks."""
MISSING = 'A ledger on PostgreSQL needs psycopg. Install it with pip install "tactful[postgres]".'


def database_of(address: str) -> "Target":
    """Return the database of an address.

    Raises:
        CommandError: psycopg is not installed.
        LedgerError: The address cannot be used.
    """
    from tactful.cli.shared.logging_setup import configure_logging

    try:
        from tactful.stores.postgres.target import Target
    except ImportError as error:
        raise CommandError(MISSING) from error
    configure_logging("error")  # on standard error; unconfigured, it would mix with the output
    return Target(address)


def refuse_database(config: Config, instead: str) -> None:
    """Refuse a command that is about the file of a ledger.

    Args:
        config: The settings.
        instead: What to do with a database.

    Raises:
        CommandError: The ledger is a database.
    """
    if config.ledger is not None:
        raise CommandError(f"The ledger is a database ({config.ledger}). {instead}")


def count_accepted_in_database(address: str, since: int, until: int | None) -> int:
    """Return how many standing offers were accepted in a span of time; see `count_accepted`.

    Raises:
        CommandError: The database cannot be read.
    """
    from tactful.runtime.ports.ledger import LedgerError

    with exit_on(LedgerError):
        target = database_of(address)
        from tactful.stores.postgres.readers import read_once

        ((count,),) = read_once(target, COUNT_ACCEPTED, (since, until or 2**62))
    return int(count)


def migrate_database(address: str, *, dry_run: bool) -> tuple[str, list[int]]:
    """Migrate a database, or only say what is pending.

    Returns:
        (how messages name the database, numbers of the migrations).

    Raises:
        CommandError: The database cannot be used.
    """
    from tactful.runtime.ports.ledger import LedgerError

    with exit_on(LedgerError):
        target = database_of(address)
        from tactful.stores.postgres.database_opening import pending_migrations, prepare

        pending = pending_migrations(target)
        if not dry_run:
            prepare(target)
    return target.place, pending


def copy_ledger(config: Config, target: Path) -> None:
    """Copy the ledger of the settings as it is now into a new file; a server may use it.

    Raises:
        CommandError: There is no ledger.
        LedgerError: It cannot be read.
    """
    if config.ledger is None:
        from tactful.stores.sqlite.backup import backup

        backup(ledger_file(config.data), target)
        return
    source = database_of(config.ledger)
    from tactful.stores.transfer.ledger_moves import snapshot_to_sqlite

    snapshot_to_sqlite(source, target)


def ledger_folder(config: Config) -> Path:
    """Return the data folder, which holds the ledger unless a database does.

    Raises:
        CommandError: No data folder is set, or it holds no ledger although it must.
    """
    must_exist = config.ledger is None
    return ledger_file(config.data, must_exist=must_exist).parent
