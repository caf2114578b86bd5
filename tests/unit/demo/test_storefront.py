"""The storefront shows products and prices, and logs customers in and out."""

from collections.abc import AsyncIterator

import pytest

from support.demo_server import DemoClient, demo_client
from tactful.demo.catalogue import BY_ID
from tactful.demo.storefront import structured_data


@pytest.fixture
async def demo() -> AsyncIterator[DemoClient]:
    async with demo_client() as client:
        yield client


async def test_an_unknown_page_is_answered_by_a_page_of_the_shop(demo: DemoClient) -> None:
    for path in ("/shop/product/none", "/shop/category/none", "/shop/anything"):
        answer = await demo.http.get(path)
        assert answer.status_code == 404
        assert "There is nothing here" in answer.text
    for path in ("/shop/pictures/..%2frunning.py", "/demo/static/none.js", "/shop/pictures/x.py"):
        assert (await demo.http.get(path)).status_code == 404


async def test_a_product_page_shows_the_chosen_size_and_its_stock(demo: DemoClient) -> None:
    page = await demo.page("/shop/product/aero-runner?size=44")
    assert "The last one" in page
    assert "€129.00" in page
    assert 'data-sku="RUN-44"' in page
    assert 'data-sku="RUN-43"' in await demo.page("/shop/product/aero-runner?size=none")


async def test_a_customer_logs_in_and_out(demo: DemoClient) -> None:
    await demo.submit("/shop/login", customer="omar")
    assert "Hello, Omar" in await demo.page("/shop/account")
    assert "Cancel your membership" in await demo.page("/shop/account/cancel")
    await demo.submit("/shop/logout")
    assert "Who are you today?" in await demo.page("/shop/account")
    assert (await demo.submit("/shop/login", customer="nobody")).status_code == 404


def test_structured_data_names_sku_price_and_availability() -> None:
    article = BY_ID["aero-runner"]
    sku = article.variants[0].sku
    data = structured_data(article, article.variants[0], {sku: 9905}, {sku: 0}, "http://x/")
    assert (data["sku"], data["offers"]["price"]) == (sku, "99.05")
    assert data["offers"]["availability"].endswith("/OutOfStock")
    assert data["image"] == f"http://x/shop/pictures/{article.id}.svg"
