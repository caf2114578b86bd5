"""A restart finds how far lists were read, and which SKUs they had."""

import pytest

from tactful.connectors.reconcile import list_state
from tactful.connectors.reconcile.list_state import ListPlace, ListState, ListStates
from tactful.stores.memory.ledger import MemoryLedger

LISTS = {"products": True, "orders": False}


async def states_on(ledger: MemoryLedger) -> ListStates:
    found = ListStates("shop", ledger)
    await found.load(LISTS)
    return found


async def test_a_restart_continues_at_the_place_and_the_end_of_a_list_clears_it() -> None:
    ledger = MemoryLedger()
    first = await states_on(ledger)
    assert first.states["orders"] == ListState()
    place = ListPlace(url="/orders?page=2", is_whole=True, is_first=True, began_at=7, rows=100)
    await first.put_place("orders", place)
    second = await states_on(ledger)
    assert second.places == {"orders": place}
    state = ListState(whole_at=7, changed_at=7, latest=5, rows=120, took_ms=3)
    await second.finish("orders", state)
    third = await states_on(ledger)
    assert (third.states["orders"], third.places) == (state, {})


async def test_skus_are_kept_in_parts_until_a_list_came_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(list_state, "CHUNK", 2)
    ledger = MemoryLedger()
    first = await states_on(ledger)
    for skus in ({"A"}, {"A", "B"}, {"C", "D"}, {"E"}):
        await first.add_skus(skus)
    assert (await states_on(ledger)).skus == {"products": {"A", "B", "C", "D", "E"}}
    await first.replace_skus("products", {"A", "E"})
    await first.add_skus({"F"})
    assert (await states_on(ledger)).skus == {"products": {"A", "E", "F"}}


async def test_known_skus_are_not_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    states = await states_on(MemoryLedger())
    await states.add_skus({"A"})
    monkeypatch.setattr(states, "_store", None)
    await states.add_skus({"A"})
