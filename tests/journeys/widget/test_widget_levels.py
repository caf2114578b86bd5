"""What the card says of an offer that comes off the order or off its shipping."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.storefront_pages import offer, until

from .test_widget_card import SHOE, Barriers, barriers, shoot  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser

Read = Callable[[Page], str | None]
OFF: dict[str, tuple[dict[str, Any], list[str]]] = {
    "order-share": ({"level": "order", "percent_bp": 1000}, ["-10%", "max. €50.00"]),
    "order-amount": ({"level": "order"}, ["-€50.00"]),
    "order-fine-share": ({"level": "order", "percent_bp": 1250}, ["-12.5%", "max. €50.00"]),
    "shipping-free": ({"level": "shipping", "percent_bp": 10000}, ["-100%", "max. €50.00"]),
    "shipping-amount": ({"level": "shipping"}, ["-€50.00"]),
}
NAMES = {
    "en": ("Your order", "Shipping"),
    "de": ("Ihre Bestellung", "Versand"),
    "fr": ("Votre commande", "Livraison"),
    "es": ("Tu pedido", "Envío"),
    "pl": ("Twoje zamówienie", "Dostawa"),
}


def push(shop: Any, **changes: Any) -> None:
    """Bring an offer with everything that an older client would show of it."""
    shop.offers.wait_for("view")
    shop.pages["/shoe.svg"] = (SHOE, {"Content-Type": "image/svg+xml"})
    limit = {"amount": 5000, "currency": "EUR"}
    shop.offers.push(
        offer(at_most=limit, message="For all of it.", image=f"{shop.site}/shoe.svg", **changes)
    )


@pytest.mark.parametrize("name", OFF)
def test_what_comes_off_is_said_and_no_price_of_the_item(
    shop: Any, tab: Page, card: Read, name: str
) -> None:
    changes, words = OFF[name]
    tab.goto(shop.page())
    push(shop, **changes)
    text = until(lambda: card(tab))
    shoot(tab, f"level-{name}")
    for word in [*words, "For all of it.", NAMES["en"][changes["level"] == "shipping"]]:
        assert word in text
    assert ("max." in text) == ("percent_bp" in changes)
    for other in ["109.65", "129.00", "15%", "Aero Runner"]:
        assert other not in text
    shadow = "document.querySelector('html > div').shadowRoot"
    assert tab.evaluate(f"{shadow}.querySelectorAll('s, img, a[href]').length") == 0
    tab.get_by_role("button", name="Take this offer").click()
    until(lambda: f"{words[0]} – Reserved: " in (card(tab) or ""))


@pytest.mark.parametrize("language", NAMES)
def test_every_language_has_a_word_for_the_order_and_for_shipping(
    shop: Any, tab: Page, card: Read, language: str
) -> None:
    tab.goto(shop.page(html=f'lang="{language}"'))
    push(shop, level="order", percent_bp=1000)
    assert NAMES[language][0] in until(lambda: card(tab))
    shop.offers.push(offer(id="of-2", level="shipping", at_most={"amount": 690, "currency": "EUR"}))
    shop.offers.withdraw("of-1")
    until(lambda: NAMES[language][1] in (card(tab) or ""))


def test_a_level_of_the_future_is_shown_as_the_price_that_it_is(
    shop: Any, tab: Page, card: Read
) -> None:
    tab.goto(shop.page())
    push(shop, level="constructor")
    text = until(lambda: card(tab))
    assert "€109.65" in text
    assert "Aero Runner" in text


def test_a_screen_reader_hears_what_comes_off(shop: Any, tab: Page) -> None:
    tab.goto(shop.page())
    push(shop, level="order", percent_bp=1000, disclosure="Made for you.")
    status = "document.querySelector('html > div')?.shadowRoot.querySelector('[role=status]')"
    tab.wait_for_function(f"{status}?.textContent")
    assert tab.evaluate(f"{status}.textContent") == "Your order: -10%. Made for you."


def test_such_a_card_has_no_barrier(shop: Any, tab: Page, barriers: Barriers) -> None:  # noqa: F811
    tab.goto(shop.page())
    push(shop, level="order", percent_bp=1000)
    expect(tab.get_by_role("button", name="Take this offer")).to_be_visible()
    assert barriers(tab) == []
