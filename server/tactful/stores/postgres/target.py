"""The address of a ledger on PostgreSQL, as it is configured and as messages name it."""

import os
from typing import Final
from urllib.parse import urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tactful.runtime.ports.ledger import LedgerError

SCHEMES: Final = ("postgresql://", "postgres://")
"""How the address of a ledger on PostgreSQL begins."""
CONNECT_TIMEOUT_S: Final = 5
"""Seconds for which a server may leave a connection unanswered."""
_OPTIONS: Final = {
    "application_name": "tactful",
    "connect_timeout": str(CONNECT_TIMEOUT_S),
    # A dead connection is noticed even while nothing is sent on it.
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}


class Target:
    """Where the database is."""

    def __init__(self, address: str) -> None:
        """Read an address such as `postgresql://tactful@db/shop`.

        Raises:
            LedgerError: It is no address of a PostgreSQL database, or it holds a password.
        """
        try:
            given = conninfo_to_dict(address)
        except ProgrammingError as error:
            message = f"the ledger's address cannot be read: {str(error).strip()}"
            raise LedgerError(message, retry=False) from error
        if given.pop("password", None) is not None:
            message = (
                "the ledger's address holds a password, which lists of processes and logs would show;"
                " leave it out, and give it in the file that PGPASSFILE names, or in PGPASSWORD"
            )
            raise LedgerError(message, retry=False)
        self.conninfo = make_conninfo(address, **_OPTIONS)
        """What psycopg connects with; the password comes from the environment."""
        host = given.get("host") or os.environ.get("PGHOST") or "local socket"
        name = given.get("dbname") or os.environ.get("PGDATABASE") or given.get("user") or ""
        self.place = f"PostgreSQL {name} on {host}"
        """The database as messages name it."""


def is_postgres(address: str) -> bool:
    """Return whether an address names a PostgreSQL database."""
    return address.startswith(SCHEMES) and bool(urlsplit(address).scheme)
