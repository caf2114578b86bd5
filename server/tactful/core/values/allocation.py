"""Discounts on an order or its shipping, and the share that each line bears.

Amounts are minor units of one currency. See `server/SEMANTICS.md`, section 1.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from tactful.core.values.money import discounted

Level = Literal["item", "order", "shipping"]
LEVELS: Final[tuple[Level, ...]] = ("item", "order", "shipping")
"""The order in which offers are applied, each to the result of the one before."""


class Deduction(Struct, frozen=True):
    """A fixed discount, or a percentage with an upper bound.

    The bound is the worst case, which must be reserved before the order is known.
    """

    level: Literal["order", "shipping"]
    at_most: int
    """The fixed discount, or the upper bound of the percentage, in minor units."""
    percent_bp: int | None = None
    """The percentage in basis points; `None`: the discount is `at_most` itself."""

    def amount_off(self, amount: int) -> int:
        """Return what comes off an amount: never more than the amount; a share is rounded once, ties to the shopper."""
        share = amount if self.percent_bp is None else amount - discounted(amount, self.percent_bp)
        return min(share, self.at_most, amount)


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Allocate `total` over lines in proportion to their amounts, by largest remainder, ties by position.

    The sum is exactly `total`, a line of 0 gets 0, and no line gets more than its amount: 1500 over
    2200/1400/4300/750/0 is 381/243/746/130/0.

    Args:
        total: The amount to allocate, in minor units.
        weights: The amount of each line, in minor units.

    Raises:
        ValueError: `total` is not within 0 and the sum of the weights, or a weight is negative.
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
    """Return whether two rules name each other; it is not enough that one names the other.

    Args:
        first: A rule.
        second: Another rule.
        stacks_with: Rule → the rules that it names.
    """
    return second in stacks_with.get(first, ()) and first in stacks_with.get(second, ())
