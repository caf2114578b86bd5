"""The health of a ledger in memory, which can always be written."""

from tactful.runtime.ports.ledger import CommitObserver
from tactful.runtime.ports.membership import NodeRow


class MemoryHealth:
    """The part of `MemoryLedger` that says how it is (role `LedgerHealth`)."""

    async def open(self) -> None:
        """Do nothing: memory needs no opening."""

    async def close(self) -> None:
        """Do nothing: memory is not released by hand."""

    @property
    def is_shared(self) -> bool:
        """Return False: the memory of a process is its own."""
        return False

    @property
    def failure(self) -> str | None:
        """Return None: memory can always be written."""
        return None

    @property
    def is_broken(self) -> bool:
        """Return False: memory can always be written."""
        return False

    @property
    def clock_apart_ms(self) -> int:
        """Return 0: a process agrees with itself."""
        return 0

    async def nodes(self) -> list[NodeRow] | None:
        """Return None: one process has the ledger alone."""
        return None

    @property
    def is_away(self) -> bool:
        """Return False: memory is always within reach."""
        return False

    @property
    def pending_bytes(self) -> int:
        """Return 0: records are written at once."""
        return 0

    @property
    def is_restored(self) -> bool:
        """Return False: memory is not restored from backups."""
        return False

    @property
    def records_lost(self) -> int:
        """Return 0: memory can always be written."""
        return 0

    def storage_use(self) -> None:
        """Return None: memory takes no room on a disk."""

    def observe_commits(self, observer: CommitObserver) -> None:
        """Do nothing: memory has no commits."""

    async def restored_gap(self) -> None:
        """Return None: memory is not restored from backups."""
