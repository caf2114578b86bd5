"""A shopper in Chromium on the pages of a WooCommerce shop."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from playwright.sync_api import Browser, Locator, Page, WebSocket, expect
from playwright.sync_api import TimeoutError as NotVisible

from support.oscar_shop import until
from support.page_requests import answer_in
from support.woo_shop import WooShop

PASSWORD = "a-password-of-the-tests"
LIST, PROMISED = "£129.00", "£109.65"
PATIENCE_MS = 180_000
ADDRESS = {
    "first_name": "Ada", "last_name": "Example", "address_1": "1 High Street",
    "city": "London", "state": "Greater London", "postcode": "SW1A 1AA",
}  # fmt: skip


class WooShopper:
    """One browser profile."""

    def __init__(self, shop: WooShop, page: Page, kind: str = "blocks") -> None:
        self.shop = shop
        self.page = page
        self.kind = kind
        self.errors: list[str] = []
        self.welcomes = 0
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        # Listened to from the start: a frame may come before the page has loaded.
        page.on("websocket", self._listen)

    def goto(self, path: str) -> None:
        """Open a page of the shop."""
        self.page.goto(self.shop.url + path, wait_until="domcontentloaded")

    def login(self) -> None:
        """Log in as the shop's customer."""
        self.goto("/my-account/")
        self.page.fill("#username", "mia")
        self.page.fill("#password", PASSWORD)
        self.page.click("button[name=login]")
        expect(self.page.locator("body")).to_contain_text("Log out", timeout=PATIENCE_MS)

    def login_as_staff(self) -> None:
        """Log in as the administrator."""
        self.goto("/wp-login.php")
        self.page.fill("#user_login", "admin")
        self.page.fill("#user_pass", PASSWORD)
        self.page.click("#wp-submit")
        self.page.wait_for_url("**/wp-admin/**")

    def open_settings(self) -> None:
        """Log in as the administrator, and open the plugin's page."""
        self.login_as_staff()
        self.goto("/wp-admin/admin.php?page=tactful-woo")

    def browse(self, slug: str = "aero-runner") -> None:
        """Open a product's page, and wait until the widget is connected."""
        before = self.welcomes
        self.goto(f"/product/{slug}/")
        self.page.wait_for_function("document.visibilityState === 'visible'")
        # Each question to the page also hands on the frames that have come.
        until(lambda: self.page.evaluate("true") and self.welcomes > before)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._count)

    def _count(self, frame: str | bytes) -> None:
        self.welcomes += "welcome" in str(frame)

    def take_offer(self, slug: str = "aero-runner") -> str:
        """Browse until the offer comes, take it, and return its token; the cart then has its item."""
        take = self.see_offer(slug)
        with self.page.expect_response(
            lambda answer: "tactful_woo_take" in answer.url and answer.ok
        ) as answered:
            take.click()
        return str((answered.value.request.post_data_json or {})["token"])

    def in_cart(self) -> Locator:
        """The link of the card that says that the offer is in the cart."""
        return self.page.locator("section.card").get_by_role("link", name="View cart")

    def see_offer(self, slug: str = "aero-runner") -> Locator:
        """Browse until the offer comes; the button that takes it."""
        self.browse(slug)
        take = self.page.get_by_role("button", name="Take this offer")
        for _ in range(8):
            # The server may hear of the item only after its clock was advanced.
            self.shop.tactful.advance(31)
            with suppress(NotVisible):
                take.wait_for(timeout=4_000)
                break
        return take

    def cart(self) -> str:
        """The text of the cart's page."""
        self.goto("/classic-cart/" if self.kind == "classic" else "/cart/")
        place = self.page.locator(
            ".woocommerce-cart-form, .cart-empty"
            if self.kind == "classic"
            else ".wc-block-cart-items .wc-block-components-product-name, .wp-block-woocommerce-empty-cart-block"
        )
        place.first.wait_for()
        return self.page.locator("main").first.inner_text()

    def to_payment(self) -> None:
        """Fill the checkout up to its button."""
        if self.kind == "classic":
            self.goto("/classic-checkout/")
            for name, value in {**ADDRESS, "phone": "02079460000", "email": "ada@shop.example"}.items():  # fmt: skip
                self.page.fill(f"#billing_{name}", value)
            self.page.locator("#billing_postcode").blur()
            self.page.locator(".blockUI").first.wait_for(state="detached")
            self.page.locator("#place_order").wait_for()
            return
        self.goto("/checkout/")
        email = self.page.locator("#email")
        email.wait_for()
        email.fill("ada@shop.example")
        # An address of an earlier attempt is shown as a card instead of the form.
        form = self.page.locator("#shipping-first_name:visible")
        card = self.page.locator(".wc-block-components-address-card:visible")
        form.or_(card).first.wait_for()
        if form.count():
            for name, value in ADDRESS.items():
                self.page.fill(f"#shipping-{name}", value)
            self.page.locator("#shipping-postcode").blur()
        button = self.page.locator(".wc-block-components-checkout-place-order-button")
        expect(button).to_be_enabled(timeout=PATIENCE_MS)

    def pay(self, outcome: str = "good") -> None:
        """Place the order; the test's payment method then has an outcome."""
        self.shop.option("lab_outcome", outcome)
        if self.kind == "classic":
            self.page.locator(".blockUI").first.wait_for(state="detached")
            self.page.click("#place_order")
        else:
            self.page.locator(".wc-block-components-checkout-place-order-button").click()

    def order_number(self) -> str:
        """The number of the order on the page that thanks for it."""
        self.page.wait_for_url("**/order-received/**", wait_until="commit")
        found = re.search(r"order-received/(\d+)", self.page.url)
        assert found
        return found[1]

    def order(self, outcome: str = "good") -> str:
        """Check out what is in the cart; return the order's number."""
        self.to_payment()
        self.pay(outcome)
        return self.order_number()

    def said(self, text: str) -> None:
        """Wait until the page says something."""
        expect(self.page.locator("body")).to_contain_text(text, timeout=PATIENCE_MS)

    def put(self, token: str, quantity: int = 1) -> tuple[int, dict[str, str]]:
        """Send a token to the cart as the storefront's script does; the answer's status and body."""
        self.page.wait_for_function("window.tactfulWoo", timeout=PATIENCE_MS)
        return answer_in(
            self.page,
            """async ([token, quantity]) => {
                const { take, nonce } = window.tactfulWoo;
                const answer = await fetch(take, { method: 'POST', body: JSON.stringify({ token, quantity }),
                    headers: { 'Content-Type': 'application/json', 'X-Tactful-Nonce': nonce } });
                return [answer.status, await answer.json()];
            }""",
            [token, quantity],
        )


@contextmanager
def woo_shopper_at(shop: WooShop, browser: Browser, kind: str = "blocks") -> Iterator[WooShopper]:
    """A shopper with an empty profile, in a shop with `blocks` or `classic` pages."""
    shop.use_pages(kind)
    shop.tactful.catch_up()
    context = browser.new_context(viewport={"width": 1200, "height": 1000})
    try:
        one = WooShopper(shop, context.new_page(), kind)
        yield one
        assert one.errors == []
    finally:
        context.close()
