"""Outcomes of units: links, arms, windows, money and history."""

from typing import Any

import pytest
from msgspec import structs

from tactful.core.values.calendar import DAY
from tactful.measurement.unit_outcomes import (
    HISTORY,
    Linked,
    MeasuredLine,
    MeasuredOrder,
    Outcome,
    Trigger,
    Unit,
    UnitEvent,
    Who,
    assign_units,
    link_outcomes,
    orders_that_count,
    session_links,
)

T0 = 1_773_144_000_000
WEEK = 7 * DAY
NOBODY = Who(None, None)


def trigger(unit: str = "s1", **changes: Any) -> Trigger:
    """A guest's trigger; a customer is named by an id that begins with `c`."""
    made = Trigger(
        unit=unit,
        is_customer=unit.startswith("c"),
        session=unit,
        is_treated=True,
        treated_bp=5000,
        at=T0,
        product="aero",
    )
    return structs.replace(made, **changes)


def line(**changes: Any) -> MeasuredLine:
    """A pair of shoes for 119.00 with 19 % tax, which cost 60.00."""
    made = MeasuredLine(
        product="aero",
        qty=1,
        price=11_900,
        tax_bp=1900,
        cost=6000,
        currency="EUR",
        by_offer=False,
    )
    return structs.replace(made, **changes)


def order(who: Who, at: int = T0 + DAY, *lines: MeasuredLine, ident: str = "o1") -> MeasuredOrder:
    return MeasuredOrder(order=ident, who=who, at=at, lines=lines or (line(),))


def of(customer: str | None = None, session: str | None = None) -> Who:
    return Who(customer, session)


def linked(
    *orders: MeasuredOrder,
    triggers: tuple[Trigger, ...] = (trigger(),),
    events: tuple[UnitEvent, ...] = (),
    window: int = WEEK,
) -> Linked:
    links = session_links(triggers, orders)
    return link_outcomes(assign_units(triggers, links), links, orders, events, window)


# units and their arms


def test_a_guest_and_the_customer_of_a_later_login_are_one_unit() -> None:
    seen = [trigger("c1", session="s1", at=T0 + 5, is_treated=False), trigger("s1")]
    links = session_links(seen, ())
    assert links == {"s1": "c1"}
    assert assign_units(seen, links) == {
        "c1": Unit(is_treated=True, treated_bp=5000, at=T0, product="aero", crossed=True)
    }


def test_an_order_links_a_session_with_its_customer() -> None:
    links = session_links([trigger()], [order(of("c1", "s1")), order(of("c2"))])
    assert links == {"s1": "c1"}
    assert set(assign_units([trigger()], links)) == {"c1"}


def test_a_shared_session_belongs_to_its_first_customer() -> None:
    seen = [trigger("c2", session="s1", at=T0 + 5), trigger("c1", session="s1", at=T0 + 1)]
    assert session_links(seen, [order(of("c3", "s1"), T0 + 9)]) == {"s1": "c1"}


def test_a_unit_whose_triggers_agree_has_not_crossed() -> None:
    units = assign_units([trigger(), trigger(at=T0 + 1, product="boot")], {})
    assert units["s1"] == Unit(is_treated=True, treated_bp=5000, at=T0, product="aero")


def test_units_are_in_order_of_their_ids_whatever_the_order_of_the_triggers() -> None:
    seen = [trigger(name) for name in ("s3", "s1", "s2")]
    assert list(assign_units(seen, {})) == list(assign_units(seen[::-1], {})) == ["s1", "s2", "s3"]


# orders


def test_the_margin_is_the_net_price_less_the_cost() -> None:
    found = linked(order(of(session="s1")))
    outcome = found.outcomes["s1"]
    assert outcome.margin == {"EUR": pytest.approx(4000)}
    assert outcome.revenue == {"EUR": pytest.approx(10_000)}
    assert (outcome.orders, outcome.item_bought) == (1, True)
    assert (found.unlinked, found.unknown_cost) == (0, 0)


@pytest.mark.parametrize(
    ("at", "counts"),
    [(T0 - 1, False), (T0, True), (T0 + WEEK - 1, True), (T0 + WEEK, False)],
)
def test_an_order_counts_from_the_trigger_to_the_end_of_the_window(
    at: int, *, counts: bool
) -> None:
    assert ("s1" in linked(order(of(session="s1"), at)).outcomes) is counts


def test_what_came_back_within_the_window_is_subtracted_from_margin_and_revenue() -> None:
    back = ((T0 + 2 * DAY, 1), (T0 + WEEK - 1, 1), (T0 + WEEK, 1))
    outcome = linked(order(of(session="s1"), T0 + DAY, line(qty=3, returns=back))).outcomes["s1"]
    assert outcome.margin == {"EUR": pytest.approx(4000)}
    assert outcome.revenue == {"EUR": pytest.approx(10_000)}


def test_a_line_without_a_known_cost_is_left_out_of_the_margin_and_counted() -> None:
    found = linked(order(of(session="s1"), T0 + DAY, line(cost=None), line(tax_bp=None)))
    assert found.unknown_cost == 2
    assert found.outcomes["s1"].margin == {}
    assert found.outcomes["s1"].revenue == {"EUR": pytest.approx(10_000)}


def test_each_currency_is_summed_by_itself() -> None:
    outcome = linked(
        order(of(session="s1"), T0 + DAY, line(), line(currency="CHF", tax_bp=0))
    ).outcomes["s1"]
    assert outcome.revenue == {"EUR": pytest.approx(10_000), "CHF": pytest.approx(11_900)}


def test_revenue_with_an_offer_is_not_at_full_price() -> None:
    outcome = linked(order(of(session="s1"), T0 + DAY, line(by_offer=True), line(qty=2))).outcomes[
        "s1"
    ]
    assert outcome.full_price == {"EUR": pytest.approx(20_000)}
    assert outcome.revenue == {"EUR": pytest.approx(30_000)}


def test_another_product_is_not_the_item_of_the_trigger() -> None:
    outcome = linked(order(of(session="s1"), T0 + DAY, line(product="boot"), line(qty=0))).outcomes[
        "s1"
    ]
    assert not outcome.item_bought


def test_an_order_that_names_nobody_is_unlinked_and_one_of_others_is_not() -> None:
    found = linked(order(NOBODY), order(of("c9"), ident="o2"), order(of(session="s9"), ident="o3"))
    assert found == Linked({}, unlinked=1, unknown_cost=0)


def test_the_customer_of_an_order_counts_before_its_session() -> None:
    triggers = (trigger("c1", session="s8"), trigger("c2", session="s1"))
    found = linked(order(of("c1", "s1")), triggers=triggers)
    assert set(found.outcomes) == {"c1"}


# history


def test_orders_before_the_trigger_are_the_history_of_a_customer() -> None:
    past = [
        order(of("c1"), T0 - DAY, ident="o1"),
        order(of("c1"), T0 - HISTORY, line(cost=None), ident="o2"),
        order(of("c1"), T0 - HISTORY - 1, ident="o3"),
    ]
    outcome = linked(*past, triggers=(trigger("c1"),)).outcomes["c1"]
    assert outcome.past_orders == 2
    assert outcome.past_margin == {"EUR": pytest.approx(4000)}
    assert outcome.past_revenue == {"EUR": pytest.approx(20_000)}
    assert (outcome.orders, outcome.margin) == (0, {})


def test_an_old_order_is_a_history_without_anything_in_it() -> None:
    outcome = linked(order(of("c1"), T0 - 2 * HISTORY), triggers=(trigger("c1"),)).outcomes["c1"]
    assert (outcome.past_orders, outcome.past_margin) == (0, {})


def test_a_session_has_no_history() -> None:
    assert linked(order(of(session="s1"), T0 - DAY)).outcomes == {}


# events


def event(kind: Any, at: int = T0 + DAY, **fields: Any) -> UnitEvent:
    return UnitEvent(kind=kind, who=fields.pop("who", of(session="s1")), at=at, **fields)


def test_returns_cases_dismissals_and_savings_belong_to_the_unit() -> None:
    events = (
        event("return"),
        event("case"),
        event("dismissal"),
        event("saving", amount=300, currency="EUR"),
        event("saving", amount=200, currency="EUR"),
    )
    outcome = linked(events=events).outcomes["s1"]
    assert outcome == Outcome(returned=True, complained=True, dismissed=True, saved={"EUR": 500.0})


@pytest.mark.parametrize(
    "late", [event("case", T0 - 1), event("case", T0 + WEEK), event("case", who=NOBODY)]
)
def test_an_event_outside_the_window_or_of_nobody_does_not_count(late: UnitEvent) -> None:
    assert linked(events=(late,)).outcomes == {}


def test_only_orders_in_the_window_or_the_history_of_a_customer_count() -> None:
    guest, customer = trigger("s1", at=T0), trigger("c1", at=T0)
    orders = [
        order(of(session="s1"), T0, ident="first"),
        order(of(session="s1"), T0 + 7 * DAY, ident="late"),
        order(of(session="s1"), T0 - 1, ident="of a guest before"),
        order(of("c1"), T0 - 90 * DAY, ident="history"),
        order(of("c1"), T0 - 90 * DAY - 1, ident="too old"),
        order(of("c9"), T0, ident="of somebody else"),
    ]
    units = assign_units([guest, customer], {})
    assert [*orders_that_count(orders, units, {}, 7 * DAY)] == ["first", "history"]
