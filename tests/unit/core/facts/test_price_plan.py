"""When announced prices take effect, and what replaces them."""

from typing import Any

from support.builders import DAY, HOUR, T0, kept, price
from tactful.core.facts.fact_types import Price, ReportedFact
from tactful.core.facts.price_plan import (
    is_announced,
    next_change,
    planned_price,
    price_plan,
    version_order,
)


def reported(
    amount: int, version: int, at: int = T0, since: int | None = None
) -> ReportedFact[Price]:
    fields: Any = {} if since is None else {"since": since}
    return kept(price(amount=amount, version=version, **fields), at)


def amounts(*versions: ReportedFact[Price], at: tuple[int, ...]) -> list[int | None]:
    plan = price_plan(versions)
    assert plan
    found = [planned_price(plan, now) for now in at]
    return [one.fact.price.amount if one else None for one in found]


FIRST = reported(12900, 1, T0 - DAY)
DEARER = reported(15900, 2, T0, T0 + DAY)


def test_a_price_that_was_never_announced_needs_no_plan() -> None:
    assert price_plan([FIRST, reported(9900, 2, T0, T0 - HOUR)]) == ()
    assert not is_announced(FIRST)


def test_an_announced_price_takes_effect_at_its_instant() -> None:
    instants = (T0, T0 + DAY - 1, T0 + DAY, T0 + 9 * DAY)
    assert amounts(FIRST, DEARER, at=instants) == [12900, 12900, 15900, 15900]
    plan = price_plan([DEARER, FIRST])
    assert plan == price_plan([FIRST, DEARER])
    assert [next_change(plan, now) for now in instants] == [T0 + DAY, T0 + DAY, None, None]


def test_a_first_price_that_is_announced_is_no_price_before() -> None:
    assert amounts(DEARER, at=(T0, T0 + DAY)) == [None, 15900]


def test_a_sale_and_its_end_may_be_announced_together() -> None:
    sale = reported(9900, 2, T0, T0 + DAY)
    end = reported(12900, 3, T0, T0 + 2 * DAY)
    instants = (T0, T0 + DAY, T0 + 2 * DAY)
    assert amounts(FIRST, end, sale, at=instants) == [12900, 9900, 12900]


def test_an_announcement_for_the_same_instant_replaces_the_lower_version() -> None:
    corrected = reported(14900, 3, T0 + HOUR, T0 + DAY)
    assert amounts(FIRST, DEARER, corrected, at=(T0 + DAY,)) == [14900]


def test_a_higher_version_reported_before_the_instant_leaves_the_announcement() -> None:
    today = reported(11900, 3, T0 + HOUR)
    instants = (T0 + HOUR, T0 + DAY)
    assert amounts(FIRST, DEARER, today, at=instants) == [11900, 15900]


def test_a_higher_version_reported_after_the_instant_ends_the_announced_price() -> None:
    later = reported(11900, 3, T0 + 2 * DAY)
    assert amounts(FIRST, DEARER, later, at=(T0 + 2 * DAY,)) == [11900]
    late = reported(11900, 1, T0 + 2 * DAY)
    assert amounts(DEARER, late, at=(T0 + 2 * DAY,)) == [15900]


def test_versions_may_be_numbers_instants_or_absent() -> None:
    dated = kept(price(version=None), T0)
    assert version_order(dated) == T0
    assert version_order(FIRST) == 1
    since = price(since=T0 + 5).since
    assert version_order(kept(price(version=since), T0)) == T0 + 5
