"""The panel of the demo in a real Chromium: each thing to try, by clicks."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from support.browsers import chromium
from support.running_demo import RunningDemo, running_demo

pytestmark = pytest.mark.browser

TAKE = "Take this offer"
WAIT_MS = 15_000  # two cores that others use, too


class Visit:
    """One visitor's browser: the shop, and the panel beside it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        self.frames: list[str] = []
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda message: self.record_console(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "websocket",
            lambda ws: ws.on("framereceived", lambda text: self.frames.append(str(text))),
        )
        page.goto(f"{url}demo/panel")

    def record_console(self, text: str) -> None:
        """Collect console messages, except that a page was left while connecting, which is no fault."""
        if "closed before the connection is established" not in text:
            self.complaints.append(text)

    @property
    def shop(self) -> FrameLocator:
        return self.page.frame_locator("#shop")

    def goto(self, path: str) -> None:
        """Open another page of the shop."""
        self.page.evaluate("(path) => { document.getElementById('shop').src = path }", path)
        self.shop.locator("main").wait_for()

    def log_in(self, name: str) -> None:
        self.goto("/shop/login")
        self.shop.get_by_role("button", name=name).click()
        expect(self.shop.get_by_role("heading", name=f"Hello, {name}")).to_be_visible()

    def look_at(self, product: str, size: str) -> None:
        """Open a product, and wait until the widget has reported it."""
        self.goto(f"/shop/product/{product}?size={size}")
        expect(self.why.locator("li").first).to_be_visible(timeout=WAIT_MS)

    def stay(self) -> None:
        """Let ten seconds pass."""
        self.page.get_by_role("button", name="+10 s").click()

    @property
    def why(self) -> Locator:
        return self.page.locator("#why")

    def offered(self, price: str) -> None:
        expect(self.shop.get_by_role("button", name=TAKE)).to_be_visible(timeout=WAIT_MS)
        expect(self.shop.locator(".card .now")).to_have_text(price)

    def not_offered(self, reason: str) -> None:
        """Expect no offer, and the reason in the panel."""
        expect(self.why.locator("code", has_text=reason).first).to_be_visible(timeout=WAIT_MS)
        expect(self.shop.get_by_role("button", name=TAKE)).to_have_count(0)

    def decided(self, step: str, reason: str) -> None:
        row = self.page.locator("#decisions li", has_text=step).filter(has_text=reason)
        expect(row.first).to_be_visible(timeout=WAIT_MS)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as open_browser:
        yield open_browser


@pytest.fixture
def visit(demo: RunningDemo, browser: Browser) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    visit = Visit(context.new_page(), demo.url)
    yield visit
    assert visit.complaints == [], "a healthy page writes nothing, and its policy stops nothing"
    context.close()


def test_a_complaint_withdraws_the_offer_and_the_panel_says_why(visit: Visit) -> None:
    visit.log_in("Nadia")
    visit.look_at("aero-runner", "42")
    visit.stay()
    visit.offered("€109.65")

    visit.page.get_by_role("button", name="Complain").click()

    visit.not_offered("complaint.open")
    visit.decided("withdrawn", "complaint.open")
    heard = "".join(visit.frames)
    assert '"t":"withdraw"' in heard
    assert "complaint" not in heard
    assert "C-2" not in heard, "the browser never hears of the case"

    visit.page.get_by_role("button", name="Resolve").click()
    visit.not_offered("complaint.cooldown")


def test_selling_the_last_pair_withdraws_its_offer(visit: Visit) -> None:
    visit.look_at("aero-runner", "44")
    visit.stay()
    visit.offered("€109.65")

    visit.page.get_by_role("button", name="Sell the last pair").click()

    visit.not_offered("stock.out")
    visit.decided("withdrawn", "stock.out")
    expect(visit.shop.get_by_role("button", name="Sold out")).to_be_disabled(timeout=WAIT_MS)

    visit.page.get_by_role("button", name="Restock").click()
    expect(visit.shop.get_by_role("button", name="Add to cart")).to_be_enabled(timeout=WAIT_MS)


def test_a_promise_survives_a_complaint_and_is_redeemed_at_the_checkout(visit: Visit) -> None:
    visit.log_in("Nadia")
    visit.look_at("harbour-chelsea", "41")
    visit.page.get_by_role("button", name="+11 min").click()  # the quiet after a complaint
    visit.look_at("harbour-chelsea", "41")
    visit.stay()
    visit.offered("€143.65")
    visit.shop.get_by_role("button", name=TAKE).click()
    expect(visit.shop.get_by_role("link", name="Cart, 1 in it")).to_be_visible()
    visit.page.get_by_role("button", name="Complain").click()
    expect(visit.page.locator("#cases")).to_contain_text("Nordek Harbour Chelsea")

    visit.shop.get_by_role("link", name="Cart, 1 in it").click()
    expect(visit.shop.get_by_text("Your offer is kept for you.")).to_be_visible()
    visit.shop.get_by_role("link", name="To the checkout").click()
    visit.shop.get_by_role("link", name="Continue to payment").click()
    visit.shop.get_by_role("button", name="Pay €143.65").click()

    expect(visit.shop.get_by_text("Your offer was redeemed.")).to_be_visible()
    visit.decided("redeemed", "harbour")


@pytest.mark.parametrize(
    ("name", "product", "size", "reason"),
    [
        ("Omar", "aero-runner", "42", "complaint.open"),
        ("Pia", "fjord-boot", "42", "delivery.late"),
        ("Ravi", "court-low", "42", "return.fit"),
    ],
)
def test_a_tainted_customer_gets_no_offer(
    visit: Visit, name: str, product: str, size: str, reason: str
) -> None:
    visit.log_in(name)
    visit.look_at(product, size)
    visit.stay()
    visit.not_offered(reason)


def test_a_remedy_is_promoted_but_not_on_its_cause(visit: Visit) -> None:
    visit.log_in("Omar")
    expect(visit.page.locator("#who")).to_have_text("Omar is in the shop.", timeout=WAIT_MS)
    visit.page.get_by_role("button", name="Send €10 voucher").click()
    expect(visit.page.locator("#sent")).to_contain_text('"cause":{"case":"C-1001"}')
    visit.look_at("fjord-boot", "43")
    visit.stay()
    visit.offered("-€10.00")
    visit.look_at("aero-runner", "42")
    expect(visit.why.get_by_text("complaint.cause").first).to_be_attached(timeout=WAIT_MS)


def test_a_customer_who_returned_a_size_is_offered_another_size(visit: Visit) -> None:
    visit.log_in("Ravi")
    visit.look_at("court-low", "43")
    visit.stay()
    visit.offered("€80.75")


def test_a_loyal_customer_gets_the_better_price(visit: Visit) -> None:
    visit.log_in("Lotte")
    visit.look_at("velo-trail", "42")
    visit.stay()
    visit.offered("€113.98")


def test_logging_out_withdraws_the_personal_price(visit: Visit) -> None:
    visit.log_in("Lotte")
    visit.look_at("velo-trail", "41")
    visit.stay()
    visit.offered("€113.98")
    visit.goto("/shop/account")
    visit.shop.get_by_role("button", name="Log out").click()
    visit.decided("withdrawn", "€113.98")
    expect(visit.page.locator("#who")).to_have_text("Somebody is in the shop.", timeout=WAIT_MS)
    assert visit.page.evaluate("localStorage.length") == 0, "nothing of hers stays in the browser"


def test_a_customer_on_the_cancel_page_gets_one_offer_at_once(visit: Visit) -> None:
    visit.log_in("Lotte")
    visit.look_at("fjord-boot", "43")
    visit.goto("/shop/account/cancel")
    visit.offered("€151.20")


def test_an_error_in_a_rule_is_shown_with_its_place_and_remedy(visit: Visit) -> None:
    page = visit.page
    page.get_by_label("Rule file").select_option("hesitation.yaml")
    text = page.get_by_label("Its text")
    good = text.input_value()

    text.fill(good.replace("session.dwell", "session.dwel"))
    page.get_by_role("button", name="Save and reload").click()
    findings = page.get_by_label("Findings")
    expect(findings).to_contain_text("hesitation.yaml:7:9: R203")
    expect(findings).to_contain_text("^^^^^^^^^^^^")
    expect(findings).to_contain_text("did you mean 'session.dwell'?")

    text.fill(good.replace("percent: 15%", "percent: 12%"))
    page.get_by_role("button", name="Save and reload").click()
    expect(findings).to_be_hidden()
    visit.look_at("canvas-slip", "40")
    visit.stay()
    visit.offered("€51.92")

    text.fill(good)
    page.get_by_role("button", name="Save and reload").click()
    expect(page.locator("#version")).to_contain_text("is active")


def test_a_paused_rule_makes_no_offer_until_it_is_resumed(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="Pause too-many-sandals").click()
    expect(page.get_by_role("button", name="Resume too-many-sandals")).to_be_visible()
    visit.look_at("dune-sandal", "39")
    visit.stay()
    visit.not_offered("rule.paused")

    page.get_by_role("button", name="Resume too-many-sandals").click()
    visit.look_at("dune-sandal", "38")
    visit.stay()
    visit.offered("€59.00")


def test_a_public_price_below_the_offer_withdraws_it(visit: Visit) -> None:
    visit.look_at("velo-trail", "43")
    visit.stay()
    visit.offered("€118.15")
    visit.page.get_by_label("Price, EUR").fill("99,50")
    visit.page.get_by_role("button", name="Change", exact=True).click()
    expect(visit.shop.locator(".price")).to_contain_text("€99.50", timeout=WAIT_MS)
    expect(visit.page.locator("#decisions")).to_contain_text("price.")


@pytest.mark.parametrize("width", [320, 360])
def test_on_a_phone_the_panel_collapses_and_nothing_overflows(
    demo: RunningDemo, browser: Browser, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 640})
    page = context.new_page()
    page.goto(f"{demo.url}demo/panel")
    panel, fold = page.locator("#panel"), page.get_by_role("button", name="Panel")
    expect(panel).to_be_hidden()
    fold.click()
    expect(panel).to_be_visible()
    assert fold.get_attribute("aria-expanded") == "true"
    wide = "document.scrollingElement.scrollWidth > innerWidth"
    assert not page.evaluate(wide)
    for path in ("", "product/aero-runner", "login", "category/boots", "cart"):
        page.goto(f"{demo.url}shop/{path}")
        assert not page.evaluate(wide), path
    context.close()


def test_a_reset_forgets_everything(tmp_path: Path, browser: Browser) -> None:
    with running_demo(tmp_path) as running:
        context = browser.new_context()
        visit = Visit(context.new_page(), running.url)
        visit.log_in("Nadia")
        visit.look_at("fjord-boot", "42")
        visit.page.get_by_role("button", name=re.compile("Sell all")).click()
        expect(visit.page.locator("#stock")).to_have_text("Size 42: none left")
        before = set(tmp_path.iterdir())

        with visit.page.expect_event("load", timeout=30_000):
            visit.page.get_by_role("button", name="Reset the demo").click()

        visit.look_at("fjord-boot", "42")
        expect(visit.page.locator("#stock")).to_have_text("Size 42: 3 available")
        expect(visit.page.locator("#who")).to_have_text("Somebody is in the shop.")
        after = set(tmp_path.iterdir())
        assert len(after) == 1
        assert before.isdisjoint(after), "the folder from before is gone"
        context.close()


def test_ctrl_c_leaves_nothing_behind_and_it_starts_again(tmp_path: Path) -> None:
    with running_demo(tmp_path) as first:
        with socket.create_connection(("127.0.0.1", first.port)):
            assert first.interrupt() == 0
        assert "Its files are deleted." in first.said
        assert list(tmp_path.iterdir()) == []
    with running_demo(tmp_path, first.port) as again:
        assert again.port == first.port


def test_an_occupied_port_is_skipped_and_the_next_one_used(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running_demo(tmp_path, port) as running:
            assert running.port != port
            assert f"Port {port} is in use, so the demo uses {running.port}." in running.said
