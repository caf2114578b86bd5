"""Facts about customers: ids of an order, units of a line, orders of a case."""

import msgspec
import pytest

from support.builders import case, line, order
from tactful.core.facts.fact_types import CaseLine, RemedyValue


def test_an_order_has_every_one_of_its_ids() -> None:
    assert order("o1", also=("cart-7",)).ids == ("o1", "cart-7")


def test_cancelled_units_are_not_kept_and_refunded_ones_are() -> None:
    assert line(qty=3, cancelled_qty=1, refunded_qty=1).kept_qty == 2
    assert line(qty=1, cancelled_qty=2).kept_qty == 0


def test_a_case_names_each_order_once() -> None:
    lines = (CaseLine("o1", "1"), CaseLine("o2", "1"))
    assert case(order="o1", lines=lines).orders == ("o1", "o2")
    assert case().orders == ()


def test_a_value_without_money_or_share_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="a value is"):
        msgspec.convert({}, RemedyValue)
