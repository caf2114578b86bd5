"""Each planted cause of "nothing appears" is explained, with what the shop has to do."""

from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, cost, price, product, rules, stock
from support.live_server import live_server
from tactful.core.values.money import Money
from tactful.runtime.services.item_diagnosis import PageReport

SITE = "https://shop.example"
ITEM = [product("LAMP-1", "Lamp", None, "running"), price("LAMP-1", "DE", 12900, 9900)]
CAUSES: dict[str, tuple[str, list[dict[str, Any]], dict[str, Any], str]] = {
    "no product on the page": (rules(), CATALOGUE, {"url": f"{SITE}/x"}, "names no product"),
    "unknown sku": (rules(), CATALOGUE, {"sku": "NONE-1"}, "nothing about the SKU NONE-1"),
    "no price here": (
        rules(), CATALOGUE, {"sku": "RUN-42", "territory": "FR"},
        "RUN-42 has no price in FR. It has a price in: DE, GB, US-NY.",
    ),
    "no cost": (rules(), [*ITEM, stock("LAMP-1", "DE", 3)], {"sku": "LAMP-1"}, "has no cost in DE"),
    "no stock reported": (
        rules(), [*ITEM, *cost("LAMP-1", 100)], {"sku": "LAMP-1"}, "No stock of LAMP-1 is reported",
    ),
    "out of stock": (
        rules(), [*CATALOGUE, stock("RUN-42", "DE", 0)], {"sku": "RUN-42"}, "is out of stock in DE",
    ),
    "no rule": ("", CATALOGUE, {"sku": "RUN-42"}, "No rule is about RUN-42."),
    "condition": (rules(), CATALOGUE, {"sku": "BOOT-42"}, "(item.category is boots, required is item.category: {under: running})."),
    "the page is cheaper": (
        rules(), CATALOGUE, {"sku": "RUN-42", "price": Money(9900, "EUR")},
        "price.disagrees: the page shows 99.00 EUR",
    ),
    "gone": (
        rules(), [*CATALOGUE, {"type": "gone", "of": "product", "sku": "RUN-42"}],
        {"sku": "RUN-42"}, "reported as gone",
    ),
}  # fmt: skip


@pytest.mark.parametrize("cause", CAUSES)
async def test_each_planted_cause_is_explained(tmp_path: Path, cause: str) -> None:
    rulebook, facts, page, expected = CAUSES[cause]
    async with live_server(tmp_path, rulebook) as one:
        await one.facts(*facts)
        report = PageReport(**{"territory": "DE", **page})
        found = await one.parts.shop.diagnoses.diagnose(report)
        assert expected in " ".join(found.advice)


async def test_a_page_of_no_territory_is_told_to_name_one(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        found = await one.parts.shop.diagnoses.diagnose(PageReport(sku="RUN-42"))
        assert "Set data-territory" in found.advice[0]
        assert (found.price, found.has_cost, found.available) == (None, False, None)


@pytest.mark.parametrize("shown", [Money(12900, "EUR"), Money(99, "USD"), Money(10840, "EUR")])
async def test_a_price_of_the_page_that_is_no_lower_or_elsewhere_is_no_cause(
    tmp_path: Path, shown: Money
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        report = PageReport(sku="RUN-42", territory="DE", price=shown)
        assert (await one.parts.shop.diagnoses.diagnose(report)).advice == ()


async def test_a_session_that_has_to_wait_is_told_what_comes_after_the_wait(
    tmp_path: Path,
) -> None:
    held_out = rules().replace("holdout: 0%", "holdout: 100%")
    for text, advices in ((held_out, 2), (rules(), 1)):
        async with live_server(tmp_path / str(advices), text) as one:
            await one.facts(*CATALOGUE)
            mia = await one.shopper()
            await mia.say("view", sku="RUN-42")
            found = await one.parts.shop.diagnoses.diagnose(
                PageReport(sku="RUN-42", territory="DE", session=mia.session)
            )
            assert "withheld because of timing.wait" in found.advice[0]
            assert len(found.advice) == advices
            assert advices == 1 or "held_out because of holdout" in found.advice[1]
