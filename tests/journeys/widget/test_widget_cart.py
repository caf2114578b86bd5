"""The card of an accepted offer: what the page's cart answered, codes, and the session's reference."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.browsers import Firefox
from support.storefront_pages import offer, until

from .conftest import CARD, PRODUCT

pytestmark = pytest.mark.browser

Read = Callable[[Page], str | None]
ANSWER = """
<script>
  window.tactful = window.tactful || function () { (tactful.q = tactful.q || []).push(arguments); };
  window.told = [];
  tactful('on', 'accepted', ({ detail }) => {
    told.push([detail.token, detail.offer.sku, detail.code]);
    %s
  });
</script>"""
IN_CART = "detail.inCart(Promise.resolve({ url: '/cart' }));"
SECOND_TIME = (
    "detail.inCart(Promise.resolve(told.length > 1 ? {} : { failed: 'Only two are left.' }));"
)
TEXT = f"{CARD}?.shadowRoot.querySelector('.card')?.innerText ?? ''"


def take(shop: Any, tab: Page, card: Read, answer: str = "", code: str | None = None) -> None:
    """Accept an offer on a page whose cart answers so."""
    shop.offers.code = code
    tab.goto(shop.page(PRODUCT, head=ANSWER % answer))
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    tab.get_by_role("button", name="Take this offer").click()
    until(lambda: "Reserved: 29:5" in (card(tab) or ""))


def announced(tab: Page) -> str:
    """What screen readers are told."""
    said: str = tab.evaluate(f"{CARD}.shadowRoot.querySelector('[role=status]').textContent")
    return said


def test_what_the_page_has_put_into_its_cart_is_said_to_be_there(
    shop: Any, tab: Page, card: Read
) -> None:
    take(shop, tab, card, IN_CART)
    until(lambda: "It is in your cart now." in (card(tab) or ""))
    link = tab.get_by_role("link", name="View cart")
    expect(link).to_have_attribute("href", f"{shop.site}/cart")
    until(lambda: "It is in your cart now." in announced(tab))
    assert tab.evaluate("told") == [["token-of-1", "RUN-42", None]]


def test_a_page_that_answers_nothing_leaves_it_to_the_checkout(
    shop: Any, tab: Page, card: Read
) -> None:
    take(shop, tab, card)
    assert "The price is applied at the checkout." in (card(tab) or "")
    assert "cart" not in (card(tab) or "")


def test_an_error_of_the_cart_is_told_and_can_be_tried_again(
    shop: Any, tab: Page, card: Read
) -> None:
    take(shop, tab, card, SECOND_TIME)
    until(lambda: "Only two are left." in (card(tab) or ""))
    until(lambda: "Only two are left." in announced(tab))
    tab.get_by_role("button", name="Try again").click()
    until(lambda: "It is in your cart now." in (card(tab) or ""))
    assert "Only two are left." not in (card(tab) or "")
    told = tab.evaluate("told")
    assert told == [["token-of-1", "RUN-42", None]] * 2
    assert len(shop.offers.messages("accept")) == 1, "the server is asked once"


def test_an_exception_of_the_pages_cart_names_no_technical_text(
    shop: Any, tab: Page, card: Read
) -> None:
    fails = (
        "tactful('on', 'error', ({ detail }) => { window.fault = detail });"
        "detail.inCart(Promise.reject(new TypeError('x is undefined')));"
    )
    take(shop, tab, card, fails)
    until(lambda: "Your cart has not confirmed it." in (card(tab) or ""))
    assert "undefined" not in (card(tab) or "")
    said = "[fault.code, fault.offer, fault.error.message]"
    assert tab.evaluate(said) == ["cart.error", "of-1", "x is undefined"]


def test_a_cart_that_never_answers_can_be_asked_again(shop: Any, tab: Page, card: Read) -> None:
    take(shop, tab, card, "detail.inCart(new Promise(() => {}));")
    assert "at the checkout" not in (card(tab) or "")
    until(lambda: "Your cart has not confirmed it." in (card(tab) or ""))
    expect(tab.get_by_role("button", name="Try again")).to_be_visible()


def test_an_answer_to_an_earlier_question_does_not_count(shop: Any, tab: Page, card: Read) -> None:
    late = "detail.inCart(new Promise((done) => { (window.done ??= []).push(done) }));"
    take(shop, tab, card, late)
    until(lambda: "Your cart has not confirmed it." in (card(tab) or ""))
    tab.get_by_role("button", name="Try again").click()
    until(lambda: tab.evaluate("told.length") == 2)
    tab.evaluate("done[0]({ url: '/earlier' })")
    tab.evaluate("done[1]({ failed: 'Sold out.' })")
    until(lambda: "Sold out." in (card(tab) or ""))
    assert "in your cart now" not in (card(tab) or "")


def test_what_failed_can_be_tried_again_after_a_reload(shop: Any, tab: Page, card: Read) -> None:
    take(shop, tab, card, "detail.inCart(Promise.resolve({ failed: 'Sold out.' }));")
    until(lambda: "Sold out." in (card(tab) or ""))

    def again(session: Any, message: Any) -> None:
        session.seq += 1
        shop.offers._tell(
            session,
            {"t": "accepted", "seq": session.seq, "offer": "of-1", "token": "new", "hold": 1700},
        )

    shop.offers.on["view"] = again
    tab.goto(shop.page(PRODUCT, head=ANSWER % IN_CART))
    small = tab.get_by_role("button", name="Reserved")
    expect(small).to_be_visible()
    assert tab.evaluate("told") == [], "the page is told only when the shopper asks"
    small.focus()
    tab.keyboard.press("Enter")
    until(lambda: "Sold out." in (card(tab) or ""))
    tab.get_by_role("button", name="Try again").click()
    until(lambda: "It is in your cart now." in (card(tab) or ""))
    assert tab.evaluate("told[0][0]") == "new"


def test_a_code_can_be_copied(shop: Any, tab: Page, card: Read) -> None:
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=shop.site)
    take(shop, tab, card, code="SAVE-15")
    assert "Enter this code at the checkout." in (card(tab) or "")
    tab.get_by_role("button", name="Copy the code").click()
    expect(tab.get_by_role("button", name="Copied")).to_be_visible()
    assert tab.evaluate("navigator.clipboard.readText()") == "SAVE-15"


def test_a_code_is_selected_where_the_page_has_no_clipboard(
    shop: Any, tab: Page, card: Read
) -> None:
    take(shop, tab, card, code="SAVE-15")
    tab.evaluate("void (navigator.clipboard.writeText = () => Promise.reject(new Error('denied')))")
    tab.get_by_role("button", name="Copy the code").click()
    until(lambda: tab.evaluate("String(getSelection())") == "SAVE-15")


def test_a_page_that_applies_the_code_itself_asks_the_shopper_for_nothing(
    shop: Any, tab: Page, card: Read
) -> None:
    take(shop, tab, card, IN_CART, code="SAVE-15")
    until(lambda: "It is in your cart now." in (card(tab) or ""))
    assert "Enter this code" not in (card(tab) or "")


def test_without_the_part_the_last_word_is_true_and_the_page_may_answer(
    shop: Any, loose_tab: Page, card: Read
) -> None:
    shop.offers.files_gone.add("v0.1.0-extras.js")
    take(shop, loose_tab, card, IN_CART)
    assert "cart" not in (card(loose_tab) or "")
    assert loose_tab.evaluate("told.length") == 1


def test_the_page_can_read_the_sessions_reference_until_it_is_given_up(
    shop: Any, tab: Page
) -> None:
    listen = """<script>
      window.tactful = function () { (tactful.q = tactful.q || []).push(arguments); };
      window.told = [];
      tactful('on', 'session', ({ detail }) => told.push(detail.session ?? null));
    </script>"""
    tab.goto(shop.page(PRODUCT, head=listen))
    until(lambda: tab.evaluate("told.length"))
    (name,) = [session.name for session in shop.offers.sessions.values()]
    assert tab.evaluate("[tactful('session'), ...told]") == [name, name]
    late = "new Promise((done) => tactful('on', 'session', ({ detail }) => done(detail.session)))"
    assert tab.evaluate(late) == name
    tab.evaluate("tactful('consent', 'none')")
    until(lambda: tab.evaluate("told.length") == 2)
    assert tab.evaluate("[tactful('session') ?? null, told[1]]") == [None, None]


def test_firefox_says_what_is_in_the_cart_and_tries_again(shop: Any, fox: Firefox) -> None:
    tab = fox.tab()
    shop.offers.code = None
    tab.goto(shop.page(PRODUCT, head=ANSWER % SECOND_TIME))
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    assert tab.wait_for(f"({TEXT}).includes('Take this offer')")
    buttons = f"[...{CARD}.shadowRoot.querySelectorAll('button')]"
    tab.evaluate(f"{buttons}[0].click()")
    assert tab.wait_for(f"({TEXT}).includes('Only two are left.')")
    tab.evaluate(f"{buttons}.find((one) => one.textContent === 'Try again').click()")
    assert tab.wait_for(f"({TEXT}).includes('It is in your cart now.')")
    tab.close()
