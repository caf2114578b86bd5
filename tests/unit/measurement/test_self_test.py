"""The self-test divides shoppers by chance, and finds a difference in few divisions only."""

import pytest
from msgspec import structs

from tactful.core.values.calendar import DAY
from tactful.measurement import self_test as tested
from tactful.measurement.experiment_report import ReportTerms
from tactful.measurement.self_test import SelfTest, self_test
from unit.measurement.test_experiment_report import NOW, TERMS, shop
from unit.measurement.test_unit_outcomes import trigger


@pytest.fixture(autouse=True)
def few_divisions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of 1,000 divisions takes a second for each thousand buyers."""
    monkeypatch.setattr(tested, "DIVISIONS", 100)
    monkeypatch.setattr(tested, "_LOW_BITS", int.from_bytes(b"\x01" * 100, "big"))


def test_a_shop_whose_offers_earn_has_no_more_false_alarms_than_promised() -> None:
    # With 300 shoppers a day, the counts of one byte are emptied within a day.
    found = self_test(*shop(6000), TERMS)
    assert (found.units, found.looks) == (6000, 20)
    assert 1200 < found.buyers < 1800
    assert found.lift_alarms <= 5
    assert found.ratio_alarms == 0
    assert found.ok


def test_the_order_of_the_rows_changes_nothing() -> None:
    triggers, orders, events = shop(1500)
    assert self_test(triggers[::-1], orders[::-1], events, TERMS) == self_test(
        triggers, orders, events, TERMS
    )


def test_too_few_shoppers_or_buyers_raise_no_alarm() -> None:
    few = self_test(*shop(150), TERMS)
    assert (few.units, few.lift_alarms) == (150, 0)
    nobody_buys = self_test(*shop(600, conversion=(0, 0)), TERMS)
    assert (nobody_buys.buyers, nobody_buys.lift_alarms) == (0, 0)
    assert self_test([], [], [], TERMS) == SelfTest(
        units=0, buyers=0, looks=0, lift_alarms=0, ratio_alarms=0
    )


def test_a_division_that_follows_the_money_is_an_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that cannot fail proves nothing: here the draw knows who buys."""
    triggers, orders, events = shop(1000)
    buyers = {one.who.customer or one.who.session for one in orders}

    class Cheat:
        def __init__(self, key: bytes) -> None:
            number = int(key[1:])
            is_first = key.decode() in buyers if number % 3 else number % 2 == 0
            self._byte = b"\x01" if is_first else b"\x00"

        def digest(self, size: int) -> bytes:
            return self._byte * size

    monkeypatch.setattr(tested, "shake_256", Cheat)
    found = self_test(triggers, orders, events, TERMS)
    assert found.lift_alarms == 100
    assert found.ratio_alarms == 100
    assert not found.ok


def test_the_largest_amounts_are_reduced_as_in_a_report() -> None:
    triggers, orders, events = shop(2000)
    huge = [
        structs.replace(one, lines=tuple(structs.replace(each, qty=10**6) for each in one.lines))
        if number == 5
        else one
        for number, one in enumerate(orders)
    ]
    assert self_test(triggers, huge, events, TERMS).lift_alarms <= 5


def test_shoppers_whose_days_are_not_over_are_left_out() -> None:
    young = [trigger(at=NOW - DAY)]
    assert self_test(young, [], [], ReportTerms(now=NOW)).units == 0


@pytest.mark.parametrize(("lift", "ratio", "ok"), [(50, 1, True), (51, 0, False), (0, 2, False)])
def test_more_alarms_than_promised_are_not_ok(lift: int, ratio: int, ok: bool) -> None:
    found = SelfTest(units=1, buyers=1, looks=1, lift_alarms=lift, ratio_alarms=ratio)
    assert found.ok is ok
