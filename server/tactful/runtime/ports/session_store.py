"""The role of the ledger that keeps sessions and contact histories for a restart."""

from typing import Protocol

from tactful.runtime.ports.ledger_rows import SavedContact, SavedSession


class SessionStore(Protocol):
    """Keeps the last stored state of each session, and the contact history of each customer.

    Both are written by `TurnStore.commit` and `TurnStore.record`. A stored state is at most about
    1.5 seconds behind the session in memory. Every read first waits until everything queued with
    `TurnStore.record` so far is written.
    """

    async def session(self, session: str) -> SavedSession | None:
        """Return one session; None: it was never stored, or has been dropped.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def session_by_resume(self, digest: bytes) -> SavedSession | None:
        """Return the session whose resume secret has this digest; None: there is none.

        Args:
            digest: The digest of the secret that a client presents; the secret is not stored.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def claim_session(self, digest: bytes) -> SavedSession | None:
        """Make the caller the owner of the session whose resume secret has this digest.

        The session's epoch grows by one, and the change log tells every other process. From then on,
        commits of an older epoch are refused, and records of it write nothing but contact histories.
        The claim is durable on return.

        Args:
            digest: The digest of the secret that a client presents.

        Returns:
            The session with its new epoch; None: there is none.

        Raises:
            LedgerError: Nothing is claimed, or, if `retry` is set, the outcome is unknown.
        """

    async def claim_sessions_to_wake(self, before: int) -> list[SavedSession]:
        """Make the caller the owner of the sessions that a restart must bring back.

        Those are the sessions with standing offers, and those whose timer was due before `before`.
        Each is claimed as `claim_session` does it, in small transactions. Of several nodes, the caller
        gets only sessions that no running node has.

        Args:
            before: Milliseconds since the Unix epoch, UTC.

        Returns:
            The sessions with their new epochs, in order of their ids.

        Raises:
            LedgerError: Some sessions may be claimed; the same call may be repeated.
        """

    async def latest_session_of(self, customer: str, at: int | None = None) -> str | None:
        """Return the session in which a customer was last seen; None: in no session.

        Args:
            customer: The shop's id of the customer.
            at: Seen at or before this instant, milliseconds since the Unix epoch, UTC; None: now.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def contact(self, shopper: str) -> SavedContact | None:
        """Return the contact history of a customer with its revision; None: none is stored.

        Args:
            shopper: The shop's id of the customer.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def forget_session(self, session: str) -> None:
        """Delete the state and the turns of a session, because its consent was withdrawn.

        The deletion is durable on return. The session's offers and their money rows stay, under a
        random session id.

        Raises:
            LedgerError: Nothing is deleted.
        """
