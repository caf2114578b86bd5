"""What comes off an order or its shipping, and which share of it does each line bear?

Amounts are minor units of one currency.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from tactful.core.values.money import discounted

Level = Literal["item", "order", "shipping"]
LEVELS: Final[tuple[Level, ...]] = ("item", "order", "shipping")
"""The order in which offers come off, each on the result of the last."""


class Deduction(Struct, frozen=True):
    """`at_most`, or a share that comes to no more: the worst case is known before the order is."""

    level: Literal["order", "shipping"]
    at_most: int
    percent_bp: int | None = None

    def amount_off(self, amount: int) -> int:
        """What comes off an amount: never more than there is; a share is rounded once, to the shopper."""
        share = amount if self.percent_bp is None else amount - discounted(amount, self.percent_bp)
        return min(share, self.at_most, amount)


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """`total` over lines in proportion to their amounts, by largest remainder, ties by position.

    The sum is exactly `total`, a zero line gets 0, and no line gets more than its amount.
    ValueError unless 0 ≤ total ≤ sum(weights) and no weight is negative.
    """
    whole = sum(weights)
    if not 0 <= total <= whole or min(weights, default=0) < 0:
        message = f"{total} cannot be allocated over lines of {list(weights)}"
        raise ValueError(message)
    if total == 0:
        return [0] * len(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda line: (-(total * weights[line] % whole), line)
    )
    for line in by_remainder[: total - sum(shares)]:
        shares[line] += 1
    return shares


def may_stack(first: str, second: str, stacks_with: Mapping[str, Collection[str]]) -> bool:
    """Whether two rules name each other; one-sided naming stacks nothing."""
    return second in stacks_with.get(first, ()) and first in stacks_with.get(second, ())
