"""A page's life in Chromium: connecting, resuming, hiding, coming back, and several tabs."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from support.storefront_pages import offer, until

pytestmark = pytest.mark.browser

Read = Callable[[Page], str | None]
TAKE = "Take this offer"


def ready(shop: Any, page: Page, **changes: Any) -> None:
    """Open a product page and wait until its offer is on the screen."""
    page.goto(shop.page(**changes))
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    expect(page.get_by_role("button", name=TAKE)).to_be_visible()


def seconds_left(text: str | None) -> int:
    """What the countdown says."""
    clock = re.search(r"Ends in (\d+):(\d\d)", text or "")
    assert clock, text
    return int(clock[1]) * 60 + int(clock[2])


def test_a_page_with_nothing_to_say_has_no_connection_and_no_trace(shop: Any, tab: Page) -> None:
    before = shop.page("", tag="", path="/plain")
    tab.goto(before)
    globals_before = set(tab.evaluate("Object.getOwnPropertyNames(window)"))
    html_before = tab.evaluate("document.body.outerHTML")
    tab.goto(shop.page("", path="/blog/x", tag=shop.tag('async data-page="home"')))
    tab.wait_for_function("window.tactful?.version")
    tab.wait_for_timeout(500)
    assert shop.offers.hellos == 0
    assert set(tab.evaluate("Object.getOwnPropertyNames(window)")) - globals_before == {"tactful"}
    assert tab.evaluate("document.body.outerHTML") == html_before
    assert tab.evaluate("sessionStorage.length + localStorage.length") == 0


def test_the_first_frames_say_hello_and_what_is_looked_at(shop: Any, tab: Page) -> None:
    address = shop.page(tag=shop.tag('async data-territory="DE" data-locale="de-DE"'))
    tab.goto(f"{address}?utm_campaign=spring&email=a%40b.example#top")
    shop.offers.wait_for("view")
    hello, view = shop.offers.heard[:2]
    assert hello["territory"] == "DE"
    assert hello["locale"] == "de-DE"
    assert hello["consent"] == "anonymous"
    assert hello["page"] == {"url": f"{address}?utm_campaign=spring", "kind": "product"}
    assert view["sku"] == "RUN-42"
    assert view["price"] == {"amount": 12900, "currency": "EUR"}
    assert view["n"] == hello["n"] + 1


def test_an_offer_is_shown_seen_withdrawn_and_gone(shop: Any, tab: Page, card: Read) -> None:
    ready(shop, tab)
    text = card(tab) or ""
    assert "€109.65" in text
    assert "€129.00" in text
    assert "-15%" in text
    assert [one["offer"] for one in shop.offers.wait_for("seen")] == ["of-1"]
    shop.offers.withdraw("of-1")
    until(lambda: card(tab) is None)
    assert tab.evaluate("document.querySelectorAll('html > div').length") == 0


def test_a_reload_resumes_the_session_and_the_countdown(shop: Any, tab: Page, card: Read) -> None:
    ready(shop, tab)
    until(lambda: "Ends in 14:58" in (card(tab) or ""))
    tab.reload()
    until(lambda: card(tab))
    assert [one.get("resume") for one in shop.offers.messages("hello")] == [None, "secret-s1"]
    assert 840 < seconds_left(card(tab)) <= 898
    assert len(shop.offers.sessions) == 1


def test_a_late_click_is_refused_without_a_reason(shop: Any, tab: Page, card: Read) -> None:
    ready(shop, tab)
    shop.offers.do(shop.offers.sessions["secret-s1"].standing.clear)
    tab.get_by_role("button", name=TAKE).click()
    until(lambda: "This offer has ended." in (card(tab) or ""))
    assert "109.65" not in (card(tab) or "")


def test_a_click_that_cannot_be_recorded_now_may_be_repeated(
    shop: Any, tab: Page, card: Read
) -> None:
    ready(shop, tab)
    shop.offers.full = True
    take = tab.get_by_role("button", name=TAKE)
    take.click()
    shop.offers.wait_for("accept")
    until(lambda: take.is_visible() and take.get_attribute("aria-disabled") is None)
    assert "109.65" in (card(tab) or "")
    shop.offers.full = False
    take.click()
    until(lambda: "Reserved" in (card(tab) or ""))


def test_silence_of_thirty_seconds_hides_everything(shop: Any, tab: Page, card: Read) -> None:
    tab.clock.install()
    ready(shop, tab)
    shop.offers.mute = True
    tab.clock.run_for(10_000)
    assert card(tab) is not None
    tab.clock.run_for(21_000)
    assert card(tab) is None


def test_an_expired_offer_vanishes_by_itself(shop: Any, tab: Page, card: Read) -> None:
    tab.clock.install()
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    shop.offers.push(offer(ends_in=24))
    until(lambda: card(tab))
    tab.evaluate("tactful('on', 'withdraw', () => { window.ended = performance.now() })")
    tab.clock.run_for(24_000)
    assert card(tab) is None
    assert tab.evaluate("ended")


def test_a_wrong_wall_clock_changes_nothing_and_a_jump_asks_again(
    shop: Any, tab: Page, card: Read
) -> None:
    ready(shop, tab)
    tab.evaluate("{ const real = Date.now; Date.now = () => real() + 864e5 }")
    shop.offers.wait_for("hello", 2)
    until(lambda: card(tab))
    assert 840 < seconds_left(card(tab)) < 900


@pytest.mark.parametrize("code", [1001, 1011, 1012, 4408, 4410, 4429])
def test_after_a_close_that_allows_it_the_widget_resumes(shop: Any, tab: Page, code: int) -> None:
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    shop.offers.close(code)
    assert shop.offers.wait_for("hello", 2)[1]["resume"] == "secret-s1"
    assert len(shop.offers.messages("view")) == 1, "the same look is not reported twice"


@pytest.mark.parametrize("code", [1003, 4400, 4401, 4403, 4409])
def test_after_a_final_close_it_stays_away_and_says_so(shop: Any, tab: Page, code: int) -> None:
    tab.clock.install()
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    tab.evaluate("tactful('on', 'error', ({detail}) => { window.wrong = detail.code })")
    shop.offers.close(code)
    tab.wait_for_function("window.wrong")
    assert tab.evaluate("wrong") == f"closed.{code}"
    tab.clock.run_for(120_000)
    assert shop.offers.hellos == 1


def test_a_planned_restart_is_bridged_before_the_old_connection_closes(
    shop: Any, tab: Page, card: Read
) -> None:
    ready(shop, tab)
    shop.offers.bye(1)
    shop.offers.wait_for("hello", 2)
    assert card(tab) is not None
    until(lambda: len(shop.offers.peers) == 1)


def test_an_idle_page_disconnects_and_comes_back_with_its_next_act(shop: Any, tab: Page) -> None:
    shop.offers.idle = 1
    tab.goto(shop.page("<input>" + "<script type='application/ld+json'>{}</script>"))
    tab.wait_for_function("window.tactful?.version")
    tab.evaluate("tactful('view', 'RUN-42')")
    shop.offers.wait_for("view")
    until(lambda: not shop.offers.peers)
    tab.locator("input").press("a")
    assert shop.offers.wait_for("hello", 2)[1]["resume"] == "secret-s1"
    assert shop.offers.wait_for("activity")[0]["kind"] == "input"


def test_back_from_the_cache_shows_nothing_old(shop: Any, tab: Page, card: Read) -> None:
    ready(shop, tab)
    shop.page("", tag="", path="/other")
    tab.evaluate(
        "addEventListener('pageshow', (e) => { window.restored = e.persisted;"
        " window.atOnce = document.querySelectorAll('html > div').length })"
    )
    tab.goto(shop.site + "/other")
    until(lambda: not shop.offers.peers)
    shop.offers.withdraw("of-1")
    tab.go_back(wait_until="commit")
    tab.wait_for_function("window.restored !== undefined")
    assert tab.evaluate("[restored, atOnce]") == [True, 0]
    shop.offers.wait_for("hello", 2)
    tab.wait_for_timeout(200)
    assert card(tab) is None
    shop.offers.push(offer(id="of-2"))
    until(lambda: card(tab))


def test_a_frozen_page_shows_nothing_old_when_it_thaws(
    shop: Any, tab: Page, context: BrowserContext, card: Read
) -> None:
    ready(shop, tab)
    cdp = context.new_cdp_session(tab)
    cdp.send("Page.setWebLifecycleState", {"state": "frozen"})
    shop.offers.withdraw("of-1")
    cdp.send("Page.setWebLifecycleState", {"state": "active"})
    until(lambda: card(tab) is None)


def test_a_cut_line_ends_in_silence_and_a_click_into_it_is_forgotten(
    shop: Any, loose_tab: Page, card: Read
) -> None:
    tab = loose_tab
    tab.clock.install()
    ready(shop, tab)
    shop.offers.wait_for("seen")
    shop.offers.mute = shop.offers.deaf = True
    tab.get_by_role("button", name=TAKE).click()
    tab.clock.run_for(31_000)
    assert card(tab) is None
    shop.offers.mute = shop.offers.deaf = False

    def card_after_a_moment() -> str | None:
        tab.clock.run_for(200)
        return card(tab)

    until(card_after_a_moment, 20)
    assert shop.offers.messages("accept") == [], "a click that nobody heard must not count later"


@pytest.mark.parametrize(
    "tag",
    [
        "SYNC", "DEFER", "LATE", "MANAGER",
        "TWICE",
    ],
)  # fmt: skip
def test_the_script_may_come_in_any_way(shop: Any, tab: Page, tag: str) -> None:
    source = f"{shop.origin}/widget/v1.js"
    inject = (
        "const s = document.createElement('script'); s.async = true;"
        f"s.src = '{source}?territory=AT'; document.head.append(s)"
    )
    tags = {
        "SYNC": shop.tag(""),
        "DEFER": shop.tag("defer"),
        "LATE": f"<script>addEventListener('load', () => setTimeout(() => {{ {inject} }}, 50))</script>",
        "MANAGER": f"<script>{inject}</script>",
        "TWICE": shop.tag() + shop.tag(),
    }
    queue = (
        "<script>window.tactful=window.tactful||function(){(tactful.q=tactful.q||[])"
        ".push(arguments)};tactful('cart',[{sku:'SOCK-3',qty:2}])</script>"
    )
    tab.goto(shop.page(tag=queue + tags[tag]))
    shop.offers.wait_for("view")
    assert shop.offers.wait_for("cart")[0]["lines"] == [{"sku": "SOCK-3", "qty": 2}]
    tab.wait_for_timeout(300)
    assert shop.offers.hellos == 1
    assert len(shop.offers.messages("view")) == 1
    if tag in {"LATE", "MANAGER"}:
        assert shop.offers.messages("hello")[0]["territory"] == "AT"


@pytest.mark.parametrize("browser", ["new", "old"])
def test_single_page_navigation_is_followed(shop: Any, tab: Page, browser: str) -> None:
    if browser == "old":
        tab.add_init_script("delete window.navigation")
    tab.goto(shop.page())
    assert tab.evaluate("!!window.navigation") == (browser == "new")
    before = tab.evaluate("String(history.pushState)")
    shop.offers.wait_for("view")
    tab.evaluate(
        "history.pushState({}, '', '/p/boot');"
        "document.querySelector('[type=\"application/ld+json\"]').textContent ="
        " JSON.stringify({'@type': 'Product', sku: 'BOOT-42'})"
    )
    assert shop.offers.wait_for("view", 2)[1]["sku"] == "BOOT-42"
    assert shop.offers.messages("page")[0]["url"].endswith("/p/boot")
    tab.evaluate("history.pushState({}, '', '/checkout'); document.body.append('Pay')")
    assert shop.offers.wait_for("page", 2)[1]["kind"] == "checkout"
    assert len(shop.offers.messages("view")) == 2, "a leftover of the last page is not looked at"
    assert tab.evaluate("String(history.pushState)") == before, "the history is the shop's own"


def test_on_the_payment_step_nothing_is_shown(shop: Any, tab: Page, card: Read) -> None:
    ready(shop, tab)
    tab.evaluate("history.pushState({}, '', '/checkout')")
    until(lambda: card(tab) is None)
    tab.evaluate("history.back()")
    until(lambda: card(tab))


def test_where_sockets_are_blocked_the_stream_carries_the_same_messages(
    shop: Any, loose_tab: Page, card: Read
) -> None:
    tab = loose_tab
    shop.offers.sockets_allowed = False
    ready(shop, tab)
    until(lambda: [peer.kind for peer in shop.offers.peers] == ["stream"])
    shop.offers.withdraw("of-1")
    until(lambda: card(tab) is None)
    shop.offers.push(offer(id="of-2"))
    tab.get_by_role("button", name=TAKE).click()
    until(lambda: "SAVE-15" in (card(tab) or ""))
    shop.offers.sockets_allowed = True
    shop.offers.close(1001)
    until(lambda: [peer.kind for peer in shop.offers.peers] == ["socket"])


def test_a_stream_becomes_a_socket_again_when_it_can(shop: Any, loose_tab: Page) -> None:
    shop.offers.sockets_allowed = False
    loose_tab.goto(shop.page())
    shop.offers.wait_for("view")
    shop.offers.sockets_allowed = True
    shop.offers.close(1001)
    # On the page's own clock: one that leaps over the wait leaps over the next connection, too.
    until(lambda: [peer.kind for peer in shop.offers.peers] == ["socket"])


def test_without_a_server_the_page_is_as_without_the_script(shop: Any, loose_tab: Page) -> None:
    tab = loose_tab
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto(shop.page(tag="", path="/without"))
    without = (tab.evaluate("document.body.outerHTML"), tab.screenshot())
    shop.offers.sockets_allowed = shop.offers.streams_allowed = False
    tab.goto(shop.page())
    tab.wait_for_timeout(1500)
    assert (tab.evaluate("document.body.outerHTML"), tab.screenshot()) == without
    assert errors == []
