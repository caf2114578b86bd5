"""Which instant of a fact counts, and which facts may follow an erasure."""

from typing import Any

import msgspec
import pytest

from journeys.fixture import case, order
from tactful.core.facts.fact_codec import decode
from tactful.core.facts.fact_types import AnyFact
from tactful.core.facts.own_instant import may_follow_erasure, own_instant
from tactful.core.values.calendar import DAY

NOON = 1_773_144_000_000
"""2026-03-10T12:00:00Z"""
AT = "2026-03-10T12:00:00Z"
LATER = "2026-03-11T12:00:00Z"


def fact(body: dict[str, Any]) -> AnyFact:
    read = decode(msgspec.json.encode(body))
    assert not hasattr(read, "code"), read
    return read


def customer(**more: Any) -> dict[str, Any]:
    return {"type": "customer", "customer": "c1", **more}


def sent_back(**more: Any) -> dict[str, Any]:
    line = {"sku": "A", "qty": 1, "reason": "fit"}
    return {"type": "return", "return": "r1", "customer": "c1", "status": "received",
            "lines": [line], **more}  # fmt: skip


def review(**more: Any) -> dict[str, Any]:
    return {"type": "review", "review": "v1", "customer": "c1", "sku": "A", "rating": 5, **more}


@pytest.mark.parametrize(
    ("body", "instant"),
    [
        ({**order("o1", "c1", "A"), "placed_at": AT, "delivered_at": None}, NOON),
        ({**order("o1", "c1", "A"), "placed_at": AT, "delivered_at": None, "version": LATER}, NOON),
        ({**case("k1", "c1", "defect"), "opened_at": AT, "version": LATER}, NOON),
        (sent_back(at=AT), NOON),
        (review(at=AT), NOON),
        (customer(), None),
        (customer(version=7), None),
        (customer(version=AT), NOON),
    ],
)
def test_the_own_instant_comes_before_the_version(body: dict[str, Any], instant: int) -> None:
    assert own_instant(fact(body)) == instant


def test_a_fact_may_follow_an_erasure_if_it_happened_later_or_the_id_began_anew() -> None:
    placed = fact({**order("o1", "c1", "A"), "placed_at": AT, "delivered_at": None})
    undated = fact(customer(version=7))
    assert not may_follow_erasure(placed, NOON, None)
    assert not may_follow_erasure(placed, NOON, NOON + DAY)
    assert may_follow_erasure(placed, NOON - 1, None)
    assert not may_follow_erasure(undated, NOON, None)
    assert may_follow_erasure(undated, NOON, NOON + DAY)
