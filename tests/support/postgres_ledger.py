"""Ledgers on the PostgreSQL of the tests."""

from typing import Any

from tactful.stores.postgres.ledger import PostgresLedger
from tactful.stores.postgres.postgres_connection import PostgresConnection
from tactful.stores.postgres.target import Target
from tactful.stores.postgres.tenure import Alone, NodeIdentity, Shared, Tenure


def hold(connection: PostgresConnection) -> None:
    """Give the server of a connection a lease that does not end while a test runs."""
    connection.start()
    connection.execute("UPDATE writer SET lease_until = 9000000000000000")
    connection.commit()


def postgres_ledger(address: str, server: str = "test", **given: Any) -> PostgresLedger:
    """A ledger that is not opened yet, on a server that need not survive a crash."""
    return _ledger(address, Alone(server), **given)


def node_ledger(address: str, name: str, place: str = "a folder", **given: Any) -> PostgresLedger:
    """A ledger that is not opened yet, of one of several nodes."""
    return _ledger(address, Shared(NodeIdentity(name, f"{place} of {name}")), **given)


def _ledger(address: str, tenure: Tenure, **given: Any) -> PostgresLedger:
    return PostgresLedger(Target(address), tenure=tenure, needs_durability=False, **given)
