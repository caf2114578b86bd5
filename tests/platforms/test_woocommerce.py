"""WooCommerce for real: its own pages in Chromium, the plugin, and a Tactful server.

Neither WordPress nor WooCommerce is in a package index: `make platforms WORDPRESS=PATH` names a folder
with both, which is not changed.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from support.oscar_shop import until
from support.woo_shop import WooShop
from support.woo_shopper import LIST, PATIENCE_MS, PROMISED, woo_shopper_at

pytestmark = pytest.mark.browser

SAVED = 12900 - 10965
ENDED = "has ended, and nothing was charged"
KINDS = ("blocks", "classic")


def total_of(woo: WooShop, order: str) -> str:
    """What was charged for an order."""
    return woo.run(f"echo wc_get_order({order})->get_total();")


def orders(woo: WooShop) -> int:
    """How many orders were placed."""
    statuses = "['processing', 'completed', 'on-hold']"
    return int(
        woo.run(
            f"echo count(wc_get_orders(['limit' => -1, 'status' => {statuses}, 'return' => 'ids']));"
        )
    )


def newest_order(woo: WooShop) -> str:
    """The id of the newest order, paid or not."""
    return woo.run(
        "$statuses = array_merge(array_keys(wc_get_order_statuses()), ['checkout-draft']);"
        "echo wc_get_orders(['limit' => 1, 'orderby' => 'ID', 'order' => 'DESC', 'status' => $statuses, 'return' => 'ids'])[0];"
    )


def settled(woo: WooShop) -> int:
    """What the budget has paid for good, in pence, after everything was delivered."""
    woo.deliver()
    return woo.tactful.budget()[1]


def test_a_customers_offer_is_redeemed_for_that_customer(woo: WooShop, browser: Browser) -> None:
    # The first test: the shop's clock and the server's are together, so that identities are valid.
    with woo_shopper_at(woo, browser) as one:
        one.page.add_init_script("window.tactfulSettings = { consent: 'personal' }")
        one.login()
        one.take_offer()
        order = one.order()
    assert total_of(woo, order) == "109.65"
    assert woo.redemptions(order) == [(1, "redeemed")]
    customer = woo.run("echo get_user_by('login', 'mia')->ID;")
    assert order in str(woo.tactful.ask("GET", f"/v1/customers/{customer}/export"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_shopper_takes_an_offer_and_pays_exactly_the_promised_price(
    woo: WooShop, browser: Browser, kind: str
) -> None:
    before = settled(woo)
    with woo_shopper_at(woo, browser, kind) as one:
        one.take_offer()
        cart = one.cart()
        assert PROMISED in cart
        assert "reserved for you" in cart
        order = one.order()
    assert total_of(woo, order) == "109.65"
    assert woo.redemptions(order) == [(1, "redeemed")]
    assert settled(woo) == before + SAVED


def test_the_page_shows_the_cart_with_the_offer_and_stays(woo: WooShop, browser: Browser) -> None:
    with woo_shopper_at(woo, browser) as one:
        take = one.see_offer()
        mini = one.page.locator(".wc-block-mini-cart__badge")
        expect(mini).not_to_contain_text("1")
        take.click()
        expect(mini).to_contain_text("1", timeout=PATIENCE_MS)
        assert one.page.url.endswith("/product/aero-runner/")
        expect(one.in_cart()).to_have_attribute("href", f"{woo.url}/cart/", timeout=PATIENCE_MS)


def test_a_theme_with_a_classic_small_cart_shows_the_offer_in_it(
    woo: WooShop, browser: Browser
) -> None:
    if not (woo.root / "wp-content" / "themes" / "storefront").is_dir():
        pytest.skip("the given WordPress has no theme with a classic small cart (storefront)")
    with (
        option(woo, "stylesheet", "storefront", "twentytwentyfive"),
        option(woo, "template", "storefront", "twentytwentyfive"),
        woo_shopper_at(woo, browser, "classic") as one,
    ):
        take = one.see_offer()
        small = one.page.locator(".site-header-cart .count")
        expect(small).to_contain_text("0 items")
        take.click()
        expect(small).to_contain_text("1 item", timeout=PATIENCE_MS)
        assert one.page.url.endswith("/product/aero-runner/")


def test_the_card_tells_a_refusal_of_the_cart_in_the_words_of_the_shop(
    woo: WooShop, browser: Browser
) -> None:
    with woo_shopper_at(woo, browser) as one:
        take = one.see_offer()
        one.page.route(re.compile("tactful_woo_take"), lambda route: route.fulfill(
            status=409, json={"code": "offer.stock", "message": "Another shopper was faster."}
        ))  # fmt: skip
        take.click()
        one.page.get_by_text("Another shopper was faster.").wait_for()
        one.page.unroute_all(behavior="wait")
        one.page.get_by_role("button", name="Try again").click()
        one.in_cart().wait_for()
        assert PROMISED in one.cart()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("outcome", ["declined", "declined_softly"])
def test_a_declined_card_and_a_retry_redeem_the_offer_once(
    woo: WooShop, browser: Browser, kind: str, outcome: str
) -> None:
    before = settled(woo)
    with woo_shopper_at(woo, browser, kind) as one:
        one.take_offer()
        one.to_payment()
        one.pay(outcome)
        one.said("The card was declined.")
        # A failed order gives the offer back at once; a pending one keeps it for the next attempt.
        failed = newest_order(woo)
        state = "cancelled" if outcome == "declined" else "held"
        assert until(lambda: woo.redemptions(failed) == [(1, state)])
        one.pay("good")
        order = one.order_number()
    assert total_of(woo, order) == "109.65"
    woo.sweep()
    states = [state for _, state in woo.redemptions(order)]
    assert states.count("redeemed") == 1
    assert states[-1] == "redeemed"
    assert settled(woo) == before + SAVED


@pytest.mark.parametrize("kind", KINDS)
def test_a_shopper_comes_back_from_the_bank_to_the_cart_and_pays_later(
    woo: WooShop, browser: Browser, kind: str
) -> None:
    with woo_shopper_at(woo, browser, kind) as one:
        one.take_offer()
        one.to_payment()
        one.pay("bank")
        expect(one.page.locator("#total")).to_have_text("109.65", timeout=PATIENCE_MS)
        first = newest_order(woo)
        assert woo.redemptions(first) == [(1, "held")]
        one.page.click("text=Back")
        one.said(PROMISED)
        assert until(lambda: woo.redemptions(first) == [(1, "cancelled")])
        one.to_payment()
        one.pay("bank")
        one.page.click("text=Pay")
        order = one.order_number()
    assert total_of(woo, order) == "109.65"
    assert woo.redemptions(order)[-1][1] == "redeemed"


def test_a_cancelled_order_gives_the_budget_back(woo: WooShop, browser: Browser) -> None:
    before = settled(woo)
    with woo_shopper_at(woo, browser) as one:
        one.take_offer()
        order = one.order()
    assert settled(woo) == before + SAVED
    woo.run(f"wc_get_order({order})->update_status('cancelled');")
    assert woo.redemptions(order) == [(1, "cancelled")]
    assert settled(woo) == before


REFUNDS = {
    "of its line": "'line_items' => [$id => ['qty' => 1, 'refund_total' => 91.38, 'refund_tax' => [1 => 18.27]]]",
    "of the whole amount": "'line_items' => []",
}


@pytest.mark.parametrize("what", REFUNDS)
def test_a_refund_gives_its_share_of_the_budget_back_once(
    woo: WooShop, browser: Browser, what: str
) -> None:
    before = settled(woo)
    with woo_shopper_at(woo, browser) as one:
        one.take_offer()
        order = one.order()
    said = woo.run(
        f"$order = wc_get_order({order}); $id = array_key_first($order->get_items());"
        f"$done = wc_create_refund(['order_id' => {order}, 'amount' => 109.65, {REFUNDS[what]}]);"
        "echo is_wp_error($done) ? $done->get_error_message() : get_class($done);"
    )
    assert "WC_Order_Refund" in said or "OrderRefund" in said
    assert settled(woo) == before
    woo.sweep()
    assert settled(woo) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_order_with_the_same_token_is_refused_and_charges_nothing(
    woo: WooShop, browser: Browser, kind: str
) -> None:
    with (
        woo_shopper_at(woo, browser, kind) as first,
        woo_shopper_at(woo, browser, kind) as second,
    ):
        token = first.take_offer()
        second.browse()
        assert second.put(token)[0] == 201
        assert PROMISED in second.cart()
        order = first.order()
        count = orders(woo)
        second.to_payment()
        second.pay()
        second.said(ENDED)
        # The page shows the present price before anything can be charged again.
        expect(second.page.locator("main").first).to_contain_text(LIST, timeout=PATIENCE_MS)
        assert orders(woo) == count
        second.pay()
        other = second.order_number()
    assert total_of(woo, other) == "129.00"
    assert woo.redemptions(order) == [(1, "redeemed")]
    assert "redeemed" not in [state for _, state in woo.redemptions(other)]


def test_forged_repeated_and_excessive_offers_do_not_enter_the_cart(
    woo: WooShop, browser: Browser
) -> None:
    with woo_shopper_at(woo, browser) as one, woo_shopper_at(woo, browser) as other:
        token = one.take_offer()
        once = one.cart()
        assert one.put(token) == (200, {"cart": f"{woo.url}/cart/"})
        assert one.cart().count(PROMISED) == once.count(PROMISED)
        other.browse()
        forged = token[:-8] + ("AAAAAAAQ" if not token.endswith("AAAAAAAQ") else "BBBBBBBQ")
        assert other.put(forged) == (
            409, {"code": "offer.ended", "message": "The offer has ended."}
        )  # fmt: skip
        assert other.put(token, 2)[1]["code"] == "offer.quantity"
        assert other.put(token, 0)[1]["code"] == "offer.quantity"
        other.page.evaluate("window.tactfulWoo.nonce = 'forged'")
        assert other.put(token) == (403, {"code": "request.nonce", "message": "The offer has ended."})  # fmt: skip
        other.goto("/cart/")
        other.said("empty")


def test_a_page_from_a_cache_with_an_old_nonce_still_takes_the_offer(
    woo: WooShop, browser: Browser
) -> None:
    with woo_shopper_at(woo, browser) as one:
        one.page.add_init_script(
            "let said; Object.defineProperty(window, 'tactfulWoo',"
            " { get: () => said, set: (value) => { said = { ...value, nonce: '0123456789' } } })"
        )
        one.take_offer()
        assert PROMISED in one.cart()


def test_a_unit_that_was_in_the_cart_becomes_the_unit_of_the_offer(
    woo: WooShop, browser: Browser
) -> None:
    with woo_shopper_at(woo, browser, "classic") as one:
        one.browse()
        one.page.click("button[name=add-to-cart], .single_add_to_cart_button")
        one.said("added to your cart")
        one.take_offer()
        cart = one.cart()
    assert PROMISED in cart
    assert LIST not in cart


def test_more_units_than_the_offer_allows_cannot_be_put_into_the_cart(
    woo: WooShop, browser: Browser
) -> None:
    with woo_shopper_at(woo, browser, "classic") as one:
        one.take_offer()
        one.cart()
        one.page.fill("input.qty", "2")
        one.page.click("button[name=update_cart]")
        one.said("The offer is for 1 unit.")
        order = one.order()
    assert total_of(woo, order) == "109.65"


@contextmanager
def coupon(woo: WooShop, kind: str, amount: str) -> Iterator[str]:
    """A coupon of the shop."""
    woo.run(
        f"$c = new WC_Coupon(); $c->set_props(['code' => 'half', 'discount_type' => '{kind}', 'amount' => '{amount}']); $c->save();"
    )
    try:
        yield "half"
    finally:
        woo.run("(new WC_Coupon('half'))->delete(true);")


@pytest.mark.parametrize(
    ("kind", "amount", "total"), [("percent", "50", "119.60"), ("fixed_cart", "5", "124.55")]
)
def test_coupons_of_the_shop_leave_the_promised_price_alone(
    woo: WooShop, browser: Browser, kind: str, amount: str, total: str
) -> None:
    with coupon(woo, kind, amount) as code, woo_shopper_at(woo, browser, "classic") as one:
        one.take_offer()
        one.goto("/?add-to-cart=" + woo.run("echo wc_get_product_id_by_sku('SOCK-1');"))
        one.cart()
        one.page.fill("#coupon_code", code)
        one.page.click("button[name=apply_coupon]")
        one.said("£" + total)
        order = one.order()
    assert total_of(woo, order) == total
    assert woo.redemptions(order) == [(1, "redeemed")]


@contextmanager
def option(woo: WooShop, name: str, value: str, otherwise: str) -> Iterator[None]:
    """Another value of an option."""
    woo.option(name, value)
    try:
        yield
    finally:
        woo.option(name, otherwise)


@pytest.mark.parametrize("kind", KINDS)
def test_a_price_that_another_plugin_lowers_is_not_charged(
    woo: WooShop, browser: Browser, kind: str
) -> None:
    with woo_shopper_at(woo, browser, kind) as one:
        one.take_offer()
        with option(woo, "lab_less_at_last", "5", "0"):
            one.to_payment()
            count = orders(woo)
            one.pay()
            one.said("cannot be combined with another reduction")
            assert orders(woo) == count
            assert woo.redemptions(newest_order(woo)) == []


def test_prices_that_are_stored_without_tax_are_charged_to_the_penny(
    woo: WooShop, browser: Browser
) -> None:
    try:
        with woo.options(woocommerce_prices_include_tax="no"):
            woo.set_price("RUN-42", "107.50")
            with woo_shopper_at(woo, browser) as one:
                one.take_offer()
                order = one.order()
    finally:
        # After the option: the price is reported as it is shown then.
        woo.set_price("RUN-42", "129.00")
    assert total_of(woo, order) == "109.65"
    assert woo.redemptions(order) == [(1, "redeemed")]


@contextmanager
def price(woo: WooShop, amount: str) -> Iterator[None]:
    """Another price of the item, reported as the shop's staff sets it."""
    woo.set_price("RUN-42", amount)
    try:
        yield
    finally:
        woo.set_price("RUN-42", "129.00")


def test_an_own_price_below_the_promise_is_charged_and_uses_no_offer(
    woo: WooShop, browser: Browser
) -> None:
    with woo_shopper_at(woo, browser) as one:
        one.take_offer()
        with price(woo, "99.00"):
            assert "£99.00" in one.cart()
            order = one.order()
    assert total_of(woo, order) == "99.00"
    assert woo.redemptions(order) == []


def test_a_changed_price_is_reported_at_once(woo: WooShop) -> None:
    with price(woo, "139.00"):
        assert "13900" in str(woo.tactful.ask("GET", "/v1/prices/RUN-42?territory=GB"))


def available(woo: WooShop) -> int:
    """The stock of the item, as Tactful knows it after everything was delivered."""
    woo.deliver()
    rows = woo.tactful.ask("GET", "/v1/facts?of=stock")["facts"]
    (row,) = [row for row in rows if row["sku"] == "RUN-42"]
    return int(row["available"])


def test_the_new_stock_is_reported(woo: WooShop, browser: Browser) -> None:
    before = available(woo)
    with woo_shopper_at(woo, browser) as one:
        one.take_offer()
        one.order()
    assert available(woo) == before - 1


def test_variations_are_reported_by_their_own_sku_or_id(woo: WooShop) -> None:
    rows = woo.tactful.ask("GET", "/v1/facts?of=product")["facts"]
    shirt = woo.run("echo wc_get_product_id_by_sku('SHIRT');")
    found = {row["sku"] for row in rows if row["product"] == shirt}
    medium = woo.run(f"echo max(wc_get_product({shirt})->get_children());")
    assert found == {"SHIRT-S", medium}


def test_a_variation_is_sold_at_the_promised_price(woo: WooShop, browser: Browser) -> None:
    with woo_shopper_at(woo, browser) as one:
        one.page.add_init_script(
            "addEventListener('load', () => { const size = document.querySelector('[name=attribute_size]');"
            " if (size) jQuery(size).val('M').trigger('change'); })"
        )
        one.take_offer("trail-shirt")
        assert "£34.00" in one.cart()
        order = one.order()
    assert total_of(woo, order) == "34.00"
    assert woo.redemptions(order) == [(1, "redeemed")]


def test_a_recalled_item_is_refused_and_its_offer_leaves_the_cart(
    woo: WooShop, browser: Browser
) -> None:
    recall = {"type": "recall", "recall": "r1", "skus": ["RUN-42"], "status": "active"}
    with woo_shopper_at(woo, browser) as one:
        one.take_offer()
        one.to_payment()
        woo.tactful.ask("POST", "/v1/facts", [recall])
        try:
            one.pay()
            one.said(ENDED)
            assert LIST in one.cart()
        finally:
            woo.tactful.ask("POST", "/v1/facts", [recall | {"status": "lifted"}])


def test_without_an_answer_of_tactful_nothing_is_charged_and_a_later_try_succeeds(
    woo: WooShop, browser: Browser
) -> None:
    with woo_shopper_at(woo, browser) as one:
        one.take_offer()
        one.to_payment()
        count = orders(woo)
        woo.tactful.stop()
        try:
            one.pay()
            one.said("cannot be confirmed at the moment")
            assert orders(woo) == count
        finally:
            woo.tactful.start()
        one.pay()
        order = one.order_number()
    assert total_of(woo, order) == "109.65"
    # A request that failed is repeated after some seconds, and the later ones of its order wait for it.
    woo.sweep()
    assert woo.redemptions(order)[-1][1] == "redeemed"


def test_an_order_that_is_placed_while_tactful_is_away_is_confirmed_by_the_sweep(
    woo: WooShop, browser: Browser
) -> None:
    with woo_shopper_at(woo, browser) as one:
        one.take_offer()
        one.to_payment()
        one.pay("bank")
        expect(one.page.locator("#total")).to_have_text("109.65", timeout=PATIENCE_MS)
        woo.tactful.stop()
        try:
            one.page.click("text=Pay")
            order = one.order_number()
        finally:
            woo.tactful.start()
    assert total_of(woo, order) == "109.65"
    woo.run("set_transient('tactful_woo_pause', 1, 3600);")
    woo.sweep()
    assert woo.redemptions(order) == [(1, "redeemed")]
    # The next request need not wait for the job: the server answers again.
    assert woo.run("echo (int) get_transient('tactful_woo_pause');") == "0"


def test_an_unpaid_order_that_woocommerce_cancels_gives_the_offer_back(
    woo: WooShop, browser: Browser
) -> None:
    with woo_shopper_at(woo, browser) as one:
        one.take_offer()
        one.to_payment()
        one.pay("bank")
        expect(one.page.locator("#total")).to_have_text("109.65", timeout=PATIENCE_MS)
    order = newest_order(woo)
    woo.run(f"wc_get_order({order})->update_status('cancelled');")
    assert woo.redemptions(order) == [(1, "cancelled")]


def test_the_settings_page_never_shows_the_key_and_reports_the_shop_with_progress(
    woo: WooShop, browser: Browser
) -> None:
    with woo_shopper_at(woo, browser) as one:
        one.open_settings()
        key = one.page.locator("#server_key")
        assert key.input_value() == ""
        assert "server-key-of-the-platforms" not in one.page.content()
        one.page.click("#submit")
        one.said("Tactful answers, and accepts the key.")
        one.page.click("#tactful-sync")
        expect(one.page.locator("#tactful-said")).to_contain_text("0 ✗", timeout=PATIENCE_MS)
        one.page.fill("#url", "http://127.0.0.1:9")
        one.page.click("#submit")
        one.said("Tactful does not answer at this address")
        one.page.fill("#url", woo.tactful.url)
        one.page.click("#submit")
        one.said("Tactful answers, and accepts the key.")


def test_a_pairing_code_on_the_settings_page_connects_the_shop(
    woo: WooShop, browser: Browser
) -> None:
    with woo_shopper_at(woo, browser) as one:
        one.open_settings()
        one.page.fill("#code", woo.tactful.pairing_code("woo"))
        one.page.click("#submit")
        one.said("Tactful answers, and accepts the key.")
    settings = woo.run("echo json_encode(get_option('tactful_woo_settings'));")
    assert '"server_key":"tft_' in settings
    assert '"identity_secret":""' in settings
    with woo_shopper_at(woo, browser) as one:
        one.take_offer()
        order = one.order()
    assert total_of(woo, order) == "109.65"
    assert woo.redemptions(order) == [(1, "redeemed")]
