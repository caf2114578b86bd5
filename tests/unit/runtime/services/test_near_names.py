"""The nearest known names."""

import pytest

from support.builders import T0, cost, line, order
from tactful.core.facts.fact_types import AnyFact
from tactful.runtime.facts.fact_cache import FactCache
from tactful.runtime.services.ingest import fact_row
from tactful.runtime.services.near_names import (
    MOST_NEAR,
    PAGE,
    UnknownNameError,
    near_names,
    require_customer,
    require_item,
)
from tactful.stores.memory.ledger import MemoryLedger


class Names:
    """Known names, read in pages; it counts what is read."""

    def __init__(self, *names: str) -> None:
        self.names = sorted(names)
        self.read = 0

    async def page(self, after: str, limit: int) -> list[str]:
        found = [name for name in self.names if name > after][:limit]
        self.read += len(found)
        return found


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("omra", ("omar",)),
        ("RUN-43", ("RUN-42", "RUN-44")),
        ("run-42", ("RUN-42",)),
        ("RUN-421", ("RUN-42",)),
        ("zzz", ()),
        ("", ()),
    ],
)
async def test_similar_names_are_suggested(name: str, near: tuple[str, ...]) -> None:
    names = Names("omar", "ruth", "RUN-42", "RUN-44", "BOOT-1")
    assert set(await near_names(name, names.page)) >= set(near)
    assert bool(await near_names(name, names.page)) is bool(near)


async def test_the_cost_does_not_grow_with_the_shop() -> None:
    names = Names(*(f"c-{number:06}" for number in range(20_000)))
    assert len(await near_names("c-01000l", names.page)) == MOST_NEAR
    assert names.read <= 10 * PAGE


async def test_what_nobody_reported_is_refused() -> None:
    ledger = MemoryLedger()
    facts = FactCache(ledger)
    told: list[AnyFact] = [cost("RUN-42"), order("o1", line("BOOT-1"), customer="omar")]
    await ledger.record_facts([fact_row(one, T0) for one in told])
    await require_item("RUN-42", facts, ledger)
    await require_customer("omar", facts, ledger)
    for refused, code, near in (
        (require_item("RUN-421", facts, ledger), "item.unknown", ("RUN-42",)),
        (require_item("BOOT-1", facts, ledger), "item.unknown", ()),
        (require_customer("omra", facts, ledger), "customer.unknown", ("omar",)),
    ):
        with pytest.raises(UnknownNameError) as found:
            await refused
        assert (found.value.code, found.value.near) == (code, near)
