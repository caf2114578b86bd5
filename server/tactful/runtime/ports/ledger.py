"""The ledger port: the durable store behind a shop, joined from one role per purpose.

A consumer names in its annotations only the roles that it uses. Three rules hold for all roles:

- A write is durable when its call returns, except `TurnStore.record`, which queues.
- Each write is atomic. Writes that arrive together share one transaction (group commit).
- A read sees every write whose call returned before the read began.
"""

from collections.abc import Callable
from typing import Final, Protocol

from msgspec import Struct

from tactful.runtime.ports.alert_store import AlertStore
from tactful.runtime.ports.audit_log import AuditLog
from tactful.runtime.ports.change_log import ChangeLog
from tactful.runtime.ports.code_store import CodeStore
from tactful.runtime.ports.customer_data import CustomerData
from tactful.runtime.ports.exposure_store import ExposureStore
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.ports.inbox_store import InboxStore
from tactful.runtime.ports.membership import Membership
from tactful.runtime.ports.offer_statistics import OfferStatistics, Tallies
from tactful.runtime.ports.offer_store import OfferStore
from tactful.runtime.ports.rulebook_store import RulebookStore
from tactful.runtime.ports.session_store import SessionStore
from tactful.runtime.ports.turn_store import TurnStore

LONG_LOG_BYTES: Final = 256 * 2**20
"""Bytes of the write-ahead log from which on it is long.

The log is overwritten from its beginning once all of it is in the file, which a reader with an older
snapshot prevents. A backup is such a reader for seconds; a forgotten database shell is one for days.
"""


class LedgerError(Exception):
    """The ledger could not read or write.

    `retry` is True where the outcome of a write is unknown and the same call may be repeated. It is
    False where repeating cannot help.
    """

    def __init__(self, message: str, *, retry: bool = True) -> None:
        super().__init__(message)
        self.retry = retry


class LedgerBrokenError(LedgerError):
    """An input/output error occurred. Nothing more is promised or redeemed until a restart.

    What the disk holds after such an error is known only once the file has been opened again.
    """


class LedgerFullError(LedgerError):
    """The disk is full. The ledger recovers by itself as soon as there is room again."""


class LedgerAwayError(LedgerError):
    """The database cannot be reached. The ledger recovers by itself as soon as it can be again."""


class StorageUse(Struct, frozen=True, kw_only=True):
    """The room that a ledger takes, and what protects it, at one instant."""

    ledger_bytes: int
    log_bytes: int
    """Bytes of the write-ahead log."""
    disk_free_bytes: int
    """Bytes that the server may still write to the disk of the data folder."""
    disk_bytes: int
    """Bytes of that disk in all."""
    backed_up_at: int | None
    """When the latest backup was made, in milliseconds since the Unix epoch, UTC; None: never."""


CommitObserver = Callable[[float, int], None]
"""Called with the seconds that a commit took and the number of jobs in it, on the writer's thread."""


class LedgerHealth(Protocol):
    """Whether the ledger can be written, and how much waits to be written."""

    @property
    def failure(self) -> str | None:
        """Return why commits are suspended at the moment; None: they are not."""

    @property
    def is_broken(self) -> bool:
        """Return whether commits stay suspended until a restart."""

    @property
    def is_away(self) -> bool:
        """Return whether commits are suspended because the database cannot be reached."""

    @property
    def pending_bytes(self) -> int:
        """Return the bytes of records that were queued and are not written yet."""

    @property
    def is_restored(self) -> bool:
        """Return whether a backup was restored, and the orders of the gap are not confirmed yet."""

    @property
    def records_lost(self) -> int:
        """Return the number of records given up since the opening, because they could not be written.

        It keeps its value after the ledger is closed.
        """

    @property
    def fenced_records(self) -> int:
        """Return the records that were dropped because another process owns their session."""

    def storage_use(self) -> StorageUse | None:
        """Return the room that the ledger takes; None if it takes none on a disk, or cannot tell."""

    def observe_commits(self, observer: CommitObserver) -> None:
        """Report every durable commit to `observer` from now on."""


class Ledger(
    ChangeLog,
    FactStore,
    TurnStore,
    OfferStore,
    OfferStatistics,
    Tallies,
    SessionStore,
    RulebookStore,
    AuditLog,
    AlertStore,
    CustomerData,
    ExposureStore,
    InboxStore,
    Membership,
    CodeStore,
    LedgerHealth,
    Protocol,
):
    """All roles of one ledger, and its opening and closing."""

    async def open(self) -> None:
        """Make the store ready; until then every call raises `LedgerError`.

        Raises:
            LedgerError: The store is damaged, foreign, locked or from a newer version.
        """

    async def close(self) -> None:
        """Write everything that is queued, then release the store."""
