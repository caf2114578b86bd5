"""The card's further rows: why this price, more time, vouchers, and what was reserved."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.browsers import Firefox
from support.storefront_pages import offer, until

from .conftest import CARD, PRODUCT

pytestmark = pytest.mark.browser

Read = Callable[[Page], str | None]
KINDS = [
    "price",
    "item",
    "stock",
    "browsing",
    "cart",
    "source",
    "account",
    "purchases",
    "area",
    "time",
    "earlier_offers",
    "voucher",
    "averages",
]


def shows(shop: Any, page: Page, card: Read, html: str = 'lang="en"', **changes: Any) -> str:
    """Bring an offer to the page; return what the card says."""
    page.goto(shop.page(html=html))
    shop.offers.wait_for("view")
    shop.offers.push(offer(**changes))
    return str(until(lambda: card(page)))


def reason(page: Page) -> list[str]:
    """Open "Why this price?" and read its list."""
    page.locator("summary").click()
    return page.locator("details li").all_inner_texts()


def test_why_this_price_names_the_kinds_of_inputs_and_nothing_else(
    shop: Any, tab: Page, card: Read
) -> None:
    shows(shop, tab, card, inputs=["price", "browsing", "complaint.open", "__proto__"])
    expect(tab.locator("summary")).to_have_text("Why this price?")
    assert reason(tab) == [
        "the shop’s own price and its limits",  # noqa: RUF001
        "what you did on these pages during this visit",
    ]
    assert "complaint" not in tab.content()


@pytest.mark.parametrize(
    "lang", ["en", "de", "fr", "es", "pl", "it", "nl", "pt", "sv", "da", "nb", "no"]
)
def test_every_kind_of_input_has_words_in_every_language(
    shop: Any, tab: Page, card: Read, lang: str
) -> None:
    shows(shop, tab, card, html=f'lang="{lang}"', inputs=KINDS)
    texts = reason(tab)
    assert len(set(texts)) == len(KINDS)
    assert not [text for text in texts if "undefined" in text or "input_" in text]


def test_a_card_without_known_inputs_has_no_question(shop: Any, tab: Page, card: Read) -> None:
    assert "Why this price?" not in shows(shop, tab, card, inputs=["shoe_size"])


def test_near_the_end_the_card_offers_more_time_and_the_server_gives_it(
    shop: Any, tab: Page, card: Read
) -> None:
    shop.offers.on["more_time"] = lambda session, message: shop.offers._tell(
        session,
        {"t": "extended", "offer": message["offer"], "ends_in": 600, "more_time": True},
    )
    assert "More time" in shows(shop, tab, card, ends_in=45, more_time=True)
    tab.get_by_role("button", name="More time").click()
    until(lambda: "Ends in 9:5" in (card(tab) or "") or "Ends in 10:00" in (card(tab) or ""))
    assert "More time" not in (card(tab) or ""), "the end is far away again"
    assert len(shop.offers.messages("more_time")) == 1
    assert len(shop.offers.messages("seen")) == 1, "it is the same offer"


def test_long_before_the_end_and_without_leave_there_is_no_button(
    shop: Any, tab: Page, card: Read
) -> None:
    assert "More time" not in shows(shop, tab, card, more_time=True)
    shop.offers.push(offer(id="of-2", ends_in=45), replaces="of-1")
    until(lambda: "Ends in 0:4" in (card(tab) or ""))
    assert "More time" not in (card(tab) or "")


def test_where_there_is_no_more_time_the_offer_stands_and_the_button_goes(
    shop: Any, tab: Page, card: Read
) -> None:
    shop.offers.on["more_time"] = lambda session, message: shop.offers._tell(
        session, {"t": "refused", "offer": message["offer"], "code": "time"}
    )
    shows(shop, tab, card, ends_in=45, more_time=True)
    tab.get_by_role("button", name="More time").click()
    until(lambda: "More time" not in (card(tab) or "More time"))
    assert "Take this offer" in (card(tab) or "")


def test_the_end_and_the_way_to_more_time_are_announced(shop: Any, tab: Page, card: Read) -> None:
    shows(shop, tab, card, ends_in=62, more_time=True)
    said = f"{CARD}.shadowRoot.querySelector('[role=status]').textContent"
    until(lambda: "This offer ends soon. More time" in tab.evaluate(said))
    assert "More time" in (card(tab) or "")


@pytest.mark.parametrize("quiet", [{"countdown": "none"}, {"voucher": True}])
def test_no_clock_is_shown_for_a_voucher_nor_where_the_shop_wants_none(
    shop: Any, tab: Page, card: Read, quiet: dict[str, Any]
) -> None:
    text = shows(shop, tab, card, **quiet)
    assert "Ends in" not in text
    assert tab.locator("[role=timer]").count() == 0
    assert ("Your voucher" in text) == ("voucher" in quiet)


def accepted(shop: Any, tab: Page, card: Read) -> None:
    """Accept the offer on the page."""
    shows(shop, tab, card)
    tab.get_by_role("button", name="Take this offer").click()
    until(lambda: "Reserved: 29:5" in (card(tab) or ""))


def test_the_last_message_says_where_the_price_is_applied(shop: Any, tab: Page, card: Read) -> None:
    accepted(shop, tab, card)
    assert "Enter this code at the checkout." in (card(tab) or "")
    assert "SAVE-15" in (card(tab) or "")


def test_what_was_reserved_can_be_opened_again(shop: Any, tab: Page, card: Read) -> None:
    accepted(shop, tab, card)
    tab.get_by_role("button", name="OK").click()
    small = tab.get_by_role("button", name="Reserved")
    expect(small).to_be_visible()
    assert "SAVE-15" not in (card(tab) or "")
    small.click()
    assert "SAVE-15" in (card(tab) or "")


def test_what_was_reserved_can_be_opened_on_the_next_page_and_not_at_the_checkout(
    shop: Any, tab: Page, card: Read
) -> None:
    accepted(shop, tab, card)
    told: list[Any] = []

    def again(session: Any, message: Any) -> None:
        told.append(message)
        session.seq += 1
        code = {"token": "token-of-1", "code": "SAVE-15", "hold": 1700}
        shop.offers._tell(session, {"t": "accepted", "seq": session.seq, "offer": "of-1", **code})

    shop.offers.on["view"] = again
    tab.goto(shop.page(PRODUCT.replace("RUN-42", "BOOT-42"), path="/p/boot"))
    expect(tab.get_by_role("button", name="Reserved")).to_be_visible()
    tab.get_by_role("button", name="Reserved").click()
    assert "SAVE-15" in (card(tab) or "")
    assert "109.65" in (card(tab) or "")
    tab.evaluate("history.pushState({}, '', '/checkout'); document.body.append('Pay')")
    until(lambda: card(tab) is None)


def test_a_refusal_of_everything_forgets_what_was_reserved(
    shop: Any, tab: Page, card: Read
) -> None:
    accepted(shop, tab, card)
    assert tab.evaluate("sessionStorage.length") == 2
    tab.evaluate("tactful('consent', 'none')")
    until(lambda: tab.evaluate("sessionStorage.length") == 0)


def test_firefox_shows_why_and_what_was_reserved(shop: Any, fox: Firefox) -> None:
    tab = fox.tab()
    root = f"{CARD}?.shadowRoot"
    tab.goto(shop.page(html='lang="de"'))
    shop.offers.wait_for("view")
    shop.offers.push(offer(inputs=["stock"], more_time=True, ends_in=50))
    text = f"{root}?.querySelector('.card')?.innerText ?? ''"
    assert tab.wait_for(f"({text}).includes('Warum dieser Preis?')")
    assert tab.wait_for(f"({text}).includes('Mehr Zeit')")
    tab.evaluate(f"{root}.querySelector('.row button').click()")
    assert tab.wait_for(f"({text}).includes('Geben Sie diesen Code an der Kasse ein.')")
    tab.close()
