"""Signals that a shopper is about to leave: with a mouse, and with a finger."""

from typing import Any

import pytest
from playwright.sync_api import Page

from support.storefront_pages import until

from .conftest import PRODUCT

pytestmark = pytest.mark.browser

LONG = PRODUCT + '<p style="height:6000px">About the shoe.</p>'
TOUCH = "window.dispatchEvent(new Event('touchmove'))"
HIDE = """
  Object.defineProperty(document, 'hidden', {get: () => window.away, configurable: true});
  window.away = true; document.dispatchEvent(new Event('visibilitychange'))"""
OLD = "const real = performance.now.bind(performance); performance.now = () => real() + (window.ahead ?? 0);"

STANDSTILL = """(([now, date]) => { performance.now = () => now; Date.now = () => date })(
  [performance.now(), Date.now()])"""
"""What happens from now on is quick, however slow the machine is."""


def exits(shop: Any) -> int:
    return sum(message["kind"] == "exit" for message in shop.offers.messages("activity"))


def ready(shop: Any, tab: Page) -> None:
    tab.goto(shop.page(LONG))
    shop.offers.wait_for("view")


def scroll(tab: Page, *steps: int, touch: bool = True) -> None:
    """Scroll to each place in turn, as a quick finger does."""
    for step in steps:
        if touch:
            tab.evaluate(TOUCH)
        tab.evaluate(
            f"new Promise((done) => {{ scrollTo(0, {step}); requestAnimationFrame(done) }})"
        )


def test_a_quick_scroll_up_with_a_finger_is_a_way_out(shop: Any, tab: Page) -> None:
    ready(shop, tab)
    scroll(tab, 3000)
    tab.wait_for_timeout(500)
    tab.evaluate(STANDSTILL)
    scroll(tab, 2900, 2700, 2300)
    until(lambda: exits(shop) == 1)


def test_scrolling_down_slowly_or_without_a_finger_is_none(shop: Any, tab: Page) -> None:
    ready(shop, tab)
    scroll(tab, 1000, 3000, touch=False)
    scroll(tab, 2000, 1000, touch=False)  # a button "back to top"
    scroll(tab, 3000)
    for place in (2900, 2800, 2700, 2600):
        tab.wait_for_timeout(450)
        scroll(tab, place)
    tab.evaluate("tactful('cart', [{sku: 'A'}])")
    shop.offers.wait_for("cart")
    assert exits(shop) == 0


def test_the_way_back_within_an_app_is_one(shop: Any, tab: Page) -> None:
    ready(shop, tab)
    tab.evaluate("history.pushState({}, '', '/p/boot')")
    tab.evaluate(TOUCH)
    tab.evaluate("history.back()")
    until(lambda: exits(shop) == 1)


def test_a_jump_within_the_page_is_none(shop: Any, tab: Page) -> None:
    ready(shop, tab)
    tab.evaluate(TOUCH)
    tab.evaluate("location.hash = 'size'")
    tab.evaluate("history.back()")
    tab.evaluate("tactful('cart', [{sku: 'A'}])")
    shop.offers.wait_for("cart")
    assert exits(shop) == 0


@pytest.mark.parametrize(("dwelt", "count"), [(11_000, 1), (1_000, 0)])
def test_a_tab_that_is_hidden_after_a_while_is_one(
    shop: Any, tab: Page, dwelt: int, count: int
) -> None:
    ready(shop, tab)
    tab.evaluate(TOUCH)
    tab.evaluate(f"{OLD} window.ahead = {dwelt}; {HIDE}")
    until(lambda: any(one["kind"] == "hidden" for one in shop.offers.messages("activity")))
    assert exits(shop) == count


def test_a_tab_that_no_finger_touched_is_none(shop: Any, tab: Page) -> None:
    ready(shop, tab)
    tab.evaluate(f"{OLD} window.ahead = 20000; {HIDE}")
    until(lambda: any(one["kind"] == "hidden" for one in shop.offers.messages("activity")))
    assert exits(shop) == 0
