"""Connections of psycopg whose every trip has a deadline.

libpq waits for an answer without end. A network that drops packets would stop the server for good, so
a connection whose answer is late is closed.
"""

from collections.abc import Callable
from typing import Any, Final

import psycopg
from psycopg.abc import PQGen
from psycopg.types.numeric import Int8Dumper, IntLoader
from psycopg.types.string import StrBinaryDumper, StrDumper

from tactful.stores.postgres.error_meanings import connect_error
from tactful.stores.postgres.target import Target

DEADLINE_S: Final = 5
"""Seconds for which an answer is waited for."""
_POLL_S: Final = 0.1


class RawConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection in autocommit mode."""

    deadline_s: int = DEADLINE_S

    def wait(self, gen: PQGen[Any], interval: float = _POLL_S, timeout: float | None = None) -> Any:
        """Wait for an answer; a late one closes the connection.

        Raises:
            psycopg.OperationalError: There was none within `deadline_s`.
        """
        try:
            return super().wait(gen, interval, timeout or self.deadline_s)
        except psycopg.OperationalError as error:
            is_late = error.sqlstate is None and not isinstance(
                error, psycopg.errors.PipelineAborted
            )
            if is_late and not self.closed:
                # An outcome that comes later must not be taken for that of another statement.
                self.pgconn.finish()
            raise


def connect(
    target: Target, on_notice: Callable[[psycopg.errors.Diagnostic], None] | None = None
) -> RawConnection:
    """Return an open connection.

    Nothing rests on the state of a session, so that a pooler may stand between: no statement is
    prepared by name.

    Args:
        target: The database.
        on_notice: Called with the warnings of the server.

    Raises:
        LedgerAwayError: The connection cannot be made; the message says why.
    """
    try:
        made = RawConnection.connect(
            target.conninfo, autocommit=True, prepare_threshold=None, client_encoding="UTF8"
        )
    except psycopg.Error as error:
        raise connect_error(error, target.place) from error
    # Types are those of the columns: texts, 64-bit integers, bytes and booleans. Sums are whole numbers.
    made.adapters.register_dumper(int, Int8Dumper)
    made.adapters.register_dumper(str, StrBinaryDumper)
    made.adapters.register_dumper(str, StrDumper)
    made.adapters.register_loader("numeric", IntLoader)
    if on_notice is not None:
        made.add_notice_handler(on_notice)
    return made
