"""PostgreSQL behind the single writer: its errors, and the heartbeat of the server."""

import time
from typing import Any, Final

import psycopg

from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.postgres.error_meanings import translate_error
from tactful.stores.postgres.postgres_connection import PostgresConnection
from tactful.stores.relational.writer.write_lanes import MAX_PROMISES

BEAT_S: Final = 1
"""Seconds between two heartbeats while nothing is written."""


MOST_WORKS_OF_A_NODE: Final = 32
"""Redemptions in one transaction of a node. Each takes several trips, and the other nodes wait."""


class PostgresEngine:
    """The `Engine` of a PostgreSQL database."""

    errors: tuple[type[Exception], ...] = (psycopg.Error,)
    idle_s: float | None = BEAT_S

    def __init__(self, connection: PostgresConnection, place: str) -> None:
        """Serve the writer of a database.

        Args:
            connection: The connection of the writer.
            place: The database, for messages.
        """
        self._connection = connection
        self.most_works = MOST_WORKS_OF_A_NODE if connection.owner else MAX_PROMISES
        self._place = place
        self._beat_at = time.monotonic()

    def translate(self, error: Any) -> LedgerError:
        """Return the error to raise instead of one of psycopg."""
        return translate_error(error, self._place)

    def probe(self) -> None:
        """Do nothing: each transaction writes the row of its server."""

    def maintain(self) -> LedgerError | None:
        """Renew the lease if that is due; return why the database cannot be used."""
        now = time.monotonic()
        if now - self._beat_at < BEAT_S:
            return None
        self._beat_at = now
        try:
            self._connection.beat()
        except LedgerError as error:
            return error
        except psycopg.Error as error:
            return self.translate(error)
        return None

    def settle(self) -> bool:
        """Return whether the transaction whose outcome is not known was committed."""
        return self._connection.settle()

    def close(self) -> None:
        """Do nothing: nothing is under way beside the writer's thread."""
