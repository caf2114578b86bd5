"""The report of an experiment."""

from random import Random  # noqa: TID251 - seeded, so that a report can be repeated
from typing import Any

import pytest

from tactful.core.values.calendar import DAY
from tactful.measurement.advice import NO_ADVICE, AdviceKind
from tactful.measurement.conclusions import Conclusion
from tactful.measurement.experiment_report import (
    ExperimentReport,
    ReportTerms,
    report_experiment,
)
from tactful.measurement.unit_outcomes import MeasuredOrder, Trigger, UnitEvent
from unit.measurement.test_unit_outcomes import T0, event, line, of, order, trigger

NOW = T0 + 40 * DAY
TERMS = ReportTerms(now=NOW)
Rows = tuple[list[Trigger], list[MeasuredOrder], list[UnitEvent]]


def shop(
    units: int = 4000, *, conversion: tuple[int, int] = (30, 20), seed: int = 3, **line_terms: Any
) -> Rows:
    """A shop with so many units, of 100 of which so many buy, treated and held out."""
    draw = Random(seed)
    triggers, orders, events = [], [], []
    for number in range(units):
        name = f"{'c' if number % 4 == 0 else 's'}{number}"
        is_treated = draw.random() < 0.5
        at = T0 + number % 20 * DAY
        triggers.append(trigger(name, is_treated=is_treated, at=at))
        who = of(name) if name.startswith("c") else of(session=name)
        if name.startswith("c") and number % 8 == 0:
            orders.append(
                order(who, at - DAY, line(price=draw.randint(5000, 9000)), ident=f"p{number}")
            )
        if draw.randint(1, 100) <= conversion[not is_treated]:
            bought = line(price=draw.randint(9000, 13_000), by_offer=is_treated, **line_terms)
            orders.append(order(who, at + DAY, bought, ident=f"o{number}"))
        if number % 50 == 0:
            events.append(event("dismissal", at + DAY, who=who))
    return triggers, orders, events


def reported(rows: Rows, **terms: Any) -> ExperimentReport:
    return report_experiment(*rows, ReportTerms(now=NOW, **terms))


def test_a_shop_that_earns_is_told_so_in_every_metric_and_in_money() -> None:
    rows = shop()
    found = reported(rows)
    assert found.conclusion is Conclusion.EARNS
    assert found.advice.kind is AdviceKind.KEEP
    assert found.missing is None
    assert (found.treated + found.held_out, found.immature, found.treated_bp) == (4000, 0, 5000)
    assert found.currency == "EUR"
    assert [(one.metric, one.currency) for one in found.metrics] == [
        ("margin", "EUR"),
        ("conversion", None),
        ("revenue", "EUR"),
        ("item_bought", None),
        ("discount", "EUR"),
        ("return_rate", None),
        ("complaint_rate", None),
        ("dismissal_rate", None),
        ("repeat_purchase", None),
        ("full_price_share", None),
    ]
    metrics = {one.metric: one.arms for one in found.metrics}
    assert metrics["conversion"].treated == pytest.approx(0.3, abs=0.03)
    assert metrics["conversion"].held_out == pytest.approx(0.2, abs=0.03)
    assert metrics["dismissal_rate"].difference == pytest.approx(0, abs=0.02)
    assert (metrics["full_price_share"].treated, metrics["full_price_share"].held_out) == (0, 1)
    assert sum(metrics["full_price_share"].units) < 1200
    assert found.advice.money is not None
    # 4,000 units in 40 days are 3,000 in a month.
    assert found.advice.money.likely == round(metrics["margin"].difference * 3000)


def test_discounts_of_buyers_who_buy_anyway_are_given_away() -> None:
    triggers, orders, events = shop()
    events += [
        event("saving", one.at, who=one.who, amount=500, currency="EUR")
        for one in orders
        if any(bought.by_offer for bought in one.lines)
    ]
    found = reported((triggers, orders, events)).given_away
    assert found is not None
    # Twenty of a hundred buy without an offer, thirty with one.
    assert found.likely / found.discount == pytest.approx(2 / 3, abs=0.1)
    assert found.least < found.likely < found.most
    assert reported(shop()).given_away is None


def test_the_order_of_the_rows_changes_no_bit_of_the_report() -> None:
    rows = shop(800)
    mixed = tuple(list(part) for part in rows)
    for part in mixed:
        Random(5).shuffle(part)
    assert reported(mixed) == reported(rows)  # type: ignore[arg-type]


def test_history_of_customers_removes_variance() -> None:
    triggers, orders, events = shop(2000)
    metrics = {one.metric: one.arms for one in reported((triggers, orders, events)).metrics}
    assert 0 <= metrics["margin"].reduction < 0.1
    assert metrics["item_bought"].reduction == 0


def test_a_shop_of_a_hundred_units_hears_how_many_more_it_needs() -> None:
    found = reported(shop(100))
    assert found.conclusion is Conclusion.TOO_EARLY
    assert found.advice.kind is AdviceKind.WAIT
    assert found.missing is not None
    assert found.missing.units > 100
    assert found.missing.days is not None


def test_units_in_their_window_are_immature() -> None:
    rows = shop(400)
    found = report_experiment(*rows, ReportTerms(now=T0 + 20 * DAY))
    # Days 0 to 13 have ended by then; 20 units trigger on each of the 20 days.
    assert (found.treated + found.held_out, found.immature) == (280, 120)


def test_arms_of_the_wrong_size_show_no_figure() -> None:
    triggers, orders, events = shop()
    lost = [one for one in triggers if one.is_treated or hash_of(one.unit) % 4]
    found = reported((lost, orders, events))
    assert found.ratio is not None
    assert not found.ratio.ok
    assert found.conclusion is Conclusion.CANNOT_BE_TRUSTED
    assert (found.metrics, found.advice, found.missing) == ((), NO_ADVICE, None)


def hash_of(name: str) -> int:
    return int(name[1:])


def test_without_a_hold_out_nothing_can_be_known() -> None:
    triggers, orders, events = shop(400)
    everybody = [trigger(one.unit, at=one.at, treated_bp=10_000) for one in triggers]
    found = reported((everybody, orders, events))
    assert (found.treated, found.held_out, found.treated_bp) == (400, 0, 10_000)
    assert (found.ratio, found.metrics) == (None, ())
    assert (found.conclusion, found.advice) == (Conclusion.TOO_EARLY, NO_ADVICE)


def test_without_a_unit_the_report_is_empty() -> None:
    found = reported(([], [], []))
    assert (found.treated, found.held_out, found.treated_bp, found.currency) == (0, 0, 0, None)
    assert (found.conclusion, found.missing) == (Conclusion.TOO_EARLY, None)


def test_a_changed_share_starts_anew_for_a_rule() -> None:
    old = [trigger(f"s{n}", at=T0, treated_bp=9000) for n in range(30)]
    new = [trigger(f"t{n}", at=T0 + DAY, treated_bp=5000) for n in range(10)]
    rows: Rows = (old + new, [], [])
    rule = reported(rows, latest_share=True)
    assert (rule.treated, rule.treated_bp, rule.other_share) == (10, 5000, 30)
    every = reported(rows)
    assert (every.treated, every.treated_bp, every.other_share) == (30, 9000, 10)


def test_amounts_are_compared_in_each_currency_the_commonest_first() -> None:
    triggers, orders, events = shop(600)
    swiss = [order(of(session="s1"), T0 + 2 * DAY, line(currency="CHF"), ident="x")]
    found = reported((triggers, orders + swiss, events))
    margins = [one.currency for one in found.metrics if one.metric == "margin"]
    assert margins == ["EUR", "CHF"]
    assert found.currency == "EUR"


def test_savings_and_second_orders_are_metrics() -> None:
    triggers, orders, events = shop(600)
    treated = next(one for one in triggers if one.is_treated and not one.is_customer)
    who = of(session=treated.unit)
    more = [order(who, treated.at + n, ident=f"m{n}") for n in (1, 2)]
    saved = event("saving", treated.at + 1, who=who, amount=900, currency="EUR")
    metrics = {
        one.metric: one.arms
        for one in reported((triggers, orders + more, [*events, saved])).metrics
    }
    units = metrics["discount"].units[0]
    assert metrics["discount"].treated == pytest.approx(900 / units)
    assert metrics["discount"].held_out == 0
    assert metrics["repeat_purchase"].treated == pytest.approx(1 / units)


def test_crossed_and_unlinked_rows_are_counted() -> None:
    triggers, orders, events = shop(200)
    again = trigger("s1", at=T0 + 30 * DAY, is_treated=not triggers[1].is_treated)
    found = reported(([*triggers, again], [*orders, order(of(), ident="x")], events))
    assert (found.crossed, found.unlinked) == (1, 1)
