"""The story begins in an unused shop, and its shoppers are visitors of their own."""

from collections.abc import AsyncIterator

import pytest

from support.demo_server import DemoClient, demo_client
from tactful.core.values.calendar import MINUTE
from tactful.demo.story import CAST, SCENES, SKU
from tactful.demo.visitors import AcceptedOffer


@pytest.fixture
async def demo() -> AsyncIterator[DemoClient]:
    async with demo_client() as client:
        yield client


async def test_the_first_page_says_what_it_is_and_names_the_scenes(demo: DemoClient) -> None:
    page = await demo.page("/")
    assert "Play the story" in page
    for title in SCENES:
        assert title in page
    assert "consent" not in page


async def test_each_shopper_has_a_login_and_a_cart_of_its_own(demo: DemoClient) -> None:
    begun = (await demo.press("story")).json()
    assert begun["sku"] == SKU
    assert list(begun["shoppers"]) == list(CAST)
    lotte, ravi = begun["shoppers"]["lotte"], begun["shoppers"]["ravi"]
    answer = await demo.http.get(lotte["product"])
    assert "set-cookie" not in answer.headers, "all frames share the cookies of the browser"
    assert '"consent": "personal"' in answer.text
    added = {"sku": SKU, "qty": "1", "add": "1"}
    answer = await demo.http.post(lotte["cart"], data=added)
    assert answer.url.query.startswith(b"as=")
    assert "Velo Aero Runner" in answer.text
    assert "It is empty." in await demo.page(ravi["cart"])


async def test_a_story_does_not_begin_in_a_shop_that_was_used(demo: DemoClient) -> None:
    assert (await demo.press("story")).json()["shoppers"]
    assert (await demo.press("story")).json() == {"shoppers": None}


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("clock", {"by": "10 s"}),
        ("pause", {"rule": "thank-you", "paused": True}),
        ("rules", {"name": "apology.yaml", "text": "rules: []"}),
    ],
)
async def test_a_shop_was_used_if_its_clock_or_its_rules_were_changed(
    demo: DemoClient, act: str, fields: dict[str, object]
) -> None:
    await demo.press(act, **fields)
    assert (await demo.press("story")).json() == {"shoppers": None}


async def test_there_is_no_receipt_of_a_session_that_redeemed_nothing(demo: DemoClient) -> None:
    answer = await demo.http.get("/demo/story/receipt", params={"session": "se_nobody"})
    assert (answer.status_code, answer.json()["code"]) == (404, "receipt.none")


async def test_another_site_cannot_begin_a_story(demo: DemoClient) -> None:
    answer = await demo.http.post("/demo/story", json={}, headers={"Origin": "null"})
    assert answer.status_code == 403


async def test_the_last_pair_is_reserved_for_the_shopper_whose_offer_is_accepted(
    demo: DemoClient,
) -> None:
    shoppers = (await demo.press("story")).json()["shoppers"]
    await demo.press("sell", sku=SKU, left=1)
    visitors = demo.server.demo_shop.visitors
    lotte, ravi = (
        visitors.get(shoppers[name]["product"].rpartition("=")[2]) for name in ("lotte", "ravi")
    )
    now = demo.server.demo_shop.clock.now()
    lotte.set_quantity(SKU, 1)
    lotte.accepted_offers[SKU] = AcceptedOffer("of_1", "token", 10_578, 1, now + MINUTE)
    assert "Reserved for another shopper" in await demo.page(shoppers["ravi"]["product"])
    assert "The last one" in await demo.page(shoppers["lotte"]["product"])
    ravi.set_quantity(SKU, 1)
    answer = await demo.http.post(shoppers["ravi"]["payment"], data={"pay": "1"})
    assert "is sold out" in answer.text
