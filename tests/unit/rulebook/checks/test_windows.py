"""Windows, schedules, trials and budget periods."""

import pytest

from support.rule_files import check, codes, one_rule
from tactful.core.rules.policy import Policy, TrialRails
from tactful.core.values.calendar import DAY

WINDOWS = [
    ("schedule: {days: mon-fri, hours: 09:00-18:00}", []),
    ("schedule: [{days: mon}, {hours: 22:00-02:00}]", []),
    ("schedule: {days: monday}", ["R212"]),
    ("schedule: {hours: 9-18}", ["R212"]),
    ("schedule: {}", ["R202"]),
    ("valid: {from: 2026-03-14, until: 2026-03-15}\nschedule: {days: mon-fri}", ["R304"]),
    ("valid: {from: 2026-03-14, until: 2026-03-16}\nschedule: {days: mon-fri}", []),
    ("valid: {until: 2026-03-09}", ["R305"]),
    ("valid: {from: 2027-03-09}", []),
    ("valid: {from: 2026-03-10, until: 2026-03-10}", []),
]


@pytest.mark.parametrize(("text", "expected"), WINDOWS)
def test_a_window_that_never_opens_is_reported(text: str, expected: list[str]) -> None:
    assert codes(one_rule(f"{text}\noffer: {{percent: 10%}}")) == expected


LATE = "this trial ends later than {} from now"
BUDGET = "campaigns: {c: {count: 5}}"
SAFE = "campaign: c\noffer: {percent: 10%, floor: {margin: 20%}}"


def test_a_trial_needs_a_budget_and_a_floor() -> None:
    compiled = check(one_rule("mode: trial\noffer: {percent: 10%}"))
    assert [one.message for one in compiled.diagnostics] == [
        "this trial has no budget",
        "this trial has no floor",
    ]
    limits = "mode: trial\nshare: 20%\nvalid: {until: 2026-03-31}\ncampaign: c\n"
    parcel = f"{limits}offer: {{amount: 5.00 EUR, off_the: shipping}}"
    assert codes(one_rule(parcel, BUDGET)) == []
    order = f"{limits}offer: {{amount: 5.00 EUR, off_the: order}}"
    assert codes(one_rule(order, BUDGET)) == ["R312"]
    free = Policy(trial=TrialRails(budget=False, floor=False))
    assert check(one_rule("mode: trial\noffer: {percent: 10%}"), policy=free).diagnostics == ()


@pytest.mark.parametrize(
    ("keys", "limits", "message"),
    [
        ("share: 60%", TrialRails(), "this trial includes more than 50% of the sessions"),
        (
            "share: 20%",
            TrialRails(share_bp=1000),
            "this trial includes more than 10% of the sessions",
        ),
        ("valid: {until: 2026-12-31}", TrialRails(), LATE.format("60d")),
        ("valid: {from: 2026-12-01, until: 2026-12-31}", TrialRails(), LATE.format("60d")),
        ("valid: {until: 2026-03-31}", TrialRails(length=7 * DAY), LATE.format("7d")),
        ("valid: {until: 2026-12-31}", TrialRails(length=365 * DAY), ""),
        ("share: 60%", TrialRails(share_bp=10_000), ""),
        ("note: nothing else", TrialRails(), ""),
    ],
)
def test_the_limits_of_a_trial_are_those_of_the_policy(
    keys: str, limits: TrialRails, message: str
) -> None:
    text = one_rule(f"mode: trial\n{keys}\n{SAFE}", BUDGET)
    found = check(text, policy=Policy(trial=limits)).diagnostics
    assert [one.message for one in found] == ([message] if message else [])


def test_an_ended_rule_names_its_last_day() -> None:
    [one] = check(one_rule("valid: {until: 2026-03-09}\noffer: {percent: 1%}")).diagnostics
    assert (one.code, one.message) == ("R305", "the rule 'one' ended on 2026-03-09")


def test_a_window_that_ends_before_it_begins_is_an_error_even_in_the_past() -> None:
    text = one_rule("valid: {from: 2025-03-09, until: 2025-03-01}\noffer: {percent: 1%}")
    assert codes(text) == ["R304"]


def test_the_end_of_a_window_is_judged_on_the_clocks_of_the_rule() -> None:
    # NOW is noon UTC on 10 March: in Auckland the day has ended an hour ago.
    text = "valid: {until: 2026-03-10, timezone: Pacific/Auckland}\noffer: {percent: 1%}"
    assert codes(one_rule(text)) == ["R305"]
    assert codes(one_rule(text.replace("Pacific/Auckland", "UTC"))) == []


@pytest.mark.parametrize(
    ("campaign", "expected"),
    [
        ("{budget: 9.00 EUR, pace: even}", ["R316"]),
        ("{budget: 9.00 EUR, pace: even, per: total}", ["R316"]),
        ("{budget: 9.00 EUR, pace: even, per: week}", []),
        ("{budget: 9.00 EUR, pace: none}", []),
    ],
)
def test_an_even_pace_needs_a_period(campaign: str, expected: list[str]) -> None:
    text = one_rule("campaign: c\noffer: {percent: 1%}", f"campaigns: {{c: {campaign}}}")
    assert codes(text) == expected


def test_the_window_of_an_exclusion_is_checked_too() -> None:
    exclude = "exclude: [{{valid: {}, note: n, owner: o}}]"
    assert codes(exclude.format("{from: 2026-05-02, until: 2026-05-01}")) == ["R304"]
    [ended] = check(exclude.format("{until: 2026-01-01}")).diagnostics
    assert (ended.code, ended.message) == ("R305", "this exclusion ended on 2026-01-01")
    assert codes(exclude.format("{from: 2026-05-01}")) == []


def test_a_markup_is_a_floor_of_a_trial() -> None:
    text = one_rule(
        "campaign: c\nmode: trial\nshare: 20%\nvalid: {from: 2026-03-10, until: 2026-03-31}\n"
        "offer: {percent: 25%, floor: {markup: 25%}}"
    )
    found = check(text, "campaigns: {c: {budget: 100.00 EUR}}").diagnostics
    assert found == ()
