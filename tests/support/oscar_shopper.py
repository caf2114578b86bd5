"""A shopper in Chromium on the pages of a django-oscar shop."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect

from support.oscar_shop import OscarShop
from support.page_frames import PageFrames
from support.page_requests import answer_in

PASSWORD = "a-password-of-the-tests"
LIST, PROMISED = "£129.00", "£109.65"


class Shopper:
    """One browser profile."""

    def __init__(self, shop: OscarShop, page: Page) -> None:
        self.shop = shop
        self.page = page
        self.errors: list[str] = []
        self._frames = PageFrames(page)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def goto(self, path: str) -> None:
        """Open a page of the shop."""
        self.page.goto(self.shop.url + path)

    def login(self) -> None:
        """Log in as the shop's customer."""
        self.goto("/accounts/login/")
        self.page.fill("#id_login-username", "mia@shop.example")
        self.page.fill("#id_login-password", PASSWORD)
        self.page.click("button[name=login_submit]")
        expect(self.page.locator("body")).to_contain_text("Logout")

    def browse(self, slug: str = "aero-runner_1") -> None:
        """Open a product's page, and wait until the server has heard of it."""
        self.goto(f"/catalogue/{slug}/")
        self.page.wait_for_function("document.visibilityState === 'visible'")
        self._frames.wait_for_view()

    def take_offer(self) -> str:
        """Browse until the offer comes, take it, and return its token; then open the basket."""
        self.browse()
        take = self.page.get_by_role("button", name="Take this offer")
        self.shop.tactful.advance(31)
        with self.page.expect_response("**/tactful/basket/") as answered:
            take.click()
        token = str((answered.value.request.post_data_json or {})["token"])
        expect(self.page.locator(".basket-mini")).to_contain_text("Aero Runner")
        self.goto("/basket/")
        return token

    def basket(self) -> str:
        """The text of the basket's page."""
        self.goto("/basket/")
        return self.page.locator("#content_inner").inner_text()

    def to_preview(self) -> None:
        """Go through the checkout as a guest, or as the customer, up to the preview."""
        self.goto("/checkout/")
        if self.page.locator("#id_username").count():
            self.page.fill("#id_username", "guest@shop.example")
            self.page.check("input[name=options][value=anonymous]")
            self.page.click("form#guest_form button, button[type=submit]:has-text('Continue')")
        self.goto("/checkout/shipping-address/")
        for name, value in {
            "first_name": "Ada", "last_name": "Example", "line1": "1 High Street",
            "line4": "London", "postcode": "SW1A 1AA",
        }.items():  # fmt: skip
            self.page.fill(f"#new_shipping_address [name={name}]", value)
        if self.page.locator("select[name=country]").count():
            self.page.select_option("select[name=country]", "GB")
        self.page.click("#new_shipping_address button[type=submit]")
        self.goto("/checkout/preview/")
        expect(self.page.locator("#place-order")).to_be_visible()

    def pay(self, card: str = "good") -> None:
        """Place the order from the preview with a card."""
        # Oscar keeps the data of cards in a hidden part of the page.
        self.page.evaluate("card => { document.querySelector('[name=card]').value = card }", card)
        self.page.click("#place-order")

    def order_number(self) -> str:
        """The number of the order on the page that thanks for it."""
        self.page.wait_for_url("**/checkout/thank-you/")
        found = re.search(r"\b(1\d{5})\b", self.page.locator("body").inner_text())
        assert found
        return found[1]

    def order(self, card: str = "good") -> str:
        """Check out what is in the basket; return the order's number."""
        self.to_preview()
        self.pay(card)
        return self.order_number()

    def put(self, token: str, quantity: int = 1) -> tuple[int, dict[str, str]]:
        """Send a token to the basket as the storefront's script does; the answer's status and body."""
        return answer_in(
            self.page,
            """async ([token, quantity]) => {
                const { put, csrf } = document.getElementById('tactful-storefront').dataset;
                const answer = await fetch(put, { method: 'POST', body: JSON.stringify({ token, quantity }),
                    headers: { 'Content-Type': 'application/json', 'X-CSRFToken': csrf } });
                return [answer.status, await answer.json()];
            }""",
            [token, quantity],
        )


@contextmanager
def shopper_at(shop: OscarShop, browser: Browser) -> Iterator[Shopper]:
    """A shopper with an empty profile; errors of the pages fail the test."""
    shop.tactful.catch_up()
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    try:
        one = Shopper(shop, context.new_page())
        yield one
        assert one.errors == []
    finally:
        context.close()
