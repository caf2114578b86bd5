"""Pages that nobody looks at yet, that call the widget by another name, or that ask what it knows."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.storefront_pages import offer, until

pytestmark = pytest.mark.browser

Read = Callable[[Page], str | None]
PRETEND = (
    "window.pretend = true; for (const [name, value] of [['prerendering', () => window.pretend],"
    " ['hidden', () => window.pretend]]) if (name === '{name}')"
    " Object.defineProperty(document, name, {{get: value, configurable: true}})"
)


@pytest.mark.parametrize(
    ("name", "event"), [("prerendering", "prerenderingchange"), ("hidden", "visibilitychange")]
)
def test_a_page_that_nobody_sees_has_no_connection(
    shop: Any, tab: Page, name: str, event: str
) -> None:
    tab.add_init_script(PRETEND.format(name=name))
    tab.goto(shop.page())
    tab.wait_for_function("window.tactful?.version")
    tab.wait_for_timeout(600)
    assert shop.offers.hellos == 0
    assert tab.evaluate("sessionStorage.length") == 0
    tab.evaluate(f"pretend = false; document.dispatchEvent(new Event('{event}'))")
    assert shop.offers.wait_for("view")[0]["sku"] == "RUN-42"


def test_the_one_global_may_have_another_name(shop: Any, tab: Page) -> None:
    tab.goto(shop.page(tag=shop.tag('async data-global="deals"')))
    shop.offers.wait_for("view")
    assert tab.evaluate("[typeof deals, typeof tactful]") == ["function", "undefined"]


def test_the_shops_own_code_hears_everything_on_the_document(shop: Any, tab: Page) -> None:
    names = "ready offer withdraw accepted error"
    tab.add_init_script(
        f"window.heard = []; for (const name of '{names}'.split(' '))"
        " document.addEventListener('tactful:' + name, ({detail}) => heard.push([name, detail]))"
    )
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    tab.wait_for_function("heard.length === 2")
    shop.offers.withdraw("of-1")
    tab.wait_for_function("heard.length === 3")
    shop.offers.push(offer(id="of-2"))
    tab.get_by_role("button", name="Take this offer").click()
    tab.wait_for_function("heard.some(([name]) => name === 'accepted')")
    tab.evaluate("tactful('no-such-command')")
    heard = dict(tab.evaluate("heard"))
    assert heard["ready"].keys() == {"version"}
    assert heard["offer"] == offer(id="of-2")
    assert heard["withdraw"] == {"offer": "of-1"}
    assert (heard["accepted"]["token"], heard["accepted"]["code"]) == ("token-of-2", "SAVE-15")
    assert heard["accepted"]["offer"] == offer(id="of-2")
    assert heard["error"] == {"code": "command", "command": "no-such-command"}


def test_the_doctor_tells_what_was_found_and_that_all_is_well(shop: Any, loose_tab: Page) -> None:
    loose_tab.goto(shop.page())
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    expect(loose_tab.get_by_role("button", name="Take this offer")).to_be_visible()
    report = loose_tab.evaluate("tactful('doctor')")
    assert report["product"] == {"sku": "RUN-42", "price": {"amount": 12900, "currency": "EUR"}}
    assert report["fields"]["sku"] == ["json-ld", "RUN-42"]
    assert report["consent"] == ["anonymous", "default"]
    assert report["connection"]["transport"] == "socket"
    assert report["connection"]["session"] == "s1"
    assert report["shown"] == "of-1"
    assert abs(report["clock"]) < 1000
    assert (report["tags"], report["conflicts"], report["faults"], report["advice"]) == (
        1, [], [], [],
    )  # fmt: skip
    loose_tab.evaluate("{ const real = Date.now; Date.now = () => real() + 864e5 }")
    assert loose_tab.evaluate("tactful('doctor')")["clock"] > 86_000_000


def test_nothing_on_the_card_moves_by_itself(shop: Any, tab: Page, card: Read) -> None:
    tab.emulate_media(reduced_motion="no-preference")
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    until(lambda: card(tab))
    assert tab.evaluate("document.getAnimations().length") == 0
    moving = tab.locator("html > div").evaluate(
        "(host) => [...host.shadowRoot.querySelectorAll('*')].map((one) => getComputedStyle(one))"
        ".filter((s) => s.transitionDuration !== '0s' || s.animationName !== 'none').length"
    )
    assert moving == 0


def test_the_last_word_counts_down_and_is_not_talked_over(shop: Any, tab: Page, card: Read) -> None:
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    tab.get_by_role("button", name="Take this offer").click()
    until(lambda: "Reserved: 29:5" in (card(tab) or ""))
    shop.offers.push(offer(id="of-2"))
    shop.offers.push(offer(id="of-3", sku="OTHER"))
    tab.wait_for_timeout(300)
    assert "SAVE-15" in (card(tab) or "")
    tab.get_by_role("button", name="OK").click()
    until(lambda: "109.65" in (card(tab) or "") and "SAVE-15" not in (card(tab) or ""))
