"""The role of the ledger that exports, erases and expires the data of customers."""

from collections.abc import AsyncGenerator, Callable, Collection
from typing import Final, Protocol

from msgspec import Struct

from tactful.core.values.calendar import DAY
from tactful.runtime.ports.ledger_rows import Tombstone

EXTRA_PRICE_RETENTION: Final = 365 * DAY
"""Milliseconds for which superseded public prices outlive other superseded facts.

A price reduction is announced against the lowest price of the 30 days before it (Directive 98/6/EC,
Article 6a). Claims can be checked long afterwards, and prices are no personal data.
"""


EXPORT_PARTS: Final = (
    "facts", "contact", "acts", "sessions", "offers", "exposures", "redemptions", "decisions",
    "deliveries",
)  # fmt: skip
"""The parts of an export. `contact` has one row at most, every other part is a list."""


class ContactFacts(Struct, frozen=True):
    """How many facts name a contact, each counted once with all its versions."""

    unnamed: dict[str, int]
    """Kind of fact → number of those that name no customer: an erasure of the contact deletes them."""
    named: int
    """The number of those that name a customer, with whom they are erased."""


class CustomerData(Protocol):
    """Serves a customer's rights of access and erasure, and deletes data past its retention."""

    def export_customer(self, customer: str) -> AsyncGenerator[tuple[str, object], None]:
        """Yield everything stored about a customer as (part, row), in the order of `EXPORT_PARTS`.

        Rows are data that JSON can hold, and are read in pages, so an export of any size takes little
        memory. What is stored while it is read may be missing. Regulation (EU) 2016/679, Article 15.

        Args:
            customer: The shop's id of the customer.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def sessions_of(self, customer: str) -> set[str]:
        """Return the sessions in which a customer was identified, or that an order of theirs names.

        Args:
            customer: The shop's id of the customer.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def erase_customer(
        self,
        customer: str,
        alias: str,
        at: int,
        *,
        open_sessions: Collection[str] = (),
    ) -> int:
        """Delete everything about a customer; offers and redemptions stay under `alias`.

        What was queued before is erased too. When it returns, no byte about the customer is left in the ledger's files, and a restored
        backup will erase the customer again. Regulation (EU) 2016/679, Article 17.

        A tombstone stays. Every later write that names the customer gets the alias instead, until
        the shop begins the id anew; see `begin_anew`. Facts about the customer are not stored, unless
        their `own_at` is later than the erasure, which begins the id anew. The same holds for the
        contacts that the customer's facts name; facts about them that name no customer are deleted.

        Args:
            customer: The shop's id of the customer.
            alias: A random id that replaces the customer, so that balances still add up.
            at: The instant of the erasure, milliseconds since the Unix epoch, UTC.
            open_sessions: Sessions of the customer that go on without them. They keep their ids, their
                offers and their stored state, which must not name the customer any more.

        Returns:
            The number of rows that were deleted or changed; 0: nothing was known.

        Raises:
            LedgerError: The erasure is not complete; the same call may be repeated.
        """

    async def erase_contact(self, contact: str, alias: str, at: int) -> int:
        """Delete the facts about a contact that name no customer; the same holds as for a customer.

        Args:
            contact: The keyed digest of the contact.
            alias: A random id that replaces it.
            at: The instant of the erasure, milliseconds since the Unix epoch, UTC.

        Returns:
            The number of rows that were deleted or changed; 0: nothing was known.

        Raises:
            LedgerError: The erasure is not complete; the same call may be repeated.
        """

    async def count_contact_facts(self, contact: str) -> ContactFacts:
        """Return how many facts name a contact, or belong to an order that does.

        Args:
            contact: The keyed digest of the contact.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    def erasure_digest(self, kind: str, ident: str) -> str:
        """Return the keyed digest under which the tombstone of an id is stored.

        Args:
            kind: What the id names, for example `customer`.
            ident: The id.

        Raises:
            LedgerError: The ledger is not open.
        """

    def digests_of(self, kind: str) -> Callable[[str], str]:
        """Return what `erasure_digest` does for the ids of one kind, in two thirds of its time.

        Raises:
            LedgerError: The ledger is not open.
        """

    async def tombstones(self) -> list[Tombstone]:
        """Return every tombstone.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def tombstone(self, kind: str, ident: str) -> Tombstone | None:
        """Return the tombstone of an erased id; None: the id was not erased.

        Args:
            kind: What the id names, for example `customer`.
            ident: The id.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def add_tombstone(self, kind: str, ident: str, alias: str, at: int) -> None:
        """Store that an id was erased, durably on return. A later erasure replaces an earlier one.

        Args:
            kind: What the id names, for example `customer`.
            ident: The id; only its keyed digest is stored.
            alias: What replaces the id in later writes.
            at: Milliseconds since the Unix epoch, UTC.

        Raises:
            LedgerError: Nothing is stored.
        """

    async def begin_anew(self, kind: str, ident: str, at: int) -> bool:
        """Store that the shop uses an erased id again, durably on return.

        Args:
            kind: What the id names, for example `customer`.
            ident: The id.
            at: The instant of what began it, milliseconds since the Unix epoch, UTC.

        Returns:
            Whether the id may be written now. False: it was erased at or after `at`.

        Raises:
            LedgerError: Nothing is stored.
        """

    async def prune(self, *, before: int, money_before: int = 0, report_before: int = 0) -> int:
        """Delete superseded facts, turns, idle sessions and ended offers older than an instant.

        Facts in force, and sessions with standing offers, are never deleted. Public prices stay for
        `EXTRA_PRICE_RETENTION` longer. A redeemed offer loses its customer, session and order, and
        stays with its redemptions until `money_before`. All counts and balances stay as they are.
        Each transaction is small, so that other writes are not delayed.

        Args:
            before: Milliseconds since the Unix epoch, UTC.
            money_before: Redeemed offers that took their last step before this instant are deleted.
            report_before: Exposures before this instant are deleted.

        Returns:
            The number of rows deleted, or offers deleted or changed.

        Raises:
            LedgerError: Some rows may be deleted; the same call may be repeated.
        """
