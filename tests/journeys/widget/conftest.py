"""Servers for raw peers, and a scan of every byte that widgets received for confidential values."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from support.browsers import Firefox, chromium, firefox
from support.storefront_pages import WAIT_S, Offers, offers_server, pages_server

PRODUCT = """<script type="application/ld+json">{"@type": "Product", "sku": "RUN-42",
"offers": {"price": "129.00", "priceCurrency": "EUR"}}</script>"""


class Shop:
    """Pages under their own addresses, before one scripted server."""

    def __init__(self, offers: Offers, origin: str, pages: dict[str, Any], site: str) -> None:
        self.offers, self.origin, self.pages, self.site = offers, origin, pages, site

    def tag(self, attributes: str = "async") -> str:
        """The script tag."""
        return f'<script {attributes} src="{self.origin}/widget/v1.js"></script>'

    def page(
        self,
        body: str = PRODUCT,
        *,
        head: str = "",
        tag: str | None = None,
        path: str = "/p/aero",
        headers: dict[str, str] | None = None,
        html: str = 'lang="en"',
    ) -> str:
        """Put a page in place and return its address."""
        script = self.tag() if tag is None else tag
        text = (
            f'<!doctype html><html {html}><head><meta charset="utf-8"><title>Shop</title>'
            f'<meta name="viewport" content="width=device-width">{head}{script}</head>'
            f"<body><h1>Aero Runner</h1>{body}</body></html>"
        )
        self.pages[path] = (text, headers or {})
        return self.site + path


@pytest.fixture
def shop() -> Iterator[Shop]:
    pages: dict[str, Any] = {}
    with offers_server() as (offers, origin), pages_server(pages) as site:
        yield Shop(offers, origin, pages, site)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """One for each file: while it lives, Playwright's event loop keeps asyncio's tests out."""
    with chromium(back_forward_cache=True) as browser:
        yield browser


@pytest.fixture(scope="module")
def fox() -> Iterator[Firefox]:
    with firefox() as browser:
        yield browser


@pytest.fixture
def context(chrome: Browser) -> Iterator[BrowserContext]:
    context = chrome.new_context(viewport={"width": 1000, "height": 700}, locale="en-GB")
    context.set_default_timeout(WAIT_S * 1000)
    yield context
    context.close()


def quiet(page: Page) -> list[str]:
    """Collect whatever the page says on its console or throws."""
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    return said


@pytest.fixture
def tab(context: BrowserContext) -> Iterator[Page]:
    """A page that must say nothing on its console and throw nothing."""
    page = context.new_page()
    said = quiet(page)
    yield page
    assert said == []


@pytest.fixture
def loose_tab(context: BrowserContext) -> Page:
    """A page on which the browser itself may complain, about a dead server for instance."""
    return context.new_page()


CARD = "[...document.querySelectorAll('html > div, [data-slot]')].find((one) => one.shadowRoot)"


@pytest.fixture
def card() -> Callable[[Page], str | None]:
    """What is to be read on the card now, nothing when it is not to be seen."""

    def text(page: Page) -> str | None:
        answer: str | None = page.evaluate(
            f"(() => {{ const host = {CARD}; const card = host?.shadowRoot.querySelector('.card');"
            " return card?.checkVisibility() ? card.innerText : null })()"
        )
        return answer

    return text
