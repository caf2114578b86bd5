"""Amounts, percentages and rounding."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from support.broken_builds import assert_fails
from support.vectors import vectors
from tactful.core.values import money
from tactful.core.values.money import AMOUNT_MAX, AMOUNT_MIN, EXPONENTS, Money, MoneyError

CASES = vectors("money.json")
AMOUNTS = st.integers(0, 10**12)
BASIS_POINTS = st.integers(0, 10_000)
RATES = st.integers(0, 5_000)
MARGINS = st.integers(0, 9_900)
CURRENCIES = st.sampled_from(sorted(EXPONENTS))


def test_the_exponent_table_is_the_pinned_one() -> None:
    assert CASES["exponents"] == EXPONENTS


@pytest.mark.parametrize("case", CASES["discounted"], ids=str)
def test_a_discount_is_rounded_once_and_a_tie_goes_to_the_shopper(case: dict[str, Any]) -> None:
    assert money.discounted(case["list"], case["bp"]) == case["unit"]


@pytest.mark.parametrize("case", CASES["percent_off"], ids=str)
def test_a_displayed_percentage_is_the_floor(case: dict[str, Any]) -> None:
    assert money.percent_off(case["prior"], case["offer"]) == case["percent"]


@pytest.mark.parametrize("case", CASES["gross_from_net"], ids=str)
def test_tax_is_added_to_the_nearest_minor_unit(case: dict[str, Any]) -> None:
    assert money.gross_from_net(case["net"], case["rate_bp"]) == case["gross"]


@pytest.mark.parametrize("case", CASES["gross_floor"], ids=str)
def test_a_net_floor_has_a_smallest_gross_price(case: dict[str, Any]) -> None:
    assert money.gross_floor(case["floor_net"], case["rate_bp"]) == case["smallest"]


@pytest.mark.parametrize("case", CASES["cost_floor"], ids=str)
def test_a_cost_with_a_margin_has_a_smallest_price(case: dict[str, Any]) -> None:
    found = money.cost_floor(case["cost"], case["margin_bp"], case["rate_bp"])
    assert found == case["smallest"]


@pytest.mark.parametrize("case", CASES["ending_down"], ids=str)
def test_an_ending_is_taken_downwards(case: dict[str, Any]) -> None:
    found = money.ending_down(case["amount"], case["ending"])
    assert found == case["ended"] if case["ended"] is not None else found < 0


@pytest.mark.parametrize("case", CASES["parse"], ids=str)
def test_an_amount_is_read(case: dict[str, Any]) -> None:
    assert money.parse(case["text"], case["currency"]) == Money(
        int(case["amount"]), case["currency"]
    )


@pytest.mark.parametrize("case", CASES["parse_errors"], ids=str)
def test_what_is_no_amount_is_refused_with_data(case: dict[str, Any]) -> None:
    with pytest.raises(MoneyError) as refused:
        money.parse(case["text"], case["currency"])
    assert refused.value.problem == case["problem"]
    assert refused.value.currency == case["currency"]
    assert str(refused.value)


@pytest.mark.parametrize("case", CASES["format"], ids=str)
def test_an_amount_is_written_plainly(case: dict[str, Any]) -> None:
    written = money.format_plain(Money(int(case["amount"]), case["currency"]))
    assert written == case["text"]


@given(st.integers(AMOUNT_MIN, AMOUNT_MAX), CURRENCIES)
def test_what_is_written_can_be_read_again(amount: int, currency: str) -> None:
    written = money.format_plain(Money(amount, currency))
    assert money.parse_plain(written) == Money(amount, currency)


@given(st.text(max_size=30), CURRENCIES)
def test_reading_gives_money_or_a_money_error(text: str, currency: str) -> None:
    try:
        found = money.parse(text, currency)
    except MoneyError:
        return
    assert money.format_plain(found).startswith(text)


@pytest.mark.parametrize("text", ["12.50", "12.50EUR", "EUR 12.50", "12.50  EUR", "12.50 EUR ", ""])
def test_a_text_without_number_blank_and_currency_is_refused(text: str) -> None:
    with pytest.raises(MoneyError):
        money.parse_plain(text)


@given(AMOUNTS, BASIS_POINTS)
@example(1990, 2500)
@example(3, 5000)
def test_a_discounted_price_is_the_nearest_and_never_dearer(amount: int, bp: int) -> None:
    unit, exact = money.discounted(amount, bp), Fraction(amount * (10_000 - bp), 10_000)
    assert unit - exact < Fraction(1, 2)
    assert exact - unit <= Fraction(1, 2)
    assert 0 <= unit <= amount


@given(AMOUNTS, BASIS_POINTS, BASIS_POINTS)
def test_more_percent_never_costs_more(amount: int, bp: int, other: int) -> None:
    low, high = sorted((bp, other))
    assert money.discounted(amount, high) <= money.discounted(amount, low)


@given(AMOUNTS, AMOUNTS)
def test_a_percentage_is_never_overstated(prior: int, offer: int) -> None:
    assume(offer < prior)
    percent = money.percent_off(prior, offer)
    assert percent * prior <= 100 * (prior - offer) < (percent + 1) * prior


@given(AMOUNTS, RATES)
def test_the_smallest_gross_price_meets_the_net_floor_and_one_less_does_not(
    floor_net: int, rate: int
) -> None:
    smallest = money.gross_floor(floor_net, rate)
    assert money.meets_net_floor(smallest, floor_net, rate)
    assert not money.meets_net_floor(smallest - 1, floor_net, rate)


@given(AMOUNTS, MARGINS, RATES)
def test_the_cost_floor_keeps_the_margin_and_one_less_does_not(
    cost: int, margin: int, rate: int
) -> None:
    def margin_kept(gross: int) -> bool:
        net = Fraction(gross * 10_000, 10_000 + rate)
        return (net - cost) * 10_000 >= margin * net

    smallest = money.cost_floor(cost, margin, rate)
    assert margin_kept(smallest)
    assert cost == 0 or not margin_kept(smallest - 1)


@given(AMOUNTS, st.integers(0, 999))
def test_an_ending_is_the_highest_at_or_below(amount: int, ending: int) -> None:
    ended, digits = money.ending_down(amount, ending), len(str(ending))
    assert amount - 10**digits < ended <= amount
    assert ended < 0 or str(ended).zfill(digits)[-digits:] == str(ending)


def test_amounts_of_one_currency_add_up() -> None:
    assert Money(5, "EUR") + Money(7, "EUR") == Money(12, "EUR")
    assert Money(5, "EUR") - Money(7, "EUR") == Money(-2, "EUR")
    assert Money(1935, "EUR") * 3 == Money(5805, "EUR")


@pytest.mark.parametrize("act", [lambda a, b: a + b, lambda a, b: a - b], ids=["add", "subtract"])
def test_currencies_do_not_mix(act: Callable[[Money, Money], Money]) -> None:
    with pytest.raises(MoneyError) as refused:
        act(Money(5, "EUR"), Money(5, "USD"))
    assert refused.value.problem == "mixed"


def test_no_sum_leaves_64_bits() -> None:
    with pytest.raises(MoneyError) as refused:
        Money(AMOUNT_MAX, "EUR") + Money(1, "EUR")
    assert refused.value.problem == "range"


@pytest.mark.parametrize(
    "wire",
    [
        b'{"amount":1.0,"currency":"EUR"}',
        b'{"amount":"1","currency":"EUR"}',
        b'{"amount":true,"currency":"EUR"}',
        b'{"amount":9223372036854775808,"currency":"EUR"}',
        b'{"amount":1,"currency":"EURO"}',
        b'{"amount":1,"currency":"eur"}',
        b'{"amount":1,"currency":"XAU"}',
        b'{"amount":1,"currency":"ABC"}',
        b'{"amount":1,"currency":"EUR\\n"}',
        b'{"amount":1}',
        b'{"amount":1,"currency":"EUR","exponent":2}',
    ],
)
def test_the_wire_carries_integers_and_codes_and_nothing_else(wire: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(wire, type=Money)


def with_a_tie_up(amount: int, bp: int) -> int:
    return (amount * (10_000 - bp) + 5_000) // 10_000


def in_floats(amount: int, bp: int) -> int:
    return round(amount * (1 - bp / 10_000))


def rounded_up(prior: int, offer: int) -> int:
    return -(-100 * (prior - offer) // prior)


def to_nearest(net: int, rate: int) -> int:
    return (net * (10_000 + rate) + 5_000) // 10_000


def with_the_margin_on_the_cost(cost: int, margin: int, rate: int) -> int:
    return -(-cost * (10_000 + margin + rate) // 10_000)


NEAREST = test_a_discounted_price_is_the_nearest_and_never_dearer
NET_FLOOR = test_the_smallest_gross_price_meets_the_net_floor_and_one_less_does_not
MARGIN = test_the_cost_floor_keeps_the_margin_and_one_less_does_not


@pytest.mark.parametrize(
    ("name", "broken", "property_test"),
    [
        ("discounted", with_a_tie_up, NEAREST),
        ("discounted", in_floats, NEAREST),
        ("percent_off", rounded_up, test_a_percentage_is_never_overstated),
        ("gross_floor", to_nearest, NET_FLOOR),
        ("cost_floor", with_the_margin_on_the_cost, MARGIN),
    ],
)
def test_a_broken_control_fails(
    monkeypatch: pytest.MonkeyPatch, name: str, broken: object, property_test: Callable[..., None]
) -> None:
    monkeypatch.setattr(money, name, broken)
    assert_fails(property_test)


@given(st.integers(1, 100_000), st.integers(0, 100_000), RATES)
def test_the_markup_floor_keeps_the_markup_and_one_less_does_not(
    cost: int, markup_bp: int, rate_bp: int
) -> None:
    floor = money.markup_floor(cost, markup_bp, rate_bp)
    least = cost * (10_000 + markup_bp) * (10_000 + rate_bp)
    assert floor * 10_000**2 >= least > (floor - 1) * 10_000**2
