"""Objections that an operator states end offers at once, and can be lifted."""

from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, rules
from support.live_server import LiveServer, live_server
from tactful.runtime.objections import (
    RefusedObjectionError,
    UnknownObjectionError,
    lift_objection,
    state_objection,
)

OF_THE_SHOP = {"type": "objection", "objection": "n-1", "customer": "c1", "skus": ["RUN-42"]}


@pytest.mark.parametrize(
    ("sku", "reason", "elsewhere"),
    [(None, "objection.shop", "objection.shop"), ("RUN-43", "objection.item", None)],
)
async def test_an_objection_ends_offers_at_once_until_it_is_lifted(
    tmp_path: Path, sku: str | None, reason: str, elsewhere: str | None
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shop = one.parts.shop
        shopper = await one.known("c1")
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        objection = await state_objection(shop, "c1", "Ada", sku=sku, days=7)
        assert (await shopper.expect("withdraw"))["offer"] == offer["id"]
        (latest, *_) = await one.decisions(offer=offer["id"])
        assert (latest["to"], latest["reason"]) == ("withdrawn", reason)
        assert await one.reason("RUN-42", shopper) == reason
        assert (await one.reason("TRAIL-42", shopper) == elsewhere) is (elsewhere is not None)
        await lift_objection(shop, "c1", objection, "Bo")
        assert await one.reason("RUN-42", shopper) != reason
        kept = await shop.ledger.operator_actions(customer="c1")
        what = "no offers" if sku is None else "not an item"
        assert [(act.who, act.subject, act.detail) for act in kept] == [
            ("Bo", objection, "objection lifted"),
            ("Ada", objection, f"{what} for 7 days"),
        ]


async def test_an_objection_ends_by_itself_and_can_then_not_be_lifted(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        objection = await state_objection(one.parts.shop, "c1", "Ada", days=1)
        shopper = await one.known("c1")
        assert await one.reason("RUN-42", shopper) == "objection.shop"
        await one.advance(24 * 60 * 60)
        assert await one.reason("RUN-42", shopper) != "objection.shop"
        await cannot_be_lifted(one, "c1", objection)


async def test_only_an_objection_of_this_customer_that_an_operator_stated_is_lifted(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(OF_THE_SHOP)
        await cannot_be_lifted(one, "c1", "n-1")
        own = await state_objection(one.parts.shop, "c1", "Ada")
        await cannot_be_lifted(one, "c2", own)
        await lift_objection(one.parts.shop, "c1", own, "Ada")
        await cannot_be_lifted(one, "c1", own)


async def cannot_be_lifted(one: LiveServer, customer: str, objection: str) -> None:
    with pytest.raises(UnknownObjectionError):
        await lift_objection(one.parts.shop, customer, objection, "Ada")


async def test_an_id_that_is_no_id_is_refused(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        with pytest.raises(RefusedObjectionError):
            await state_objection(one.parts.shop, "x" * 129, "Ada")
