"""Reads of the ledger as of now, of an instant, and of a fact."""

import threading
from collections import Counter

import pytest

from support.builders import T0, customer, order, price, product, recall, stock
from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.fact_types import AnyFact
from tactful.runtime.facts import fact_reader
from tactful.runtime.facts.fact_reader import FactReader
from tactful.runtime.ports.ledger_rows import FactRow
from tactful.runtime.services.ingest import fact_row
from tactful.stores.memory.ledger import MemoryLedger


async def ledger_with(*facts: tuple[AnyFact, int]) -> MemoryLedger:
    ledger = MemoryLedger()
    for fact, at in facts:
        await ledger.record_facts([fact_row(fact, at)])
    return ledger


async def test_an_item_is_read_as_of_now_of_an_instant_and_of_a_fact() -> None:
    ledger = await ledger_with(
        (stock("A", 1), T0), (stock("A", 2), T0 + 10), (stock("A", 3), T0 + 10)
    )
    assert (await FactReader(ledger).item("A")).available("DE") == 3
    assert (await FactReader(ledger, at=T0 + 9).item("A")).available("DE") == 1
    assert (await FactReader(ledger, at=T0 - 1).item("A")).available("DE") is None
    # The number of a fact tells apart what one instant knew before and after it.
    assert (await FactReader(ledger, upto=2).item("A")).available("DE") == 2


async def test_the_price_history_ends_at_the_point_of_the_read() -> None:
    ledger = await ledger_with((price("A", 9), T0), (price("A", 8), T0 + 10))

    async def amounts(reader: FactReader) -> list[int]:
        return [entry.amount for entry in (await reader.item("A")).history["DE"]]

    assert await amounts(FactReader(ledger)) == [9, 8]
    assert await amounts(FactReader(ledger, at=T0)) == [9]
    assert await amounts(FactReader(ledger, upto=1)) == [9]


async def test_a_read_states_the_newest_fact_of_the_ledger_and_not_only_of_what_it_found() -> None:
    ledger = await ledger_with((product("A", "p"), T0), (stock("B", 1), T0))
    item = await FactReader(ledger).item("A")
    assert item.upto == 2
    again = await FactReader(ledger, upto=item.upto).item("A")
    assert again == item
    assert (await FactReader(ledger).history("c1")).upto == 2


async def test_each_stored_fact_is_decoded_once_in_a_read(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = await ledger_with(
        (product("A", "p"), T0),
        (product("B", "p"), T0),
        (price("A", 9), T0),
        (recall("x1", skus=("A",)), T0),
    )
    decoded: Counter[bytes] = Counter()
    decode = decode_stored

    def counting(body: bytes) -> AnyFact:
        decoded[body] += 1
        return decode(body)

    monkeypatch.setattr(fact_reader, "decode_stored", counting)
    item = await FactReader(ledger).item("A")
    assert (item.recalls, item.variants) == (("x1",), ("A", "B"))
    assert len(decoded) == 4
    assert set(decoded.values()) == {1}


async def test_more_subjects_than_one_read_takes_are_read_in_several(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fact_reader, "CHUNK", 2)
    skus = [f"S{number}" for number in range(5)]
    products = [(product(sku, sku), T0) for sku in skus]
    ledger = await ledger_with(*products, (order("o1", *skus), T0), (customer("c1"), T0))
    history = await FactReader(ledger).history("c1")
    assert sorted(history.products) == skus
    assert history.about is not None


async def test_a_damaged_fact_is_named() -> None:
    ledger = MemoryLedger()
    row = FactRow(
        kind="stock", key="A|DE|", version=None, subjects=(("sku", "A"),), body=b"{", at=T0
    )
    await ledger.record_facts([row])
    with pytest.raises(LookupError, match=r"stock A\|DE\| cannot be read"):
        await FactReader(ledger).item("A")


async def test_many_facts_are_decoded_and_assembled_on_a_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger = await ledger_with((customer(), T0), (order(), T0 + 1), (order("o2"), T0 + 2))
    few = await FactReader(ledger).history("c1")
    threads: list[int] = []

    def noted(body: bytes) -> AnyFact:
        threads.append(threading.get_ident())
        return decode_stored(body)

    monkeypatch.setattr(fact_reader, "decode_stored", noted)
    assert await FactReader(ledger).history("c1") == few
    assert {*threads} == {threading.get_ident()}
    threads.clear()
    monkeypatch.setattr(fact_reader, "MANY_FACTS", 0)
    assert await FactReader(ledger).history("c1") == few
    assert len(threads) == 3
    assert threading.get_ident() not in threads


async def test_a_damaged_fact_among_many_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fact_reader, "MANY_FACTS", 0)
    ledger = MemoryLedger()
    row = FactRow(
        kind="order", key="o1", version=None, subjects=(("customer", "c1"),), body=b"{", at=T0
    )
    await ledger.record_facts([row])
    with pytest.raises(LookupError, match="order o1 cannot be read"):
        await FactReader(ledger).history("c1")
