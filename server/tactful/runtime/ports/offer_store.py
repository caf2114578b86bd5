"""The role of the ledger that keeps offers, their budgets and their redemptions."""

from collections.abc import Collection, Sequence
from typing import Protocol

from tactful.core.offers.offer import Offer
from tactful.core.redemption.redemption_rows import (
    BalanceKey,
    BudgetRow,
    RedemptionLogic,
    RedemptionOutcome,
    Status,
)
from tactful.runtime.ports.ledger_rows import (
    AuditRow,
    CommitRefusal,
    NumberedStep,
    ReadSet,
    RestoredGap,
    StoredRedemption,
)


class OfferStore(Protocol):
    """Keeps every offer, each step of its life, and the money that it reserves or has spent.

    Offers are created and changed by `TurnStore.commit` and `TurnStore.record`, and by redemptions.
    Where a method does not say otherwise, a read first waits until everything queued with
    `TurnStore.record` so far is written.
    """

    async def restored_gap(self) -> RestoredGap | None:
        """Return what the last restore of a backup lost; None: nothing was restored.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def offer(self, offer: str) -> Offer | None:
        """Return one offer in its present state; None: there is no such offer.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def orders_of(self, offer: str) -> list[str]:
        """Return the orders that hold or have redeemed an offer and did not give it back, oldest first.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def standing_offers(self) -> list[Offer]:
        """Return all offers that are pushed, shown, accepted or held, in order of their ids.

        Read at start, to rebuild stock commitments and timers.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def offer_steps(
        self,
        *,
        session: str | None = None,
        customer: str | None = None,
        offer: str | None = None,
        limit: int = 200,
    ) -> list[AuditRow]:
        """Return lifecycle steps of offers, newest first. Filters that are given must all match.

        Args:
            session: Only the offers of this session.
            customer: Only the offers of this customer. Offers of an anonymous shopper belong to the
                customer of the next login in the same session.
            offer: Only this offer.
            limit: The largest number of steps to return.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def steps_after(self, number: int, limit: int) -> list[NumberedStep]:
        """Return the durable lifecycle steps after a number, in order.

        This read does not wait for queued records: a later call returns them.

        Args:
            number: The last number that the reader knows; 0: none.
            limit: The largest number of steps to return.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def newest_step(self) -> int:
        """Return the number of the newest durable lifecycle step; 0: there is none.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def standing_offers_of(self, skus: Sequence[str]) -> list[Offer]:
        """Return the standing and held offers of some SKUs, in order of their ids.

        This read does not wait for queued records. An offer that one of them ends is returned.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def stock_commitments(self, skus: Sequence[str]) -> dict[tuple[str, str], int]:
        """Return (SKU, territory) → the units that standing and held offers promise, without zeros.

        This read does not wait for queued records, which can only release units.

        Args:
            skus: The SKUs to look up.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def balances(self) -> list[BudgetRow]:
        """Return the balances of all campaigns, periods and currencies.

        The read is ordered among the writes: it sees every move that was queued before it, with
        `commit`, `record` or `run_redemption`, and none that is queued after it.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def run_redemption(
        self,
        logic: RedemptionLogic,
        *,
        offers: Collection[str] = (),
        order: str,
        also: Collection[str] = (),
        refund: str | None = None,
        reads: ReadSet | None = None,
    ) -> RedemptionOutcome | CommitRefusal:
        """Read what a redemption depends on, run `logic` on it and write its outcome atomically.

        This takes one transaction, which is durable on return. Redemptions of one ledger run one
        after the other, so `logic` always sees the outcome of the previous one. `logic` may run
        more than once, because a batch that failed is repeated job by job.

        Args:
            logic: A pure function from the state in the ledger to the rows to write and the
                response.
            offers: The offers to redeem; none: those that the order has used.
            order: An id of the order.
            also: Other ids of the order, as the shop reported them. Those that a confirmation named
                are known to the ledger.
            refund: The shop's id of a partial refund; None: no refund.
            reads: What `logic` was made from; it is checked first, in the same transaction.

        Returns:
            What `logic` returned; or a refusal: the read set is stale, and nothing was run.

        Raises:
            ValueError: The outcome settles more than its budget has reserved, or two uses of one
                offer would be live.
            LedgerError: Nothing is written, or, if `retry` is set, the outcome is unknown. The same
                call may be repeated, because redemptions are idempotent.
        """

    async def held_amounts(self) -> dict[BalanceKey, int]:
        """Return what orders hold of each balance: minor units, or offers where it is `#`.

        It is a part of what the balance has reserved. Balances of which nothing is held are left out.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def next_hold_end(self) -> int | None:
        """Return when the next held redemption lapses; None: none is held.

        Returns:
            Milliseconds since the Unix epoch, UTC.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def orders_with_lapsing_holds(self, until: int, limit: int = 100) -> list[str]:
        """Return orders with a held redemption that lapses at an instant or before, in a stable order.

        Args:
            until: Milliseconds since the Unix epoch, UTC.
            limit: The largest number of orders to return.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def unpaid_orders(self, orders: Collection[str]) -> set[str]:
        """Return those of some orders that have a held or lapsed redemption, under any of their ids.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def order_ids(self, orders: Collection[str]) -> set[str]:
        """Return every id of one order that some of its ids lead to, those given among them.

        The ids of an erased customer's order are left out, unless they are given.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def redemptions(
        self,
        *,
        order: str | None = None,
        also: Collection[str] = (),
        offer: str | None = None,
        statuses: Collection[Status] = (),
        after: int = 0,
        limit: int = 200,
    ) -> list[StoredRedemption]:
        """Return redemptions in the order in which they were stored. Filters that are given must all match.

        Attempts that were refused are left out.

        Args:
            order: Only those of this order, under any of its ids.
            also: Other ids of that order, as the shop reported them.
            offer: Only those of this offer.
            statuses: Only those with one of these statuses; empty: all.
            after: Only those with a higher number.
            limit: The largest number of redemptions to return.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def reconcile(self) -> list[str]:
        """Compare every balance and stock commitment with the sum of its offers and redemptions.

        Returns:
            One sentence for each that differs; empty: all agree.

        Raises:
            LedgerError: The ledger cannot be read.
        """
