"""Which SKUs may exist, and what a cart keeps of those that do not."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tactful.core.session.signals import CartLine
from tactful.runtime.facts.known_skus import UNKNOWN_CART_LINES, KnownSkus


def catalogue(*skus: str) -> KnownSkus:
    known = KnownSkus()
    known.restore(skus)
    return known


def test_every_sku_may_exist_until_the_catalogue_is_read() -> None:
    known = KnownSkus()
    known.add("HAT")
    assert known.may_exist("RUN-42")
    assert known.bounded_cart(lines := (CartLine("RUN-42", 1),)) is lines
    assert len(known) == 0


def test_an_sku_added_while_the_catalogue_is_read_again_stays() -> None:
    known = catalogue("RUN-42")
    known.add("HAT")
    known.restore(["RUN-42"])
    assert known.may_exist("HAT")
    assert len(known) == 2


@given(st.lists(st.sampled_from(["RUN-42", "HAT", "x1", "x2", "x3"]), max_size=200))
def test_a_cart_keeps_its_order_every_known_line_and_the_first_unknown_ones(
    skus: list[str],
) -> None:
    lines = tuple(CartLine(sku, number + 1) for number, sku in enumerate(skus))
    kept = catalogue("RUN-42", "HAT").bounded_cart(lines)
    assert list(kept) == sorted(kept, key=lambda line: line.qty)
    assert [one for one in kept if one.sku in {"RUN-42", "HAT"}] == [
        one for one in lines if one.sku in {"RUN-42", "HAT"}
    ]
    unknown = [one for one in lines if one.sku not in {"RUN-42", "HAT"}]
    assert [one for one in kept if one in unknown] == unknown[:UNKNOWN_CART_LINES]


def test_carts_share_the_strings_of_the_catalogue() -> None:
    known = catalogue("RUN-42")
    named = json.loads(b'"RUN-42"')
    (first,) = known.bounded_cart((CartLine(named, 1),))
    (second,) = known.bounded_cart((CartLine(json.loads(b'"RUN-42"'), 1),))
    assert first.sku is second.sku
