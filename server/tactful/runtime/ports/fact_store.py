"""The role of the ledger that stores facts, their versions and the heartbeats of feeds."""

from collections.abc import Sequence
from typing import Final, Literal, Protocol

from tactful.core.facts.fact_versions import FactOutcome
from tactful.runtime.ports.ledger_rows import FactRow, StoredFact

NamedKind = Literal["product", "customer"]
"""The kinds of facts that are found by a title or name."""

BUYER_CHARACTERS: Final = 16
"""How much of a customer's name in exposures the head of an order has: 60 bits of a digest."""


class FactStore(Protocol):
    """Stores every accepted version of every fact, and answers as of now or as of any past point.

    The number of a fact is its position in the change log, which also counts other changes. The
    number identifies a past state exactly. An instant does not, because several facts can share one
    millisecond.
    """

    async def record_facts(
        self, rows: Sequence[FactRow], *, can_wait: bool = False
    ) -> list[FactOutcome]:
        """Store the rows that are newer than what is stored under their key, in the given order.

        Either all rows are stored, durably on return, or none is. A stored row supersedes the
        version in force at its `at`. If the content is in force already, only the version is
        updated, in place. A row that is already known changes nothing. A row that is older does not
        either, except that a `dated` one is kept as a version that was never in force.

        Args:
            rows: Facts in the order of their arrival.
            can_wait: Whether they may wait some milliseconds to share a commit with promises.

        Returns:
            What became of each row.

        Raises:
            LedgerError: The rows are not stored, or, if `retry` is set, the outcome is unknown.
        """

    async def facts_about(
        self,
        subjects: Sequence[tuple[str, str]],
        kinds: Sequence[str] = (),
        at: int | None = None,
        upto: int | None = None,
    ) -> list[StoredFact]:
        """Return the versions in force that are about any of the subjects, each once.

        Without `at` and `upto` the answer is as of now. A version counts only under its own
        subjects, not under those of an earlier version of its key.

        Args:
            subjects: (kind, id) pairs, for example `("sku", "RUN-42")` or `("customer", "c1")`.
            kinds: The kinds of fact to return; empty: all kinds.
            at: As of this instant, milliseconds since the Unix epoch, UTC.
            upto: As of the moment right after the fact with this number was stored.

        Returns:
            The facts in order of kind and key.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def newest_fact(self) -> int:
        """Return the number of the newest fact that was stored; 0: there is none.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def known_skus(self, after: str, limit: int) -> list[str]:
        """Return the SKUs above `after` that are a subject of a fact in force, in ascending order.

        SKUs that only superseded facts named may be among them.

        Args:
            after: The last SKU of the page before; empty: the first page.
            limit: The most SKUs to return.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def known_customers(self, after: str, limit: int) -> list[str]:
        """Return the customers above `after` that are a subject of a fact, in ascending order.

        Args:
            after: Return only ids above this one.
            limit: The most ids to return.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def fact_versions(self, kind: str, key: str) -> list[StoredFact]:
        """Return every retained version of one fact in the order of their numbers.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def facts_of_kind(self, kind: str, after: str, limit: int) -> list[StoredFact]:
        """Return the facts in force of one kind whose key is above `after`, in order of their keys.

        Args:
            kind: The kind of fact, such as `price`.
            after: A key; empty: from the first key on.
            limit: The most facts to return.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def order_heads(
        self, after: tuple[int, str], until: int, limit: int
    ) -> list[tuple[int, str, str | None, str | None]]:
        """Return (instant, key, buyer, session) of the orders in force that have a head.

        The buyer is the first `BUYER_CHARACTERS` of the name that exposures give the customer. The
        session has no number of a login. Both are None where the order names none. Later parts of an
        order, such as its status, need its body.

        Args:
            after: An instant, and a key; the orders come after them, in order of both.
            until: The instants lie before it, in milliseconds since the Unix epoch, UTC.
            limit: The most orders to return.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def orders_without_head(self, after: str, limit: int) -> list[tuple[str, bytes]]:
        """Return (key, body) of the other orders in force whose key is above `after`, in order of their keys.

        They were stored by a release without heads, or changed by an erasure.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def facts_with_keys(self, kind: str, keys: Sequence[str]) -> list[StoredFact]:
        """Return the facts in force of one kind that have these keys, in order of their keys.

        Args:
            kind: The kind of fact, such as `order`.
            keys: The keys; one without a fact in force is passed over.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def facts_named(self, kind: NamedKind, beginning: str, limit: int) -> list[StoredFact]:
        """Return the facts in force whose title or name begins with a text, in alphabetical order.

        Capital and small letters from A to Z are equal.

        Args:
            kind: `product`, which has a title, or `customer`, which may have a name.
            beginning: The beginning, at least one character.
            limit: The most facts to return.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def record_heartbeat(self, feed: str, at: int) -> None:
        """Store that a feed was alive at an instant, unless a later heartbeat is stored.

        The heartbeat is durable on return.

        Args:
            feed: Name of the feed.
            at: Milliseconds since the Unix epoch, UTC.

        Raises:
            LedgerError: The heartbeat is not stored.
        """

    async def feed_heartbeats(self) -> dict[str, int]:
        """Return feed → its last heartbeat, milliseconds since the Unix epoch, UTC.

        Raises:
            LedgerError: The ledger cannot be read.
        """
