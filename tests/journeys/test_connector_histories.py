"""After any history, and any arrival of its deliveries, one comparison leaves the truth.

Deliveries arrive in any order and some of them twice; one in ten is lost. `TACTFUL_HISTORIES` is the
number of histories of each platform: 10,000 in the long form.
"""

import os
import random  # noqa: TID251 -- seeded
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from support import fake_medusa, fake_shopify, fake_woocommerce
from support.fake_medusa import FakeMedusa
from support.fake_shopify import FakeShopify
from support.fake_woocommerce import FakeWoocommerce
from support.inbox import NOW
from support.reconciled_shop import ReconciledShop
from tactful.connectors.connector import Connector
from tactful.connectors.shops.medusa import MEDUSA
from tactful.connectors.shops.shopify import SHOPIFY
from tactful.connectors.shops.woocommerce import WOOCOMMERCE

HISTORIES = int(os.environ.get("TACTFUL_HISTORIES", "150"))
LOST = 0.1
Platform = tuple[Connector, Callable[[int], Any], Callable[[Any], dict[str, Any]]]
PLATFORMS: dict[str, Platform] = {
    "woocommerce": (WOOCOMMERCE, FakeWoocommerce, fake_woocommerce.facts_of_shop),
    "medusa": (MEDUSA, FakeMedusa, fake_medusa.facts_of_shop),
    "shopify": (SHOPIFY, FakeShopify, fake_shopify.facts_of_shop),
}


def act(shop: Any, dice: random.Random) -> None:
    """Change one thing in a shop."""
    sold = [one for one, row in shop.products.items() if row.get("type") != "variable"]
    kind = dice.choice(ACTS) if sold else "add"
    ident = dice.choice(sold) if sold else 0
    order = dice.choice(sorted(shop.orders)) if shop.orders else 0
    price, count = dice.randint(100, 20_000), dice.randint(1, 3)
    match kind:
        case "add":
            shop.add_product(price, dice.randint(0, 9))
        case "parent" if isinstance(shop, FakeWoocommerce):
            parent = shop.add_parent()
            for _ in range(dice.randint(1, 2)):
                shop.add_product(price, dice.randint(0, 9), parent=parent)
        case "edit":
            # A parent is not sold, and its edits concern its variations.
            shop.edit(dice.choice(sorted(shop.products)))
        case "review" if (
            isinstance(shop, FakeWoocommerce) and not shop.products[ident]["parent_id"]
        ):
            shop.review(ident, count)
        case "edit review" if isinstance(shop, FakeWoocommerce) and shop.reviews:
            shop.edit_review(dice.choice(sorted(shop.reviews)))
        case "reprice":
            shop.reprice(ident, price)
        case "sell":
            shop.sell(ident, count)
        case "bin":
            shop.bin(ident)
        case "restore":
            shop.restore(ident)
        case "delete":
            shop.delete(ident)
        case "order":
            shop.order(ident)
        case "status" if order:
            shop.set_status(order, dice.choice(("processing", "completed", "cancelled")))
        case "refund" if order:
            left = 2 - sum(row for row in _refunded(shop, order))
            if left > 0 and shop.orders[order].get("status") != "cancelled":
                shop.refund(order, 1)


ACTS = (
    *("add", "parent", "reprice", "reprice", "sell", "sell", "bin", "restore", "delete"),
    *("order", "order", "status", "status", "refund"),
    *("edit", "edit", "review", "edit review", "edit review"),
)


def _refunded(shop: Any, order: int) -> tuple[int, ...]:
    found = facts_of(shop)[str(order)][1]
    return tuple(found)


def facts_of(shop: Any) -> dict[str, Any]:
    """Return the truth about a shop."""
    of = {fake: truth for _, fake, truth in PLATFORMS.values()}
    return of[type(shop)](shop)


async def history(name: str, number: int) -> ReconciledShop:
    """Return a shop with a history whose deliveries have arrived, without a comparison since."""
    connector, fake, _ = PLATFORMS[name]
    dice = random.Random(f"{name} {number}")
    one = ReconciledShop(fake(NOW // 1000), connector)
    for _ in range(dice.randint(0, 3)):
        one.shop.add_product(dice.randint(100, 20_000), dice.randint(0, 9))  # type: ignore[attr-defined]
    if dice.random() < 0.5:
        await one.reconciler.read_due()
    for _ in range(dice.randint(1, 12)):
        # Several changes may have the same stamp, which is in whole seconds.
        one.later(dice.choice((0, 0, 1, 40, 400)))
        act(one.shop, dice)
        if dice.random() < 0.1:
            await one.map_all()
    arriving = [sent for sent in one.shop.sent if dice.random() >= LOST]
    arriving += [sent for sent in arriving if dice.random() < 0.3]
    dice.shuffle(arriving)
    for sent in arriving:
        await one.deliver(sent)
        if dice.random() < 0.3:
            await one.map_all()
        if dice.random() < 0.3:
            one.later(1)
    await one.map_all()
    return one


@pytest.mark.parametrize("name", PLATFORMS)
async def test_old_deliveries_under_other_ids_bring_nothing_old_back(name: str) -> None:
    # About what the shop still has: a deletion has no stamp, so that an old payload after it counts.
    replayed = 0
    for number in range(HISTORIES):
        one = await history(name, number)
        one.later(2)
        one.reconciler.ask()
        await one.reconciler.read_due()
        truth = facts_of(one.shop)
        dice = random.Random(f"replay {name} {number}")
        old = [sent for sent in one.shop.sent if "delete" not in sent.topic]
        dice.shuffle(old)
        for count, sent in enumerate(old):
            one.later(dice.choice((0, 1, 3_000)))
            await one.deliver(structs.replace(sent, number=10_000 + count))
            await one.map_all()
            replayed += 1
            found = await one.facts()
            assert {name: found.get(name) for name in truth} == truth, (number, sent)
    assert replayed > HISTORIES


@pytest.mark.parametrize("name", PLATFORMS)
async def test_one_comparison_leaves_no_difference(name: str) -> None:
    differing = 0
    for number in range(HISTORIES):
        one = await history(name, number)
        truth = facts_of(one.shop)
        differing += await one.facts() != truth
        one.later(2)
        one.reconciler.ask()
        await one.reconciler.read_due()
        assert await one.facts() == truth, (name, number)
    # Events without content heal one another, so that Medusa differs least often.
    assert differing > HISTORIES // 40, "the control: without a comparison there are differences"
