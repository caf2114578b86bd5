"""The built documentation site in a browser: its search answers the questions of a first day."""

import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from support.browsers import chromium
from support.manual_runner import ROOT

pytestmark = pytest.mark.browser

BUILT = ROOT / ".site" / "site"
SHOWN = 6
"""Results that a reader sees without much scrolling."""
FIRST = """([asked, answer, shown]) => {
  const links = [];
  const gather = (root) => root.querySelectorAll("*").forEach((one) => {
    if (one.shadowRoot) gather(one.shadowRoot);
    if (one.tagName === "A" && one.href.includes("?h=" + asked)) links.push(one.href);
  });
  gather(document);
  return links.slice(0, shown).some((one) => one.split(/[?#]/)[0] === answer);
}"""
"""Whether the first results for what was asked include the answer."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of the built site."""
    if not (BUILT / "index.html").is_file():
        line = "the documentation site is not built: run make site"
        if os.environ.get("TACTFUL_REQUIRE") == "1":
            pytest.fail(line, pytrace=False)
        pytest.skip(line)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(BUILT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def search(site: str) -> Iterator[Page]:
    """A page of the site with its search open; it loads nothing from another host."""
    with chromium() as browser:
        page = browser.new_page()
        foreign: list[str] = []
        page.on("request", lambda one: foreign.append(one.url) if site not in one.url else None)
        page.goto(site)
        page.wait_for_load_state("networkidle")
        page.keyboard.press("Control+k")
        expect(page.locator("input:visible").first).to_be_visible()
        yield page
        assert [url for url in foreign if not url.startswith(("data:", "blob:"))] == []


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("nothing appears", "widget/"),
        ("report a return", "server/FACTS/"),
        ("fact types", "server/howto/add-a-fact-type/"),
        ("free shipping", "rules/"),
        ("floor markup", "rules/"),
        ("rounding CHF", "server/SEMANTICS/"),
        ("price ending", "rules/"),
        ("category under", "rules/"),
        ("customer tier", "server/FACTS/"),
        ("late parcel", "server/SEMANTICS/"),
        ("recall", "server/FACTS/"),
        ("forget a customer", "server/OPERATING/"),
        ("revoke a key", "reference/commands/"),
        ("time zone", "server/SEMANTICS/"),
        ("paused rule", "rules/"),
        ("mount in Starlette", "server/"),
        ("systemd unit", "examples/deploy/"),
        ("container image", "examples/deploy/"),
        ("upgrade", "server/OPERATING/"),
        ("backup restore", "server/OPERATING/"),
        ("pip install", "examples/deploy/"),
        ("second factor", "server/OPERATING/"),
        ("loop.stalled", "server/OPERATING/"),
        ("redeem an offer", "examples/checkout/curl/"),
        ("WooCommerce plugin", "server/bridges/woocommerce/"),
        ("what data is stored", "server/PRIVACY/"),
        ("no offer shown", "rules/reasons/"),
        ("complaint how long", "server/SEMANTICS/"),
        ("does it earn", "server/MEASUREMENT/"),
        ("hold out shoppers", "server/MEASUREMENT/"),
        ("correct a case", "server/howto/help-desks/"),
        ("lost password", "server/OPERATING/"),
        ("how much memory", "server/OPERATING/"),
        ("downgrade", "server/OPERATING/"),
        ("uninstall", "server/OPERATING/"),
        ("GDPR", "server/PRIVACY/"),
        ("legal basis", "server/PRIVACY/"),
        ("consent banner", "widget/"),
        ("screen reader", "widget/ACCESSIBILITY/"),
        ("CSP", "widget/"),
        ("licence", "SECURITY/"),
        ("prior price 30 days", "server/LAWS/"),
        ("subcategory", "rules/"),
        ("stop all offers", "reference/commands/"),
        ("verify token offline", "server/HTTP/"),
        ("two servers", "examples/deploy/"),
    ],
)
def test_the_search_answers(search: Page, site: str, question: str, answer: str) -> None:
    search.locator("input:visible").first.fill(question)
    search.wait_for_function(FIRST, arg=[question.replace(" ", "+"), site + answer, SHOWN])
