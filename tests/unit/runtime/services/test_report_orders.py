"""Reading of the orders of a report."""

from typing import Any

import pytest

from support.ledger_rows import T0, fact
from tactful.core.values.calendar import DAY
from tactful.measurement.unit_outcomes import Who
from tactful.runtime.services import report_orders
from tactful.runtime.services.report_orders import OrderReading, SaleHeads
from tactful.runtime.services.report_rows import Returns, TimeSpan
from tactful.runtime.services.report_units import KnownUnits
from tactful.stores.memory.ledger import MemoryLedger
from unit.runtime.services.test_report_service import CATALOGUE, sold

EVER = TimeSpan(0, T0 + 100 * DAY)


async def reading(*facts: Any) -> OrderReading:
    ledger = MemoryLedger()
    await ledger.open()
    await ledger.record_facts([*CATALOGUE, *facts])
    return OrderReading(ledger, "~{}".format, Returns(()))


def units() -> KnownUnits:
    """A guest, and a customer in a session."""
    made = KnownUnits()
    made.add([("s1", "s1", False), ("~c1", "s2", True)])
    made.close()
    return made


async def heads(*facts: Any, time: TimeSpan = EVER) -> SaleHeads:
    return await (await reading(*facts)).heads(time, units())


async def test_orders_of_units_are_kept_with_their_buyers() -> None:
    found = await heads(
        sold("o1", session="s1.3"),
        sold("o2", customer="c1"),
        sold("o3", session="s2", customer="c9"),
        sold("o4", session="s8", customer="c8"),
        sold("o5", session="s8"),
        sold("o6", customer="c8"),
    )
    assert {key: one.who for key, one in found.sales.items()} == {
        "o1": Who(None, "s1"),
        "o2": Who("~c1", None),
        "o3": Who("~c9", "s2"),
    }
    assert all(one.lines == () for one in found.sales.values())
    assert found.unlinked == 0


async def test_orders_of_nobody_are_counted() -> None:
    found = await heads(sold("o1"), sold("o2", status="cancelled"), sold("o3", paid=False))
    assert (found.sales, found.unlinked) == ({}, 1)


@pytest.mark.parametrize(
    "fields", [{"status": "cancelled"}, {"paid": False}], ids=["cancelled", "unpaid"]
)
async def test_what_is_no_sale_is_left_out(fields: dict[str, Any]) -> None:
    assert (await heads(sold("o1", session="s1", **fields))).sales == {}


async def test_an_order_that_is_gone_by_any_of_its_ids_is_left_out() -> None:
    found = await heads(
        sold("o1", session="s1"),
        sold("o2", session="s1", also=["cart-2"]),
        fact("gone", "order|o1||", of="order", order="o1"),
        fact("gone", "order|cart-2||", of="order", order="cart-2"),
        fact("gone", "price|X||", of="price", sku="X"),
    )
    assert found.sales == {}


async def test_an_order_that_was_reported_again_after_it_was_gone_is_a_sale() -> None:
    found = await heads(
        fact("gone", "order|o1||", of="order", order="o1"),
        sold("o1", session="s1", also=["cart-1"]),
    )
    assert [*found.sales] == ["o1"]
    assert found.also == {"o1": ("cart-1",)}


async def test_orders_outside_of_the_time_are_left_out() -> None:
    time = TimeSpan(T0, T0 + 2 * DAY)
    found = await heads(
        sold("o1", T0 - 1000, session="s1"),
        sold("o2", T0 + DAY, session="s1"),
        sold("o3", T0 + 2 * DAY, session="s1"),
        time=time,
    )
    assert [*found.sales] == ["o2"]


async def test_the_other_orders_of_a_linked_customer_are_found() -> None:
    found = await heads(
        sold("a1", customer="c9"),
        sold("a2", T0 + 200 * DAY, customer="c9"),
        sold("b1", session="s1", customer="c9"),
        sold("c1", customer="c8"),
    )
    assert {key: one.who for key, one in found.sales.items()} == {
        "a1": Who("~c9", None),
        "b1": Who("~c9", "s1"),
    }


async def test_only_wanted_orders_are_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_orders, "PAGE_FACTS", 1)
    made = await reading(*(sold(f"o{number}", session="s1") for number in range(4)))
    found = await made.heads(EVER, units())
    whole = await made.whole(found.sales, {"o1", "o3"})
    assert [(one.order, len(one.lines)) for one in whole] == [
        ("o0", 0), ("o1", 1), ("o2", 0), ("o3", 1),
    ]  # fmt: skip
    assert whole[1].lines[0].cost == 6000
