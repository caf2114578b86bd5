"""A shortened year of a real shop: every taint suppresses, and no other customer is affected."""

from pathlib import Path

import pytest

from journeys.retail_run import POLICY, RULE, begin, bring_in, play
from journeys.uk_retail import events, expected, let_down_before, of_small_customers
from support.live_server import live_server

SAMPLE = Path(__file__).parents[2] / "examples" / "data" / "uk-retail"


LINES = 1_200
"""Order lines in `make test`; `tests/bench/bench_uk_retail.py` plays all of them."""


async def test_every_expected_suppression_happens_and_no_other(tmp_path: Path) -> None:
    found = of_small_customers(events(SAMPLE), LINES)
    async with live_server(tmp_path, RULE, policy=POLICY, default_territory="GB") as one:
        await begin(one, found)
        await bring_in(one, SAMPLE / "products.jsonl", tmp_path)
        outcome = await play(one, found)
    played = outcome.offered | set(outcome.withheld)
    wanted = set(expected(SAMPLE)) & played
    assert len(wanted) > 10
    assert outcome.suppressed == dict.fromkeys(wanted, "return.recent")
    assert set(outcome.suppressed) <= let_down_before(found)
    assert len(outcome.offered) > 10 * len(wanted)


def test_the_expectation_counts_returns_and_unmatched_refunds_but_not_corrections() -> None:
    found = events(SAMPLE)
    within_a_year = set(expected(SAMPLE, days=366))
    assert within_a_year == let_down_before(found)


@pytest.mark.parametrize("days", [30, 90])
def test_a_shorter_window_expects_less(days: int) -> None:
    assert len(expected(SAMPLE, days)) < len(expected(SAMPLE, days + 30))
