"""Units that are only counted."""

from hypothesis import given
from hypothesis import strategies as st

from tactful.core.values.calendar import DAY
from tactful.measurement.experiment_report import Counted, ReportTerms, report_experiment
from tactful.measurement.idle_units import NO_IDLE_UNITS, IdleUnits
from tactful.measurement.unit_outcomes import assign_units
from unit.measurement.test_unit_outcomes import T0, line, of, order, trigger

NOW = T0 + 20 * DAY
TERMS = ReportTerms(now=NOW)
RIPE_UNTIL = NOW - TERMS.window

triggers = st.builds(
    trigger,
    st.sampled_from([f"s{number}" for number in range(12)]),
    is_treated=st.booleans(),
    treated_bp=st.sampled_from([5000, 9000]),
    at=st.integers(0, 20).map(lambda day: T0 + day * DAY),
)


@given(st.lists(triggers), st.booleans())
def test_counted_units_give_the_report_of_listed_units(shown: list, latest: bool) -> None:  # type: ignore[type-arg]
    terms = ReportTerms(now=NOW, latest_share=latest)
    orders = [order(of(session="s0"), T0 + DAY, line(price=9000))]
    idle = IdleUnits(RIPE_UNTIL)
    for key, unit in assign_units(shown, {}).items():
        if key != "s0":
            idle.add(unit.treated_bp, unit.at, is_treated=unit.is_treated, crossed=unit.crossed)
    buyers = [one for one in shown if one.unit == "s0"]
    counted = Counted(idle, {}, 0)
    assert report_experiment(buyers, orders, [], terms, counted) == report_experiment(
        shown, orders, [], terms
    )


def test_a_share_without_units_is_empty() -> None:
    idle = IdleUnits(RIPE_UNTIL)
    assert idle.share(5000) == NO_IDLE_UNITS
    assert (idle.latest, idle.units_by_share) == ((0, 0), {})


def test_units_are_counted_by_share_day_and_arm() -> None:
    idle = IdleUnits(RIPE_UNTIL)
    idle.add(5000, T0 + DAY, is_treated=True, crossed=True)
    idle.add(5000, T0, is_treated=False, crossed=False)
    idle.add(5000, NOW, is_treated=False, crossed=True)
    idle.add(9000, T0, is_treated=True, crossed=False)
    share = idle.share(5000)
    assert (share.units, share.treated, share.held_out, share.crossed) == (3, 1, 1, 1)
    assert share.first_at == T0
    assert share.sizes == {(T0 // DAY + 1, 0): 1, (T0 // DAY, 1): 1, (NOW // DAY, 1): 1}
    assert idle.latest == (NOW, 5000)
    assert idle.units_by_share == {5000: 3, 9000: 1}
