"""Frames reveal neither reasons nor identities nor remaining stock and budget."""

import json
import re
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import pytest

from journeys.fixture import case, money, order, price, product, stock
from support.live_server import EVERY_BYTE, LiveServer, Shopper, live_server
from tactful.core.verdicts.reasons import Reason

CANARIES = (
    "canary-case",
    "canary-order",
    "canary-customer",
    "canary-return",
    "canary-review",
    "canary-rule",
    "canary-owner",
    "canary-note",
    "canary-campaign",
    "canary-tier",
    "canary-location",
    "canary-other",
)
"""Planted in every text that a shopper must never read."""
NUMBERS = ("31337", "4242", "98765432")
"""Stock, net cost and budget."""

RULES = """
rules:
  - id: canary-rule
    owner: canary-owner@shop.example
    note: canary-note
    when:
      all:
        - item.category: {under: running}
    unless:
      - customer.tier: canary-tier
    offer:
      percent: 15%
      floor: {margin: 20%}
      message: "Only {offer.price} for {item.title}."
    campaign: canary-campaign
campaigns:
  canary-campaign: {budget: {EUR: 987654.32}}
"""


def facts() -> list[dict[str, Any]]:
    """Facts that contain the canaries."""
    return [
        product("RUN-42", "Aero", "Velo", "running", attributes={"margin": "canary-note"}),
        product("RUN-9", "Runner", "Velo", "running"),
        price("RUN-42", "DE", 12900, 9900),
        price("RUN-9", "DE", 12900, 9900),
        {"type": "cost", "sku": "RUN-42", "cost": money(4242)},
        {"type": "cost", "sku": "RUN-9", "cost": money(4242)},
        stock("RUN-42", "DE", 31337, location="canary-location"),
        stock("RUN-9", "DE", 31337),
        order("canary-order", "canary-customer", "RUN-9"),
        order("canary-order-2", "canary-other", "RUN-42"),
        {"type": "customer", "customer": "canary-customer", "tier": "canary-tier-2"},
        {
            "type": "return",
            "return": "canary-return",
            "order": "canary-order",
            "customer": "canary-customer",
            "at": "2025-02-01T00:00:00Z",
            "status": "received",
            "lines": [{"sku": "RUN-9", "qty": 1, "reason": "changed_mind"}],
        },
    ]


def scan(sent: list[bytes]) -> list[str]:
    """Canaries and reason codes in the frames that widgets received."""
    text = b"\n".join(sent).decode()
    codes = [rf'"{re.escape(reason.value)}"' for reason in Reason]
    numbers = [rf"(?<=[:,\[ ]){number}(?=[,}}\] ])" for number in NUMBERS]
    found = [pattern for pattern in codes + numbers if re.search(pattern, text)]
    return [word for word in CANARIES if word in text] + found


async def visitor(one: LiveServer) -> Shopper:
    return await one.shopper(consent="personal", identity=one.identity("canary-customer"))


async def test_no_frame_carries_confidential_values(tmp_path: Path) -> None:
    start = len(EVERY_BYTE)
    async with live_server(tmp_path, RULES) as one:
        await one.facts(*facts())
        shopper = await visitor(one)
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        await shopper.say("seen", offer=offer["id"])
        await one.facts(case("canary-case", "canary-customer", "defect", skus=["RUN-42"]))
        await shopper.expect("withdraw")
        await shopper.say("accept", offer=offer["id"])
        assert (await shopper.expect("refused"))["code"] == "ended"
        await shopper.view("RUN-9", 700)
        await shopper.say("accept", offer="of_somebody_elses")
        await shopper.say("logout")
        await shopper.say("identify", identity=one.identity("canary-other"))
        await shopper.view("RUN-9", 40)
    sent = EVERY_BYTE[start:]
    assert len(sent) > 10
    assert scan(sent) == []


def test_the_scan_finds_a_leaked_canary() -> None:
    assert scan([b'{"t":"withdraw","reason":"complaint.open","case":"canary-case-1"}']) == [
        "canary-case",
        '"complaint\\.open"',
    ]


def plain(frames: list[dict[str, Any]]) -> list[str]:
    """Frames without their random parts."""
    return [re.sub(r"(se|rs|of)_[A-Za-z0-9_-]+", "id", json.dumps(one)) for one in frames]


async def told(one: LiveServer, sku: str) -> list[str]:
    """All frames that a shopper receives who views an item for a while."""
    shopper = await visitor(one)
    await shopper.view(sku, 31)
    await shopper.say("activity", kind="input")
    await one.advance(60)
    await shopper.say("activity", kind="idle")
    return plain([shopper.welcome, *shopper.frames])


async def test_a_suppressed_item_and_an_unmatched_one_get_the_same_frames(tmp_path: Path) -> None:
    async with live_server(tmp_path, RULES) as one:
        await one.facts(*facts(), product("BOOT", "Boot", None, "boots"), price("BOOT", "DE", 9900))
        await one.facts(stock("BOOT", "DE", 5))
        await one.facts(case("canary-case", "canary-customer", "defect", skus=["RUN-42"]))
        assert await told(one, "RUN-42") == await told(one, "BOOT")


def area(ones: list[float], others: list[float]) -> float:
    """The probability that one of the first took longer than one of the others (AUC)."""
    ranked = sorted([(t, 1) for t in ones] + [(t, 0) for t in others])
    ranks = sum(place for place, (_, first) in enumerate(ranked, 1) if first)
    return (ranks - len(ones) * (len(ones) + 1) / 2) / (len(ones) * len(others))


@pytest.mark.slow
async def test_a_suppressed_item_and_an_unmatched_one_take_the_same_time(tmp_path: Path) -> None:
    """5,000 trials each, interleaved: timing the responses reveals nothing."""
    async with live_server(tmp_path, RULES) as one:
        await one.facts(*facts(), product("BOOT", "Boot", None, "boots"), price("BOOT", "DE", 9900))
        await one.facts(case("canary-case", "canary-customer", "defect", skus=["RUN-42"]))
        shopper = await visitor(one)
        spent: dict[str, list[float]] = {"RUN-42": [], "BOOT": []}
        for trial in range(10_000):
            sku = ("RUN-42", "BOOT")[trial % 2]
            started = perf_counter()
            await shopper.say("view", sku=sku)
            spent[sku].append(perf_counter() - started)
        suppressed, unmatched = spent["RUN-42"], spent["BOOT"]
        print(f"medians {median(suppressed):.6f} and {median(unmatched):.6f} s")
        print(f"AUC {area(suppressed, unmatched):.3f}")
        assert 0.48 <= area(suppressed, unmatched) <= 0.52
