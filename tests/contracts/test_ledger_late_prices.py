"""A public price that comes late was never in force here, and is still one of the past."""

import itertools

import pytest
from msgspec import structs

from support.ledger_rows import T0, fact
from tactful.runtime.ports.ledger_rows import FactRow


def priced(version: int, at: int = T0, *, dated: bool = True) -> FactRow:
    row = fact("price", "RUN-42|DE", version, at=at, amount=version)
    return structs.replace(row, dated=dated)


async def versions(ledger):
    return sorted(one.body for one in await ledger.fact_versions("price", "RUN-42|DE"))


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
async def test_all_versions_are_kept_in_whichever_order_and_however_often_they_come(ledger, order):
    rows = [priced(version, T0 + place) for place, version in enumerate(order)]
    for row in (*rows, *rows):
        await ledger.record_facts([row])
    assert await versions(ledger) == [priced(version).body for version in (1, 2, 3)]
    (known,) = await ledger.facts_about([("sku", "RUN-42")])
    assert known.body == priced(3).body


async def test_a_late_price_is_in_force_at_no_instant_and_after_no_fact(ledger):
    assert await ledger.record_facts([priced(2, T0), priced(1, T0 + 5)]) == [True, False]
    late = next(one for one in await ledger.fact_versions("price", "RUN-42|DE") if one.at == T0 + 5)
    assert late.number == await ledger.newest_fact()
    for when in (
        {"at": T0 + 4}, {"at": T0 + 5}, {"at": T0 + 6}, {"upto": late.number}, {},
    ):  # fmt: skip
        (known,) = await ledger.facts_about([("sku", "RUN-42")], (), **when)
        assert known.body == priced(2).body
    assert await ledger.record_facts([priced(3, T0 + 9)]) == [True]
    (known,) = await ledger.facts_about([("sku", "RUN-42")], (), None, late.number)
    assert known.body == priced(2).body


async def test_what_does_not_say_since_when_it_held_is_not_kept_when_it_comes_late(ledger):
    await ledger.record_facts([priced(2), priced(1, dated=False)])
    assert await versions(ledger) == [priced(2).body]
