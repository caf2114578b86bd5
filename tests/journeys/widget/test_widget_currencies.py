"""Prices on the card have the decimals of the server's table, whatever the browser thinks of them."""

import re
from collections.abc import Callable
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


def shown_prices(
    shop: Any, wait: Callable[[str], object], read: Callable[[str], str]
) -> dict[str, tuple[str, int]]:
    """Show the same number of minor units in every currency; return what the card says of each."""
    shown, before = {}, None
    for code in EXPONENTS:
        one = offer(
            id=f"of-{code}",
            title=f"Item in {code}",
            price={"amount": AMOUNT, "currency": code},
            was=None,
        )
        shop.offers.push(one, replaces=before)
        wait(f"({CARD}?.shadowRoot.textContent ?? '').includes('Item in {code}')")
        shown[code] = plain(read(TEXT))
        before = one["id"]
    return shown


EVERY_PRICE = {code: (str(AMOUNT), exponent) for code, exponent in EXPONENTS.items()}


def test_chromium_shows_the_price_that_was_sent_in_every_currency(shop: Any, tab: Page) -> None:
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    assert shown_prices(shop, tab.wait_for_function, tab.evaluate) == EVERY_PRICE


def test_firefox_shows_the_price_that_was_sent_in_every_currency(shop: Any, fox: Firefox) -> None:
    tab = fox.tab()
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    assert shown_prices(shop, tab.wait_for, tab.evaluate) == EVERY_PRICE
    tab.close()
