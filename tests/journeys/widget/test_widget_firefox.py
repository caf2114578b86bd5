"""The same life in Firefox: its page cache, its policies, its fallback, and the card."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.browsers import Firefox, Tab
from support.storefront_pages import offer, until

from .conftest import CARD, PRODUCT

pytestmark = pytest.mark.browser

TEXT = (
    f"(() => {{ const host = {CARD}; const card = host?.shadowRoot.querySelector('.card');"
    " return card?.checkVisibility() ? card.innerText : null })()"
)
TAKE = f"{CARD}.shadowRoot.querySelector('button').click()"


@pytest.fixture
def tab(fox: Firefox) -> Iterator[Tab]:
    tab = fox.tab()
    fox.logs.clear()
    yield tab
    tab.close()
    assert [log["text"] for log in fox.logs if log["level"] == "error"] == []


def see(tab: Tab, text: str = "109.65") -> str:
    """Wait until the card says this; return all it says."""
    tab.wait_for(f"({TEXT})?.includes({text!r})")
    said: str = tab.evaluate(TEXT)
    return said


def gone(tab: Tab) -> None:
    """Wait until no card is to be seen."""
    tab.wait_for(f"({TEXT}) === null")


def test_an_offer_is_shown_accepted_and_told_to_the_shop(shop: Any, tab: Tab) -> None:
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    tab.evaluate("void tactful('on', 'accepted', ({detail}) => { window.taken = detail.token })")
    shop.offers.push(offer(disclosure="Set for you by software."))
    assert "Set for you by software." in see(tab)
    shop.offers.wait_for("seen")
    tab.evaluate(f"void {TAKE}")
    see(tab, "SAVE-15")
    assert tab.evaluate("taken") == "token-of-1"


def test_an_offer_is_withdrawn_at_once_and_resumed_after_a_reload(shop: Any, tab: Tab) -> None:
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    see(tab)
    tab.goto(shop.site + "/p/aero")
    see(tab)
    assert len(shop.offers.sessions) == 1
    shop.offers.withdraw("of-1")
    gone(tab)


def test_an_idle_page_stays_in_the_cache_and_comes_back_without_the_past(
    shop: Any, tab: Tab
) -> None:
    shop.offers.idle = 1
    shop.page("", tag="", path="/other")
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    until(lambda: not shop.offers.peers)
    tab.evaluate("void addEventListener('pageshow', (e) => { window.kept = e.persisted })")
    tab.goto(shop.site + "/other")
    tab.back()
    assert tab.wait_for("window.kept") is True
    shop.offers.wait_for("hello", 2)
    assert tab.evaluate(TEXT) is None
    shop.offers.push(offer())
    see(tab)


def test_a_page_with_an_offer_comes_back_without_the_past(shop: Any, tab: Tab) -> None:
    shop.page("", tag="", path="/other")
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    see(tab)
    tab.goto(shop.site + "/other")
    shop.offers.withdraw("of-1")
    tab.back()
    shop.offers.wait_for("hello", 2)
    gone(tab)


def test_two_tabs_are_one_session(shop: Any, fox: Firefox, tab: Tab) -> None:
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    other = fox.tab()
    other.goto(shop.site + "/p/aero")
    until(lambda: len(shop.offers.sessions["secret-s1"].peers) == 2)
    shop.offers.push(offer())
    see(other)
    other.evaluate(f"void {TAKE}")
    see(other, "SAVE-15")
    other.close()
    gone(tab)


def test_a_policy_with_nonces_and_trusted_types_is_no_obstacle(shop: Any, tab: Tab) -> None:
    socket = shop.origin.replace("http", "ws")
    policy = (
        "default-src 'none'; img-src 'self'; script-src 'nonce-abc' 'strict-dynamic'; style-src 'self';"
        f" connect-src {shop.origin} {socket}; require-trusted-types-for 'script'"
    )
    body = PRODUCT.replace("<script", '<script nonce="abc"')
    page = shop.page(
        body, tag=shop.tag('async nonce="abc"'), headers={"Content-Security-Policy": policy}
    )
    tab.goto(page)
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    see(tab)


def test_where_sockets_are_blocked_the_stream_serves(shop: Any, fox: Firefox) -> None:
    tab = fox.tab()
    shop.offers.sockets_allowed = False
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    until(lambda: [peer.kind for peer in shop.offers.peers] == ["stream"])
    shop.offers.push(offer())
    see(tab)
    tab.close()


def test_without_consent_there_is_no_connection_and_no_trace(shop: Any, tab: Tab) -> None:
    script = "<script>wp_has_consent = () => false</script>"
    tab.goto(shop.page(tag=script + shop.tag()))
    tab.wait_for("window.tactful?.version")
    tab.evaluate("new Promise((done) => setTimeout(done, 600))")
    assert shop.offers.hellos == 0
    assert tab.evaluate("sessionStorage.length + localStorage.length") == 0


def test_single_page_navigation_is_followed(shop: Any, tab: Tab) -> None:
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    tab.evaluate(
        "void (history.pushState({}, '', '/p/boot'),"
        "document.querySelector('[type=\"application/ld+json\"]').textContent ="
        " JSON.stringify({'@type': 'Product', sku: 'BOOT-42'}))"
    )
    assert shop.offers.wait_for("view", 2)[1]["sku"] == "BOOT-42"


def test_the_card_fits_narrow_and_right_to_left_pages(shop: Any, tab: Tab) -> None:
    tab.resize(320, 640)
    tab.goto(shop.page(html='lang="ar" dir="rtl"'))
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    see(tab)
    box = tab.evaluate(f"{CARD}.shadowRoot.querySelector('.card').getBoundingClientRect().toJSON()")
    assert box["left"] >= 0
    assert box["right"] <= 320
    assert box["bottom"] <= 640
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
