"""Weekdays, hours and dates of rules."""

from support.rule_files import NOW as T0
from support.rule_files import rule, scene
from tactful.core.rules.rule import NEVER, NOW
from tactful.core.values.calendar import MINUTE


def test_a_date_is_compared_on_the_clocks_of_the_rule() -> None:
    zone = "valid: {timezone: Pacific/Auckland}"
    tomorrow = "[time.date: 2026-03-11]"
    assert rule(tomorrow, zone).holds_from(scene()) == NOW
    assert rule(tomorrow).holds_from(scene()) == T0 + 12 * 60 * MINUTE
    assert rule("[time.date: {at_most: 2026-03-09}]").holds_from(scene()) == NEVER
    assert rule("[time.date: {between: [2026-03-09, 2026-03-10]}]").holds_from(scene()) == NOW


def test_hours_and_weekdays_open_by_themselves() -> None:
    evening = rule('[time.of_day: {between: ["18:00", "20:00"]}]')
    assert evening.holds_from(scene()) == T0 + 6 * 60 * MINUTE
    assert evening.holds_from(scene(now=T0 + 7 * 60 * MINUTE)) == NOW
    tuesday = rule("[time.weekday: tue]")
    assert [tuesday.holds_from(scene(now=T0 + n * MINUTE)) for n in (0, 1, 2)] == [NOW] * 3
    assert rule("[time.weekday: {not: [tue]}]").holds_from(scene()) == T0 + 12 * 60 * MINUTE
    assert rule('[time.of_day: {at_most: "13:00"}]').holds_from(scene()) == NOW
    assert rule('[time.of_day: {at_least: "13:00"}]').holds_from(scene()) == T0 + 60 * MINUTE
