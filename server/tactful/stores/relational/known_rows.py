"""What the writing connection knows of the stored rows without reading them again."""

from typing import Final

from tactful.core.redemption.redemption_rows import BalanceKey, BudgetRow
from tactful.stores.shared.commit_check import Shelf

MAX_ENTRIES: Final = 50_000
"""Entries that are kept at most. Beyond that all are forgotten, and read again when needed."""


class KnownRows:
    """Rows that the connection has read or written since another connection wrote to the file.

    Each function that writes such a row keeps it up to date. A rollback, and a write of another
    connection, forget everything (see `LedgerConnection.start`).
    """

    __slots__ = (
        "aliases", "any_ended", "any_erased", "any_order_alias", "balances", "epochs", "newest",
        "newest_at", "promised",
    )  # fmt: skip

    def __init__(self) -> None:
        self.newest: int | None = None
        """The newest position of the change log; None: not read yet."""
        self.newest_at: int = 0
        """The instant of that change; 0: there is none."""
        self.any_erased: bool = False
        """Whether the ledger has any tombstone; valid once `newest` was read."""
        self.any_order_alias: bool = False
        """Whether any order has a second id; valid once `newest` was read."""
        self.any_ended: bool = False
        """Whether the epoch of any deleted session is kept; valid once `newest` was read."""
        self.aliases: dict[tuple[str, str], str | None] = {}
        """(kind, id) → what it must be replaced by, as far as it was looked up."""
        self.epochs: dict[str, int] = {}
        """Session → its stored epoch, or that of its deletion; 0: neither is stored."""
        self.balances: dict[BalanceKey, BudgetRow] = {}
        self.promised: dict[Shelf, int] = {}
        """(SKU, territory) → the units that standing offers promise."""

    @property
    def is_full(self) -> bool:
        """Return whether more is known than is kept."""
        return len(self.epochs) + len(self.promised) + len(self.balances) > MAX_ENTRIES
