"""The role of the ledger that counts what became of offers."""

from collections.abc import Sequence
from typing import Protocol

from tactful.core.offers.offer import Offer
from tactful.runtime.ports.ledger_rows import OutcomeRow, ReductionRow, RuleStepRow


class OfferStatistics(Protocol):
    """Counts over all offers ever made, from which the trackers in memory start.

    Every read first waits until everything queued with `TurnStore.record` so far is written.
    """

    async def outcomes(self) -> list[OutcomeRow]:
        """Return how many offers, and how many held-out offers, led to a purchase.

        Returns:
            Rows in order of product, territory and rule. `NO_OFFER` is the rule of held-out offers.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def reductions(self, since: int) -> list[ReductionRow]:
        """Return the reductions that were offered at or after an instant.

        Args:
            since: Milliseconds since the Unix epoch, UTC.

        Returns:
            Rows in order of rule, SKU and territory.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def rule_steps(self) -> list[RuleStepRow]:
        """Return how many lifecycle steps the offers of each rule took, in a stable order.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def held_out(self, since: int) -> list[Offer]:
        """Return the offers that were held out at or after an instant, oldest first.

        Args:
            since: Milliseconds since the Unix epoch, UTC.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def mark_bought(self, offers: Sequence[str], *, bought: bool) -> None:
        """Store whether the products of held-out offers were bought without the offer.

        The write is durable on return. Unknown offers are skipped.

        Args:
            offers: Ids of held-out offers.
            bought: False where the order was cancelled afterwards.

        Raises:
            LedgerError: Nothing is stored.
        """
