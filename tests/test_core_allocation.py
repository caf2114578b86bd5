"""Discounts on items, orders and shipping, to the last minor unit."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from controls import assert_fails
from tactful.core import allocation
from tactful.core.allocation import Basket, Deduction, allocate, deduct, may_stack, one_sided, stack
from vectors_of import vectors

CASES = vectors("allocation.json")
LINES = st.lists(st.integers(0, 10**7), max_size=30)
GROUPS = st.sampled_from("abcde")
NAMING = st.dictionaries(GROUPS, st.lists(GROUPS, unique=True), max_size=5)
DEDUCTIONS = st.lists(
    st.builds(
        Deduction,
        level=st.sampled_from(["item", "order", "shipping"]),
        bp=st.none() | st.integers(0, 10_000),
        amount=st.integers(0, 5_000),
        line=st.integers(0, 2),
    ),
    max_size=6,
)
BASKETS = st.builds(
    Basket,
    lines=st.tuples(*[st.tuples(st.integers(0, 20_000), st.integers(1, 9))] * 3),
    shipping=st.integers(0, 1_000),
)


@pytest.mark.parametrize("case", CASES["allocate"], ids=str)
def test_an_amount_is_allocated_by_largest_remainder(case):
    assert allocate(case["total"], case["over"]) == case["shares"]


@pytest.mark.parametrize("case", CASES["refused"], ids=str)
def test_an_amount_that_does_not_fit_the_lines_is_a_programming_error(case):
    with pytest.raises(ValueError, match="cannot be allocated"):
        allocate(case["total"], case["over"])


@given(LINES, st.data())
def test_an_allocation_is_exact_fair_and_within_each_line(lines, data):
    total = data.draw(st.integers(0, sum(lines)))
    shares = allocation.allocate(total, lines)
    assert sum(shares) == total
    for share, line in zip(shares, lines, strict=True):
        assert 0 <= share <= line
        assert total == 0 or abs(share - Fraction(total * line, sum(lines))) < 1


@given(st.integers(1, 10**6), st.integers(2, 9), st.data())
def test_of_equal_lines_the_first_ones_bear_the_remainder(line, count, data):
    total = data.draw(st.integers(0, line * count))
    shares = allocate(total, [line] * count)
    assert shares == sorted(shares, reverse=True)
    assert shares[0] - shares[-1] <= 1


@pytest.mark.parametrize("case", CASES["deduct"], ids=lambda case: case["name"])
def test_deductions_come_off_in_their_order(case):
    lines = tuple((unit, quantity) for unit, quantity in case["lines"])
    found = deduct(Basket(lines, case["shipping"]), [Deduction(**it) for it in case["deductions"]])
    assert list(found.lines) == case["paid"]
    assert found.shipping == case["shipping_paid"]
    assert list(found.taken) == case["taken"]


@given(BASKETS, DEDUCTIONS)
def test_what_is_paid_and_what_is_taken_is_the_whole_and_nothing_is_negative(basket, deductions):
    found = allocation.deduct(basket, deductions)
    whole = sum(unit * quantity for unit, quantity in basket.lines) + basket.shipping
    assert sum(found.lines) + found.shipping + sum(found.taken) == whole
    assert min(*found.lines, found.shipping, *found.taken) >= 0


@given(BASKETS, DEDUCTIONS)
def test_levels_apply_in_their_order_whatever_the_order_given(basket, deductions):
    levels = ("item", "order", "shipping")
    in_order = sorted(deductions, key=lambda deduction: levels.index(deduction.level))
    assert deduct(basket, deductions).lines == deduct(basket, in_order).lines


@pytest.mark.parametrize("case", CASES["stack"], ids=str)
def test_only_groups_that_name_each_other_stack(case):
    assert stack([tuple(it) for it in case["in"]], CASES["stacks_with"]) == case["chosen"]


def test_naming_that_is_not_returned_is_reported():
    assert one_sided(CASES["stacks_with"]) == [tuple(it) for it in CASES["one_sided"]]


@given(NAMING, st.lists(GROUPS, max_size=8))
def test_every_pair_of_a_stack_may_stack_and_the_preferred_one_is_in_it(naming, groups):
    assume(groups)
    found = stack([(str(place), group) for place, group in enumerate(groups)], naming)
    chosen = [groups[int(place)] for place in found]
    assert chosen[0] == groups[0]
    assert all(
        may_stack(one, other, naming)
        for place, one in enumerate(chosen)
        for other in chosen[place + 1 :]
    )


@given(NAMING, GROUPS, GROUPS)
def test_stacking_is_symmetric(naming, one, other):
    assert may_stack(one, other, naming) == may_stack(other, one, naming)


def rounded_each_alone(total, lines):
    whole = sum(lines) or 1
    return [(2 * total * line + whole) // (2 * whole) for line in lines]


def on_the_list_price(basket, deductions):
    lines = [unit * quantity for unit, quantity in basket.lines]
    taken = [allocation._off(deduction, sum(lines)) for deduction in deductions]
    return allocation.Result((*(line - sum(taken) for line in lines),), basket.shipping, (*taken,))


@pytest.mark.parametrize(
    ("name", "broken", "property_test"),
    [
        (
            "allocate",
            rounded_each_alone,
            test_an_allocation_is_exact_fair_and_within_each_line,
        ),
        (
            "deduct",
            on_the_list_price,
            test_what_is_paid_and_what_is_taken_is_the_whole_and_nothing_is_negative,
        ),
    ],
)
def test_a_broken_control_fails(monkeypatch, name, broken, property_test):
    monkeypatch.setattr(allocation, name, broken)
    assert_fails(property_test)
