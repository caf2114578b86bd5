"""Whether a campaign has something left, and how its share of the period grows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.broken_builds import assert_fails
from support.builders import DAY, HOUR, T0, context, rule, rulebook, scene, session
from tactful.core.gates import budget_limit as spending
from tactful.core.offers.budget import COUNT, Balance
from tactful.core.rules.rule import Campaign, FrequencyLimit
from tactful.core.session.contact_history import Approach, ContactHistory
from tactful.core.values.calendar import period_bounds

MIDNIGHT = T0 - 12 * HOUR
FUNDED = {"EUR": 10_000}


def findings(campaign, balances, hold=1935, currency="EUR", now=T0):
    spends = rule("R1", campaign="C")
    book = rulebook(spends, campaigns=[campaign])
    made = context(spends, rulebook=book, balances=balances, now=now)
    return [
        (one.reason.value, one.actual, one.needed, one.until)
        for one in spending.check_budget(made, spends, hold, currency)
    ]


def euros(reserved=0, settled=0, limit=10_000):
    return {("C", "EUR"): Balance(limit, reserved, settled)}


def test_what_fits_into_what_is_left_is_affordable():
    assert findings(Campaign("C", FUNDED), euros(8_065)) == []
    assert findings(Campaign("C", FUNDED), euros(4_065, 4_001)) == [
        ("budget.spend", 1934, 1935, None)
    ]


def test_a_count_is_a_limit_of_its_own_and_holds_for_offers_that_cost_nothing():
    limited = Campaign("C", count=3)
    full = {("C", COUNT): Balance(3, 2, 1)}
    assert findings(limited, full, hold=0) == [("budget.count", 0, 1, None)]
    assert findings(limited, {("C", COUNT): Balance(3, 2, 0)}) == []


def test_a_campaign_with_money_in_another_currency_has_none_in_this():
    pounds = {("C", "GBP"): Balance(10_000)}
    campaign = Campaign("C", {"GBP": 10_000})
    assert findings(campaign, pounds) == [("budget.spend", 0, 1935, None)]
    summed = pounds | {("C", "EUR"): Balance(None, 1935)}
    assert findings(campaign, summed) == [("budget.spend", 0, 1935, None)]


def test_a_campaign_with_a_count_alone_spends_any_currency():
    balances = {("C", COUNT): Balance(3), ("C", "EUR"): Balance(None, 1935)}
    assert findings(Campaign("C", count=3), balances, currency="GBP") == []


def test_a_rule_without_a_campaign_spends_nobody_s_budget():
    alone = rule("R1")
    assert [*spending.check_budget(context(alone), alone, 1935, "EUR")] == []


# pace


def test_an_even_pace_leaves_only_the_share_of_the_day_that_has_passed():
    even = Campaign("C", FUNDED, per="day", pace="even")
    assert findings(even, euros(3_065)) == []  # at noon half of 100.00
    until = MIDNIGHT + 5001 * DAY // 10_000
    assert findings(even, euros(3_066)) == [("budget.spend", 1934, 1935, until)]
    assert findings(even, euros(3_066), now=until) == []
    assert findings(even, euros(3_066), now=until - 1) != []


def test_a_pace_paces_the_count_too():
    even = Campaign("C", count=4, per="day", pace="even")
    assert findings(even, {("C", COUNT): Balance(4, 1)}) == []
    (found,) = findings(even, {("C", COUNT): Balance(4, 2)})
    assert found == ("budget.count", 0, 1, MIDNIGHT + 18 * HOUR)


def test_a_day_is_the_campaign_s_own():
    tokyo = Campaign("C", FUNDED, per="day", pace="even", timezone="Asia/Tokyo")
    assert findings(tokyo, euros(6_815)) == []  # 21:00 there: seven eighths of the day


def test_nothing_can_be_even_without_a_period():
    assert findings(Campaign("C", FUNDED, pace="even"), euros(8_065)) == []


@given(
    st.sampled_from(["day", "week", "month"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
    st.integers(1, 10**9),
    st.integers(0, 400 * DAY),
    st.data(),
)
def test_a_share_never_exceeds_the_limit_and_only_grows(per, zone, limit, later, data):
    bounds = period_bounds(per, T0 + later, zone)
    start, end = bounds
    first, second = sorted(data.draw(st.tuples(*[st.integers(start, end)] * 2)))
    shares = [spending.released_by(limit, bounds, at) for at in (start, first, second, end)]
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert shares[-1] == limit
    amount = data.draw(st.integers(1, limit))
    at = spending.released_at(limit, bounds, amount)
    assert start < at <= end
    assert spending.released_by(limit, bounds, at) >= amount
    assert spending.released_by(limit, bounds, at - 1) < amount


def test_the_property_notices_a_share_that_is_rounded_up(monkeypatch):
    def generous(limit, bounds, now):
        return -(-limit * (now - bounds[0]) // (bounds[1] - bounds[0]))

    monkeypatch.setattr(spending, "released_by", generous)
    assert_fails(test_a_share_never_exceeds_the_limit_and_only_grows)


# per shopper


def limited(*marks, **limits):
    contact = ContactHistory(tuple(Approach(f"o{n}", *mark) for n, mark in enumerate(marks)))
    here = scene(session=session(contact=contact), contact=contact)
    found = spending.check_rule_limits(here, rule("R1", **limits))
    return [(one.reason.value, one.actual, one.until) for one in found]


def test_a_guest_s_own_offers_count_in_a_session():
    here, elsewhere = ("R1", "s1", T0 - DAY), ("R1", "s0", T0 - DAY)
    assert limited(here, per_session=1) == [("budget.shopper_limit", {"per_session": 1}, None)]
    assert limited(elsewhere, ("R2", "s1", T0), per_session=1) == []


@pytest.mark.parametrize(("ago", "ends"), [(DAY, True), (DAY - 1, False)])
def test_a_guest_s_own_offers_count_for_a_while(ago, ends):
    found = limited(("R1", "s0", T0 - ago), per_shopper=FrequencyLimit(1, DAY))
    assert (found == []) is ends
    if not ends:
        assert found == [("budget.shopper_limit", {"per_shopper": 1}, T0 + 1)]
