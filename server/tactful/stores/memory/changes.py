"""The change log, heads and tombstones in plain dictionaries."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from msgspec import structs

from tactful.runtime.ports.change_log import OnChanges
from tactful.runtime.ports.ledger_rows import (
    Change,
    ChangeKind,
    FactRow,
    Subject,
    Tombstone,
)
from tactful.stores.shared.erased_ids import ERASABLE_KINDS, forbids_fact, subjects_without
from tactful.stores.shared.erasures import digests_of, erasure_digest
from tactful.stores.shared.recent_heads import RecentHeads

SECRET: Final = b"the ledger in memory"
"""The key of digests, which never leave the process."""


class MemoryChanges:
    """The part of `MemoryLedger` that keeps the change log and tombstones (role `ChangeLog`)."""

    def __init__(self) -> None:
        super().__init__()
        self._changes: list[Change] = []
        self._recent_heads = RecentHeads(0)
        self._subscribers: list[OnChanges] = []
        self._unpublished: list[Change] = []
        self._tombstones: dict[str, Tombstone] = {}

    # the change log
    async def position(self) -> int:
        """Return the position of the newest change; 0: there is none."""
        return self._newest()

    async def changes(self, after: int, limit: int = 1000) -> list[Change]:
        """Return the changes that follow a position, in order."""
        start = max(after + 1 - self._oldest(), 0) if self._changes else 0
        return self._changes[start : start + limit]

    def subscribe(self, callback: OnChanges) -> Callable[[], None]:
        """Call a function with the changes of each write, before its caller is answered."""
        self._subscribers.append(callback)
        return partial(self._subscribers.remove, callback)

    async def trim_changes(self, upto: int) -> int:
        """Delete the changes up to a position but the newest; return how many."""
        gone = [change for change in self._changes[:-1] if change.position <= upto]
        self._changes = self._changes[len(gone) :]
        return len(gone)

    def _newest(self) -> int:
        return self._changes[-1].position if self._changes else 0

    def _oldest(self) -> int:
        return self._changes[0].position if self._changes else 0

    def _log(
        self, kind: ChangeKind, subjects: tuple[Subject, ...], *, at: int = 0, body: bytes = b""
    ) -> int:
        last = self._changes[-1].at if self._changes else 0
        change = Change(self._newest() + 1, max(at, last), kind, subjects, body)
        self._changes.append(change)
        self._unpublished.append(change)
        self._recent_heads.add((change,))
        return change.position

    def _publish(self) -> None:
        changes, self._unpublished = tuple(self._unpublished), []
        for callback in tuple(self._subscribers) if changes else ():
            callback(changes)

    def _replace_subjects(self, replacements: Mapping[Subject, Subject]) -> None:
        for place, change in enumerate(self._changes):
            left = subjects_without(change.subjects, replacements)
            self._changes[place] = structs.replace(change, subjects=left)
        self._recent_heads.replace(replacements)

    def newer_subjects(self, subjects: Sequence[Subject], position: int) -> set[Subject]:
        """Return those of the subjects that a change after a position is about."""
        return {
            subject
            for subject in subjects
            for known in (subject, (subject[0], self._digest(*subject)))
            if self._recent_heads.changed_since(known, position)
        }

    def newest_position(self) -> int:
        """Return the position of the newest change; 0: there is none."""
        return self._newest()

    def known_since(self) -> int:
        """Return the position after which all changes are known."""
        return self._recent_heads.base

    # tombstones
    def erasure_digest(self, kind: str, ident: str) -> str:
        """Return the keyed digest under which the tombstone of an id is stored."""
        return self._digest(kind, ident)

    def digests_of(self, kind: str) -> Callable[[str], str]:
        """Return what `erasure_digest` does for the ids of one kind."""
        return digests_of(SECRET, kind)

    async def tombstones(self) -> list[Tombstone]:
        """Return every tombstone."""
        return [*self._tombstones.values()]

    async def tombstone(self, kind: str, ident: str) -> Tombstone | None:
        """Return the tombstone of an erased id; None: the id was not erased."""
        return self._tombstones.get(self._digest(kind, ident))

    async def add_tombstone(self, kind: str, ident: str, alias: str, at: int) -> None:
        """Store that an id was erased."""
        self._bury(kind, ident, alias, at)

    async def begin_anew(self, kind: str, ident: str, at: int) -> bool:
        """Store that the shop uses an erased id again; False: it was erased later."""
        known = self._tombstones.get(self._digest(kind, ident))
        if known is None or known.begun_at is not None:
            return True
        if at <= known.at:
            return False
        self._begin_anew(known, at)
        self._log("id_begun_anew", ((kind, known.digest),), body=str(at).encode())
        self._publish()
        return True

    def _digest(self, kind: str, ident: str) -> str:
        return erasure_digest(SECRET, kind, ident)

    def _bury(self, kind: str, ident: str, alias: str, at: int) -> str:
        digest = self._digest(kind, ident)
        self._tombstones[digest] = Tombstone(digest, alias, at)
        return digest

    def _begin_anew(self, known: Tombstone, at: int) -> None:
        self._tombstones[known.digest] = Tombstone(known.digest, known.alias, known.at, at)

    def _alias_of(self, kind: str, ident: str) -> str | None:
        if not self._tombstones:
            return None
        known = self._tombstones.get(self._digest(kind, ident))
        return known.alias if known and known.begun_at is None else None

    def _refuses_fact(self, row: FactRow) -> bool:
        named = [pair for pair in row.subjects if pair[0] in ERASABLE_KINDS]
        found = (self._tombstones.get(self._digest(*pair)) for pair in named)
        known = [one for one in found if one is not None]
        if any(forbids_fact(one, row) for one in known):
            return True
        for one in known:
            if one.begun_at is None and row.own_at is not None:
                self._begin_anew(one, row.own_at)
        return False
