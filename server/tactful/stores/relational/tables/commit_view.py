"""What a commit is checked against, read in the transaction that writes it."""

from collections.abc import Sequence

from tactful.runtime.ports.ledger_rows import Subject
from tactful.stores.relational.ledger_connection import LedgerConnection
from tactful.stores.relational.tables import change_rows, contacts, sessions, stock, tombstones
from tactful.stores.shared.commit_check import Shelf
from tactful.stores.shared.erased_ids import ERASABLE_KINDS


class RelationalCommitView:
    """The `CommitView` of a transaction."""

    __slots__ = ("_connection", "_known")

    def __init__(self, connection: LedgerConnection) -> None:
        """Check on what is stored, as long as no part of the transaction is rolled back."""
        self._connection = connection
        self._known = connection.known

    def newest_position(self) -> int:
        """Return the position of the newest change; 0: there is none."""
        return self._known.newest or 0

    def known_since(self) -> int:
        """Return the position after which all changes are known."""
        return change_rows.recent_heads(self._connection).base

    def newer_subjects(self, subjects: Sequence[Subject], position: int) -> set[Subject]:
        """Return those of the subjects that a change after a position is about.

        An erased customer's changes are found under the digest of the id.
        """
        heads = change_rows.recent_heads(self._connection)
        return {
            subject
            for subject in subjects
            if heads.changed_since(subject, position) or self._is_erased_since(subject, position)
        }

    def _is_erased_since(self, subject: Subject, position: int) -> bool:
        kind, ident = subject
        if kind not in ERASABLE_KINDS:
            return False
        digest = tombstones.digest_if_erased(self._connection, kind, ident)
        heads = change_rows.recent_heads(self._connection)
        return digest is not None and heads.changed_since((kind, digest), position)

    def epoch_of(self, session: str) -> int:
        """Return the epoch of a session, or that of its deletion; 0: neither is stored."""
        epoch = self._known.epochs.get(session)
        return sessions.read_epoch(self._connection, session) if epoch is None else epoch

    def contact_revision(self, customer: str) -> int:
        """Return the revision of a customer's contact history; 0: none is stored."""
        known = contacts.read_contact(self._connection, customer)
        return known.revision if known else 0

    def promised_units(self, shelf: Shelf) -> int:
        """Return the units that standing offers promise."""
        units = self._known.promised.get(shelf)
        return stock.read_promised_units(self._connection, shelf) if units is None else units
