"""Consent systems that come late, change their mind or cannot be judged; browsers that block storage."""

from typing import Any

import pytest
from playwright.sync_api import Page

from support.browsers import firefox
from support.storefront_pages import offer, until

pytestmark = pytest.mark.browser

STORED = "sessionStorage.length + localStorage.length"
LEVEL = "(console.log = () => {}, tactful('doctor').then((report) => report.consent))"
REFUSED = "{eventStatus:'useractioncomplete',purpose:{consents:{}}}"
SHOPIFY = (
    "Shopify={customerPrivacy:{preferencesProcessingAllowed:()=>allowed,"
    "marketingAllowed:()=>allowed,analyticsProcessingAllowed:()=>allowed}}"
)
LATE = {
    "tcf": (
        ("__tcfapi=(c,v,f)=>{window.choose=f;f({eventStatus:'tcloaded',"
        "purpose:{consents:{1:true}}},true)}"),
        f"choose({REFUSED},true)",
    ),
    "tcf after its stub": (
        ("__tcfapi=()=>{};setTimeout(()=>{__tcfapi=(c,v,f)=>{window.choose=f;"
        "f({eventStatus:'tcloaded',purpose:{consents:{1:true}}},true)}},300)"),
        f"choose({REFUSED},true)",
    ),
    "shopify": (f"allowed=true;{SHOPIFY}", "allowed=false"),
    "wordpress": ("allowed=true;wp_has_consent=()=>allowed", "allowed=false"),
}  # fmt: skip


def quiet_page(shop: Any, tab: Page, script: str) -> None:
    """Open a product page and wait until the widget is there."""
    tab.goto(shop.page(tag=f"<script>{script}</script>" + shop.tag()))
    tab.wait_for_function("window.tactful?.version")


@pytest.mark.parametrize("name", LATE)
def test_a_system_that_comes_late_is_heard_and_so_is_its_refusal(
    shop: Any, tab: Page, name: str
) -> None:
    comes, refuses = LATE[name]
    quiet_page(shop, tab, "tactfulSettings={}")
    assert shop.offers.wait_for("hello")[0]["consent"] == "anonymous"
    tab.evaluate(f"void setTimeout(() => {{ {comes} }}, 1500)")
    until(lambda: tab.evaluate(LEVEL)[1] == name.split(maxsplit=1)[0].replace("wordpress", "wp"))
    until(lambda: tab.evaluate(LEVEL)[0] != "none")
    tab.evaluate(f"void ({refuses})")
    until(lambda: tab.evaluate(LEVEL)[0] == "none")
    until(lambda: not shop.offers.peers)
    assert tab.evaluate(STORED) == 0


@pytest.mark.parametrize("first", ["everywhere", "region"])
def test_a_refusal_by_default_for_some_regions_counts_everywhere(
    shop: Any, tab: Page, first: str
) -> None:
    everywhere = (
        "gtag('consent','default',{ad_personalization:'granted',analytics_storage:'granted'});"
    )
    region = (
        "gtag('consent','default',{ad_personalization:'denied',analytics_storage:'denied',"
        "region:['DE','AT']});"
    )
    order = everywhere + region if first == "everywhere" else region + everywhere
    quiet_page(
        shop,
        tab,
        "tactfulSettings={territory:'DE'};dataLayer=[];"
        f"function gtag(){{dataLayer.push(arguments)}}{order}",
    )
    until(lambda: tab.evaluate(LEVEL) == ["none", "google"])
    assert shop.offers.hellos == 0
    assert tab.evaluate(STORED) == 0
    tab.evaluate("void gtag('consent','update',{analytics_storage:'granted'})")
    assert shop.offers.wait_for("hello")[0]["consent"] == "anonymous"


def test_a_system_that_throws_has_not_answered(shop: Any, tab: Page) -> None:
    quiet_page(shop, tab, "Shopify={customerPrivacy:{}}")
    until(lambda: tab.evaluate(LEVEL) == ["none", "shopify"])
    assert shop.offers.hellos == 0


def test_with_ask_nothing_happens_until_a_system_has_spoken(shop: Any, tab: Page) -> None:
    quiet_page(shop, tab, "tactfulSettings={consent:'ask'}")
    assert tab.evaluate(LEVEL) == ["none", "ask"]
    tab.wait_for_timeout(600)
    assert shop.offers.hellos == 0
    tab.evaluate("void (wp_has_consent = (category) => category === 'statistics')")
    assert shop.offers.wait_for("hello")[0]["consent"] == "anonymous"


def test_a_tab_that_may_not_ask_others_is_alone(shop: Any, tab: Page) -> None:
    quiet_page(shop, tab, "BroadcastChannel=class{constructor(){throw new Error('blocked')}}")
    shop.offers.wait_for("view")


def test_firefox_with_all_cookies_blocked_connects(shop: Any) -> None:
    with firefox(**{"network.cookie.cookieBehavior": 2}) as fox:
        tab = fox.tab()
        tab.goto(shop.page())
        shop.offers.wait_for("view")


@pytest.mark.parametrize(("lang", "words"), [("de_DE", "de"), ("ja", "en"), ("ar", "en")])
def test_the_words_on_the_card_are_marked_with_their_language(
    shop: Any, tab: Page, lang: str, words: str
) -> None:
    tab.goto(shop.page(html=f'lang="{lang}"'))
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    tab.wait_for_selector("html > div >> button")
    assert tab.evaluate("document.querySelector('html > div').lang") == words
