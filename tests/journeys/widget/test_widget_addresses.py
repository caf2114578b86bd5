"""What the server is told of a page beside its product: its address, its prices and their fall."""

from typing import Any

import pytest
from playwright.sync_api import Page

from support.storefront_pages import until

from .conftest import PRODUCT

pytestmark = pytest.mark.browser


def test_a_page_that_names_no_product_is_known_by_its_address(shop: Any, tab: Page) -> None:
    address = shop.page("<p>A lamp without markup.</p>", path="/lamps/pagoda")
    tab.goto(f"{address}?utm_source=mail&email=a%40b.example")
    (view,) = shop.offers.wait_for("view")
    assert "sku" not in view
    assert view["url"] == f"{address}?utm_source=mail"


def test_a_product_is_told_with_the_address_and_sources_that_disagree_leave_only_that(
    shop: Any, tab: Page
) -> None:
    tab.goto(shop.page())
    assert shop.offers.wait_for("view")[0]["url"].endswith("/p/aero")
    tab.goto(shop.page(PRODUCT + PRODUCT.replace("RUN-42", "X-1"), path="/p/two"))
    view = shop.offers.wait_for("view", 2)[1]
    assert (view.get("sku"), view["url"].endswith("/p/two")) == (None, True)


@pytest.mark.parametrize("kind", ["home", "category", "checkout", "account"])
def test_pages_of_other_kinds_are_not_looked_up(shop: Any, tab: Page, kind: str) -> None:
    tab.goto(shop.page("", tag=shop.tag(f'async data-page="{kind}"')))
    tab.wait_for_function("window.tactful?.version")
    tab.wait_for_timeout(2_000)
    assert shop.offers.messages("view") == []


def test_a_price_that_falls_is_told_once_more_and_one_that_rises_is_not(
    shop: Any, tab: Page
) -> None:
    tab.goto(shop.page())
    assert shop.offers.wait_for("view")[0]["price"]["amount"] == 12900
    change = "document.querySelector('[type*=ld]').textContent = '%s'"
    for price in ("149.00", "119.00"):
        tab.evaluate(
            change % PRODUCT[PRODUCT.index("{") : -9].replace("\n", "").replace("129.00", price)
        )
        tab.wait_for_timeout(600)
    until(lambda: len(shop.offers.messages("view")) == 2)
    assert shop.offers.messages("view")[1]["price"] == {"amount": 11900, "currency": "EUR"}


def test_currency_and_channel_of_the_page_are_told(shop: Any, tab: Page) -> None:
    tab.goto(shop.page(tag=shop.tag('async data-currency="CHF" data-channel="outlet"')))
    (hello,) = shop.offers.wait_for("hello")
    assert (hello["currency"], hello["channel"]) == ("CHF", "outlet")


def test_shopify_says_in_which_currency_it_shows_prices(shop: Any, tab: Page) -> None:
    shop.pages["/cart.js"] = '{"items": []}'
    shopify = "<script>Shopify = {currency: {active: 'SEK'}, routes: {root: '/'}}</script>"
    tab.goto(shop.page(head=shopify))
    assert shop.offers.wait_for("hello")[0]["currency"] == "SEK"
