"""Ledgers on the PostgreSQL of the tests."""

from pathlib import Path
from typing import Any

from tactful.stores.postgres.ledger import PostgresLedger
from tactful.stores.postgres.postgres_connection import PostgresConnection
from tactful.stores.postgres.target import Target


def hold(connection: PostgresConnection) -> None:
    """Give the server of a connection a lease that does not end while a test runs."""
    connection.start()
    connection.execute("UPDATE writer SET lease_until = 9000000000000000")
    connection.commit()


def postgres_ledger(address: str, server: str = "test", **given: Any) -> PostgresLedger:
    """A ledger that is not opened yet, on a server that need not survive a crash."""
    erasures: Path | None = given.pop("erasures", None)
    return PostgresLedger(
        Target(address), server=server, erasures=erasures, needs_durability=False, **given
    )
