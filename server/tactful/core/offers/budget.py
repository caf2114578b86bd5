"""Campaign budgets: balances, and the moves that change them.

Reserved plus settled never exceeds the limit, at any committed instant (`server/SEMANTICS.md`, section 4).
"""

from collections.abc import Mapping

from msgspec import Struct


class Balance(Struct, frozen=True, gc=False):
    """The balance of one campaign in one period: of one currency (minor units), or of the offer count."""

    limit: int | None
    """`None`: not limited."""
    reserved: int = 0
    """Held for standing offers: their worst case."""
    settled: int = 0
    """Spent by redemptions."""

    @property
    def free(self) -> int | None:
        """What may still be reserved; `None`: not limited."""
        return None if self.limit is None else self.limit - self.reserved - self.settled


class BudgetMove(Struct, frozen=True, gc=False):
    """A change of one balance. A positive `reserve` beyond the limit refuses the whole commit."""

    campaign: str
    period: str
    """The key of the budget period, such as `2026-03` or `total`."""
    currency: str
    """An ISO 4217 code, or `COUNT`."""
    limit: int | None
    """`None`: not limited."""
    reserve: int = 0
    """Change of what is reserved; negative for a release."""
    settle: int = 0
    """Change of what is settled."""
    offer: str = ""
    """The offer that the hold belongs to. It prevents a second release if the offer has ended since."""
    is_past: bool = False
    """Whether it records what a checkout has given already, so that no limit refuses it."""


COUNT = "#"
"""Stands for a currency where a campaign's offers are counted."""

Balances = Mapping[tuple[str, str], Balance]
"""(campaign, currency or `COUNT`) → the balance of the current period."""
