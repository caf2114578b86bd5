"""Cart, checkout and payment of the demo shop, against the running server."""

from collections.abc import AsyncIterator

import pytest

from support.demo_server import DemoClient, demo_client


@pytest.fixture
async def demo() -> AsyncIterator[DemoClient]:
    async with demo_client() as client:
        yield client


async def test_the_cart_is_bought_and_reported_as_an_order(demo: DemoClient) -> None:
    await demo.submit("/shop/login", customer="nadia")
    await demo.submit("/shop/cart", sku="RUN-44", qty="1", add="1")
    assert "€129.00" in await demo.page("/shop/cart")
    assert "12 Harbour Street" in await demo.page("/shop/checkout")
    answer = await demo.submit("/shop/checkout/payment")
    assert "Thank you" in answer.text
    assert (await demo.state(sku="RUN-44"))["item"]["stock"] == 0
    stored = await demo.server.demo_shop.shop.ledger.facts_about([("customer", "nadia")], ["order"])
    assert b'"RUN-44"' in stored[0].body
    assert "Sold out" in await demo.page("/shop/product/aero-runner?size=44")


async def test_an_item_that_is_sold_out_meanwhile_is_not_bought(demo: DemoClient) -> None:
    await demo.submit("/shop/cart", sku="RUN-44", qty="1", add="1")
    await demo.press("sell", sku="RUN-44")
    answer = await demo.submit("/shop/checkout/payment")
    assert "We are sorry: Velo Aero Runner, 44, is sold out." in answer.text


@pytest.mark.parametrize("path", ["/shop/checkout", "/shop/checkout/payment"])
async def test_an_empty_cart_is_not_checked_out(demo: DemoClient, path: str) -> None:
    assert "It is empty." in await demo.page(path)


@pytest.mark.parametrize(
    "wrong",
    [{"sku": "NO-1", "qty": "1"}, {"sku": "RUN-42", "qty": "²"}, {"sku": "RUN-42", "qty": "-1"}],
)
async def test_a_cart_line_with_a_wrong_sku_or_quantity_is_refused(
    demo: DemoClient, wrong: dict[str, str]
) -> None:
    assert (await demo.submit("/shop/cart", **wrong)).status_code == 422


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
async def test_a_token_that_tactful_did_not_sign_changes_no_price(
    demo: DemoClient, token: str
) -> None:
    assert (await demo.submit("/shop/cart/offer", token=token)).status_code == 422
    assert "It is empty." in await demo.page("/shop/cart")
