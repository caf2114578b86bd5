"""The test driver of a WooCommerce shop: shoppers on its own addresses, and its staff in PHP."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from html import unescape
from typing import Any

import httpx

from support.oscar_shop import KEY
from support.woo_shop import WooShop
from tactful.bridge_check.fault_proxy import FaultProxy
from tactful.bridge_check.offer_server import OfferServer, ShopItem

ITEM = ShopItem("tactful-woo", "RUN-42", "GB", "GBP", 12900)
STORE = "/wp-json/wc/store/v1"
"""The API of carts and of the Checkout block."""
_ADDRESS = {
    "first_name": "Ada", "last_name": "Example", "address_1": "1 High Street",
    "city": "London", "state": "", "postcode": "SW1A 1AA", "country": "GB",
}  # fmt: skip
_CONTACT = {"email": "ada@shop.example", "phone": "02079460000"}


class WooDriver:
    """The verbs of the conformance kit, on the `blocks` or the `classic` checkout."""

    def __init__(
        self, shop: WooShop, kind: str, item: ShopItem = ITEM, *, with_tax: bool = True
    ) -> None:
        """Remember the shop.

        Args:
            shop: It runs, and uses the pages of this kind.
            kind: `blocks` or `classic`.
            item: What it sells, in its present currency.
            with_tax: Whether it shows its prices with tax.
        """
        self._shop = shop
        self._kind = kind
        self._item = item
        self._with_tax = with_tax
        self._shoppers: dict[str, httpx.Client] = {}
        self._at_the_bank: dict[str, str] = {}
        self._refunds: dict[tuple[str, str], str] = {}

    def close(self) -> None:
        """Close the connections of all shoppers."""
        for shopper in self._shoppers.values():
            shopper.close()

    def about(self) -> dict[str, object]:
        return {
            "name": self._item.name, "sku": self._item.sku, "territory": self._item.territory,
            "currency": self._item.currency, "price": self._item.price,
        }  # fmt: skip

    def put(self, cart: str, token: str, qty: int) -> dict[str, object]:
        shopper = self.shopper(cart)
        nonce = shopper.get("/?wc-ajax=tactful_woo_shopper").json()["nonce"]
        answer = shopper.post(
            "/?wc-ajax=tactful_woo_take",
            json={"token": token, "quantity": qty},
            headers={"X-Tactful-Nonce": nonce},
        )
        return {"refused": None if answer.is_success else answer.json()["code"]}

    def total(self, cart: str) -> dict[str, object]:
        totals = self.shopper(cart).get(f"{STORE}/cart").json()["totals"]
        # Shipping costs nothing in this shop.
        tax = 0 if self._with_tax else int(totals["total_tax"])
        return {"total": int(totals["total_price"]) - tax}

    def pay(self, cart: str, card: str) -> dict[str, object]:
        pay = self._pay_with_blocks if self._kind == "blocks" else self._pay_with_form
        url, message = pay(self.shopper(cart), card)
        if not url:
            return {"state": "declined" if "declined" in message else "refused"}
        found = re.search(r"(?:order-received/|lab_bank=)(\d+)", url)
        assert found, url
        if "lab_bank" in url:
            self._at_the_bank[cart] = found[1]
            return {"state": "waiting", "order": found[1]}
        return self._placed(found[1])

    def finish(self, cart: str) -> dict[str, object]:
        order = self._at_the_bank[cart]
        page = self.shopper(cart).get(f"/?lab_bank={order}&paid=1")
        assert "order-received" in str(page.url), page.url
        return self._placed(order)

    def back(self, cart: str) -> dict[str, object]:
        page = self.shopper(cart).get("/cart/" if self._kind == "blocks" else "/classic-cart/")
        assert page.is_success, page.status_code
        return {}

    def cancel(self, order: str) -> dict[str, object]:
        self._shop.run(f"wc_get_order({order})->update_status('cancelled');")
        return {}

    def refund(self, order: str, refund: str, qty: int) -> dict[str, object]:
        known = self._refunds.get((order, refund))
        if known:
            # As a payment service reports one refund twice.
            self._shop.run(f"do_action('woocommerce_order_refunded', {order}, {known});")
            return {}
        self._refunds[order, refund] = self._shop.run(
            f"""
            $order = wc_get_order({order});
            $items = $order->get_items();
            $line = reset($items);
            $part = {qty} / $line->get_quantity();
            $taxes = array_map(fn ($tax) => (float) $tax * $part, $line->get_taxes()['total']);
            $refund = wc_create_refund([
                'order_id' => {order}, 'amount' => round(($line->get_total() + $line->get_total_tax()) * $part, 2),
                'line_items' => [$line->get_id() => [
                    'qty' => {qty}, 'refund_total' => $line->get_total() * $part, 'refund_tax' => $taxes,
                ]],
            ]);
            echo is_wp_error($refund) ? $refund->get_error_message() : $refund->get_id();
            """
        )
        assert self._refunds[order, refund].isdigit(), self._refunds[order, refund]
        return {}

    def price(self, amount: int) -> dict[str, object]:
        self._shop.set_price(self._item.sku, f"{amount / 100:.2f}")
        return {}

    def promotion(self, percent: int) -> dict[str, object]:
        """Start or end a coupon that the shop applies to every cart by itself."""
        self._shop.option("lab_coupon", str(percent))
        return {}

    def settle(self) -> dict[str, object]:
        self._shop.sweep()
        return {}

    def shopper(self, cart: str) -> httpx.Client:
        """The browser profile to which a cart belongs; a new name is a new one."""
        if cart not in self._shoppers:
            self._shoppers[cart] = httpx.Client(
                base_url=self._shop.url, follow_redirects=True, timeout=120
            )
        return self._shoppers[cart]

    def press(self, cart: str, page: str, name: str) -> str:
        """Press the link of the cart's page whose address has a parameter of this name; the next page."""
        found = re.search(rf'href="([^"]*{name}=[^"]*)"', page)
        assert found, f"the page has no link with {name}"
        headers = {"Referer": f"{self._shop.url}/classic-cart/"}
        return self.shopper(cart).get(unescape(found[1]), headers=headers).text

    def _pay_with_blocks(self, shopper: httpx.Client, card: str) -> tuple[str, str]:
        """Pay as the Checkout block does; the address that follows, or the message of a failure."""
        nonce = shopper.get(f"{STORE}/cart").headers["Nonce"]
        body = {
            "billing_address": {**_ADDRESS, **_CONTACT}, "shipping_address": _ADDRESS,
            "payment_method": "lab",
        }  # fmt: skip
        headers = {"Nonce": nonce, "X-Lab-Outcome": card}
        said = _object(shopper.post(f"{STORE}/checkout", json=body, headers=headers))
        return said.get("payment_result", {}).get("redirect_url", ""), said.get("message", "")

    def _pay_with_form(self, shopper: httpx.Client, card: str) -> tuple[str, str]:
        """Pay as the form of the classic checkout does; as `_pay_with_blocks`."""
        page = shopper.get("/classic-checkout/").text
        nonce = re.search(r'name="woocommerce-process-checkout-nonce" value="([^"]+)"', page)
        if nonce is None:
            return "", "The checkout has no form."
        fields = {f"billing_{name}": value for name, value in (_ADDRESS | _CONTACT).items()}
        fields |= {"payment_method": "lab", "woocommerce-process-checkout-nonce": nonce[1]}
        headers = {"X-Lab-Outcome": card}
        said = _object(shopper.post("/?wc-ajax=checkout", data=fields, headers=headers))
        return said.get("redirect", ""), said.get("messages", "")

    def _placed(self, order: str) -> dict[str, object]:
        tax = "0" if self._with_tax else "$o->get_total_tax()"
        charged = self._shop.run(
            f"$o = wc_get_order({order});"
            f"echo round(($o->get_total() - {tax}) * ($o->get_currency() === 'JPY' ? 1 : 100));"
        )
        return {"state": "placed", "order": order, "charged": int(charged)}


def _object(answer: httpx.Response) -> dict[str, Any]:
    found = answer.json()
    assert isinstance(found, dict), answer.text
    return found


@contextmanager
def _connected(woo: WooShop, url: str) -> Iterator[None]:
    """The shop on another Tactful, and then on its own again."""
    code = (
        "update_option('tactful_woo_settings', ['url' => '{}'] + get_option('tactful_woo_settings'));"
        "delete_option('tactful_woo_keys'); delete_transient('tactful_woo_pause');"
    )
    woo.run(code.format(url))
    try:
        yield
    finally:
        woo.run(code.format(woo.tactful.url))


@contextmanager
def driven_woo(
    woo: WooShop, kind: str, item: ShopItem = ITEM, *, with_tax: bool = True
) -> Iterator[tuple[OfferServer, FaultProxy, WooDriver]]:
    """The shop on a Tactful of the kit, and a driver for it."""
    woo.use_pages(kind)
    with (
        OfferServer(item, KEY) as server,
        FaultProxy(0, server.port) as proxy,
        _connected(woo, proxy.url),
        closing(WooDriver(woo, kind, item, with_tax=with_tax)) as driver,
    ):
        yield server, proxy, driver
