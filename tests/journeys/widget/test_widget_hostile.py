"""Strict policies, polluted globals and aggressive pages: the card works and the page is left alone."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from support.storefront_pages import offer, until

from .conftest import PRODUCT, quiet

pytestmark = pytest.mark.browser

Read = Callable[[Page], str | None]
TAKE = "Take this offer"


def shows(shop: Any, page: Page, card: Read) -> None:
    """Bring an offer to the page that is open and see it, accept it, and see the answer."""
    shop.offers.wait_for("view")
    shop.offers.push(offer(disclosure="Set for you by software."))
    button = page.get_by_role("button", name=TAKE)
    expect(button).to_be_visible()
    assert "Set for you by software." in (card(page) or "")
    button.click()
    until(lambda: "SAVE-15" in (card(page) or ""))


@pytest.mark.parametrize("embedder", ["", "require-corp"])
def test_a_policy_with_nonces_and_trusted_types_is_no_obstacle(
    shop: Any, tab: Page, card: Read, embedder: str
) -> None:
    socket = shop.origin.replace("http", "ws")
    policy = (
        "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; style-src 'self';"
        f" connect-src {shop.origin} {socket}; require-trusted-types-for 'script'"
    )
    headers = {"Content-Security-Policy": policy}
    if embedder:
        headers["Cross-Origin-Embedder-Policy"] = embedder
    body = PRODUCT.replace("<script", '<script nonce="abc"')
    tag = shop.tag('async nonce="abc"')
    tab.goto(shop.page(body, tag=tag, headers=headers))
    shows(shop, tab, card)


def test_the_doctor_says_what_a_policy_refuses(shop: Any, loose_tab: Page) -> None:
    policy = "default-src 'self' 'unsafe-inline'; script-src * 'unsafe-inline'"
    loose_tab.goto(shop.page(headers={"Content-Security-Policy": policy}))
    until(lambda: loose_tab.evaluate("tactful('doctor').then((r) => r.connection.failures)"))
    advice = " ".join(loose_tab.evaluate("tactful('doctor').then((r) => r.advice)"))
    assert "connect-src" in advice
    assert "TACTFUL_ORIGINS" in advice


def test_a_policy_against_sockets_leads_to_the_stream(
    shop: Any, loose_tab: Page, card: Read
) -> None:
    policy = f"connect-src {shop.origin}"
    loose_tab.goto(shop.page(headers={"Content-Security-Policy": policy}))
    shows(shop, loose_tab, card)
    until(lambda: [peer.kind for peer in shop.offers.peers] == ["stream"])


POLLUTION = {
    "object-prototype": """
        for (const key of ['once', 'signal', 'passive', 'capture', 'mode', 'resume', 'replaces',
          'identity', 'url', 'image', 'disclosure', 'kind', 'moment', 'detail', 'territory', 'was',
          'percent', 'code', 'threshold', 'attributeFilter', 'style', 'currency', 'signal'])
          Object.prototype[key] = 'polluted';
        Object.prototype.extend = function () {};""",
    "old-library": """
        Array.prototype.toJSON = String.prototype.toJSON = function () { return '[object]' };
        Array.from = () => [];
        Function.prototype.bind = function () { return this };
        Array.prototype.each = function () {}; Array.prototype.last = function () {};
        Element.prototype.hide = function () { this.style.display = 'none' };
        Element.prototype.show = function () {};
        document.getElementsByClassName = () => [];""",
    "globals": """
        var URL = 'overwritten', name = 'x', status = 1, event = {}, $ = 1, Event = null;
        var URLSearchParams = null, Headers = null, Map2 = 1, parent2 = 2, open = null;
        console.log = null; window.log = 1; var t = 5, e = 6, n = 7;""",
    "clobbered": "",
    "clocks": """
        Date.now = () => 42; window.requestIdleCallback = null;
        window.requestAnimationFrame = null;""",
}


@pytest.mark.parametrize("name", POLLUTION)
def test_polluted_pages_change_nothing(shop: Any, tab: Page, card: Read, name: str) -> None:
    clobber = '<img name="currentScript"><form id="tactful"></form><a id="tactfulSettings"></a>'
    body = PRODUCT + (clobber if name == "clobbered" else "")
    tab.goto(shop.page(body, tag=f"<script>{POLLUTION[name]}</script>" + shop.tag()))
    shop.offers.wait_for("hello")
    shows(shop, tab, card)
    if name == "old-library":
        tab.evaluate("tactful('cart', [{sku: 'SOCK-3', qty: 1}])")
        assert shop.offers.wait_for("cart")[0]["lines"] == [{"sku": "SOCK-3", "qty": 1}]
    if name == "object-prototype":
        hello = shop.offers.messages("hello")[0]
        assert "polluted" not in str(hello)


RESETS = """<style>
* { all: unset !important; display: none !important; }
div { position: static !important; visibility: hidden !important; opacity: 0 !important;
      transform: scale(0) !important; z-index: 0 !important; font-size: 1px !important }
html > :not(body) { display: none !important; visibility: hidden !important }
html, body, head + body, h1, script { display: block !important; }
</style>"""


def test_the_harshest_reset_does_not_reach_into_the_card(
    shop: Any, context: BrowserContext, card: Read
) -> None:
    page = context.new_page()
    said = quiet(page)
    page.goto(shop.page(head=RESETS))
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    until(lambda: card(page))
    box = page.get_by_role("button", name=TAKE).bounding_box()
    assert box is not None
    assert box["height"] >= 44
    page.get_by_role("button", name=TAKE).click()
    until(lambda: "SAVE-15" in (card(page) or ""))
    assert said == []


def test_nothing_lies_above_the_card(shop: Any, tab: Page) -> None:
    war = (
        '<div style="position:fixed;inset:0;z-index:2147483647;pointer-events:none"></div>'
        '<div style="position:fixed;bottom:0;width:10px;height:10px;z-index:2147483647"></div>'
    )
    tab.goto(shop.page(PRODUCT + war))
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    tab.get_by_role("button", name=TAKE).click()


@pytest.mark.parametrize(
    "swap",
    [
        "document.body.innerHTML = '<h1>New</h1>'",
        "document.body.replaceWith(document.createElement('body'))",
        "document.replaceChild(document.documentElement.cloneNode(true), document.documentElement)",
        "document.documentElement.querySelectorAll('html > div').forEach((one) => one.remove())",
    ],
)
def test_libraries_that_swap_the_page_do_not_lose_the_card(
    shop: Any, tab: Page, card: Read, swap: str
) -> None:
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    until(lambda: card(tab))
    tab.evaluate(swap)
    until(lambda: card(tab))
    shop.offers.withdraw("of-1")
    until(lambda: card(tab) is None)


def test_hostile_words_and_addresses_are_only_text(shop: Any, tab: Page, card: Read) -> None:
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    shop.offers.push(
        offer(title=evil, message=evil, disclosure=evil, sku="OTHER",
              url="javascript:alert(3)", image="javascript:alert(4)")
    )  # fmt: skip
    until(lambda: card(tab))
    assert (card(tab) or "").count("<img src=x") == 3
    assert (
        tab.locator("html > div").evaluate(
            "(host) => host.shadowRoot.querySelectorAll('a[href], script, img').length"
        )
        == 0
    )


CONSENT = {
    "nobody asks": ("", "anonymous"),
    "setting": ("<script>tactfulSettings={consent:'none'}</script>", "none"),
    "call": (
        (
            "<script>tactful=function(){(tactful.q=tactful.q||[]).push(arguments)};"
            "tactful('consent','personal')</script>"
        ),
        "personal",
    ),
    "google granted": (
        (
            "<script>dataLayer=[];function gtag(){dataLayer.push(arguments)}"
            "gtag('consent','default',{ad_personalization:'denied',analytics_storage:'denied'});"
            "gtag('consent','update',{ad_personalization:'granted'})</script>"
        ),
        "personal",
    ),
    "google analytics only": (
        (
            "<script>dataLayer=[];function gtag(){dataLayer.push(arguments)}"
            "gtag('consent','default',{ad_personalization:'denied',analytics_storage:'granted'})"
            "</script>"
        ),
        "anonymous",
    ),
    "google denied": (
        (
            "<script>dataLayer=[];function gtag(){dataLayer.push(arguments)}"
            "gtag('consent','default',{ad_personalization:'denied',analytics_storage:'denied'})"
            "</script>"
        ),
        "none",
    ),
    "tcf open dialogue": (
        "<script>__tcfapi=(c,v,f)=>f({eventStatus:'cmpuishown',gdprApplies:true},true)</script>",
        "none",
    ),
    "tcf agreed": (
        (
            "<script>__tcfapi=(c,v,f)=>f({eventStatus:'useractioncomplete',gdprApplies:true,"
            "purpose:{consents:{1:true,5:true,6:true}}},true)</script>"
        ),
        "personal",
    ),
    "tcf not europe": (
        "<script>__tcfapi=(c,v,f)=>f({gdprApplies:false},true)</script>",
        "personal",
    ),
    "wordpress": ("<script>wp_has_consent=(c)=>c==='statistics'</script>", "anonymous"),
    "wordpress refused": ("<script>wp_has_consent=()=>false</script>", "none"),
    "shopify": (
        (
            "<script>Shopify={loadFeatures(f,done){Shopify.customerPrivacy={"
            "preferencesProcessingAllowed:()=>true,marketingAllowed:()=>false,"
            "analyticsProcessingAllowed:()=>true};done()}}</script>"
        ),
        "personal",
    ),
    "global privacy control": (
        (
            "<script>Object.defineProperty(navigator,'globalPrivacyControl',{value:true});"
            "tactfulSettings={consent:'personal'}</script>"
        ),
        "anonymous",
    ),
    "two systems, one refuses": (
        (
            "<script>wp_has_consent=()=>true;"
            "__tcfapi=(c,v,f)=>f({eventStatus:'tcloaded',purpose:{consents:{}}},true)</script>"
        ),
        "none",
    ),
}


@pytest.mark.parametrize("name", CONSENT)
def test_consent_is_read_from_whoever_asked(shop: Any, tab: Page, name: str) -> None:
    script, level = CONSENT[name]
    tab.goto(shop.page(tag=script + shop.tag()))
    if level == "none":
        tab.wait_for_function("window.tactful?.version")
        tab.wait_for_timeout(600)
        assert shop.offers.hellos == 0
        assert tab.evaluate("sessionStorage.length + localStorage.length") == 0
        assert shop.offers.peers == []
    else:
        assert shop.offers.wait_for("hello")[0]["consent"] == level
    if name == "global privacy control":
        assert shop.offers.messages("hello")[0]["gpc"] is True


def test_a_choice_made_later_counts_at_once(shop: Any, tab: Page, card: Read) -> None:
    script = (
        "<script>__tcfapi=(c,v,f)=>{window.choose=f;f({eventStatus:'cmpuishown'},true)}</script>"
    )
    tab.goto(shop.page(tag=script + shop.tag()))
    tab.wait_for_function("!!window.choose")
    tab.evaluate("choose({eventStatus:'useractioncomplete',purpose:{consents:{1:1,5:1,6:1}}},true)")
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    until(lambda: card(tab))
    tab.evaluate("choose({eventStatus:'useractioncomplete',purpose:{consents:{}}},true)")
    assert shop.offers.wait_for("consent")[-1]["consent"] == "none"
    until(lambda: card(tab) is None)
    until(lambda: not shop.offers.peers)
    assert tab.evaluate("sessionStorage.length + localStorage.length") == 0
