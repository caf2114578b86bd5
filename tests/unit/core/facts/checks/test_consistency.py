"""Contradictions within a fact: each is named with its fields, and a valid fact has none."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.builders import DAY, T0, case, cost, line, order, price, product, returned, stock, when
from support.builders import recall as recalled
from support.builders import remedy as remedied
from tactful.core.facts.checks.consistency import consistency_findings
from tactful.core.facts.fact_types import AnyFact, Gone
from tactful.core.values.money import Money


def found(fact: AnyFact) -> list[tuple[str, str]]:
    return [(one.code, one.error.path) for one in consistency_findings(fact)]


CONTRADICTIONS: list[tuple[AnyFact, str, str]] = [
    (product(url="javascript:alert(1)"), "fact.invalid", "url"),
    (product(url=("https://shop.example", "//evil.example")), "fact.invalid", "url"),
    (product(image="data:image/png;base64,AA"), "fact.invalid", "image"),
    (price(territory="UK"), "fact.unknown_territory", "territory"),
    (price(amount=0), "fact.inconsistent", "price"),
    (price(list=Money(1, "GBP")), "fact.inconsistent", "list"),
    (price(target=-1), "fact.inconsistent", "target"),
    (cost(amount=-1), "fact.inconsistent", "cost"),
    (cost(amount=5, cost_is_zero=True), "fact.inconsistent", "cost_is_zero"),
    (cost(territory="ZZ"), "fact.unknown_territory", "territory"),
    (stock(available=None), "fact.inconsistent", "available"),
    (stock(territory="EU"), "fact.unknown_territory", "territory"),
    (order(territory="ZZ"), "fact.unknown_territory", "territory"),
    (order(promised_by=T0 - 31 * DAY), "fact.inconsistent", "promised_by"),
    (order(delivered_at=T0 - 31 * DAY), "fact.inconsistent", "delivered_at"),
    (order(cancelled_by="shop"), "fact.inconsistent", "cancelled_by"),
    (order("o1", line(qty=2, cancelled_qty=1, refunded_qty=2)), "fact.inconsistent", "lines[0]"),
    (returned("b1"), "fact.invalid", "order"),
    (returned("b1", order="o1", amount=Money(-1, "EUR")), "fact.inconsistent", "amount"),
    (case(resolved_at=T0 - 2 * DAY), "fact.inconsistent", "resolved_at"),
    (case(customer=None), "fact.invalid", "customer"),
    (recalled(), "fact.inconsistent", "product"),
    (remedied(), "fact.inconsistent", "cause"),
    (Gone(of="stock", territory="DE"), "fact.invalid", "sku"),
    (Gone(of="stock", sku="A", territory="ZZ"), "fact.unknown_territory", "territory"),
    (Gone(of="order", order="o1", sku="A"), "fact.inconsistent", "sku"),
]


@pytest.mark.parametrize(("fact", "code", "path"), CONTRADICTIONS)
def test_a_contradiction_is_named_with_its_field(fact: AnyFact, code: str, path: str) -> None:
    assert found(fact) == [(code, path)]


CONSISTENT: list[AnyFact] = [
    product(url=("https://shop.example/a", "HTTP://shop.example/b"), image="https://i.example/a"),
    price(list=15900, target=9900),
    price(territory="US-NY"),
    cost(),
    cost(amount=0),
    cost(amount=0, cost_is_zero=True, territory="DE"),
    stock(available=None, policy="untracked"),
    stock(available=-2),
    order(promised_by=T0, delivered_at=T0),
    order(status="cancelled", cancelled_by="shop"),
    returned("b1", order="o1", amount=Money(100, "EUR")),
    returned("b1", ("A", "fit")),
    case(resolved_at=T0),
    case(customer=None, order="o1"),
    recalled(product="p"),
    remedied(order="o1"),
    Gone(of="product", product="p"),
    Gone(of="price", sku="A", territory="DE"),
]


@pytest.mark.parametrize("fact", CONSISTENT)
def test_a_consistent_fact_has_no_findings(fact: AnyFact) -> None:
    assert not found(fact)


PAIRS = [
    ("placed_at", "promised_by", order),
    ("placed_at", "delivered_at", order),
    ("opened_at", "resolved_at", case),
]


@given(
    pair=st.sampled_from(PAIRS),
    first=st.integers(T0 - 900 * DAY, T0),
    shift=st.integers(-400 * DAY, 400 * DAY),
)
def test_an_instant_that_precedes_what_it_follows_is_refused_naming_both(
    pair: tuple[str, str, Any], first: int, shift: int
) -> None:
    earlier, later, build = pair
    findings = consistency_findings(build(**{earlier: first, later: first + shift}))
    assert bool(findings) == (shift < 0)
    for one in findings:
        assert one.code == "fact.inconsistent"
        assert one.fields == (later, earlier)
        for instant in (first, first + shift):
            assert when(instant).isoformat().replace("+00:00", "Z") in one.error.message


def test_a_path_of_the_site_is_an_address() -> None:
    assert consistency_findings(product(url="/run-42?size=42", image="/run-42.jpg")) == []
