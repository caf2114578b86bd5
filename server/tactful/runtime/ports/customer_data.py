"""The role of the ledger that exports, erases and expires the data of customers."""

from typing import Final, Protocol

from tactful.core.values.calendar import DAY

EXTRA_PRICE_RETENTION: Final = 365 * DAY
"""Milliseconds for which superseded public prices outlive other superseded facts.

A price reduction is announced against the lowest price of the 30 days before it (Directive 98/6/EC,
Article 6a). Claims can be checked long afterwards, and prices are no personal data.
"""


class CustomerData(Protocol):
    """Serves a customer's rights of access and erasure, and deletes data past its retention."""

    async def export_customer(self, customer: str) -> dict[str, object]:
        """Return everything stored about a customer as data that JSON can hold.

        Regulation (EU) 2016/679, Article 15.

        Args:
            customer: The shop's id of the customer.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def erase_customer(self, customer: str, alias: str) -> int:
        """Delete everything about a customer; offers and redemptions stay under `alias`.

        When it returns, no byte about the customer is left in the ledger's files, and a restored
        backup will erase the customer again. Regulation (EU) 2016/679, Article 17.

        Args:
            customer: The shop's id of the customer.
            alias: A random id that replaces the customer, so that balances still add up.

        Returns:
            The number of rows that were deleted or changed; 0: nothing was known.

        Raises:
            LedgerError: The erasure is not complete; the same call may be repeated.
        """

    async def prune(self, *, before: int) -> int:
        """Delete superseded facts, turns and idle sessions older than an instant.

        Facts in force, sessions with standing offers, offers and money rows are never deleted.
        Public prices stay for `EXTRA_PRICE_RETENTION` longer. Each transaction is small, so that
        other writes are not delayed.

        Args:
            before: Milliseconds since the Unix epoch, UTC.

        Returns:
            The number of rows deleted.

        Raises:
            LedgerError: Some rows may be deleted; the same call may be repeated.
        """
