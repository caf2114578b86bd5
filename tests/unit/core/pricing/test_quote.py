"""The price of an offer, its floors and its refusals."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.broken_builds import assert_fails
from support.vectors import vectors
from tactful.core.facts import fact_types as facts
from tactful.core.pricing import quote as pricing
from tactful.core.pricing.quote import (
    PriceBasis,
    PriceDigits,
    PriceRefusal,
    Quote,
    floor_of,
    missing_input,
    price_basis,
    quote,
)
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import PriceTerms
from tactful.core.values.money import Money, discounted

CASES = vectors("pricing.json")["quotes"]

AMOUNTS = st.integers(1, 50_000)
MAYBE = st.none() | st.integers(0, 60_000)
PRICES = st.builds(
    PriceBasis,
    amount=AMOUNTS,
    currency=st.just("EUR"),
    tax_rate_bp=st.sampled_from([0, 700, 1900, 2000]),
    list=MAYBE,
    target=MAYBE,
    minimum_advertised=MAYBE,
    cost=MAYBE,
)
EUR = st.fixed_dictionaries({"EUR": st.integers(0, 60_000)})
SIMPLE = {
    "mode": st.sampled_from(["percent", "amount", "fixed", "to_target"]),
    "percent_bp": st.integers(0, 10_000),
    "amounts": EUR,
}
TERMS = st.builds(
    PriceTerms,
    **SIMPLE | {"mode": st.sampled_from(["percent", "amount", "fixed", "to_target", "ladder"])},
    ladder=st.lists(st.builds(PriceTerms, **SIMPLE), max_size=4).map(tuple),
    margin_bp=st.none() | st.integers(0, 9_000),
    minimum=st.just({}) | EUR,
    may_undercut_target=st.booleans(),
    on_floor=st.sampled_from(["clamp", "withhold"]),
    min_saving=st.just({}) | st.fixed_dictionaries({"EUR": st.integers(0, 3_000)}),
    min_saving_bp=st.integers(0, 3_000),
    ending=st.none() | st.integers(0, 99),
)
POLICY = {"min_margin_bp": st.integers(0, 5_000), "max_total_discount_bp": st.integers(0, 10_000)}
DIGITS = st.fixed_dictionaries(
    {
        "endings": st.just({}) | st.fixed_dictionaries({"EUR": st.integers(0, 99)}),
        "rounding": st.just({}) | st.fixed_dictionaries({"EUR": st.sampled_from([1, 5, 10, 100])}),
    }
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_price_is_the_one_of_the_vectors(case: dict[str, Any]) -> None:
    terms = msgspec.convert(case["terms"], PriceTerms)
    price = case["price"] and msgspec.convert(case["price"], PriceBasis)
    found = quote(terms, price, **case.get("options", {}))
    assert msgspec.to_builtins(found) == case["want"]


@given(TERMS, PRICES, st.integers(0, 5), st.fixed_dictionaries(POLICY), DIGITS)
@example(
    # Random prices seldom have a target that is the highest bound of a price below it.
    PriceTerms(mode="percent", percent_bp=2000),
    PriceBasis(10_000, "EUR", target=9_000),
    0,
    {"min_margin_bp": 0, "max_total_discount_bp": 10_000},
    {},
)
def test_an_offer_is_below_the_public_price_and_never_below_a_floor(
    terms: PriceTerms,
    price: PriceBasis,
    step: int,
    policy: dict[str, Any],
    digits: dict[str, Any],
) -> None:
    found = quote(terms, price, step=step, **policy, **digits)
    if isinstance(found, PriceRefusal):
        return
    assert 1 <= found.unit < price.amount
    assert found.saved == price.amount - found.unit
    assert found.unit >= floor_of(terms, price, **policy).amount
    assert found.unit >= (price.minimum_advertised or 0)
    assert found.unit >= terms.minimum.get("EUR", 0)
    assert found.unit >= ((price.target or 0) if not terms.may_undercut_target else 0)
    assert found.saved >= terms.min_saving.get("EUR", 0)
    assert found.saved * 10_000 >= terms.min_saving_bp * price.amount
    listed = price.list or price.amount
    assert (listed - found.unit) * 10_000 <= policy["max_total_discount_bp"] * listed


def test_an_item_that_costs_nothing_has_the_smallest_unit_as_its_floor() -> None:
    free = PriceBasis(amount=1000, currency="EUR", tax_rate_bp=1900, cost=0)
    floor = floor_of(PriceTerms("percent", percent_bp=1000), free, 0, 10_000)
    assert floor == pricing.PriceFloor(1, "smallest_unit")


ORDERS = st.builds(
    PriceTerms,
    mode=st.sampled_from(["percent", "amount"]),
    percent_bp=st.integers(1, 10_000),
    amounts=EUR,
    level=st.just("order"),
    at_most=EUR,
    margin_bp=st.none() | st.integers(0, 9_000),
    on_floor=st.just("withhold"),
)


@given(ORDERS, PRICES, st.fixed_dictionaries(POLICY), st.integers(1, 9))
def test_what_an_order_saves_is_within_what_is_held_and_the_item_alone_above_its_floor(
    terms: PriceTerms, price: PriceBasis, policy: dict[str, Any], count: int
) -> None:
    found = quote(terms, price, **policy)
    off = pricing.deduction(terms, "EUR")
    assert off is not None
    if isinstance(found, Quote):
        assert found.saved == off.at_most >= off.amount_off(price.amount * count)
        assert found.unit == price.amount - off.amount_off(price.amount)
        assert floor_of(terms, price, **policy).amount <= found.unit < price.amount


@given(TERMS, PRICES, st.fixed_dictionaries(POLICY))
def test_an_offer_keeps_its_margin_over_the_net_cost(
    terms: PriceTerms, price: PriceBasis, policy: dict[str, Any]
) -> None:
    found = quote(terms, price, **policy)
    if isinstance(found, Quote) and price.cost is not None:
        margin = policy["min_margin_bp"] if terms.margin_bp is None else terms.margin_bp
        # (net − cost) / net ≥ margin, without a division
        net = found.unit * 10_000
        cost = price.cost * (10_000 + price.tax_rate_bp)
        assert (net - cost) * 10_000 >= margin * net


@given(TERMS, PRICES, st.fixed_dictionaries(POLICY))
def test_only_a_rule_that_clamps_gives_more_than_was_asked(
    terms: PriceTerms, price: PriceBasis, policy: dict[str, Any]
) -> None:
    found = quote(terms, price, **policy)
    if isinstance(found, Quote):
        assert found.clamped == (found.unit > found.asked) == (found.asked < found.floor)
        assert not (found.clamped and terms.on_floor == "withhold")
        assert not found.clamped or found.unit == found.floor


@given(TERMS, PRICES, st.fixed_dictionaries(POLICY))
def test_a_refusal_says_what_would_have_passed(
    terms: PriceTerms, price: PriceBasis, policy: dict[str, Any]
) -> None:
    found = quote(terms, price, **policy)
    if isinstance(found, PriceRefusal) and found.reason == "price.no_improvement":
        assert found.actual is not None
        assert found.needed is not None
        assert found.actual > found.needed
        assert found.needed < price.amount


@given(st.lists(st.integers(0, 9_000), min_size=2, max_size=5), AMOUNTS, st.integers(0, 5))
def test_a_ladder_never_goes_back_up(rungs: list[int], amount: int, step: int) -> None:
    terms = PriceTerms(
        mode="ladder", ladder=tuple(PriceTerms(mode="percent", percent_bp=bp) for bp in rungs)
    )
    now, later = (
        pricing.asked_price(terms, PriceBasis(amount, "EUR"), at) for at in (step, step + 1)
    )
    assert now is not None
    assert later is not None
    assert later <= now <= discounted(amount, rungs[0])
    assert later == discounted(amount, max(rungs[: step + 2]))


@given(st.integers(1, 5_000), st.integers(0, 5_000), st.sampled_from([0, 700, 1900, 2000]))
def test_a_clamp_to_the_cost_keeps_the_margin_and_one_less_does_not(
    cost: int, margin: int, rate: int
) -> None:
    terms = PriceTerms(mode="fixed", amounts={"EUR": 1}, margin_bp=margin)
    found = quote(terms, PriceBasis(20_000, "EUR", tax_rate_bp=rate, cost=cost))

    def margin_kept(unit: int) -> bool:
        return unit * (10_000 - margin) >= cost * (10_000 + rate)

    assert isinstance(found, Quote)
    assert margin_kept(found.unit)
    assert found.unit == 1 or not margin_kept(found.unit - 1)


@given(st.integers(2, 10**9), st.integers(1, 9_999))
def test_a_percentage_without_floors_is_the_one_rounding(amount: int, bp: int) -> None:
    found = quote(PriceTerms(mode="percent", percent_bp=bp), PriceBasis(amount, "EUR"))
    unit = discounted(amount, bp)
    assert isinstance(found, Quote) == (0 < unit < amount)
    assert isinstance(found, PriceRefusal) or found.unit == unit


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({"amount": 1000, "currency": "EUR"}, (990, 1000)),
        ({"percent_bp": 2500}, (1492, 498)),
        ({"amount": 1000, "currency": "USD"}, "price.missing"),
        ({"amount": 1990, "currency": "EUR"}, (0, 1990)),
        ({"amount": 5000, "currency": "EUR"}, (0, 5000)),
        ({"percent_bp": 10_000}, (0, 1990)),
        ({"percent_bp": 1}, "price.no_improvement"),
    ],
    ids=str,
)
def test_a_voucher_comes_off_the_public_price_without_a_floor(
    value: dict[str, Any], wanted: tuple[int, int] | str
) -> None:
    found = pricing.voucher(
        facts.RemedyValue(**value), PriceBasis(1990, "EUR", cost=1900, target=1790)
    )
    if isinstance(wanted, tuple):
        unit, saved = wanted
        assert found == Quote(unit, saved, unit, False, 0, "smallest_unit")
    else:
        assert isinstance(found, PriceRefusal)
        assert found.reason == wanted


def a_price(**changes: Any) -> facts.Price:
    fields: dict[str, Any] = {
        "sku": "RUN-42",
        "territory": "DE",
        "price": Money(12900, "EUR"),
        "tax_included": True,
        "tax_rate_bp": 1900,
        "target": Money(9900, "EUR"),
    }
    return facts.Price(**fields | changes)


def a_cost(currency: str) -> facts.Cost:
    return facts.Cost(sku="RUN-42", cost=Money(5200, currency))


def test_the_price_basis_is_read_from_the_facts() -> None:
    found = price_basis(a_price(), a_cost("EUR"))
    assert found == PriceBasis(12900, "EUR", tax_rate_bp=1900, target=9900, cost=5200)


def test_a_price_shown_net_has_no_tax_in_it() -> None:
    found = price_basis(a_price(tax_included=False), None)
    assert found is not None
    assert found.tax_rate_bp == 0


def test_a_cost_in_another_currency_is_unknown() -> None:
    for cost in (a_cost("USD"), None):
        found = price_basis(a_price(), cost)
        assert found is not None
        assert found.cost is None


@pytest.mark.parametrize("field", ["list", "target", "minimum_advertised"])
def test_a_price_that_mixes_currencies_is_no_price(field: str) -> None:
    assert price_basis(a_price(**{field: Money(9900, "USD")}), None) is None


def without_the(kind: str) -> Callable[..., pricing.PriceFloor]:
    """Floors that forget one bound."""
    whole = pricing.floor_of

    def forgetful(terms: PriceTerms, price: PriceBasis, *policy: int) -> pricing.PriceFloor:
        found = whole(terms, price, *policy)
        return pricing.PriceFloor(1, "smallest_unit") if found.kind == kind else found

    return forgetful


@pytest.mark.parametrize(
    "kind", ["cost", "minimum_advertised", "target", "rule", "max_total_discount"]
)
def test_a_control_that_forgets_a_floor_fails(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(pricing, "floor_of", without_the(kind))
    assert_fails(test_an_offer_is_below_the_public_price_and_never_below_a_floor)


def no_least_saving(*_: object) -> int:
    return 0


def an_ending_to_nearest(digits: PriceDigits, unit: int, _floor: int) -> int:
    return unit - unit % 100 + (digits.ending or 0)


def a_floor_rounded_down(cost: int, margin: int, rate: int) -> int:
    return cost * (10_000 + rate) // (10_000 - margin)


def a_ladder_by_its_step(terms: PriceTerms, price: PriceBasis, step: int) -> int | None:
    rungs = terms.ladder
    return pricing.asked_price(rungs[min(step, len(rungs) - 1)], price) if rungs else None


BELOW_AND_ABOVE = test_an_offer_is_below_the_public_price_and_never_below_a_floor

CLAMPED = test_a_clamp_to_the_cost_keeps_the_margin_and_one_less_does_not


@pytest.mark.parametrize(
    ("name", "broken", "property_test"),
    [
        ("_least_saving", no_least_saving, BELOW_AND_ABOVE),
        ("_with_digits", an_ending_to_nearest, BELOW_AND_ABOVE),
        ("cost_floor", a_floor_rounded_down, CLAMPED),
        ("_ladder_price", a_ladder_by_its_step, test_a_ladder_never_goes_back_up),
    ],
)
def test_a_broken_control_fails(
    monkeypatch: pytest.MonkeyPatch, name: str, broken: object, property_test: Callable[..., None]
) -> None:
    monkeypatch.setattr(pricing, name, broken)
    assert_fails(property_test)


@pytest.mark.parametrize(
    ("terms", "floor"),
    [
        (PriceTerms("percent", percent_bp=9000, markup_bp=2500), 7735),
        (PriceTerms("percent", percent_bp=9000, markup_bp=0), 6188),
        (PriceTerms("percent", percent_bp=9000, markup_bp=2500, margin_bp=2000), 7735),
        (PriceTerms("percent", percent_bp=9000, markup_bp=2500, margin_bp=3000), 8840),
    ],
)
def test_a_markup_is_a_share_of_the_cost_and_the_stricter_floor_counts(
    terms: PriceTerms, floor: int
) -> None:
    shelf = PriceBasis(amount=12900, currency="EUR", tax_rate_bp=1900, cost=5200)
    found = quote(terms, shelf)
    assert isinstance(found, Quote)
    assert (found.unit, found.floor_kind) == (floor, "cost")


def test_a_markup_on_an_unknown_cost_is_no_price() -> None:
    shelf = PriceBasis(amount=12900, currency="EUR", tax_rate_bp=1900)
    terms = PriceTerms("percent", percent_bp=500, markup_bp=2500)
    assert quote(terms, shelf) == PriceRefusal("price.missing")
    assert missing_input(terms, shelf) == "a cost"


CHF = PriceBasis(12990, "CHF", cost=7000)


@pytest.mark.parametrize(
    ("terms", "unit"),
    [
        (PriceTerms("percent", percent_bp=1500), 11040),  # 110.42 asked
        (PriceTerms("percent", percent_bp=5000, margin_bp=2001), 8755),  # a floor of 87.51
        (PriceTerms("percent", percent_bp=1500, ending=90), 10990),
        (PriceTerms("percent", percent_bp=1500, minimum={"CHF": 11042}), 11045),
    ],
)
def test_prices_in_francs_end_in_0_or_5_and_stay_above_the_floor(
    terms: PriceTerms, unit: int
) -> None:
    found = quote(terms, CHF, rounding=Policy().rounding)
    assert isinstance(found, Quote)
    assert found.unit == unit


def test_the_ending_of_the_currency_is_for_rules_that_name_none() -> None:
    shelf = PriceBasis(12900, "EUR")
    found = quote(PriceTerms("percent", percent_bp=1500), shelf, endings={"EUR": 99, "GBP": 1})
    own = quote(PriceTerms("percent", percent_bp=1500, ending=50), shelf, endings={"EUR": 99})
    assert isinstance(found, Quote)
    assert isinstance(own, Quote)
    assert (found.unit, own.unit) == (10899, 10950)


@given(PRICES, st.integers(0, 9_999), st.sampled_from([1, 5, 10, 100]))
def test_a_rounded_price_is_a_multiple_of_its_step(price: PriceBasis, bp: int, step: int) -> None:
    found = quote(PriceTerms("percent", percent_bp=bp), price, rounding={price.currency: step})
    if isinstance(found, Quote):
        assert found.unit % step == 0
