"""Budgets that will run out before their period ends."""

from pathlib import Path

import pytest

from support.bare_shop import NOON, bare_shop
from support.builders import rulebook
from tactful.core.offers.budget import COUNT, BudgetMove
from tactful.core.rules.rule import Campaign
from tactful.core.values.calendar import period_key
from tactful.runtime.alerts.causes import Cause
from tactful.runtime.alerts.early_budgets import budget_causes

DAY = Campaign("C", {"EUR": 1000}, per="day")


def causes(folder: Path, one: Campaign, used: int, currency: str = "EUR") -> list[Cause]:
    """What is found at noon, after so much of a campaign's budget was reserved or settled."""
    state = bare_shop(folder).state
    book = rulebook(campaigns=[one])
    state.active_rulebook.replace(book, NOON)
    state.balances.use_campaigns(book.campaigns)
    period = period_key(one.per, NOON, one.timezone)
    limit = one.money.get(currency, one.count)
    half = used // 2
    move = BudgetMove(one.id, period, currency, limit, reserve=half, settle=used - half)
    state.balances.apply([move])
    return [*budget_causes(state)()]


def test_a_budget_that_will_be_empty_in_the_evening_is_a_cause(tmp_path: Path) -> None:
    assert causes(tmp_path, DAY, 600) == [
        Cause(
            "budget.early",
            "C EUR",
            {
                "used": 600,
                "limit": 1000,
                "unit": "minor units of EUR",
                "empty_at": "2026-03-10T20:00:00Z",
                "period_ends": "2026-03-11T00:00:00Z",
            },
        )
    ]


def test_a_budget_that_is_empty_already_is_a_cause_too(tmp_path: Path) -> None:
    (found,) = causes(tmp_path, DAY, 1000)
    assert found.evidence["empty_at"] == "2026-03-10T12:00:00Z"


@pytest.mark.parametrize(
    ("one", "used"),
    [
        (DAY, 550),
        (Campaign("C", {"EUR": 1000}, per="day", pace="even"), 900),
        (Campaign("C", {"EUR": 1000}), 900),
        (Campaign("C", {"EUR": 1000}, per="week"), 249),
        (Campaign("C", per="day"), 900),
    ],
    ids=["lasts", "even pace", "no period", "a small part", "no limit"],
)
def test_other_budgets_are_none(tmp_path: Path, one: Campaign, used: int) -> None:
    assert causes(tmp_path, one, used) == []


def test_a_budget_of_offers_is_named_without_a_currency(tmp_path: Path) -> None:
    (found,) = causes(tmp_path, Campaign("C", count=10, per="day"), 8, COUNT)
    assert (found.subject, found.evidence["unit"]) == ("C", "offers")


def test_the_balance_of_a_campaign_that_was_removed_is_none(tmp_path: Path) -> None:
    state = bare_shop(tmp_path).state
    state.balances.use_campaigns({"C": DAY})
    state.balances.view(NOON)
    assert [*budget_causes(state)()] == []
