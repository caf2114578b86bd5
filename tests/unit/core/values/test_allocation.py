"""Discounts on an order or its shipping, and each line's exact share."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.broken_builds import assert_fails
from support.vectors import vectors
from tactful.core.values import allocation
from tactful.core.values.allocation import Deduction, allocate, may_stack

CASES = vectors("allocation.json")
LINES = st.lists(st.integers(0, 10**7), max_size=30)
GROUPS = st.sampled_from("abcde")
NAMING = st.dictionaries(GROUPS, st.lists(GROUPS, unique=True), max_size=5)
DEDUCTIONS = st.builds(
    Deduction,
    level=st.sampled_from(["order", "shipping"]),
    at_most=st.integers(0, 10**6),
    percent_bp=st.none() | st.integers(1, 10_000),
)


@pytest.mark.parametrize("case", CASES["allocate"], ids=str)
def test_an_amount_is_allocated_by_largest_remainder(case: dict[str, Any]) -> None:
    assert allocate(case["total"], case["over"]) == case["shares"]


@pytest.mark.parametrize("case", CASES["refused"], ids=str)
def test_an_amount_that_does_not_fit_the_lines_is_a_programming_error(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="cannot be allocated"):
        allocate(case["total"], case["over"])


@given(LINES, st.data())
def test_an_allocation_is_exact_fair_and_within_each_line(
    lines: list[int], data: st.DataObject
) -> None:
    total = data.draw(st.integers(0, sum(lines)))
    shares = allocation.allocate(total, lines)
    assert sum(shares) == total
    for share, line in zip(shares, lines, strict=True):
        assert 0 <= share <= line
        assert total == 0 or abs(share - Fraction(total * line, sum(lines))) < 1


@given(st.integers(1, 10**6), st.integers(2, 9), st.data())
def test_of_equal_lines_the_first_ones_bear_the_remainder(
    line: int, count: int, data: st.DataObject
) -> None:
    total = data.draw(st.integers(0, line * count))
    shares = allocate(total, [line] * count)
    assert shares == sorted(shares, reverse=True)
    assert shares[0] - shares[-1] <= 1


@pytest.mark.parametrize("case", CASES["off"], ids=str)
def test_a_deduction_takes_off_the_amount_of_the_vectors(case: dict[str, Any]) -> None:
    assert Deduction(**case["deduction"]).amount_off(case["amount"]) == case["takes"]


@given(DEDUCTIONS, st.integers(0, 10**8))
def test_what_comes_off_is_within_the_bound_and_within_the_amount(
    deduction: Deduction, amount: int
) -> None:
    off = deduction.amount_off(amount)
    assert 0 <= off <= min(deduction.at_most, amount)
    if deduction.percent_bp and off < deduction.at_most:
        exact = Fraction(amount * deduction.percent_bp, 10_000)
        assert exact - Fraction(1, 2) < off <= exact + Fraction(1, 2)


@pytest.mark.parametrize("case", CASES["may_stack"], ids=str)
def test_only_rules_that_name_each_other_stack(case: dict[str, Any]) -> None:
    first, second = case["rules"]
    assert may_stack(first, second, CASES["stacks_with"]) is case["may"]


@given(NAMING, GROUPS, GROUPS)
def test_stacking_is_symmetric(naming: dict[str, list[str]], one: str, other: str) -> None:
    assert may_stack(one, other, naming) == may_stack(other, one, naming)


def rounded_each_alone(total: int, lines: list[int]) -> list[int]:
    whole = sum(lines) or 1
    return [(2 * total * line + whole) // (2 * whole) for line in lines]


def test_an_allocation_that_rounds_each_line_alone_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocation, "allocate", rounded_each_alone)
    assert_fails(test_an_allocation_is_exact_fair_and_within_each_line)


def test_a_share_without_its_bound_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Deduction, "amount_off", lambda _, amount: amount)
    assert_fails(test_what_comes_off_is_within_the_bound_and_within_the_amount)
