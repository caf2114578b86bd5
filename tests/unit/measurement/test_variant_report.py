"""The report of an experiment: rule against rule, and each against no offer."""

from random import Random  # noqa: TID251 - seeded, so that a report can be repeated

import pytest
from msgspec import structs

from tactful.core.values.calendar import DAY
from tactful.measurement.advice import AdviceKind
from tactful.measurement.conclusions import Conclusion
from tactful.measurement.experiment_report import Counted, ReportTerms, report_experiment
from tactful.measurement.idle_units import IdleUnits
from tactful.measurement.unit_outcomes import MeasuredOrder, Trigger, session_links
from tactful.measurement.variant_report import VariantsReport, latest_edition, report_variants
from unit.measurement.test_unit_outcomes import T0, line, of, order, trigger

NOW = T0 + 40 * DAY
TERMS = ReportTerms(now=NOW)
SHARES = {"ten": 4500, "more": 4500}
Rows = tuple[list[Trigger], list[MeasuredOrder]]


def shop(buyers: dict[str, int], units: int = 6000, seed: int = 4, edition: str = "e1") -> Rows:
    """Units by arm, of 100 of which so many buy; "" is held out and has a tenth of the units."""
    draw = Random(seed)
    triggers, orders = [], []
    for number in range(units):
        drawn = draw.random()
        arm = "ten" if drawn < 0.45 else "more" if drawn < 0.9 else ""
        at = T0 + number % 20 * DAY
        triggers.append(
            trigger(
                f"s{number}", is_treated=bool(arm), treated_bp=9000, at=at, arm=arm, edition=edition
            )
        )
        if draw.randint(1, 100) <= buyers[arm]:
            price = draw.randint(9000, 13_000)
            orders.append(
                order(of(session=f"s{number}"), at + DAY, line(price=price), ident=f"o{number}")
            )
    return triggers, orders


def reported(rows: Rows, shares: dict[str, int] | None = None) -> VariantsReport:
    return report_variants(*rows, [], SHARES if shares is None else shares, TERMS)


BETTER = shop({"ten": 20, "more": 30, "": 15})


def test_the_better_rule_is_found_and_each_is_compared_with_no_offer() -> None:
    found = reported(BETTER)
    assert [(one.rule, one.share_bp) for one in found.arms] == [
        ("more", 4500),
        ("ten", 4500),
        ("", 1000),
    ]
    assert sum(one.units for one in found.arms) == 6000
    (pair,) = found.against_first
    assert (pair.rule, pair.against) == ("ten", "more")
    assert pair.report.conclusion is Conclusion.COSTS
    assert pair.report.advice.kind is AdviceKind.STOP
    nothing = {one.rule: one.report for one in found.against_nothing}
    assert nothing["more"].conclusion is Conclusion.EARNS
    assert (found.edition, found.started, found.other_edition) == ("e1", T0, 0)
    assert found.ratio is not None
    assert found.ratio.ok


def test_a_pair_is_compared_as_a_rule_and_a_hold_out_of_the_same_shoppers_would_be() -> None:
    triggers, orders = BETTER
    pair = [
        structs.replace(one, is_treated=one.arm == "ten", treated_bp=5000, arm="")
        for one in triggers
        if one.arm
    ]
    alone = report_experiment(pair, orders, [], TERMS)
    (found,) = reported(BETTER).against_first
    assert found.report.metrics == alone.metrics
    # The choice is about all shoppers of the experiment, and not about those of the pair only.
    assert found.report.advice.money is not None
    margin = found.report.metrics[0].arms
    assert found.report.advice.money.likely == round(margin.difference * 6000 / 40 * 30)


def test_the_order_of_the_rows_changes_nothing() -> None:
    triggers, orders = BETTER
    assert reported((triggers[::-1], orders[::-1])) == reported(BETTER)


def test_a_changed_experiment_starts_anew_and_says_whom_it_leaves_out() -> None:
    triggers, orders = BETTER
    later = [
        structs.replace(one, edition="e2", at=one.at + 20 * DAY, unit=f"t{number}")
        for number, one in enumerate(triggers[:600])
    ]
    again = [structs.replace(triggers[0], edition="e2", at=NOW - 8 * DAY)]
    found = reported(([*triggers, *later, *again], orders))
    assert (found.edition, found.other_edition) == ("e2", 5999)
    assert sum(one.units for one in found.arms) == 601
    assert found.started is not None
    assert found.started >= T0 + 20 * DAY


def test_arms_of_wrong_sizes_are_not_compared() -> None:
    triggers, orders = BETTER
    lost = [one for number, one in enumerate(triggers) if one.arm != "ten" or number % 2]
    found = reported((lost, orders))
    assert found.ratio is not None
    assert not found.ratio.ok
    assert (found.against_nothing, found.against_first) == ((), ())


def test_without_a_hold_out_the_rules_are_compared_with_each_other_only() -> None:
    triggers, orders = BETTER
    everybody = [structs.replace(one, treated_bp=10_000) for one in triggers if one.arm]
    found = reported((everybody, orders), {"ten": 5000, "more": 5000})
    assert found.against_nothing == ()
    assert len(found.against_first) == 1


@pytest.mark.parametrize("shares", [{}, {"ten": 10_000}])
def test_fewer_than_two_arms_have_no_ratio(shares: dict[str, int]) -> None:
    triggers = [trigger(arm="ten", edition="e1", treated_bp=10_000)] if shares else []
    found = reported((triggers, []), shares)
    assert (found.ratio, found.against_first, found.against_nothing) == (None, (), ())


def test_a_unit_of_two_rules_counts_for_its_first_and_as_crossed() -> None:
    first = trigger(arm="ten", edition="e1", treated_bp=9000)
    second = trigger(arm="more", edition="e1", treated_bp=9000, at=T0 + DAY)
    found = reported(([second, first], []))
    assert {one.rule: one.units for one in found.arms} == {"more": 0, "ten": 1, "": 0}
    assert found.against_first[0].report.crossed == 1


def test_the_latest_edition_is_that_of_the_last_trigger() -> None:
    rows = [trigger(edition="e1", at=T0 + 1), trigger(edition="e2", at=T0, treated_bp=1)]
    assert latest_edition(rows) == ("e1", 5000)
    assert latest_edition([]) == ("", 0)


def test_links_and_unlinked_orders_can_be_counted_beforehand() -> None:
    triggers, orders = BETTER
    counted = Counted(IdleUnits(TERMS.now - TERMS.window), session_links(triggers, orders), 4)
    found = report_variants(triggers, orders, [], SHARES, TERMS, counted)
    plain = reported(BETTER)
    assert found.arms == plain.arms
    assert [one.report.unlinked for one in found.against_first] == [
        one.report.unlinked + 4 for one in plain.against_first
    ]
