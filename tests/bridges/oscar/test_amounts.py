"""Amounts of the platform become whole minor units, and return from them exactly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful_oscar.amounts import decimal_amount, minor_units


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("109.65", "GBP", 10965),
        ("9.588", "GBP", 959),  # 7.99 with 20 % tax, as pages show it
        ("9.585", "GBP", 959),
        ("9.5849", "GBP", 958),
        ("4990", "JPY", 4990),
        ("1.2345", "KWD", 1235),
    ],
)
def test_amounts_are_rounded_as_pages_show_them(amount: str, currency: str, units: int) -> None:
    assert minor_units(Decimal(amount), currency) == units


@given(st.integers(0, 10**9), st.sampled_from(["GBP", "JPY", "KWD"]))
def test_minor_units_return_exactly(units: int, currency: str) -> None:
    assert minor_units(decimal_amount(units, currency), currency) == units
