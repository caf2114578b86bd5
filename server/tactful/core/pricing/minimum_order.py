"""The least order that a discount on the order or its shipping needs at the checkout.

A rule that asks for a cart of 200.00 EUR promises its discount on an order of 200.00 EUR. Without this
minimum, a cart that shrank to one pair of socks would still take 15.00 off.
"""

from collections.abc import Iterator, Mapping

from tactful.core.rules.rule import All, Clause, Condition, Rule

CART_TOTAL = "cart.total"
"""The field of conditions on the total of the cart."""


def minimum_order(rule: Rule, currency: str) -> int | None:
    """Return the minimum order of a rule's offers in one currency; `None`: there is none.

    It is what the rule states with `min_order`, else the highest `cart.total` that its condition
    requires. A bound that is one of several alternatives is not required.

    Args:
        rule: The rule.
        currency: The ISO 4217 code of the offer.

    Returns:
        Minor units, compared with the order's items after the offers on items, without shipping.
    """
    if rule.price.level == "item":
        return None
    stated = rule.price.min_order.get(currency)
    if stated is not None or rule.price.min_order:
        return stated
    return max((bound for bound in _required(rule.condition, currency)), default=None)


def _required(condition: Condition, currency: str) -> Iterator[int]:
    if isinstance(condition, All):
        for part in condition.parts:
            yield from _required(part, currency)
    elif isinstance(condition, Clause) and condition.field == CART_TOTAL:
        bound = condition.value[0] if condition.op == "between" else condition.value
        if condition.op in {"at_least", "between"} and isinstance(bound, Mapping):
            least = bound.get(currency)
            if isinstance(least, int) and least > 0:
                yield least
