"""Dialogues of the shop: a closed one hides nothing, an open one hides the card and is named."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from support.browsers import Firefox
from support.storefront_pages import offer, until

from .conftest import CARD, PRODUCT

pytestmark = pytest.mark.browser

Read = Callable[[Page], str | None]
INNER = '<p>Your cart is empty</p><button type="button">Close</button>'
MODAL = 'role="dialog" aria-modal="true" id="cart" class="drawer"'
CLOSED = {
    "hidden with its parent": f'<div style="visibility:hidden;position:fixed"><div {MODAL}>{INNER}</div></div>',
    "not displayed": f'<div style="display:none"><div {MODAL}>{INNER}</div></div>',
    "hidden attribute": f"<div hidden><div {MODAL}>{INNER}</div></div>",
    "hidden from screen readers": f'<div {MODAL} aria-hidden="true"><div>{INNER}</div></div>',
    "transparent": f'<div style="opacity:0;position:fixed;inset:0"><div {MODAL}>{INNER}</div></div>',
    "beside the screen": f'<div {MODAL} style="position:fixed;inset:0 0 0 auto;width:20em;transform:translateX(100%)">{INNER}</div>',
    "far to the left": f'<div {MODAL} style="position:fixed;left:-9999px">{INNER}</div>',
    "scaled to nothing": f'<div {MODAL} style="position:fixed;inset:0;transform:scale(0)">{INNER}</div>',
    "clipped away": f'<div style="position:fixed;top:0;width:20em;height:0;overflow:hidden"><div {MODAL}>{INNER}</div></div>',
    "clip path": f'<div {MODAL} style="position:fixed;inset:0;clip-path:inset(50%)">{INNER}</div>',
    "inert": f"<div inert><div {MODAL}>{INNER}</div></div>",
    "empty": f"<div {MODAL}></div>",
    "never opened": "<dialog>Size guide</dialog>",
}
OPEN = {
    "over everything": f'<div {MODAL} style="position:fixed;inset:0;background:#fff">{INNER}</div>',
    "drawer": f'<div {MODAL} style="position:fixed;inset:0 0 0 auto;width:20em">{INNER}</div>',
    "without a size of its own": f'<div {MODAL} style="position:relative"><div style="position:fixed;inset:20%">{INNER}</div></div>',
    "pointer reaches its content only": f'<div {MODAL} style="position:fixed;inset:0;pointer-events:none"><div style="pointer-events:auto;width:50%">{INNER}</div></div>',
    "longer than the screen": f'<div {MODAL} style="position:absolute;top:0;height:3000px;background:#fff">{INNER}</div>',
}  # fmt: skip
HIDDEN = "tactful('doctor').then((r) => r.advice.find((text) => text.includes('Open dialogue')))"


@pytest.mark.parametrize("name", CLOSED)
def test_a_closed_dialogue_hides_nothing(shop: Any, tab: Page, card: Read, name: str) -> None:
    tab.goto(shop.page(PRODUCT + CLOSED[name]))
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    until(lambda: card(tab))
    tab.evaluate("console.log = () => {}")
    assert tab.evaluate(HIDDEN) is None


@pytest.mark.parametrize("name", OPEN)
def test_an_open_dialogue_hides_the_card_and_is_named(
    shop: Any, tab: Page, card: Read, name: str
) -> None:
    tab.goto(shop.page(PRODUCT + OPEN[name]))
    shop.offers.wait_for("view")
    tab.evaluate("console.log = () => {}; tactful('on', 'offer', () => { window.offered = 1 })")
    shop.offers.push(offer())
    tab.wait_for_function("window.offered")
    assert card(tab) is None
    assert tab.evaluate(HIDDEN) == "Open dialogue: cart"
    tab.evaluate("document.getElementById('cart').style.display = 'none'")
    until(lambda: card(tab))


def test_a_dialogue_that_opens_later_hides_the_card(shop: Any, tab: Page, card: Read) -> None:
    tab.goto(shop.page(PRODUCT + CLOSED["beside the screen"]))
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    until(lambda: card(tab))
    tab.evaluate("document.getElementById('cart').style.transform = 'none'")
    until(lambda: card(tab) is None)


def test_firefox_tells_closed_dialogues_from_open_ones(shop: Any, fox: Firefox) -> None:
    tab = fox.tab()
    shown = f"!!{CARD}?.shadowRoot.querySelector('.card')?.checkVisibility()"
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    for html in CLOSED.values():
        tab.goto(shop.page(PRODUCT + html, path="/p/closed"))
        tab.wait_for(shown)
    tab.goto(shop.page(PRODUCT + OPEN["drawer"], path="/p/open"))
    tab.wait_for("window.tactful?.version")
    until(lambda: tab.evaluate(HIDDEN) == "Open dialogue: cart")
    assert tab.evaluate(shown) is False
    tab.close()
