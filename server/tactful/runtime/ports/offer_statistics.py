"""The roles of the ledger that count: what became of offers, and events per hour."""

from collections.abc import Sequence
from typing import Protocol

from tactful.core.offers.offer import Offer
from tactful.runtime.ports.ledger_rows import (
    OutcomeRow,
    ReductionRow,
    RuleStepRow,
    ShadowRow,
    TallyRow,
)


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

    async def shadow_sums(self, since: int, until: int) -> list[ShadowRow]:
        """Return what rules in shadow mode would have offered in [`since`, `until`).

        Args:
            since: Milliseconds since the Unix epoch, UTC.
            until: The same.

        Returns:
            Rows in order of rule and currency.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def shadow_offers(self, rule: str, since: int, until: int, limit: int) -> list[Offer]:
        """Return the offers that a rule in shadow mode would have made, the newest first.

        Args:
            rule: The id of the rule.
            since: The first instant, milliseconds since the Unix epoch, UTC.
            until: The first instant that is left out.
            limit: The largest number of offers.

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


class Tallies(Protocol):
    """Counts events per hour. The counts grow with `Commit.tallies`, in the same transaction."""

    async def tally_sums(self, since: int, what: str | None = None) -> list[TallyRow]:
        """Return the counts of an hour and of all later ones, one row per hour and name.

        The read first waits until everything queued with `TurnStore.record` so far is written.

        Args:
            since: The first hour, in whole hours since the Unix epoch, UTC.
            what: What was counted; None: everything.

        Returns:
            Rows in order of their fields.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def prune_tallies(self, before: int, what: str) -> int:
        """Delete the counts of all hours before one, in small transactions.

        Args:
            before: The first hour that stays, in whole hours since the Unix epoch, UTC.
            what: What was counted.

        Returns:
            The number of rows deleted.

        Raises:
            LedgerError: Some rows may be deleted; the same call may be repeated.
        """
