"""The compared units as rows: those that the report compares, without a name."""

from typing import Any

from msgspec import structs

from tactful.measurement.experiment_report import Counted, ReportTerms, report_experiment
from tactful.measurement.idle_units import IdleUnits
from tactful.measurement.unit_outcomes import session_links
from tactful.measurement.unit_rows import UnitTable, unit_table
from unit.measurement.test_experiment_report import NOW, shop
from unit.measurement.test_unit_outcomes import T0, event, line, of, order, trigger

TERMS = ReportTerms(now=NOW)


def table(*triggers: Any, orders: Any = (), events: Any = ()) -> UnitTable:
    return unit_table(triggers, orders, events, TERMS)


def test_the_rows_are_the_units_that_the_report_compares() -> None:
    rows = shop(600)
    found, report = unit_table(*rows, TERMS).rows, report_experiment(*rows, TERMS)
    arms = [one.arm for one in found]
    assert (arms.count("treated"), arms.count("held_out")) == (report.treated, report.held_out)
    assert [one.unit for one in found] == [*range(1, 601)]
    assert [one.triggered_at for one in found] == sorted(one.triggered_at for one in found)
    assert any(one.past_margin for one in found)
    assert any(one.past_margin is None for one in found)


def test_a_row_has_what_its_unit_did() -> None:
    bought = order(of(session="s1"), T0, line(price=11_900))
    events = [event("return"), event("case"), event("dismissal")]
    events.append(event("saving", amount=500, currency="EUR"))
    (found,) = table(trigger("s1"), orders=[bought], events=events).rows
    assert (found.arm, found.orders, found.discount) == ("treated", 1, 500.0)
    assert (found.returned, found.complained, found.dismissed) == (1, 1, 1)
    assert found.revenue == 10_000.0
    assert (found.past_margin, found.past_revenue) == (None, None)


def test_other_currencies_are_named_and_left_out() -> None:
    orders = [
        order(of(session="s1"), T0, line(price=11_900), ident="o1"),
        order(of(session="s2"), T0, line(price=11_900), ident="o2"),
        order(of(session="s2"), T0, line(price=9000, currency="GBP"), ident="o3"),
    ]
    found = table(trigger("s1"), trigger("s2"), orders=orders)
    assert (found.currency, found.other_currencies) == ("EUR", ("GBP",))
    assert {one.revenue for one in found.rows} == {10_000.0}


def test_without_a_unit_there_is_no_row_and_no_currency() -> None:
    found = table()
    assert (list(found.rows), found.currency, found.other_currencies) == ([], None, ())


def test_units_that_are_only_counted_have_the_same_rows_as_if_they_were_listed() -> None:
    triggers, orders, events = shop(600)
    named = [*(one.who for one in orders), *(one.who for one in events)]
    known = {one.customer for one in named} | {one.session for one in named}
    busy = [one for one in triggers if {one.unit, one.session} & known]
    idle = IdleUnits(NOW - TERMS.window)
    for one in triggers:
        if one not in busy:
            idle.add(one.treated_bp, one.at, is_treated=one.is_treated, crossed=False)
    assert 0 < len(busy) < len(triggers)
    counted = Counted(idle, session_links(triggers, orders), 0)
    found = unit_table(busy, orders, events, TERMS, counted).rows
    listed = unit_table(triggers, orders, events, TERMS).rows
    assert len(found) == len(listed)
    assert next(iter(found)) in found

    def in_any_order(rows: Any) -> list[str]:
        return sorted(map(str, (structs.replace(one, unit=0) for one in rows)))

    assert in_any_order(found) == in_any_order(listed)
    assert [one.unit for one in found] == [*range(1, len(listed) + 1)]
    assert [one.triggered_at for one in found] == [one.triggered_at for one in listed]
