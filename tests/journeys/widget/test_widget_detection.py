"""What the widget finds on storefronts nobody prepared, in both browsers."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from support.browsers import Firefox, Tab
from support.storefront_pages import WAIT_S, Offers, offers_server, pages_server, until
from tactful.cli.storefront.page_parser import parse_page
from tactful.cli.storefront.page_verdict import judge_page

PAGES = sorted((Path(__file__).parent / "pages").glob("*.html"))
pytestmark = pytest.mark.browser


class Shop:
    """Fixture pages under their own addresses, before one scripted server."""

    def __init__(self, offers: Offers, origin: str, pages: dict[str, Any], site: str) -> None:
        self.offers, self.origin, self.pages, self.site = offers, origin, pages, site

    def open(self, file: Path) -> tuple[str, dict[str, Any]]:
        """Put the page in place; return its address and what it expects."""
        comment, html = file.read_text().split(" -->\n", 1)
        expects = json.loads(comment.removeprefix("<!-- "))
        tag = f'<script async src="{self.origin}/widget/v1.js"></script>'
        self.pages.clear()
        self.pages[expects["path"].split("?")[0]] = html.replace("WIDGET", tag)
        for path, content in expects.get("files", {}).items():
            self.pages[path] = json.dumps(content)
        return self.site + expects["path"], expects


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    pages: dict[str, Any] = {}
    with offers_server() as (offers, origin), pages_server(pages) as site:
        yield Shop(offers, origin, pages, site)


@pytest.fixture(scope="module")
def chromium_page(chrome: Browser) -> Iterator[Page]:
    page = chrome.new_page()
    yield page
    page.close()


@pytest.fixture(scope="module")
def firefox_tab(fox: Firefox) -> Iterator[Tab]:
    tab = fox.tab()
    yield tab
    tab.close()


STAYS_S = 0.5  # what is right for so long is settled: bursts of changes are looked at after 0.3 s
ASK = "(() => { console.log = () => {}; return window.tactful?.version && tactful('doctor') })()"


def begins(ask: Callable[[], Any], expects: dict[str, Any]) -> None:
    """Wait for the widget, and for the product that the page prints before anything happens on it."""
    first = expects.get("printed")
    until(
        lambda: (report := ask()) and (not first or (report["product"] or {}).get("sku") == first)
    )


def settles(ask: Callable[[], Any], expects: dict[str, Any], address: str) -> None:
    """Ask the page until it knows what is expected, and on for a while whether it stays so."""
    start = time.monotonic()
    right = None
    while right is None or time.monotonic() - right < STAYS_S:
        report = ask()
        try:
            assert report, "the widget has begun"
            judge(report, expects, address)
            right = right or time.monotonic()
        except AssertionError:
            right = None
            if time.monotonic() - start > WAIT_S:
                raise


def judge(report: dict[str, Any], expects: dict[str, Any], address: str) -> None:
    """Compare what the doctor reports with what the page expects."""
    product = report["product"]
    if expects["sku"] is None:
        assert product is None
    else:
        assert product is not None, report
        assert product["sku"] == expects["sku"]
        fields = report["fields"]
        assert (fields.get("sku") or fields["id"])[0] == expects["source"]
        money = expects["price"] and {"amount": expects["price"], "currency": expects["currency"]}
        assert product.get("price") == money
    assert [field for field, _ in report["conflicts"]] == expects.get("conflicts", [])
    if kind := expects.get("kind"):
        assert report["kind"] == kind
    if (cart := expects.get("cart")) is not None:
        assert {line["sku"]: line["qty"] for line in report["cart"][0]} == cart
    if advice := expects.get("advice"):
        assert advice in " ".join(report["advice"])
    if availability := expects.get("availability"):
        assert report["fields"]["availability"][1] == availability
    assert report["url"] == address.split("#", maxsplit=1)[0] or "after" in expects
    assert not [fault for fault in report["faults"] if "JSON" not in fault]


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.stem)
def test_chromium_finds_what_the_page_sells(shop: Shop, chromium_page: Any, file: Path) -> None:
    address, expects = shop.open(file)
    chromium_page.context.clear_cookies()
    chromium_page.goto(address)
    chromium_page.evaluate("sessionStorage.clear()")
    if after := expects.get("after"):
        begins(lambda: chromium_page.evaluate(ASK), expects)
        chromium_page.evaluate(f"() => {{ {after} }}")
    settles(lambda: chromium_page.evaluate(ASK), expects, address)
    agrees(chromium_page, expects)


def agrees(page: Page, expects: dict[str, Any]) -> None:
    """Compare the verdict of `tactful doctor` on what the page has become with the widget's."""
    if expects.get("source") in {"call", "event", "selection", "platform", "dataLayer"}:
        return  # said by scripts and by what a shopper chose, not by the markup
    if expects["sku"] is None and "printed" in expects:
        return  # left behind by another address, which the source does not tell
    source = page.evaluate("document.documentElement.outerHTML")
    product = judge_page(parse_page(page.url, source, [])).product
    assert (product and (product.sku or product.ident)) == expects["sku"]


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.stem)
def test_firefox_finds_what_the_page_sells(shop: Shop, firefox_tab: Any, file: Path) -> None:
    address, expects = shop.open(file)
    firefox_tab.goto(address)
    firefox_tab.evaluate("sessionStorage.clear()")
    if after := expects.get("after"):
        begins(lambda: firefox_tab.evaluate(ASK), expects)
        firefox_tab.evaluate(f"void (() => {{ {after} }})()")
    settles(lambda: firefox_tab.evaluate(ASK), expects, address)
