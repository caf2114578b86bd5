"""Rows of a report, made from facts."""

from typing import Any

import pytest

from support.builders import T0, case, cost, kept, line, order, price, product, returned, stock
from tactful.core.facts.fact_types import Gone, Order, OrderLine, Return
from tactful.core.values.calendar import DAY
from tactful.core.values.money import Money
from tactful.measurement.unit_outcomes import MeasuredOrder, UnitEvent, Who
from tactful.runtime.services.report_rows import (
    NOBODY,
    Returns,
    SkuTerms,
    TimeSpan,
    events_of,
    is_sale,
    measured_order,
    session_of,
    skus_of,
)

ME = Who("~c1", "s1")


def unit_of(customer: str) -> str:
    return f"~{customer}"


def terms(*facts: object) -> SkuTerms:
    known = SkuTerms()
    for fact in facts or (product(), price(), cost()):
        known.add(fact)
    return known


def measured(sold: Order, *returns: Return, known: SkuTerms | None = None) -> MeasuredOrder:
    return measured_order(sold, ME, known or terms(), Returns(returns))


# products, costs and taxes


def test_a_line_has_the_product_the_cost_and_the_tax_of_its_sku() -> None:
    (found,) = measured(order("o1", line(qty=2))).lines
    assert (found.product, found.qty, found.price) == ("run", 2, 12900)
    assert (found.cost, found.tax_bp, found.currency) == (5200, 1900, "EUR")
    assert not found.by_offer


def test_an_unknown_sku_is_its_own_product_without_cost_and_tax() -> None:
    (found,) = measured(order("o1", line("NEW-1"))).lines
    assert (found.product, found.cost, found.tax_bp) == ("NEW-1", None, None)


def test_a_cost_of_the_territory_counts_before_one_of_the_currency() -> None:
    known = terms(cost(amount=5200), cost(amount=4000, territory="DE"), stock())
    assert known.cost_of("RUN-42", "DE", "EUR") == 4000
    assert known.cost_of("RUN-42", "AT", "EUR") == 5200


def test_a_cost_in_another_currency_or_of_nothing_is_unknown() -> None:
    assert terms(cost(territory="DE", currency="CHF")).cost_of("RUN-42", "DE", "EUR") is None
    assert terms(cost(amount=0)).cost_of("RUN-42", "DE", "EUR") is None
    assert terms(cost(amount=0, cost_is_zero=True)).cost_of("RUN-42", "DE", "EUR") == 0


def test_a_price_without_tax_includes_none() -> None:
    known = terms(price(territory="US-NY", currency="USD"))
    assert known.tax_of("RUN-42", "US-NY", "USD") == 0


def test_an_sku_is_asked_for_once() -> None:
    known = SkuTerms()
    assert known.take_new({"B", "A"}) == ["A", "B"]
    assert known.take_new({"C", "A"}) == ["C"]
    assert known.take_new({"B"}) == []


# orders


@pytest.mark.parametrize(
    ("sold", "counts"),
    [
        (order("o1", "RUN-42"), True),
        (order("o1", "RUN-42", status="cancelled"), False),
        (order("o1", "RUN-42", paid=False), False),
    ],
)
def test_a_paid_order_that_was_not_cancelled_is_a_sale(sold: Order, *, counts: bool) -> None:
    assert is_sale(kept(sold), ()) is counts


def test_an_order_that_is_gone_is_no_sale() -> None:
    gone = kept(Gone(of="order", order="o1"), at=T0)
    assert not is_sale(kept(order("o1", "RUN-42")), [gone])


@pytest.mark.parametrize(
    ("named", "session"), [("s1.2", "s1"), ("s1", "s1"), ("", None), (None, None)]
)
def test_an_order_names_its_session_by_a_public_id(named: str | None, session: str | None) -> None:
    assert session_of(order("o1", customer=None, session=named)) == session


def test_a_line_of_an_offer_is_marked_and_a_fee_is_left_out() -> None:
    found = measured(order("o1", line(offer="of_1"), line(sku="", unit=499)))
    assert [one.by_offer for one in found.lines] == [True]
    assert skus_of([order("o1", line("B"), line(sku="")), order("o2", "A", "B")]) == {"A", "B"}


# returns


def backs(sold: Order, *returns: Return) -> list[Any]:
    return [list(one) for one in Returns(returns).of_lines(sold)]


def test_returned_units_are_matched_to_the_lines_of_their_sku() -> None:
    sold = order("o1", line(qty=2), line(qty=3), line("B"))
    late, early = (
        returned("r2", ("RUN-42", "fit", 2), order="o1", at=T0 + 2),
        returned("r1", ("RUN-42", "fit", 1), order="o1", at=T0 + 1),
    )
    assert backs(sold, late, early) == [[(T0 + 1, 1), (T0 + 2, 1)], [(T0 + 2, 1)], []]


def test_a_return_without_lines_is_of_the_whole_order() -> None:
    sold = order("o1", line(qty=3, cancelled_qty=1), "B", also=("cart-7",))
    assert backs(sold, returned(order="cart-7", at=T0)) == [[(T0, 2)], [(T0, 1)]]


@pytest.mark.parametrize(
    "back",
    [
        returned("r1", ("RUN-42", "fit"), order="o1", status="announced"),
        returned("r1", ("RUN-42", "fit"), order=None),
        returned("r1", ("RUN-42", "fit"), order="o9"),
    ],
    ids=["announced", "of no order", "of another order"],
)
def test_other_returns_take_nothing_back(back: Return) -> None:
    assert backs(order("o1", "RUN-42"), back) == [[]]


def refunded(qty: int, refunds: int) -> OrderLine:
    return line(qty=qty, refunded_qty=refunds)


def test_refunded_units_that_no_return_explains_count_from_the_order_on() -> None:
    sold = order("o1", refunded(3, 2), placed_at=T0)
    assert backs(sold) == [[(T0, 2)]]
    back = returned("r1", ("RUN-42", "fit", 1), order="o1", at=T0 + DAY)
    assert backs(sold, back) == [[(T0 + DAY, 1), (T0, 1)]]
    assert backs(order("o1", refunded(1, 2), placed_at=T0), back) == [[(T0 + DAY, 1)]]


def test_a_refund_without_goods_earns_less_than_nothing() -> None:
    amount = Money(1190, "EUR")
    back = returned("r1", order="o1", at=T0, amount=amount)
    first, refund = measured(order("o1", line(offer="of_1")), back).lines
    assert first.returns == ()
    assert (refund.product, refund.qty, refund.price, refund.cost) == ("", 0, 1190, 0)
    assert (refund.tax_bp, refund.by_offer, refund.kept(T0 + 1)) == (1900, True, -1)
    assert refund.net_price == pytest.approx(1000)


def test_a_refund_in_a_currency_of_no_line_has_an_unknown_tax() -> None:
    back = returned("r1", order="o1", amount=Money(500, "CHF"))
    *_, refund = measured(order("o1", "RUN-42"), back).lines
    assert refund.tax_bp is None


# events


def test_returns_and_cases_belong_to_the_buyer_of_their_order() -> None:
    found = events_of(
        [returned("r1", customer=None, order="o1", at=T0)],
        [case("k1", customer=None, order="o1", opened_at=T0 + 1)],
        {"o1": ME},
        unit_of,
    )
    assert found == [
        UnitEvent(kind="return", who=ME, at=T0),
        UnitEvent(kind="case", who=ME, at=T0 + 1),
    ]


def test_a_named_customer_counts_before_the_buyer() -> None:
    (found,) = events_of([], [case("k1", customer="c9", order="o1")], {"o1": ME}, unit_of)
    assert found.who == Who("~c9", "s1")
    (found,) = events_of([], [case("k1", customer="c9")], {}, unit_of)
    assert found.who == Who("~c9", None)


def test_an_announced_return_and_a_merged_case_are_no_events() -> None:
    merged = case("k1", status="merged", merged_into="k2")
    assert events_of([returned(status="announced")], [merged], {}, unit_of) == []


def test_an_event_of_an_unknown_order_belongs_to_nobody() -> None:
    (found,) = events_of([returned("r1", customer=None, order="o9")], [], {"o1": ME}, unit_of)
    assert found.who == NOBODY


@pytest.mark.parametrize(
    ("instant", "is_in"),
    [
        ("2026-03-10T11:59:59Z", False),
        ("2026-03-10T12:00:00Z", True),
        ("2026-03-10T12:00:00.250Z", True),
        ("2026-03-10T12:00:01Z", True),
        ("2026-03-11T11:59:59.999Z", True),
        ("2026-03-11T12:00:00Z", False),
        ("2026-03-10T13:30:00+01:00", True),
        ("2026-03-10T12:30:00+01:00", False),
        ("2026-03-11T06:30:00-05:00", True),
        ("2026-03-11T07:30:00-05:00", False),
    ],
)
def test_the_time_of_a_report_is_half_open_in_every_time_zone(instant: str, is_in: bool) -> None:
    assert TimeSpan(T0, T0 + DAY).has(instant) is is_in
