"""Cart, checkout and payment of the demo shop, against the running server."""

from collections.abc import AsyncIterator

import pytest

from support.demo_server import DemoClient, demo_client


@pytest.fixture
async def home() -> AsyncIterator[DemoClient]:
    async with demo_client() as one:
        yield one


async def test_what_is_in_the_cart_is_bought_and_the_shop_hears_of_it(home: DemoClient) -> None:
    await home.submit("/shop/login", customer="nadia")
    await home.submit("/shop/cart", sku="RUN-44", qty="1", add="1")
    assert "€129.00" in await home.page("/shop/cart")
    assert "12 Harbour Street" in await home.page("/shop/checkout")
    answer = await home.submit("/shop/checkout/payment")
    assert "Thank you" in answer.text
    assert (await home.state(sku="RUN-44"))["item"]["stock"] == 0
    stored = await home.demo.demo_shop.shop.ledger.facts_about([("customer", "nadia")], ["order"])
    assert b'"RUN-44"' in stored[0].body
    assert "Sold out" in await home.page("/shop/product/aero-runner?size=44")


async def test_what_is_sold_out_meanwhile_is_not_bought(home: DemoClient) -> None:
    await home.submit("/shop/cart", sku="RUN-44", qty="1", add="1")
    await home.press("sell", sku="RUN-44")
    answer = await home.submit("/shop/checkout/payment")
    assert "We are sorry: Velo Aero Runner, 44, is sold out." in answer.text


@pytest.mark.parametrize("path", ["/shop/checkout", "/shop/checkout/payment"])
async def test_an_empty_cart_is_not_checked_out(home: DemoClient, path: str) -> None:
    assert "It is empty." in await home.page(path)


@pytest.mark.parametrize(
    "wrong",
    [{"sku": "NO-1", "qty": "1"}, {"sku": "RUN-42", "qty": "²"}, {"sku": "RUN-42", "qty": "-1"}],
)
async def test_a_line_that_makes_no_sense_is_refused(
    home: DemoClient, wrong: dict[str, str]
) -> None:
    assert (await home.submit("/shop/cart", **wrong)).status_code == 422


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
async def test_a_token_that_tactful_did_not_sign_changes_no_price(
    home: DemoClient, token: str
) -> None:
    assert (await home.submit("/shop/cart/offer", token=token)).status_code == 422
    assert "It is empty." in await home.page("/shop/cart")


async def test_a_form_from_elsewhere_is_refused(home: DemoClient) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
        answer = await home.http.post("/shop/login", data={"customer": "omar"}, headers=headers)
        assert answer.status_code == 403
    assert "Who are you today?" in await home.page("/shop/account")
