"""How do discounts on items, an order and its shipping come off together, to the last minor unit?

Amounts are minor units of one currency.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from tactful.core.money import discounted

Level = Literal["item", "order", "shipping"]


class Basket(Struct, frozen=True):
    """(unit price, quantity) of each line, and the shipping charge."""

    lines: tuple[tuple[int, int], ...]
    shipping: int = 0


class Deduction(Struct, frozen=True):
    """One discount: `bp` of what it meets, else `amount`; an item's comes off each unit of `line`."""

    level: Level
    bp: int | None = None
    amount: int = 0
    line: int = 0


class Result(Struct, frozen=True):
    """What is to be paid for each line and for shipping, and what each deduction took."""

    lines: tuple[int, ...]
    shipping: int
    taken: tuple[int, ...]


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


def deduct(basket: Basket, deductions: Sequence[Deduction]) -> Result:
    """Items first, then the order, then shipping, each on the result of the last; never below zero.

    Within a level the given order counts. A percentage of an item is rounded on its unit, never on
    the line; one of the order is rounded on the order and then allocated over the lines.
    """
    units = [unit for unit, _ in basket.lines]
    quantities = [quantity for _, quantity in basket.lines]
    taken = [0] * len(deductions)
    for index in _of_level(deductions, "item"):
        line = deductions[index].line
        off = _off(deductions[index], units[line])
        units[line] -= off
        taken[index] = off * quantities[line]
    lines = [unit * quantity for unit, quantity in zip(units, quantities, strict=True)]
    for index in _of_level(deductions, "order"):
        taken[index] = _off(deductions[index], sum(lines))
        shares = allocate(taken[index], lines)
        lines = [line - share for line, share in zip(lines, shares, strict=True)]
    shipping = basket.shipping
    for index in _of_level(deductions, "shipping"):
        taken[index] = _off(deductions[index], shipping)
        shipping -= taken[index]
    return Result(tuple(lines), shipping, tuple(taken))


def may_stack(first: str, second: str, stacks_with: Mapping[str, Collection[str]]) -> bool:
    """Whether two groups name each other; one-sided naming stacks nothing."""
    return second in stacks_with.get(first, ()) and first in stacks_with.get(second, ())


def stack(
    groups: Iterable[tuple[str, str]], stacks_with: Mapping[str, Collection[str]]
) -> list[str]:
    """Of (id, group) in order of preference, the ids that apply together: each pair may stack."""
    chosen: list[tuple[str, str]] = []
    for key, group in groups:
        if all(may_stack(group, other, stacks_with) for _, other in chosen):
            chosen.append((key, group))
    return [key for key, _ in chosen]


def one_sided(stacks_with: Mapping[str, Collection[str]]) -> list[tuple[str, str]]:
    """(group, the group that it names without being named back), sorted: what a checker reports."""
    return sorted(
        (group, other)
        for group, others in stacks_with.items()
        for other in others
        if group not in stacks_with.get(other, ())
    )


def _of_level(deductions: Sequence[Deduction], level: Level) -> list[int]:
    return [index for index, found in enumerate(deductions) if found.level == level]


def _off(deduction: Deduction, amount: int) -> int:
    off = deduction.amount if deduction.bp is None else amount - discounted(amount, deduction.bp)
    return min(off, amount)
