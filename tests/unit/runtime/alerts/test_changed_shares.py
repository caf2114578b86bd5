"""Reasons whose share doubled, and accepted offers that are no longer redeemed."""

from collections import Counter
from collections.abc import Iterable

import pytest

from tactful.runtime.alerts.causes import Cause
from tactful.runtime.alerts.changed_shares import ChangedShares
from tactful.runtime.alerts.hour_counts import WEEK_HOURS

HOUR = 500_000
USUAL = {"stock.out": 40, "": 360}


class Hours:
    """Counts that a test gives."""

    def __init__(
        self, verdicts: dict[int, dict[str, int]], uses: dict[int, dict[str, int]]
    ) -> None:
        self.kept = {"verdicts": verdicts, "uses": uses}

    def count(self) -> None:
        """Nothing happened."""

    def this_hour(self) -> int:
        return HOUR

    def sums(self, what: str, hours: Iterable[int]) -> Counter[str]:
        total: Counter[str] = Counter()
        for hour in hours:
            total.update(self.kept[what].get(hour, {}))
        return total


def verdicts(now: dict[str, int], *, weeks: int = 4, **hours: dict[str, int]) -> list[Cause]:
    past = {HOUR - week * WEEK_HOURS: USUAL for week in range(1, weeks + 1)}
    before = {HOUR - 1 - week * WEEK_HOURS: USUAL for week in range(1, weeks + 1)}
    last = {HOUR - 1: hours["last"]} if hours else {}
    found = Hours({HOUR: now, **past, **before, **last}, {})
    return [*ChangedShares(found).causes()]  # type: ignore[arg-type]


def test_a_reason_with_twice_its_share_is_a_cause_with_both_shares() -> None:
    assert verdicts({"stock.out": 80, "": 320}) == [
        Cause(
            "reason.doubled",
            "stock.out",
            {"verdicts": 400, "share_bp": 2000, "usual_share_bp": 1000},
        )
    ]
    assert verdicts({"stock.out": 79, "": 321}) == []


def test_a_new_reason_is_one_and_a_rare_one_is_none() -> None:
    assert [one.subject for one in verdicts({"rule.paused": 20, "": 380})] == ["rule.paused"]
    assert verdicts({"rule.paused": 19, "": 381}) == []


def test_more_offers_are_no_cause() -> None:
    assert verdicts({"": 400}) == []


def test_too_few_verdicts_or_weeks_say_nothing() -> None:
    assert verdicts({"stock.out": 100, "": 99}) == []
    assert verdicts({"stock.out": 100, "": 100}, weeks=1) == []
    assert len(verdicts({"stock.out": 100, "": 100}, weeks=2)) == 1


def test_the_hour_before_stands_until_the_present_one_says_something() -> None:
    assert len(verdicts({"": 9}, last={"stock.out": 100, "": 300})) == 1
    assert verdicts({"": 400}, last={"stock.out": 100, "": 300}) == []


@pytest.mark.parametrize(
    ("accepted", "redeemed", "is_cause"),
    [(60, 24, True), (60, 25, False), (49, 0, False), (60, 0, True)],
)
def test_offers_that_are_redeemed_half_as_often_as_usual_are_a_cause(
    accepted: int, redeemed: int, is_cause: bool
) -> None:
    uses = {
        HOUR: {"accepted": accepted, "redeemed": redeemed},
        HOUR - 48: {"accepted": 200, "redeemed": 160},
    }
    found = [*ChangedShares(Hours({}, uses)).causes()]  # type: ignore[arg-type]
    wanted: dict[str, str | int] = {
        "accepted": accepted,
        "redeemed": redeemed,
        "usual_share_bp": 8000,
    }
    assert found == ([Cause("offers.unredeemed", "", wanted)] if is_cause else [])


def test_a_shop_whose_offers_were_never_redeemed_has_no_cause() -> None:
    uses = {HOUR: {"accepted": 60}, HOUR - 48: {"accepted": 200}}
    assert [*ChangedShares(Hours({}, uses)).causes()] == []  # type: ignore[arg-type]
