"""Prices on the card have the decimals of the server's table, whatever the browser thinks of them."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from support.browsers import Firefox
from support.storefront_pages import offer
from tactful.core.values.money import EXPONENTS

from .conftest import CARD

pytestmark = pytest.mark.browser

AMOUNT = 499_000
TEXT = f"{CARD}?.shadowRoot.querySelector('.now')?.textContent ?? ''"


def plain(text: str) -> tuple[str, int]:
    """Return the digits of a price, and how many of them are decimals."""
    decimals = re.search(r"\.(\d+)", text)
    return re.sub(r"\D", "", text), len(decimals[1]) if decimals else 0


@pytest.mark.parametrize("currency", ["HUF", "JPY", "KWD", "CLF", "IQD", "RSD", "EUR"])
def test_chromium_shows_the_price_that_was_sent(shop: Any, tab: Page, currency: str) -> None:
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    shop.offers.push(offer(price={"amount": AMOUNT, "currency": currency}, was=None))
    tab.wait_for_function(TEXT)
    assert plain(tab.evaluate(TEXT)) == (str(AMOUNT), EXPONENTS[currency])


@pytest.mark.parametrize("currency", ["HUF", "JPY", "KWD"])
def test_firefox_shows_the_price_that_was_sent(shop: Any, fox: Firefox, currency: str) -> None:
    tab = fox.tab()
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    shop.offers.push(offer(price={"amount": AMOUNT, "currency": currency}, was=None))
    tab.wait_for(TEXT)
    assert plain(tab.evaluate(TEXT)) == (str(AMOUNT), EXPONENTS[currency])
    tab.close()
