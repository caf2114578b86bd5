"""The newest position about each subject, for the last changes of the log.

A read set is a few milliseconds old when it is checked, so the last changes suffice. They are kept in
memory, because a row for each subject would cost a third of what storing a fact costs. A ledger
brings them up to date from the change log within the transaction that checks.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from tactful.runtime.ports.ledger_rows import Change, Subject

WITHOUT_HEADS: Final = frozenset({"heartbeat"})
"""Kinds of changes that no read set can name."""
WINDOW: Final = 16_384
"""Changes of one generation. Two generations are kept: between 1 and 2 windows of changes."""


class RecentHeads:
    """Subject → the newest position about it, for the changes after `base`."""

    def __init__(self, position: int) -> None:
        """Begin after a position; what lies before it is unknown.

        Args:
            position: The newest position of the log.
        """
        self.base = position
        """What changed up to here is unknown, so an older read set counts as stale."""
        self.upto = position
        """The last position that was added."""
        self._middle = position
        self._older: dict[Subject, int] = {}
        self._newer: dict[Subject, int] = {}

    def add(self, changes: Iterable[Change]) -> None:
        """Add the changes that follow `upto`, in order."""
        for change in changes:
            self.upto = change.position
            if change.kind not in WITHOUT_HEADS:
                for subject in change.subjects:
                    self._newer[subject] = change.position
        if self.upto - self._middle > WINDOW:
            self.base, self._middle = self._middle, self.upto
            self._older, self._newer = self._newer, {}

    def replace(self, replacements: Mapping[Subject, Subject]) -> None:
        """Replace erased subjects, which later look-ups name by their digests."""
        for heads in (self._older, self._newer):
            for subject, hidden in replacements.items():
                position = heads.pop(subject, 0)
                if position:
                    heads[hidden] = max(position, heads.get(hidden, 0))

    def changed_since(self, subject: Subject, position: int) -> bool:
        """Return whether a change after a position is about a subject."""
        return max(self._newer.get(subject, 0), self._older.get(subject, 0)) > position
