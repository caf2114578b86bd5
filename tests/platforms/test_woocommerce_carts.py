"""WooCommerce for real, without a browser: what shoppers and staff may do to a cart with an offer.

A driver of the conformance kit sends what the pages send, to a shop on a Tactful of the kit.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from support.checked_bridges import PATIENCE_S, check
from support.oscar_shop import until
from support.woo_driver import ITEM, STORE, WooDriver, driven_woo
from support.woo_shop import WooShop
from tactful.bridge_check.offer_server import OfferServer, Promise, ShopItem

MONEY = (
    "cart.price", "cart.quantity", "cart.twice", "hold.first", "payment.declined", "cancel.order",
    "refund.once",
)  # fmt: skip
"""The checks in which amounts are computed."""
KINDS = ("blocks", "classic")
PROMISED, LIST = 10965, 12900


@pytest.mark.parametrize(
    ("options", "stored", "item"),
    [
        pytest.param(
            {"woocommerce_prices_include_tax": "no"}, "107.50", ITEM, id="stored without tax"
        ),
        pytest.param(
            {"woocommerce_tax_display_shop": "excl", "woocommerce_tax_display_cart": "excl"},
            "129.00", ShopItem("tactful-woo", "RUN-42", "GB", "GBP", 10750), id="shown without tax",
        ),
        pytest.param(
            {"woocommerce_tax_round_at_subtotal": "yes", "woocommerce_prices_include_tax": "no"},
            "107.50", ITEM, id="rounded at the subtotal",
        ),
        pytest.param(
            {"woocommerce_currency": "JPY", "woocommerce_price_num_decimals": "0"},
            "12900", ShopItem("tactful-woo", "RUN-42", "GB", "JPY", 12900), id="yen",
        ),
        pytest.param(
            {"lab_orders_as_posts": "1"}, "129.00", ITEM, id="orders as posts"
        ),
    ],
)  # fmt: skip
def test_the_promise_is_charged_whatever_the_taxes_the_currency_and_the_storage_of_orders(
    woo: WooShop, options: dict[str, str], stored: str, item: ShopItem
) -> None:
    with_tax = options.get("woocommerce_tax_display_shop") != "excl"
    try:
        with (
            woo.options(**options),
            driven_woo(woo, "blocks", item, with_tax=with_tax) as (server, proxy, driver),
        ):
            woo.set_price(item.sku, stored)
            check(item, server, proxy, driver, only=MONEY)
    finally:
        # The shop's own Tactful hears of this price alone.
        woo.set_price(item.sku, "129.00")


def test_a_shop_without_pence_charges_less_than_promised_and_never_more(woo: WooShop) -> None:
    with (
        woo.options(woocommerce_price_num_decimals="0"),
        driven_woo(woo, "classic") as (server, _, driver),
    ):
        promise = server.promise()
        assert driver.put("one", promise.token, 1) == {"refused": None}
        paid = driver.pay("one", "good")
        assert (promise.unit, paid["charged"]) == (10965, 10900)
        driver.settle()
        assert [row["state"] for row in server.redemptions(promise)] == ["redeemed"]


def states(server: OfferServer, promise: Promise) -> list[str]:
    """The states of all redemptions of an offer."""
    return sorted(row["state"] for row in server.redemptions(promise))


def change_cart(driver: WooDriver, cart: str, path: str, **body: object) -> Any:
    """Send a change of the cart as its blocks do; the parsed answer."""
    shopper = driver.shopper(cart)
    nonce = shopper.get(f"{STORE}/cart").headers["Nonce"]
    return shopper.post(f"{STORE}/cart/{path}", json=body, headers={"Nonce": nonce}).json()


def lines(driver: WooDriver, cart: str) -> list[dict[str, Any]]:
    """The lines of a cart."""
    found: list[dict[str, Any]] = driver.shopper(cart).get(f"{STORE}/cart").json()["items"]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_of_orders_that_are_placed_at_once_with_one_token_one_gets_the_price(
    woo: WooShop, kind: str
) -> None:
    with driven_woo(woo, kind) as (server, _, driver):
        promise = server.promise()
        carts = [f"one-{number}" for number in range(3)]
        for cart in carts:
            assert driver.put(cart, promise.token, 1) == {"refused": None}
        with ThreadPoolExecutor(len(carts)) as pool:
            paid = list(pool.map(lambda cart: driver.pay(cart, "good"), carts))
        assert sorted(str(one["state"]) for one in paid) == ["placed", "refused", "refused"]
        assert [one["charged"] for one in paid if one["state"] == "placed"] == [PROMISED]
        driver.settle()
        assert states(server, promise).count("redeemed") == 1
        (loser, *_) = [cart for cart, one in zip(carts, paid, strict=True) if one["state"] == "refused"]  # fmt: skip
        assert driver.pay(loser, "good")["charged"] == LIST


def test_a_button_that_is_pressed_twice_at_once_redeems_the_offer_once(woo: WooShop) -> None:
    with driven_woo(woo, "classic") as (server, _, driver):
        promise = server.promise()
        driver.put("one", promise.token, 1)
        driver.shopper("one").get("/classic-checkout/")
        with ThreadPoolExecutor(2) as pool:
            paid = list(pool.map(lambda _: driver.pay("one", "good"), range(2)))
        placed = {one["order"] for one in paid if one["state"] == "placed" and one["charged"] == PROMISED}  # fmt: skip
        assert len(placed) == 1
        driver.settle()
        assert states(server, promise).count("redeemed") == 1


def test_an_item_that_is_removed_can_be_put_back_and_taken_anew(woo: WooShop) -> None:
    with driven_woo(woo, "classic") as (server, _, driver):
        promise = server.promise()
        driver.put("one", promise.token, 1)
        change_cart(driver, "one", "remove-item", key=lines(driver, "one")[0]["key"])
        assert driver.total("one") == {"total": 0}
        assert driver.put("one", promise.token, 1) == {"refused": None}
        assert driver.total("one") == {"total": PROMISED}
        # The link "Undo" of the classic cart.
        page = driver.shopper("one").get("/classic-cart/").text
        driver.press("one", driver.press("one", page, "remove_item"), "undo_item")
        assert driver.total("one") == {"total": PROMISED}
        assert driver.pay("one", "good")["charged"] == PROMISED


def test_units_up_to_the_limit_of_the_offer_have_its_price_and_more_are_refused(
    woo: WooShop,
) -> None:
    with driven_woo(woo, "blocks") as (server, _, driver):
        promise = server.promise()
        driver.put("one", promise.token, 1)
        key = lines(driver, "one")[0]["key"]
        assert change_cart(driver, "one", "update-item", key=key, quantity=3)["code"]
        assert driver.total("one") == {"total": PROMISED}
        change_cart(driver, "one", "update-item", key=key, quantity=2)
        assert driver.total("one") == {"total": 2 * PROMISED}
        paid = driver.pay("one", "good")
        assert paid["charged"] == 2 * PROMISED
        driver.settle()
        assert [row["qty"] for row in server.redemptions(promise)] == [2]


def test_further_units_of_the_item_are_a_line_at_the_own_price(woo: WooShop) -> None:
    with driven_woo(woo, "blocks") as (server, _, driver):
        promise = server.promise()
        driver.put("one", promise.token, 1)
        item = int(woo.run("echo wc_get_product_id_by_sku('RUN-42');"))
        change_cart(driver, "one", "add-item", id=item, quantity=2)
        assert driver.total("one") == {"total": PROMISED + 2 * LIST}
        assert driver.pay("one", "good")["charged"] == PROMISED + 2 * LIST
        driver.settle()
        assert [row["qty"] for row in server.redemptions(promise)] == [1]


def test_a_guest_who_logs_in_keeps_the_offer(woo: WooShop) -> None:
    with driven_woo(woo, "blocks") as (server, _, driver):
        promise = server.promise()
        driver.put("one", promise.token, 1)
        shopper = driver.shopper("one")
        page = shopper.get("/my-account/").text
        nonce = re.search(r'name="woocommerce-login-nonce" value="([^"]+)"', page)
        assert nonce
        shopper.post("/my-account/", data={
            "username": "noa", "password": "a-password-of-the-tests", "login": "Log in",
            "woocommerce-login-nonce": nonce[1],
        })  # fmt: skip
        assert "Log out" in shopper.get("/my-account/").text
        assert driver.total("one") == {"total": PROMISED}
        paid = driver.pay("one", "good")
        assert paid["charged"] == PROMISED
        driver.settle()
        assert states(server, promise) == ["redeemed"]
        assert woo.run(f"echo wc_get_order({paid['order']})->get_user()->user_login;") == "noa"


def test_an_unpaid_order_is_held_again_when_it_is_paid_by_its_link(woo: WooShop) -> None:
    with driven_woo(woo, "classic") as (server, _, driver):
        promise = server.promise()
        driver.put("one", promise.token, 1)
        assert driver.pay("one", "declined")["state"] == "declined"
        order = woo.run("echo wc_get_orders(['limit' => 1, 'status' => 'failed', 'return' => 'ids'])[0];")  # fmt: skip
        driver.settle()
        assert states(server, promise) == ["cancelled"]
        link = woo.run(f"echo wc_get_order({order})->get_checkout_payment_url();")
        page = driver.shopper("one").get(link).text
        nonce = re.search(r'name="woocommerce-pay-nonce" value="([^"]+)"', page)
        assert nonce
        done = driver.shopper("one").post(
            link, data={"woocommerce_pay": "1", "payment_method": "lab", "woocommerce-pay-nonce": nonce[1]},
            headers={"X-Lab-Outcome": "good"},
        )  # fmt: skip
        assert "order-received" in str(done.url)
        driver.settle()
        assert states(server, promise) == ["cancelled", "redeemed"]
        assert woo.run(f"echo wc_get_order({order})->get_total();") == "109.65"


def test_an_order_whose_status_becomes_refunded_gives_the_budget_back(woo: WooShop) -> None:
    with driven_woo(woo, "blocks") as (server, _, driver):
        promise = server.promise()
        driver.put("one", promise.token, 1)
        order = driver.pay("one", "good")["order"]
        driver.settle()
        assert server.settled() == LIST - PROMISED
        woo.run(f"wc_get_order({order})->update_status('refunded');")
        driver.settle()
        until(lambda: server.settled() == 0, PATIENCE_S)


def test_the_shop_sells_at_its_own_prices_while_tactful_is_away(woo: WooShop) -> None:
    with driven_woo(woo, "blocks") as (server, proxy, driver):
        promise = server.promise()
        driver.put("one", promise.token, 1)
        with proxy.away():
            assert driver.put("two", promise.token, 1) == {"refused": None}  # the keys are known
            assert driver.pay("two", "good")["state"] == "refused"
            # Without the line of the offer the order does not wait for Tactful.
            change_cart(driver, "two", "remove-item", key=lines(driver, "two")[0]["key"])
            item = int(woo.run("echo wc_get_product_id_by_sku('RUN-42');"))
            change_cart(driver, "two", "add-item", id=item, quantity=1)
            paid = driver.pay("two", "good")
            assert (paid["state"], paid["charged"]) == ("placed", LIST)
        driver.settle()
        assert driver.pay("one", "good")["charged"] == PROMISED


def test_a_variation_is_sold_at_the_price_of_its_own_offer(woo: WooShop) -> None:
    shirt = ShopItem("tactful-woo", "SHIRT-S", "GB", "GBP", 4000)
    with driven_woo(woo, "blocks", shirt) as (server, _, driver):
        promise = server.promise()
        assert driver.put("one", promise.token, 1) == {"refused": None}
        (line,) = lines(driver, "one")
        assert [one["value"] for one in line["variation"]] == ["S"]
        assert driver.pay("one", "good")["charged"] == promise.unit == 3400
        driver.settle()
        assert states(server, promise) == ["redeemed"]


def test_a_deactivated_plugin_leaves_carts_at_the_own_price_and_orders_as_they_are(
    woo: WooShop,
) -> None:
    with driven_woo(woo, "blocks") as (server, _, driver):
        promise, other = server.promise(), server.promise()
        for cart, one in (("one", promise), ("two", other)):
            driver.put(cart, one.token, 1)
        order = driver.pay("one", "good")["order"]
        woo.run("deactivate_plugins('tactful-woo/tactful-woo.php');")
        try:
            assert driver.total("two") == {"total": LIST}
            assert driver.pay("two", "good")["charged"] == LIST
            assert woo.run(f"echo wc_get_order({order})->get_total();") == "109.65"
            jobs = "count(as_get_scheduled_actions(['group' => 'tactful-woo', 'status' => 'pending'], 'ids'))"
            assert woo.run(f"echo {jobs};") == "0"
        finally:
            woo.run("activate_plugin('tactful-woo/tactful-woo.php');")
        assert states(server, other) == []
