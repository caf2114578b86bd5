"""The storefront shows products and prices, and logs customers in and out."""

import re
from collections.abc import AsyncIterator

import pytest

from support.demo_server import DemoClient, demo_client
from tactful.demo.catalogue import ARTICLES


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


SCARCE = re.compile(
    r"\b(left|last one|hurry|selling fast|almost gone|while stocks last)\b", re.IGNORECASE
)


def said_of_stock(page: str) -> str:
    """What the product page says about the number of pieces; nowhere else may it speak of it."""
    (said,) = re.findall(r'<span class="left[^>]*>([^<]*)</span>', page)
    rest = page.replace(f">{said}</span>", "")
    text = re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", rest, flags=re.DOTALL)
    assert SCARCE.search(text) is None, SCARCE.search(text)
    return str(said)


async def test_every_product_page_states_the_stock_that_was_reported(demo: DemoClient) -> None:
    for article in ARTICLES:
        for variant in article.variants:
            page = await demo.page(f"/shop/product/{article.id}?size={variant.size}")
            number = variant.stock
            assert said_of_stock(page) == (
                "In stock" if number > 4
                else f"Only {number} left" if number > 1
                else "The last one" if number == 1
                else f"None left in {variant.size}"
            )  # fmt: skip


async def test_the_stated_stock_follows_the_facts(demo: DemoClient) -> None:
    path = "/shop/product/aero-runner?size=44"
    for act, said in (("sell", "None left in 44"), ("restock", "In stock")):
        await demo.press(act, sku="RUN-44")
        assert said_of_stock(await demo.page(path)) == said
    assert "€129.00" in await demo.page(path)
    await demo.press("price", sku="RUN-44", amount=9950)
    assert "€99.50" in await demo.page(path)


async def test_an_open_page_is_told_price_and_stock_as_they_are_now(demo: DemoClient) -> None:
    path = "/shop/product/aero-runner/live?size=44"
    assert (await demo.http.get(path)).json()["left"] == "The last one"
    await demo.press("sell", sku="RUN-44")
    await demo.press("price", sku="RUN-44", amount=9950)
    now = (await demo.http.get(path)).json()
    assert (now["left"], now["bought"], now["gone"]) == ("None left in 44", False, ["44"])
    assert (now["price"], now["was"]) == ("€99.50", "€129.00")
    assert now["cents"] == 9950
    assert (await demo.http.get("/shop/product/none/live")).status_code == 404


async def test_a_customer_logs_in_and_out(demo: DemoClient) -> None:
    await demo.submit("/shop/login", customer="omar")
    assert "Hello, Omar" in await demo.page("/shop/account")
    assert "Cancel your membership" in await demo.page("/shop/account/cancel")
    await demo.submit("/shop/logout")
    assert "Who are you today?" in await demo.page("/shop/account")
    assert (await demo.submit("/shop/login", customer="nobody")).status_code == 404
