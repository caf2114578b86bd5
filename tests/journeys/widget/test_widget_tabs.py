"""Several tabs of one shopper: one session, whoever opens first and however busy they are."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from support.storefront_pages import offer, until

pytestmark = pytest.mark.browser

Read = Callable[[Page], str | None]
TAKE = "Take this offer"


def test_a_tab_asks_the_others_before_it_connects(shop: Any, tab: Page) -> None:
    tab.add_init_script(
        "window.acts = []; const Socket = WebSocket;"
        "window.WebSocket = function (...args) { acts.push('socket'); return new Socket(...args) };"
        "const { postMessage } = BroadcastChannel.prototype;"
        "BroadcastChannel.prototype.postMessage = function (one) {"
        " acts.push(typeof one); postMessage.call(this, one) }"
    )
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    assert tab.evaluate("acts.slice(0, 2)") == ["number", "socket"]


def test_accepting_tells_the_shop_once_and_every_tab_forgets_the_offer(
    shop: Any, context: BrowserContext, card: Read
) -> None:
    first, second = context.new_page(), context.new_page()
    first.goto(shop.page())
    shop.offers.wait_for("view")
    until(lambda: first.evaluate("sessionStorage.length"))  # it is welcomed, and can be asked
    second.goto(shop.site + "/p/aero")
    until(lambda: len(shop.offers.sessions["secret-s1"].peers) == 2)
    for page in (first, second):
        page.evaluate(
            "window.taken = []; tactful('on', 'accepted', ({detail}) => taken.push(detail))"
        )
    shop.offers.push(offer())
    second.get_by_role("button", name=TAKE).click()
    until(lambda: card(first) is None)
    until(lambda: "SAVE-15" in (card(second) or ""))
    assert second.evaluate("taken.map(({token, offer}) => [token, offer.sku])") == [
        ["token-of-1", "RUN-42"]
    ]
    assert first.evaluate("taken") == []


def test_a_new_tab_joins_the_session_of_one_that_answers_late(
    shop: Any, context: BrowserContext, card: Read
) -> None:
    first, second = context.new_page(), context.new_page()
    first.goto(shop.page())
    shop.offers.wait_for("view")
    until(lambda: first.evaluate("sessionStorage.length"))
    # The first tab is deaf until the second one has given it up and has a session of its own.
    first.evaluate(
        "window.real = BroadcastChannel.prototype.postMessage;"
        "BroadcastChannel.prototype.postMessage = function (one) {"
        " window.late = () => real.call(this, one) }"
    )
    second.goto(shop.site + "/p/aero")
    until(lambda: len(shop.offers.sessions) == 2)
    shop.offers.wait_for("view", 2)
    first.evaluate("late()")
    until(lambda: len(shop.offers.sessions["secret-s1"].peers) == 2)
    until(lambda: not shop.offers.sessions["secret-s2"].peers)
    assert shop.offers.wait_for("view", 3)[2]["sku"] == "RUN-42"
    shop.offers.push(offer())
    until(lambda: card(first) and card(second))
    second.reload()
    until(lambda: card(second))
    assert shop.offers.messages("hello")[-1]["resume"] == "secret-s1"


def test_tabs_that_open_at_once_end_in_one_session(shop: Any, context: BrowserContext) -> None:
    pages = [context.new_page() for _ in range(5)]
    address = shop.page()
    for page in pages:
        page.goto(address, wait_until="commit")
    for page in pages:
        page.wait_for_function("window.tactful?.version")

    def together() -> bool:
        return [len(one.peers) for one in shop.offers.sessions.values() if one.peers] == [5]

    until(together)
