"""The doctor explains each planted cause of "nothing appears", with what the server knows."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from journeys.fixture import CATALOGUE, rules
from support.browsers import Firefox
from support.live_server import LiveServer
from support.storefront_pages import offer, until

from .conftest import PRODUCT

pytestmark = pytest.mark.browser

Read = Callable[[Page], str | None]
ASK = "(console.log = () => {}, tactful('doctor'))"
SHEET = '<div style="position:fixed;inset:0;background:#fff"><button>Reject all</button></div>'
DIALOG = (
    '<div role="dialog" aria-modal="true" id="sizes" style="position:fixed;inset:0">Sizes</div>'
)
OTHER = PRODUCT.replace('"sku"', '"url": "/p/other", "sku"')
CAUSES: dict[str, tuple[dict[str, Any], str]] = {
    "no consent": ({"tag": 'data-consent="none"'}, "No consent: setting."),
    "two tags": ({"head": "TAG"}, "Remove a tag."),
    "checkout": ({"path": "/de/kasse"}, "Nothing is shown on this kind of page: checkout."),
    "a dialogue is open": ({"body": PRODUCT + DIALOG, "offers": True}, "Open dialogue: sizes"),
    "no room": ({"body": PRODUCT + SHEET, "offers": True}, "No room: "),
    "the address of another page": ({"body": OTHER}, "Set aside: /p/other"),
    "broken data": (
        {"body": '<script type="application/ld+json">{,}</script>'}, "Broken ld+json: SyntaxError",
    ),
    "two products": (
        {"body": PRODUCT + PRODUCT.replace("RUN-42", "X-1")}, "Make the sources agree.",
    ),
    "no product": ({"body": "", "tag": 'data-page="product"'}, "Call tactful('view', sku)."),
    "the server is silent": ({"mute": True}, "No answer: "),
    "no data-server": ({"tag": 'data-server="ftp:"'}, "Set data-server."),
}  # fmt: skip


@pytest.mark.parametrize("cause", CAUSES)
def test_each_planted_cause_is_named(shop: Any, loose_tab: Page, cause: str) -> None:
    page, expected = dict(CAUSES[cause][0]), CAUSES[cause][1]
    wants_offer = page.pop("offers", False)
    shop.offers.mute = page.pop("mute", False)
    tag = shop.tag(f"async {page.pop('tag', '')}")
    page["head"] = page.get("head", "").replace("TAG", shop.tag())
    loose_tab.goto(shop.page(page.pop("body", PRODUCT), tag=tag, **page))
    if wants_offer:
        shop.offers.wait_for("view")
        shop.offers.push(offer())

    def named() -> bool:
        return expected in " ".join(loose_tab.evaluate(ASK)["advice"])

    loose_tab.wait_for_function("window.tactful?.version")
    until(named)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (4400, "Give widget and server the same version"),
        (4401, "a proxy that holds messages back"),
        (4403, "Add it to TACTFUL_ORIGINS"),
        (4409, "Reload the page"),
        (1009, "Send smaller carts"),
    ],
)
def test_a_close_code_is_explained_in_words(
    shop: Any, loose_tab: Page, code: int, words: str
) -> None:
    loose_tab.goto(shop.page())
    shop.offers.wait_for("view")
    shop.offers.close(code)
    until(lambda: loose_tab.evaluate(ASK)["connection"]["stopped"])
    advice = " ".join(loose_tab.evaluate(ASK)["advice"])
    assert f"Closed: {code}" in advice
    assert words in advice


def test_the_servers_words_and_what_it_knows_are_part_of_the_report(
    shop: Any, loose_tab: Page
) -> None:
    shop.offers.diagnosis = {"sku": "RUN-42", "cost": False, "advice": ["RUN-42 has no cost."]}
    loose_tab.goto(shop.page() + "#tactful-doctor=abc.def.ghi")
    shop.offers.wait_for("view")
    report = loose_tab.evaluate(ASK)
    assert report["item"] == {"sku": "RUN-42", "cost": False}
    assert report["advice"] == ["RUN-42 has no cost."]
    (question,) = shop.offers.questions
    assert question["pass"] == "abc.def.ghi"
    assert question["session"] == report["connection"]["session"]
    assert question["price"] == {"amount": 12900, "currency": "EUR"}
    assert "tactful-doctor" not in question["url"]
    assert "tactful-doctor" not in str(shop.offers.heard), "the pass goes to the doctor alone"


class Running:
    """A complete server in a thread of its own, so that the browser's driver can run here."""

    def __init__(self, folder: Path, origin: str, *, text: str = "", **settings: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = LiveServer(folder, text or rules(), **{"origins": (origin,), **settings})
        self.do(self.server.start())

    def do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def stop(self) -> None:
        try:
            self.do(self.server.stop())
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join()
            self.loop.close()


@pytest.fixture
def running(shop: Any, tmp_path: Path) -> Iterator[Running]:
    one = Running(tmp_path, shop.site)
    yield one
    one.stop()


def tagged(shop: Any, running: Running) -> str:
    url = f"http://127.0.0.1:{running.server.listener.port}"
    return str(
        shop.page(tag=f'<script async src="{url}/widget/v1.js" data-territory="DE"></script>')
    )


def test_a_running_server_tells_a_page_of_its_machine_what_is_missing(
    shop: Any, loose_tab: Page, running: Running
) -> None:
    loose_tab.goto(tagged(shop, running))
    loose_tab.wait_for_function("window.tactful?.version")
    until(lambda: "nothing about the SKU RUN-42" in str(loose_tab.evaluate(ASK)["advice"]))
    running.do(running.server.facts(*CATALOGUE))
    until(lambda: loose_tab.evaluate(ASK)["item"].get("known"))
    item = loose_tab.evaluate(ASK)["item"]
    assert (item["territory"], item["cost"], item["available"]) == ("DE", True, 6)
    assert item["rules"][0]["rule"] == "R1"


def test_firefox_asks_the_server_too(shop: Any, fox: Firefox, running: Running) -> None:
    tab = fox.tab()
    tab.goto(tagged(shop, running))
    tab.wait_for("window.tactful?.version")
    until(lambda: "nothing about the SKU RUN-42" in str(tab.evaluate(ASK)["advice"]))
    tab.close()
