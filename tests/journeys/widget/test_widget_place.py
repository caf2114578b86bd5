"""The card never covers what the page has fixed; where there is no room it waits, and doctor says so."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from support.browsers import Firefox
from support.storefront_pages import offer, until

from .conftest import CARD, PRODUCT

pytestmark = pytest.mark.browser

Read = Callable[[Page], str | None]
ADVICE = "(console.log = () => {}, tactful('doctor').then((report) => report.advice.join()))"
LONG = '<p style="height:2000px">About the shoe.</p>'
FIXED = "position:fixed;background:#fff;"
CHOICE = "<button style='position:absolute;bottom:8px;left:8px;right:8px'>Reject all</button>"
SHEET = f'<div id="pinned" style="{FIXED}inset:auto 0 0;height:60%">We use cookies. {CHOICE}</div>'
HIGH = SHEET.replace("60%", "75%")
BAR = f'<div id="pinned" style="{FIXED}inset:auto 0 0;height:72px"><button>Add</button></div>'
TALL = f'<div id="pinned" style="{FIXED}inset:auto 0 0;height:200px"><button>Add</button></div>'
WALL = f'<div id="pinned" style="{FIXED}inset:0">We use cookies. {CHOICE}</div>'
SIDE = f'<div id="pinned" style="{FIXED}inset:0 0 0 auto;width:60%">{CHOICE}</div>'
INSIDE = """<consent-banner></consent-banner><script>
  const root = document.querySelector('consent-banner').attachShadow({mode: 'open'});
  const sheet = document.createElement('div');
  sheet.style = 'position:fixed;inset:auto 0 0;height:75%;background:#fff';
  sheet.textContent = 'We use cookies.';
  root.append(sheet);
</script>"""
APPLICATION = f'<div style="{FIXED}inset:0;overflow:auto"><main>{PRODUCT}<h1>Shoe</h1></main></div>'
PHONE, SIDEWAYS = {"width": 390, "height": 700}, {"width": 844, "height": 390}


def push(shop: Any, tab: Page, body: str, size: Any) -> None:
    """Open a page of this size, bring an offer to it, and wait until it is known there."""
    tab.set_viewport_size(size)
    tab.goto(shop.page(PRODUCT + LONG + body))
    shop.offers.wait_for("view")
    tab.evaluate("tactful('on', 'offer', () => { window.offered = 1 })")
    shop.offers.push(offer(disclosure="This price was set for you automatically."))
    tab.wait_for_function("window.offered")


COVERS = f"""(() => {{ const card = {CARD}?.shadowRoot.querySelector('.card');
  if (!card?.checkVisibility()) return null;
  const a = card.getBoundingClientRect(), b = document.getElementById('pinned').getBoundingClientRect();
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom }})()"""


@pytest.mark.parametrize(
    ("body", "size"),
    [(HIGH, PHONE), (TALL, SIDEWAYS), (WALL, PHONE), (SIDE, PHONE), (INSIDE, PHONE)],
    ids=["high sheet", "sideways with a tall bar", "wall", "beside", "in a shadow root"],
)
def test_where_no_room_is_left_the_card_waits_and_the_doctor_says_so(
    shop: Any, tab: Page, card: Read, body: str, size: Any
) -> None:
    push(shop, tab, body, size)
    until(lambda: "No room: " in tab.evaluate(ADVICE))
    assert card(tab) is None
    assert shop.offers.messages("seen") == []
    tab.evaluate("document.querySelector('#pinned, consent-banner').remove()")
    until(lambda: card(tab))
    assert "No room: " not in tab.evaluate(ADVICE)
    shop.offers.wait_for("seen")


REJECT = """(() => { const button = [...document.querySelectorAll('button')].find(
  (one) => one.textContent === 'Reject all');
  const { left, top, width, height } = button.getBoundingClientRect();
  return document.elementFromPoint(left + width / 2, top + height / 2) === button })()"""


def test_a_choice_on_a_consent_sheet_can_be_tapped(shop: Any, tab: Page, card: Read) -> None:
    push(shop, tab, SHEET, PHONE)
    until(lambda: card(tab))
    assert tab.evaluate(REJECT)
    assert tab.evaluate(COVERS) is False, "it is above the sheet"


@pytest.mark.parametrize("size", [PHONE, {"width": 844, "height": 420}], ids=["phone", "sideways"])
def test_above_a_bar_there_is_room(shop: Any, tab: Page, card: Read, size: Any) -> None:
    push(shop, tab, BAR, size)
    until(lambda: card(tab))
    assert tab.evaluate(COVERS) is False


def test_a_sheet_that_opens_later_is_not_covered(shop: Any, tab: Page, card: Read) -> None:
    push(shop, tab, "", PHONE)
    until(lambda: card(tab))
    tab.evaluate(f"document.body.insertAdjacentHTML('beforeend', `{HIGH}`)")
    until(lambda: card(tab) is None)


def test_an_application_in_a_fixed_box_is_a_page_and_no_bar(
    shop: Any, tab: Page, card: Read
) -> None:
    tab.goto(shop.page(APPLICATION))
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    until(lambda: card(tab))


def test_firefox_covers_no_choice(shop: Any, fox: Firefox) -> None:
    tab = fox.tab()
    tab.resize(390, 700)
    tab.goto(shop.page(PRODUCT + LONG + HIGH))
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    until(lambda: "No room: " in tab.evaluate(ADVICE))
    tab.close()


def test_texts_have_their_own_language_and_direction(shop: Any, tab: Page, card: Read) -> None:
    tab.goto(shop.page(html='lang="ar" dir="rtl"'))
    shop.offers.wait_for("view")
    shop.offers.push(offer(title="حذاء", message="Still thinking?"))
    until(lambda: card(tab))
    root = f"{CARD}.shadowRoot"
    said = tab.evaluate(
        f"[...{root}.querySelectorAll('a, .head p, .now, button')].map((node) =>"
        " [node.closest('[lang]')?.lang ?? '', node.dir, getComputedStyle(node).direction])"
    )
    title, message, price, *buttons = said
    assert title == ["ar", "auto", "rtl"]
    assert message == ["ar", "auto", "ltr"]
    assert price[:2] == ["ar", "auto"]
    assert buttons
    assert {(lang, direction) for lang, _, direction in buttons} == {("", "ltr")}
    assert tab.evaluate(f"{CARD}.lang") == "en", "the card's own words are English"
