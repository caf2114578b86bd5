"""The test driver of a Vendure shop: shoppers on its shop API, and its staff on its admin API."""

from typing import Any

import httpx

from support.vendure_shop import VendureShop
from tactful.bridge_check.offer_server import ShopItem

ITEM = ShopItem("@tactful/vendure-plugin", "RUN-42", "DE", "EUR", 12900)
_ORDER = "... on Order { code state totalWithTax shippingWithTax }"
_PREPARATIONS = (
    'setOrderShippingAddress(input: { streetLine1: "Weg 1", countryCode: "DE" }) { __typename }',
    """setCustomerForOrder(input: { firstName: "Ada", lastName: "Example",
       emailAddress: "ada@shop.example" }) { __typename }""",
)


class VendureDriver:
    """The verbs of the conformance kit."""

    def __init__(self, shop: VendureShop) -> None:
        self._shop = shop
        self._shoppers: dict[str, httpx.Client] = {}
        self._refunds: set[tuple[str, str]] = set()
        self._promotion = ""

    def close(self) -> None:
        """Close the connections of all shoppers."""
        for shopper in self._shoppers.values():
            shopper.close()

    def about(self) -> dict[str, object]:
        return {
            "name": ITEM.name, "sku": ITEM.sku, "territory": ITEM.territory,
            "currency": ITEM.currency, "price": ITEM.price,
        }  # fmt: skip

    def put(self, cart: str, token: str, qty: int) -> dict[str, object]:
        taken = self._query(
            cart,
            """mutation($t: String!, $q: Int) { takeTactfulOffer(token: $t, quantity: $q) {
              refused { code } } }""",
            t=token,
            q=qty,
        )["takeTactfulOffer"]
        return {"refused": taken["refused"] and taken["refused"]["code"]}

    def total(self, cart: str) -> dict[str, object]:
        asked = "{ activeOrder { lines { proratedLinePriceWithTax } } }"
        order = self._query(cart, asked)["activeOrder"]
        lines = order["lines"] if order else []
        return {"total": sum(line["proratedLinePriceWithTax"] for line in lines)}

    def pay(self, cart: str, card: str) -> dict[str, object]:
        order = self._query(cart, "{ activeOrder { code state } }")["activeOrder"]
        if order["state"] != "ArrangingPayment":
            for change in _PREPARATIONS:
                self._query(cart, f"mutation {{ {change} }}")
            methods = self._query(cart, "{ eligibleShippingMethods { id } }")
            method = methods["eligibleShippingMethods"][0]["id"]
            change = f'setOrderShippingMethod(shippingMethodId: ["{method}"]) {{ __typename }}'
            self._query(cart, f"mutation {{ {change} }}")
            if self._transition(cart, "ArrangingPayment") is None:
                return {"state": "refused"}
        if card == "bank":
            return {"state": "waiting", "order": order["code"]}
        return self._payment(cart, "{ shouldDecline: true }" if card == "declined" else "{}")

    def finish(self, cart: str) -> dict[str, object]:
        return self._payment(cart, "{}")

    def back(self, cart: str) -> dict[str, object]:
        assert self._transition(cart, "AddingItems") is not None
        return {}

    def cancel(self, order: str) -> dict[str, object]:
        self._shop.admin(
            "mutation($i: CancelOrderInput!) { cancelOrder(input: $i) { __typename } }",
            i={"orderId": self._shop.order(order)["id"], "reason": "changed mind"},
        )
        return {}

    def refund(self, order: str, refund: str, qty: int) -> dict[str, object]:
        if (order, refund) in self._refunds:
            # Vendure settles a refund once; its event may reach a plugin again, as after a restart.
            self._shop.control("refund-again")
            return {}
        self._refunds.add((order, refund))
        (line,) = self._shop.order(order)["lines"]
        self._shop.refund(order, lines=[{"orderLineId": line["id"], "quantity": qty}])
        return {}

    def price(self, amount: int) -> dict[str, object]:
        self._shop.set_price(ITEM.sku, amount)
        return {}

    def promotion(self, percent: int) -> dict[str, object]:
        if self._promotion:
            self._shop.end_promotion(self._promotion)
            self._promotion = ""
        if percent:
            arguments = [{"name": "discount", "value": str(percent)}]
            self._promotion = self._shop.start_promotion("order_percentage_discount", arguments)
        return {}

    def settle(self) -> dict[str, object]:
        self._shop.sweep()
        return {}

    def _payment(self, cart: str, metadata: str) -> dict[str, object]:
        paid = self._query(
            cart,
            f"""mutation {{ addPaymentToOrder(input: {{ method: "card", metadata: {metadata} }}) {{
              __typename {_ORDER} }} }}""",
        )["addPaymentToOrder"]
        if paid["__typename"] != "Order":
            return {"state": "declined"}
        charged = paid["totalWithTax"] - paid["shippingWithTax"]
        return {"state": "placed", "order": paid["code"], "charged": charged}

    def _transition(self, cart: str, state: str) -> Any:
        """The order after a transition, or `None` if it was refused."""
        found = self._query(
            cart,
            f'mutation {{ transitionOrderToState(state: "{state}") {{ __typename {_ORDER} }} }}',
        )["transitionOrderToState"]
        return found if found["__typename"] == "Order" else None

    def _query(self, cart: str, document: str, **variables: object) -> Any:
        if cart not in self._shoppers:
            self._shoppers[cart] = httpx.Client(base_url=self._shop.url, timeout=60)
        body = {"query": document, "variables": variables}
        answer = self._shoppers[cart].post("/shop-api", json=body).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]
