"""A storefront whose server was taken away, with the script tag left in its pages."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from support.browsers import Firefox
from support.ports import free_port

pytestmark = pytest.mark.browser

SCRIPT = "**/widget/v1.js"
SHIFTS = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) sum += one.value;
  }).observe({ type: 'layout-shift', buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
})"""
"""The sum of all layout shifts, which the browser hands over before the second frame."""


def looks(page: Page) -> tuple[Any, ...]:
    """What a shopper and the shop's own scripts find on a page."""
    found = page.evaluate(
        "[document.body.outerHTML, sessionStorage.length, localStorage.length, document.cookie,"
        " typeof window.tactful]"
    )
    return (*found, page.evaluate(SHIFTS), page.screenshot())


def test_a_tag_without_its_server_changes_nothing_but_a_failed_load(
    shop: Any, loose_tab: Page
) -> None:
    tab = loose_tab
    tab.goto(shop.page(tag="", path="/without"))
    before = looks(tab)
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(f"error: {error}"))
    tab.route(SCRIPT, lambda route: route.abort("connectionrefused"))
    tab.goto(shop.page(), wait_until="load")
    assert looks(tab) == before
    assert before[-2] == 0
    assert said == ["Failed to load resource: net::ERR_CONNECTION_REFUSED"]


def test_a_server_that_never_answers_delays_no_part_of_the_page(shop: Any, loose_tab: Page) -> None:
    tab = loose_tab
    tab.goto(shop.page(tag="", path="/without"))
    before = looks(tab)
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    tab.route(SCRIPT, hold)
    tab.goto(shop.page(), wait_until="domcontentloaded")
    painted = "performance.getEntriesByName('first-contentful-paint').length"
    tab.wait_for_function(painted)
    assert looks(tab) == before
    assert len(waiting) == 1  # the script is still on its way
    waiting.pop().abort()


def test_in_firefox_a_tag_without_its_server_changes_nothing(
    shop: Any, fox: Firefox, tmp_path: Path
) -> None:
    tab = fox.tab()
    tab.resize(1000, 700)
    pictures = []
    found = []
    away = f'<script async src="http://127.0.0.1:{free_port()}/widget/v1.js"></script>'
    for name, tag in (("without", ""), ("away", away)):
        fox.logs.clear()
        tab.goto(shop.page(tag=tag, path=f"/{name}"))
        found.append(
            tab.evaluate(
                "[document.body.outerHTML, sessionStorage.length, localStorage.length,"
                " document.cookie, typeof window.tactful]"
            )
        )
        tab.screenshot(tmp_path / f"{name}.png")
        pictures.append((tmp_path / f"{name}.png").read_bytes())
        assert [one["text"] for one in fox.logs if one["level"] == "error"] == []
    assert found[0] == found[1]
    assert pictures[0] == pictures[1]
    tab.close()
