"""Rules with their states, counts and problems."""

from pathlib import Path

import pytest

from journeys.fixture import rules
from support.live_server import live_server
from tactful.console.rule_views import (
    LEAST_SHOWN,
    RuleCounts,
    counts_of,
    pauses_of,
    problems_of,
    rule_views,
    state_of,
)
from tactful.core.offers.offer import OfferState
from tactful.runtime import operators
from tactful.runtime.ports.ledger_rows import RuleStepRow


async def test_a_rule_says_who_paused_it(tmp_path: Path) -> None:
    paused = rules(body="    paused: true\n").replace("paused: true\n\n", "paused: true\n")
    async with live_server(tmp_path, paused) as one:
        shop = one.parts.shop
        (rule,) = await rule_views(shop, {})
        assert (rule.paused_by, rule.state, rule.is_running) == (
            "file",
            "paused by its file",
            False,
        )
        await one.reload(rules())
        (rule,) = await rule_views(shop, {"R1": "Hesitation"})
        assert (rule.paused_by, rule.title, rule.is_running) == (None, "Hesitation", True)
        await operators.pause_rule(shop, "R1", "Ada", paused=True)
        (rule,) = await rule_views(shop, {})
        assert (rule.paused_by, rule.title) == ("person", "R1")
        assert (await pauses_of(shop))["R1"].who == "Ada"


async def test_offers_of_an_earlier_meaning_do_not_count(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        active = one.parts.shop.state.active_rulebook.current.rules
        digest = active["R1"].digest
        rows = [
            RuleStepRow("R1", digest, OfferState.PUSHED, None, 5),
            RuleStepRow("R1", digest, OfferState.SHOWN, None, 4),
            RuleStepRow("R1", digest, OfferState.DECLINED, "x", 1),
            RuleStepRow("R1", digest, OfferState.DECLINED, "y", 1),
            RuleStepRow("R1", "old", OfferState.SHOWN, None, 100),
            RuleStepRow("R9", "gone", OfferState.SHOWN, None, 100),
        ]
        assert counts_of(rows, active) == {"R1": RuleCounts(5, 4, 0, 0, 2)}


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ("    mode: shadow", "only computed, never shown"),
        ("    mode: trial\n    share: 30%", "trial, 30% of the shoppers"),
        ("    share: 50%", "active for 50% of the shoppers"),
        ('    valid: {from: "2027-01-01"}', "has not begun"),
        ('    valid: {until: "2026-01-01"}', "has ended"),
        ("", "active"),
    ],
)
async def test_a_rule_says_whether_it_runs(tmp_path: Path, body: str, state: str) -> None:
    async with live_server(tmp_path, rules(body=body)) as one:
        rule = one.parts.shop.state.active_rulebook.current.rules["R1"]
        assert state_of(rule, None, one.parts.shop.clock.now()) == state


def test_a_rule_is_healthy_until_something_is_wrong() -> None:
    fine = RuleCounts(offered=30, shown=LEAST_SHOWN, accepted=1, redeemed=1, dismissed=8)
    assert problems_of(fine, []) == []
    (dismissed,) = problems_of(RuleCounts(30, LEAST_SHOWN, 1, 1, 9), [])
    assert dismissed == "Shoppers dismiss 45 % of its offers."
    assert problems_of(RuleCounts(30, LEAST_SHOWN - 1, 1, 1, 19), []) == []
    (none, alert) = sorted(problems_of(RuleCounts(), ["rule.costs"]), reverse=True)
    assert none == "It has made no offer in its present form."
    assert alert == "An alert is open: rule.costs."
