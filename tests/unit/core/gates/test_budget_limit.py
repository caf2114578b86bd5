"""Gate 10: what a campaign has left, how an even pace releases it, and the limits of a rule."""

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.broken_builds import assert_fails
from support.builders import DAY, HOUR, T0, context, rule, rulebook, scene, session
from tactful.core.gates import budget_limit
from tactful.core.offers.budget import COUNT, Balance, Balances
from tactful.core.offers.discount_codes import FreeCode
from tactful.core.rules.rule import Campaign, FrequencyLimit
from tactful.core.session.contact_history import Approach, ContactHistory
from tactful.core.values.calendar import period_bounds

MIDNIGHT = T0 - 12 * HOUR
FUNDED = {"EUR": 10_000}


def findings(
    campaign: Campaign, balances: Balances, hold: int = 1935, currency: str = "EUR", now: int = T0
) -> list[tuple[Any, ...]]:
    spends = rule("R1", campaign="C")
    made = context(
        spends, rulebook=rulebook(spends, campaigns=[campaign]), balances=balances, now=now
    )
    return [
        (one.reason.value, one.actual, one.needed, one.until)
        for one in budget_limit.check_budget(made, spends, hold, currency)
    ]


def euros(reserved: int = 0, settled: int = 0, limit: int = 10_000) -> Balances:
    return {("C", "EUR"): Balance(limit, reserved, settled)}


def test_an_amount_up_to_the_remaining_budget_passes() -> None:
    assert findings(Campaign("C", FUNDED), euros(8_065)) == []
    assert findings(Campaign("C", FUNDED), euros(4_065, 4_001)) == [
        ("budget.spend", 1934, 1935, None)
    ]


def test_the_count_limits_offers_that_cost_nothing() -> None:
    limited = Campaign("C", count=3)
    full = {("C", COUNT): Balance(3, 2, 1)}
    assert findings(limited, full, hold=0) == [("budget.count", 0, 1, None)]
    assert findings(limited, {("C", COUNT): Balance(3, 2, 0)}) == []


def test_a_campaign_has_no_budget_in_a_currency_it_does_not_name() -> None:
    pounds = {("C", "GBP"): Balance(10_000)}
    campaign = Campaign("C", {"GBP": 10_000})
    assert findings(campaign, pounds) == [("budget.spend", 0, 1935, None)]
    summed = pounds | {("C", "EUR"): Balance(None, 1935)}
    assert findings(campaign, summed) == [("budget.spend", 0, 1935, None)]


def test_a_campaign_with_a_count_alone_spends_any_currency() -> None:
    balances = {("C", COUNT): Balance(3), ("C", "EUR"): Balance(None, 1935)}
    assert findings(Campaign("C", count=3), balances, currency="GBP") == []


def test_a_rule_without_a_campaign_has_no_budget_to_exceed() -> None:
    alone = rule("R1")
    assert [*budget_limit.check_budget(context(alone), alone, 1935, "EUR")] == []


# pace


def test_an_even_pace_releases_the_share_of_the_day_that_has_passed() -> None:
    even = Campaign("C", FUNDED, per="day", pace="even")
    assert findings(even, euros(3_065)) == []  # at noon half of 100.00
    until = MIDNIGHT + 5001 * DAY // 10_000
    assert findings(even, euros(3_066)) == [("budget.spend", 1934, 1935, until)]
    assert findings(even, euros(3_066), now=until) == []
    assert findings(even, euros(3_066), now=until - 1) != []


def test_an_even_pace_releases_the_count_too() -> None:
    even = Campaign("C", count=4, per="day", pace="even")
    assert findings(even, {("C", COUNT): Balance(4, 1)}) == []
    (found,) = findings(even, {("C", COUNT): Balance(4, 2)})
    assert found == ("budget.count", 0, 1, MIDNIGHT + 18 * HOUR)


def test_a_day_starts_in_the_campaign_s_time_zone() -> None:
    tokyo = Campaign("C", FUNDED, per="day", pace="even", timezone="Asia/Tokyo")
    assert findings(tokyo, euros(6_815)) == []  # 21:00 there: seven eighths of the day


def test_without_a_period_the_pace_has_no_effect() -> None:
    assert findings(Campaign("C", FUNDED, pace="even"), euros(8_065)) == []


@given(
    st.sampled_from(["day", "week", "month"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
    st.integers(1, 10**9),
    st.integers(0, 400 * DAY),
    st.data(),
)
def test_the_released_part_grows_and_never_exceeds_the_limit(
    per: Literal["day", "week", "month"], zone: str, limit: int, later: int, data: st.DataObject
) -> None:
    bounds = period_bounds(per, T0 + later, zone)
    assert bounds is not None
    start, end = bounds
    first, second = sorted(data.draw(st.tuples(*[st.integers(start, end)] * 2)))
    shares = [budget_limit.released_by(limit, bounds, at) for at in (start, first, second, end)]
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert shares[-1] == limit
    amount = data.draw(st.integers(1, limit))
    at = budget_limit.released_at(limit, bounds, amount)
    assert start < at <= end
    assert budget_limit.released_by(limit, bounds, at) >= amount
    assert budget_limit.released_by(limit, bounds, at - 1) < amount


def test_the_property_fails_if_the_released_part_is_rounded_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def generous(limit: int, bounds: tuple[int, int], now: int) -> int:
        return -(-limit * (now - bounds[0]) // (bounds[1] - bounds[0]))

    monkeypatch.setattr(budget_limit, "released_by", generous)
    assert_fails(test_the_released_part_grows_and_never_exceeds_the_limit)


# per shopper


def limited(*approaches: tuple[str, str, int], **limits: Any) -> list[tuple[Any, ...]]:
    contact = ContactHistory(
        tuple(Approach(f"o{n}", *approach) for n, approach in enumerate(approaches))
    )
    here = scene(session=session(contact=contact), contact=contact)
    found = budget_limit.check_rule_limits(here, rule("R1", **limits))
    return [(one.reason.value, one.actual, one.until) for one in found]


def test_per_session_counts_the_rule_s_offers_in_this_session() -> None:
    here, elsewhere = ("R1", "s1", T0 - DAY), ("R1", "s0", T0 - DAY)
    assert limited(here, per_session=1) == [("budget.shopper_limit", {"per_session": 1}, None)]
    assert limited(elsewhere, ("R2", "s1", T0), per_session=1) == []


@pytest.mark.parametrize(("ago", "ends"), [(DAY, True), (DAY - 1, False)])
def test_per_shopper_counts_the_rule_s_offers_within_the_window(ago: int, ends: bool) -> None:
    found = limited(("R1", "s0", T0 - ago), per_shopper=FrequencyLimit(1, DAY))
    assert (found == []) is ends
    if not ends:
        assert found == [("budget.shopper_limit", {"per_shopper": 1}, T0 + 1)]


def code_findings(codes: dict[str, FreeCode], pool: str | None = "p") -> list[str]:
    coded = rule("R1", codes=pool)
    made = context(coded, codes=codes)
    return [one.reason.value for one in budget_limit.check_codes(made, coded)]


def test_a_rule_with_a_pool_needs_a_code_that_outlasts_its_offer() -> None:
    assert code_findings({}) == ["budget.codes"]
    assert code_findings({"p": FreeCode("A")}) == []
    assert code_findings({"other": FreeCode("A")}) == ["budget.codes"]
    expires = rule("R1").expires
    assert code_findings({"p": FreeCode("A", T0 + expires)}) == []
    assert code_findings({"p": FreeCode("A", T0 + expires - 1)}) == ["budget.codes"]


def test_a_rule_without_a_pool_needs_no_code() -> None:
    assert code_findings({}, pool=None) == []
