"""The meaning of PostgreSQL's errors: which ledger error to raise, with which advice."""

from typing import Final

import psycopg
from psycopg import errors

from tactful.runtime.ports.ledger import (
    LedgerAwayError,
    LedgerBrokenError,
    LedgerError,
    LedgerFullError,
)

ROLLED_BACK: Final = (
    errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable,
)  # fmt: skip
"""Errors after which the same transaction may succeed."""
_LOST_STATES: Final = ("08", "57P0")
"""Beginnings of the codes that say that the connection ends, or that the server goes down."""
_HINTS: Final = (
    # (a part of libpq's message, what is wrong and what to do)
    ("password authentication failed", "the password is wrong: correct PGPASSFILE or PGPASSWORD"),
    ("no password supplied", "it asks for a password: name a file in PGPASSFILE, or set PGPASSWORD"),
    ("no pg_hba.conf entry", "it does not accept this user from this machine: correct pg_hba.conf"),
    ("Peer authentication failed", "it does not accept this user from this account: correct pg_hba.conf"),
    ("does not exist", "the database or the user does not exist: create it, or correct the address"),
    ("too many clients", "it has no connection left: raise max_connections, or use fewer of them"),
    ("remaining connection slots", "it has no connection left: raise max_connections, or use fewer of them"),
    ("SSL", "an encrypted connection could not be made: compare sslmode and the certificates"),
    ("starting up", "it is starting up"),
    ("shutting down", "it is shutting down"),
    ("session is read-only", "it is a standby, which cannot be written: name the primary"),
    ("Connection refused", "nothing listens there: start the database, or correct the address"),
    ("could not translate host name", "the name of the host is unknown: correct the address"),
    ("timeout expired", "it does not answer: compare the address and the firewall"),
    ("No such file or directory", "nothing listens there: start the database, or correct the address"),
)  # fmt: skip


def is_lost(error: psycopg.Error) -> bool:
    """Return whether an error says that the connection has ended."""
    return (error.sqlstate or "").startswith(_LOST_STATES)


def connect_error(error: psycopg.Error, place: str) -> LedgerAwayError:
    """Return why a connection could not be made.

    Args:
        error: What psycopg raised; its message never holds the password.
        place: The database, for the message.
    """
    said = " ".join(str(error).split())
    hint = next((text for part, text in _HINTS if part in said), "")
    return LedgerAwayError(f"{place} cannot be reached: {hint or said}")


def translate_error(error: psycopg.Error, place: str) -> LedgerError:
    """Return the error to raise instead, which says what happened, where, and what to do.

    Args:
        error: What psycopg raised on an open connection.
        place: The database, for the message.
    """
    said = " ".join(str(error).split())
    if isinstance(error, errors.DiskFull):
        return LedgerFullError(
            f"{place}: the disk is full; free some space, the server recovers by itself"
        )
    if isinstance(error, errors.ReadOnlySqlTransaction) or is_lost(error):
        return LedgerAwayError(f"{place} does not take writes at the moment ({said})")
    has_nul = isinstance(error, psycopg.DataError) and "NUL" in said
    if has_nul or isinstance(error, errors.UntranslatableCharacter):
        return LedgerError(
            f"{place}: a text holds the NUL character, which PostgreSQL cannot store; send it without",
            retry=False,
        )
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return LedgerAwayError(f"{place}: {said}")
    return LedgerError(f"{place}: {said} ({error.sqlstate or type(error).__name__})", retry=False)


def taken_over_error(place: str) -> LedgerBrokenError:
    """Return the error of a server whose ledger another one has taken over."""
    return LedgerBrokenError(
        f"{place}: another server has taken this ledger over. This one promises and redeems nothing"
        " more: stop one of the two"
    )


def lapsed_error(place: str) -> LedgerAwayError:
    """Return the error of a node whose lease was over before its transaction."""
    return LedgerAwayError(
        f"{place}: this node was silent for longer than its lease. It has written nothing, and goes on"
        " once it has joined again"
    )
