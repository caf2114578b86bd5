"""Deliveries that arrive in any order, and twice, leave the facts of the latest state.

An old payload under another id is no repetition for the inbox. It brings nothing old back either.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.deliveries import TERMS, facts_of, mapped, read_payload
from tactful.connectors.connector import Connector
from tactful.connectors.shops.shopify import SHOPIFY
from tactful.connectors.shops.woocommerce import WOOCOMMERCE
from tactful.core.facts.fact_types import AnyFact, Stock, key_of, kind_of
from tactful.core.values.calendar import format_rfc3339
from tactful.runtime.services.ingest import fact_row
from tactful.stores.memory.ledger import MemoryLedger

T0 = 1_773_144_000_000
State = tuple[int, int, int]
"""(price in minor units, index of the status of the order, units in stock)."""


def woocommerce(second: int, state: State) -> list[tuple[str, dict[str, Any]]]:
    stamp = format_rfc3339(T0 + second * 1000).removesuffix("Z")
    price, status = f"{state[0] / 100:.2f}", ("pending", "processing", "completed")[state[1]]
    product = read_payload("shops/woocommerce", "webhook.product.updated.out_of_stock")["body"]
    order = read_payload("shops/woocommerce", "webhook.order.updated.processing")["body"]
    changed = {
        "price": price, "regular_price": price, "stock_quantity": state[2], "manage_stock": True,
        "date_modified_gmt": stamp,
    }  # fmt: skip
    return [
        ("product.updated", {**product, **changed}),
        ("order.updated", {**order, "status": status, "date_modified_gmt": stamp}),
    ]


def shopify(second: int, state: State) -> list[tuple[str, dict[str, Any]]]:
    stamp = format_rfc3339(T0 + second * 1000)
    product, order = (read_payload("shops/shopify", name) for name in ("product", "order"))
    variants = [
        {**one, "price": f"{state[0] / 100:.2f}", "inventory_quantity": state[2]}
        | {"updated_at": stamp}
        for one in product["variants"]
    ]
    paid, sent = (("pending", None), ("paid", None), ("paid", "fulfilled"))[state[1]]
    changed = {"financial_status": paid, "fulfillment_status": sent, "updated_at": stamp}
    return [
        ("products/update", {**product, "variants": variants, "updated_at": stamp}),
        ("orders/updated", {**order, **changed}),
    ]


PLATFORMS: Mapping[
    str, tuple[Connector, Callable[[int, State], list[tuple[str, dict[str, Any]]]]]
] = {
    "woocommerce": (WOOCOMMERCE, woocommerce),
    "shopify": (SHOPIFY, shopify),
}
STATES = st.tuples(st.integers(1, 99_999), st.integers(0, 2), st.integers(0, 50))
HISTORIES = st.lists(STATES, min_size=1, max_size=5)


def stamped(connector: Connector, topic: str, body: dict[str, Any]) -> list[AnyFact]:
    found = facts_of(mapped(connector, topic, body, TERMS))
    assert topic.startswith("order") or any(isinstance(fact, Stock) for fact in found)
    return found


@pytest.mark.parametrize("name", PLATFORMS)
@given(history=HISTORIES, data=st.data())
async def test_any_order_of_arrival_leaves_the_latest_state(
    name: str, history: list[State], data: st.DataObject
) -> None:
    connector, payloads_of = PLATFORMS[name]
    sent = [one for second, state in enumerate(history) for one in payloads_of(second, state)]
    arrived = data.draw(st.permutations([*sent, *sent]))
    ledger = MemoryLedger()
    for topic, body in arrived:
        rows = [fact_row(fact, T0) for fact in stamped(connector, topic, body)]
        await ledger.record_facts(rows)
    latest = payloads_of(len(history) - 1, history[-1])
    for fact in (fact for topic, body in latest for fact in stamped(connector, topic, body)):
        versions = await ledger.fact_versions(kind_of(fact), key_of(fact, ""))
        assert versions[-1].body == fact_row(fact, T0).body
