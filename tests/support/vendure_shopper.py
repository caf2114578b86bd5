"""A shopper in Chromium on the storefront of a Vendure shop."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Request, WebSocket, expect
from playwright.sync_api import TimeoutError as NotVisible

from support.oscar_shop import until
from support.vendure_shop import VendureShop

PATIENCE_MS = 120_000
"""Until a page of a loaded machine is there."""
PASSWORD = "a-password-of-the-tests"
LIST, PROMISED = "€129.00", "€109.65"
WITH_SHIPPING = {LIST: "€134.00", PROMISED: "€114.65"}


class VendureShopper:
    """One browser profile."""

    def __init__(self, shop: VendureShop, page: Page) -> None:
        self.shop = shop
        self.page = page
        self.errors: list[str] = []
        self.welcomes = 0
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        # Listened to from the start: a frame may come before the page has loaded.
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._count)

    def _count(self, frame: str | bytes) -> None:
        self.welcomes += "welcome" in str(frame)

    def goto(self, path: str) -> None:
        """Open a page of the store, and wait until its script has run."""
        self.page.goto(f"{self.shop.url}/store/{path}")
        self.wait_for_script()

    def wait_for_script(self) -> None:
        """Wait until the script of the present page has run."""
        self.page.wait_for_selector("body[data-ready=yes]")

    def query(self, document: str, **variables: object) -> Any:
        """Send an operation to the shop API as the page does; the data of its answer."""
        return self.page.evaluate("([q, v]) => window.query(q, v)", [document, variables])

    def register(self) -> None:
        """Register a customer and log in."""
        self.query(
            """mutation($i: RegisterCustomerInput!) { registerCustomerAccount(input: $i) { __typename } }""",
            i={"emailAddress": "mia@shop.example", "firstName": "Mia", "password": PASSWORD},
        )
        done = self.query(
            """mutation($p: String!) { login(username: "mia@shop.example", password: $p) { __typename } }""",
            p=PASSWORD,
        )
        assert done["login"]["__typename"] == "CurrentUser", done

    def browse(self, sku: str = "RUN-42") -> None:
        """Open a product's page, and wait until the widget is connected."""
        before = self.welcomes
        self.goto(f"product/{sku}")
        self.page.wait_for_function("document.visibilityState === 'visible'")
        # Each question to the page also hands on the frames that have come.
        until(lambda: self.page.evaluate("true") and self.welcomes > before)

    def take_offer(self) -> str:
        """Browse until the offer comes, take it, and return its token; the cart then has its item."""
        take = self.see_offer()
        with self.page.expect_response(lambda one: _takes_an_offer(one.request)) as answered:
            take.click(timeout=20_000)
        self.page.locator("#small-cart", has_text="1 in the cart").wait_for()
        return str((answered.value.request.post_data_json or {})["variables"]["token"])

    def see_offer(self) -> Locator:
        """Browse until the offer comes; the button that takes it."""
        self.browse()
        take = self.page.get_by_role("button", name="Take this offer")
        for _ in range(5):
            # The server may hear of the item only after its clock was advanced.
            self.shop.tactful.advance(31)
            with suppress(NotVisible):
                take.wait_for(timeout=4_000)
                break
        return take

    def put(self, token: str, quantity: int = 1) -> str:
        """Take an offer by its token; the code of the refusal, or an empty text."""
        taken = self.query(
            """mutation($t: String!, $q: Int) { takeTactfulOffer(token: $t, quantity: $q) {
              order { id } refused { code } } }""",
            t=token,
            q=quantity,
        )["takeTactfulOffer"]
        return str(taken["refused"]["code"]) if taken["refused"] else ""

    def cart(self) -> str:
        """The text of the cart's page."""
        self.goto("cart")
        return self.page.locator("main").inner_text()

    def add(self, sku: str) -> None:
        """Put an item into the cart at the shop's own price."""
        self.goto(f"product/{sku}")
        self.page.click("#add")
        self.page.wait_for_url("**/store/cart")
        self.wait_for_script()

    def to_payment(self) -> str:
        """Go to the payment; return the order's code."""
        self.goto("checkout")
        return self.page.locator("#code").inner_text()

    def is_refused(self) -> str:
        """Go to the checkout, which refuses; return the message."""
        self.goto("checkout")
        expect(self.page.locator("#message")).not_to_be_empty()
        return self.page.locator("#message").inner_text()

    def pay(self) -> str:
        """Pay; return what was paid."""
        self.page.click("#pay")
        return self.page.locator("#paid").inner_text()


def _takes_an_offer(request: Request) -> bool:
    return "takeTactfulOffer" in (request.post_data or "")


@contextmanager
def vendure_shopper_at(shop: VendureShop, browser: Browser) -> Iterator[VendureShopper]:
    """A shopper with an empty profile; errors of the pages fail the test."""
    shop.tactful.catch_up()
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    try:
        context.set_default_timeout(PATIENCE_MS)
        one = VendureShopper(shop, context.new_page())
        yield one
        assert one.errors == []
    finally:
        context.close()
