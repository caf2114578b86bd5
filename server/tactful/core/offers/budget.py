"""How much of a campaign's budget is held and spent."""

from collections.abc import Mapping

from msgspec import Struct


class Balance(Struct, frozen=True, gc=False):
    """One currency, or the count, of one campaign in one period. `limit` None: not limited."""

    limit: int | None
    reserved: int = 0
    settled: int = 0

    @property
    def free(self) -> int | None:
        """What may still be promised."""
        return None if self.limit is None else self.limit - self.reserved - self.settled


class BudgetMove(Struct, frozen=True, gc=False):
    """A change of one balance: campaign, period key, currency or `COUNT`, and the deltas.

    `limit` None: not limited. A positive `reserve` beyond the limit refuses the whole commit.
    """

    campaign: str
    period: str
    currency: str
    limit: int | None
    reserve: int = 0
    settle: int = 0
    offer: str = ""
    """Whose hold it is; a release is not made twice if that offer ended otherwise meanwhile."""


COUNT = "#"
"""The currency under which a campaign's count of offers is kept."""

Balances = Mapping[tuple[str, str], Balance]
"""(campaign, currency or `COUNT`) → its balance in the current period."""
