"""Reports on the orders of a real shop: no effect, a planted small one, and a planted large one.

Each customer has a day in the middle of the year on which an offer would have been due. Half of them,
by a hash of their number, are treated. A planted effect changes what the treated ones pay after that
day by a share; a real shop's noise stays as it is.
"""

import csv
import gzip
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import pytest

from tactful.core.values.calendar import DAY
from tactful.measurement.conclusions import Conclusion
from tactful.measurement.experiment_report import (
    ExperimentReport,
    ReportTerms,
    report_experiment,
)
from tactful.measurement.self_test import self_test
from tactful.measurement.unit_outcomes import MeasuredLine, MeasuredOrder, Trigger, Who

TOTALS = Path(__file__).parents[2] / "examples" / "data" / "uk-retail" / "order_totals.csv.gz"
FIRST = 1_291_161_600_000
"""2010-12-01T00:00:00Z, in milliseconds: the day of the first order."""
WINDOW = 90 * DAY
LAST = FIRST + 374 * DAY
COST_SHARE = 2
"""Goods cost half of what was paid; the data has no costs."""


def drawn(customer: str, what: str) -> int:
    """A number that depends on the customer only."""
    digest = blake2b(f"{what}:{customer}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def trigger(customer: str) -> Trigger:
    """The customer's day of the offer, and whether they get it."""
    return Trigger(
        unit=customer,
        is_customer=True,
        session=f"s{customer}",
        is_treated=drawn(customer, "arm") % 2 == 0,
        treated_bp=5000,
        at=FIRST + (120 + drawn(customer, "day") % 150) * DAY,
        product="any",
    )


def orders(triggers: dict[str, Trigger], effect_percent: int) -> Iterator[MeasuredOrder]:
    """The orders of the shop; those of treated customers after their day are changed."""
    with gzip.open(TOTALS, "rt", encoding="ascii", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            due, at = triggers[row["customer"]], FIRST + int(row["day"]) * DAY
            pence = int(row["pence"])
            cost = pence // COST_SHARE
            if due.is_treated and at >= due.at:
                # The margin changes by the share, because the cost does not change.
                pence += (pence - cost) * effect_percent // 100
            line = MeasuredLine(
                product="any", qty=1, price=pence, tax_bp=0, cost=cost, currency="GBP",
                by_offer=False,
            )  # fmt: skip
            yield MeasuredOrder(
                order=f"o{number:06}", who=Who(row["customer"], None), at=at, lines=(line,)
            )


@pytest.fixture(scope="module")
def triggers() -> dict[str, Trigger]:
    with gzip.open(TOTALS, "rt", encoding="ascii", newline="") as file:
        customers = {row["customer"] for row in csv.DictReader(file)}
    return {one: trigger(one) for one in sorted(customers)}


def looks(triggers: dict[str, Trigger], effect_percent: int) -> Iterator[ExperimentReport]:
    """The report after every four weeks, as far as the data goes."""
    sold = list(orders(triggers, effect_percent))
    for now in range(FIRST + 238 * DAY, LAST + 1, 28 * DAY):
        known = [one for one in triggers.values() if one.at <= now]
        terms = ReportTerms(now=now, window=WINDOW)
        yield report_experiment(known, [one for one in sold if one.at <= now], [], terms)


def truth(found: ExperimentReport, effect_percent: int) -> float:
    """The planted difference per customer, at the margin of the held-out ones."""
    return found.metrics[0].arms.held_out * effect_percent / 100


@pytest.mark.parametrize("effect_percent", [-60, -5, 0, 5, 60])
def test_the_range_covers_the_planted_effect_at_every_look(
    triggers: dict[str, Trigger], effect_percent: int
) -> None:
    found = list(looks(triggers, effect_percent))
    assert len(found) == 5
    for report in found:
        margin = report.metrics[0].arms
        assert margin.interval.contains(truth(report, effect_percent))
        assert report.ratio is not None
        assert report.ratio.ok


@pytest.mark.parametrize(
    ("effect_percent", "conclusion"), [(60, Conclusion.EARNS), (-60, Conclusion.COSTS)]
)
def test_a_large_effect_is_found_with_the_right_sign(
    triggers: dict[str, Trigger], effect_percent: int, conclusion: Conclusion
) -> None:
    *_, last = looks(triggers, effect_percent)
    assert last.conclusion is conclusion


@pytest.mark.parametrize("effect_percent", [5, -5])
def test_a_small_effect_is_too_early_and_says_how_many_shoppers_are_missing(
    triggers: dict[str, Trigger], effect_percent: int
) -> None:
    *_, last = looks(triggers, effect_percent)
    assert last.conclusion is Conclusion.TOO_EARLY
    assert last.missing is not None
    assert last.missing.units > 1000


def test_divisions_by_chance_raise_few_false_alarms(triggers: dict[str, Trigger]) -> None:
    terms = ReportTerms(now=LAST, window=WINDOW)
    found = self_test(list(triggers.values()), list(orders(triggers, 0)), [], terms)
    assert found.units > 2000
    assert found.ok
