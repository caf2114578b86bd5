"""Vendure for real: a storefront on its shop API in Chromium, the plugin, and a Tactful server."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import Browser, expect

from support.node import node
from support.oscar_shop import until
from support.vendure_shop import PLACE, PRICES, VendureShop
from support.vendure_shopper import (
    LIST,
    PROMISED,
    WITH_SHIPPING,
    VendureShopper,
    vendure_shopper_at,
)

pytestmark = pytest.mark.browser

SAVED = 12900 - 10965
ENDED = "has ended, and nothing was charged"


def redeemed(shop: VendureShop, order: str) -> bool:
    """Whether the order's first attempt is redeemed, sooner or later."""
    return bool(until(lambda: shop.tactful.redemptions(order) == [(1, "redeemed")]))


def test_a_customers_offer_is_redeemed_for_that_customer(
    vendure: VendureShop, browser: Browser
) -> None:
    # The first test: the shop's clock and the server's are together, so that identities are valid.
    with vendure_shopper_at(vendure, browser) as one:
        one.goto("cart")
        one.register()
        one.take_offer()
        code = one.to_payment()
        assert one.pay() == WITH_SHIPPING[PROMISED]
    assert redeemed(vendure, code)
    asked = f'{{ orders(options: {{ filter: {{ code: {{ eq: "{code}" }} }} }}) {{ items {{ customer {{ id }} }} }} }}'
    (order,) = vendure.admin(asked)["orders"]["items"]
    export = f"/v1/customers/{order['customer']['id']}/export"
    until(lambda: code in str(vendure.tactful.ask("GET", export)))


def test_a_shopper_takes_an_offer_and_pays_exactly_the_promised_price(
    vendure: VendureShop, browser: Browser
) -> None:
    _, settled = vendure.tactful.budget()
    with vendure_shopper_at(vendure, browser) as one:
        one.take_offer()
        assert f"1 × RUN-42: {PROMISED} by an offer" in one.cart()
        code = one.to_payment()
        assert vendure.tactful.redemptions(code) == [(1, "held")]
        assert one.pay() == WITH_SHIPPING[PROMISED]
    assert redeemed(vendure, code)
    assert vendure.order(code)["subTotalWithTax"] == 10965
    assert vendure.tactful.budget()[1] == settled + SAVED


def test_the_page_shows_the_cart_with_the_offer_and_stays(
    vendure: VendureShop, browser: Browser
) -> None:
    with vendure_shopper_at(vendure, browser) as one:
        one.see_offer().click()
        expect(one.page.locator("#small-cart")).to_have_text("1 in the cart")
        assert one.page.url.endswith("/store/product/RUN-42")
        link = one.page.locator("section.card").get_by_role("link", name="View cart")
        expect(link).to_have_attribute("href", f"{vendure.url}/store/cart")


def test_a_declined_card_keeps_the_offer_for_the_next_try(
    vendure: VendureShop, browser: Browser
) -> None:
    with vendure_shopper_at(vendure, browser) as one:
        one.take_offer()
        code = one.to_payment()
        one.page.click("#decline")
        expect(one.page.locator("#message")).not_to_be_empty()
        assert vendure.tactful.redemptions(code) == [(1, "held")]
        assert one.pay() == WITH_SHIPPING[PROMISED]
    assert redeemed(vendure, code)


def test_a_shopper_goes_back_to_the_cart_and_pays_later(
    vendure: VendureShop, browser: Browser
) -> None:
    with vendure_shopper_at(vendure, browser) as one:
        one.take_offer()
        code = one.to_payment()
        one.page.click("#back")
        one.page.wait_for_url("**/store/cart")
        until(lambda: vendure.tactful.redemptions(code) == [(1, "cancelled")])
        assert PROMISED in one.cart()
        assert one.to_payment() == code
        assert one.pay() == WITH_SHIPPING[PROMISED]
    until(lambda: vendure.tactful.redemptions(code) == [(1, "cancelled"), (2, "redeemed")])


def paid(vendure: VendureShop, browser: Browser) -> str:
    """The code of an order that was paid at the price of an offer."""
    with vendure_shopper_at(vendure, browser) as one:
        one.take_offer()
        code = one.to_payment()
        assert one.pay() == WITH_SHIPPING[PROMISED]
    assert redeemed(vendure, code)
    return code


def test_a_cancelled_order_gives_the_budget_back(vendure: VendureShop, browser: Browser) -> None:
    _, settled = vendure.tactful.budget()
    code = paid(vendure, browser)
    vendure.admin(
        "mutation($i: CancelOrderInput!) { cancelOrder(input: $i) { __typename } }",
        i={"orderId": vendure.order(code)["id"], "reason": "changed mind", "cancelShipping": True},
    )
    until(lambda: vendure.tactful.redemptions(code) == [(1, "cancelled")])
    assert vendure.tactful.budget()[1] == settled


def test_a_refund_of_the_line_gives_the_budget_back(vendure: VendureShop, browser: Browser) -> None:
    _, settled = vendure.tactful.budget()
    code = paid(vendure, browser)
    (line,) = vendure.order(code)["lines"]
    vendure.refund(code, lines=[{"orderLineId": line["id"], "quantity": 1}])
    until(lambda: vendure.tactful.budget()[1] == settled)


def test_a_refund_of_an_amount_gives_its_share_of_the_budget_back(
    vendure: VendureShop, browser: Browser
) -> None:
    _, settled = vendure.tactful.budget()
    code = paid(vendure, browser)
    vendure.refund(code, amount=11465)
    until(lambda: vendure.tactful.budget()[1] == settled)


def test_a_second_order_with_the_same_token_is_refused_and_charges_nothing(
    vendure: VendureShop, browser: Browser
) -> None:
    with (
        vendure_shopper_at(vendure, browser) as first,
        vendure_shopper_at(vendure, browser) as second,
    ):
        token = first.take_offer()
        second.browse()
        assert second.put(token) == ""
        code = first.to_payment()
        assert first.pay() == WITH_SHIPPING[PROMISED]
        assert ENDED in second.is_refused()
        assert f"1 × RUN-42: {LIST}" in second.cart()
        other = second.to_payment()
        assert second.pay() == WITH_SHIPPING[LIST]
    assert redeemed(vendure, code)
    assert vendure.tactful.redemptions(other) == []


def test_forged_repeated_and_excessive_offers_do_not_enter_the_cart(
    vendure: VendureShop, browser: Browser
) -> None:
    with vendure_shopper_at(vendure, browser) as one, vendure_shopper_at(vendure, browser) as other:
        token = one.take_offer()
        assert one.put(token) == ""
        other.browse()
        forged = token[:-8] + ("AAAAAAAQ" if not token.endswith("AAAAAAAQ") else "BBBBBBBQ")
        assert other.put(forged) == "offer.ended"
        assert other.put(token, 2) == "offer.quantity"
        assert other.put(token, 0) == "offer.quantity"
        assert other.query("{ activeOrder { lines { id } } }")["activeOrder"] in (
            None,
            {"lines": []},
        )
        assert f"1 × RUN-42: {PROMISED}" in one.cart()
        one.page.click("#more")
        expect(one.page.locator("#message")).to_have_text("offer.quantity")
        assert f"1 × RUN-42: {PROMISED}" in one.cart()


def test_no_api_shows_or_takes_the_token(vendure: VendureShop, browser: Browser) -> None:
    types = ("OrderLineCustomFields", "OrderLineCustomFieldsInput")
    asked = "{" + " ".join(f'{name}: __type(name: "{name}") {{ name }}' for name in types) + "}"
    with vendure_shopper_at(vendure, browser) as one:
        one.goto("cart")
        assert one.query(asked) == dict.fromkeys(types)
    assert vendure.admin(asked) == dict.fromkeys(types)


def test_a_unit_that_was_in_the_cart_becomes_the_unit_of_the_offer(
    vendure: VendureShop, browser: Browser
) -> None:
    with vendure_shopper_at(vendure, browser) as one:
        one.add("RUN-42")
        assert LIST in one.cart()
        one.take_offer()
        cart = one.cart()
        assert PROMISED in cart
        assert LIST not in cart
        # A further unit at the own price is a line of its own.
        one.add("RUN-42")
        cart = one.cart()
        assert f"1 × RUN-42: {PROMISED}" in cart
        assert f"1 × RUN-42: {LIST}" in cart


@contextmanager
def promotion(vendure: VendureShop, action: str) -> Iterator[None]:
    """A promotion of the shop that halves every price."""
    arguments = [{"name": "discount", "value": "50"}]
    if action == "facet_based_discount":
        facets = vendure.admin("{ facetValues { items { id code } } }")["facetValues"]["items"]
        (brand,) = [one["id"] for one in facets if one["code"] == "acme"]
        arguments.append({"name": "facets", "value": f'["{brand}"]'})
    made = vendure.start_promotion(action, arguments)
    try:
        yield
    finally:
        vendure.end_promotion(made)


@pytest.mark.parametrize("action", ["order_percentage_discount", "facet_based_discount"])
def test_promotions_of_the_shop_leave_the_promised_price_alone(
    vendure: VendureShop, browser: Browser, action: str
) -> None:
    with promotion(vendure, action), vendure_shopper_at(vendure, browser) as one:
        one.take_offer()
        one.add("SOCK-1")
        cart = one.cart()
        assert f"1 × RUN-42: {PROMISED}" in cart
        assert "1 × SOCK-1: €9.95" in cart
        code = one.to_payment()
        assert one.pay() == "€124.60"  # 109.65, half of 19.90, and 5.00 for the shipping
    assert redeemed(vendure, code)


def test_an_own_price_below_the_promise_is_charged_and_uses_no_offer(
    vendure: VendureShop, browser: Browser
) -> None:
    with vendure_shopper_at(vendure, browser) as one:
        one.take_offer()
        with price(vendure, 9900):
            code = one.to_payment()
            assert one.page.locator("#due").inner_text() == "€104.00"
            assert one.pay() == "€104.00"
    assert vendure.tactful.redemptions(code) == []


@contextmanager
def price(vendure: VendureShop, amount: int) -> Iterator[None]:
    """Another price of the item, reported as the shop's staff sets it."""
    vendure.set_price("RUN-42", amount)
    try:
        until(lambda: vendure.known_price() == amount)
        yield
    finally:
        vendure.set_price("RUN-42", PRICES["RUN-42"])
        until(lambda: vendure.known_price() == PRICES["RUN-42"])


def test_a_changed_price_and_stock_are_reported_at_once(vendure: VendureShop) -> None:
    with price(vendure, 13900):
        pass
    vendure.change_variant("RUN-43", stockOnHand=0)
    until(lambda: available(vendure, "RUN-43") == 0)
    vendure.change_variant("RUN-43", stockOnHand=7)
    until(lambda: available(vendure, "RUN-43") == 7)


def available(vendure: VendureShop, sku: str) -> int | None:
    """The stock of an item, as Tactful knows it."""
    (rule,) = vendure.tactful.ask("GET", f"/v1/why?sku={sku}&territory=DE")["rules"]
    if any(gate["reason"] == "stock.out" for gate in rule["gates"]):
        return 0
    found = [one for one in rule["inputs"] if one["fact"] == "stock"]
    return int(found[0]["value"]["available"]) if found else None


def test_a_recalled_item_is_refused_and_its_offer_leaves_the_cart(
    vendure: VendureShop, browser: Browser
) -> None:
    recall = {"type": "recall", "recall": "r1", "skus": ["RUN-42"], "status": "active"}
    with vendure_shopper_at(vendure, browser) as one:
        one.take_offer()
        vendure.tactful.ask("POST", "/v1/facts", [recall])
        try:
            assert ENDED in one.is_refused()
            assert LIST in one.cart()
        finally:
            vendure.tactful.ask("POST", "/v1/facts", [recall | {"status": "lifted"}])


def test_without_an_answer_of_tactful_nothing_is_charged_and_a_later_try_succeeds(
    vendure: VendureShop, browser: Browser
) -> None:
    with vendure_shopper_at(vendure, browser) as one:
        one.take_offer()
        vendure.tactful.stop()
        message = without_tactful(one)
        assert "cannot be confirmed at the moment" in message
        vendure.tactful.start()
        code = one.to_payment()
        assert one.pay() == WITH_SHIPPING[PROMISED]
    vendure.sweep()
    assert redeemed(vendure, code)


def without_tactful(one: VendureShopper) -> str:
    """Go to the payment from the cart while the widget's server is away; return the message."""
    return str(
        one.page.evaluate(
            """async () => {
                const change = (text) => window.query(`mutation { ${text} }`);
                await change('setOrderShippingAddress(input: { streetLine1: "Weg 1", countryCode: "DE" }) { __typename }');
                await change('setCustomerForOrder(input: { firstName: "A", lastName: "B", emailAddress: "a@shop.example" }) { __typename }');
                const { eligibleShippingMethods: [{ id }] } = await window.query('{ eligibleShippingMethods { id } }');
                await change(`setOrderShippingMethod(shippingMethodId: ["${id}"]) { __typename }`);
                const done = await change(
                    'transitionOrderToState(state: "ArrangingPayment") { __typename ... on OrderStateTransitionError { transitionError } }');
                return done.transitionOrderToState.transitionError;
            }"""
        )
    )


def test_an_order_that_is_placed_while_tactful_is_away_is_confirmed_by_the_sweep(
    vendure: VendureShop, browser: Browser
) -> None:
    with vendure_shopper_at(vendure, browser) as one:
        one.take_offer()
        code = one.to_payment()
        vendure.tactful.stop()
        assert one.pay() == WITH_SHIPPING[PROMISED]
    vendure.tactful.start()
    vendure.sweep()
    assert redeemed(vendure, code)


def test_a_crash_between_commit_and_post_loses_no_fact(vendure: VendureShop) -> None:
    vendure.control("crash")
    with pytest.raises(httpx.TransportError):
        # The answer may come before the end of the process.
        until(lambda: vendure.set_price("RUN-43", 11900))
    vendure.wait_for_its_end()
    assert vendure.known_price("RUN-43") == PRICES["RUN-43"]
    vendure.start()
    vendure.sweep()
    until(lambda: vendure.known_price("RUN-43") == 11900)


def test_the_store_keeps_the_ports_promises_in_the_shops_database(vendure: VendureShop) -> None:
    done = subprocess.run(
        [node(), "--test", "store.test.js"],
        cwd=PLACE,
        env=vendure.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout


def test_a_backfill_is_complete_and_has_no_rejected_fact(vendure: VendureShop) -> None:
    vendure.control("backfill")
    vendure.sweep()
    assert [row for row in vendure.control("outbox") if row["refused"]] == []
