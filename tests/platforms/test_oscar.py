"""django-oscar for real: its own pages and basket in Chromium, the bridge, and a Tactful server."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from support.oscar_shop import OscarShop, another_process, until
from support.oscar_shopper import LIST, PROMISED, Shopper, shopper_at

pytestmark = pytest.mark.browser

SAVED = 12900 - 10965
TOTAL = "from oscar.core.loading import get_model as m; o = m('order', 'Order').objects.get(number='{}'); "
ENDED = "has ended, and nothing was charged"


def total_of(shop: OscarShop, order: str) -> str:
    """What was charged for an order."""
    return shop.run(TOTAL.format(order) + "print(o.total_incl_tax)")


def orders(shop: OscarShop) -> int:
    """How many orders the shop has."""
    return int(
        shop.run(
            "from oscar.core.loading import get_model as m; print(m('order', 'Order').objects.count())"
        )
    )


def next_number(shopper: Shopper) -> str:
    """The number that the order of this basket will have."""
    return shopper.shop.run(
        "from oscar.core.loading import get_model as m; "
        "print(100000 + m('basket', 'Basket').objects.order_by('-pk').first().pk)"
    )


def sweep(shop: OscarShop) -> None:
    """Send what waits in the outbox, also what is to be repeated later."""
    shop.run("from tactful_oscar.models import OutboxRow; OutboxRow.objects.update(not_before=0)")
    assert "0 waiting" in shop.manage("tactful_sweep").stdout


def test_a_customers_offer_is_redeemed_for_that_customer(shop: OscarShop, browser: Browser) -> None:
    # The first test: the shop's clock and the server's are together, so that identities are valid.
    with shopper_at(shop, browser) as one:
        one.page.add_init_script("window.tactfulSettings = { consent: 'personal' }")
        one.login()
        one.take_offer()
        order = one.order()
    assert total_of(shop, order) == "109.65"
    assert shop.tactful.redemptions(order) == [(1, "redeemed")]


def test_a_shopper_takes_an_offer_and_pays_exactly_the_promised_price(
    shop: OscarShop, browser: Browser
) -> None:
    _, settled = shop.tactful.budget()
    with shopper_at(shop, browser) as one:
        one.take_offer()
        basket = one.basket()
        assert PROMISED in basket
        assert LIST not in basket
        assert "Important messages" not in basket
        order = one.order()
    assert total_of(shop, order) == "109.65"
    assert shop.tactful.redemptions(order) == [(1, "redeemed")]
    assert shop.tactful.budget()[1] == settled + SAVED


def test_the_page_shows_the_basket_with_the_offer_and_stays(
    shop: OscarShop, browser: Browser
) -> None:
    with shopper_at(shop, browser) as one:
        one.browse()
        mini = one.page.locator(".basket-mini")
        expect(mini).to_contain_text("£0.00")
        shop.tactful.advance(31)
        one.page.get_by_role("button", name="Take this offer").click()
        expect(mini).to_contain_text(PROMISED)
        assert one.page.url.endswith("/catalogue/aero-runner_1/")
        expect(one.page.get_by_role("link", name="cart")).to_have_attribute(
            "href", f"{shop.url}/basket/"
        )


def test_the_order_and_the_new_stock_are_reported(shop: OscarShop, browser: Browser) -> None:
    with shopper_at(shop, browser) as one:
        one.login()
        one.take_offer()
        one.to_preview()
        before = available(shop)
        one.pay()
        order = one.order_number()
    assert available(shop) == before - 1
    found = shop.tactful.ask("GET", "/v1/customers/1/export")
    assert order in str(found)


def available(shop: OscarShop) -> int:
    """The stock of the item, as Tactful knows it."""
    rules = shop.tactful.ask("GET", "/v1/why?sku=RUN-42&territory=GB")["rules"]
    (stock,) = [one for one in rules[0]["inputs"] if one["fact"] == "stock"]
    return int(stock["value"]["available"])


def test_a_declined_card_releases_the_offer_and_a_retry_holds_it_again(
    shop: OscarShop, browser: Browser
) -> None:
    with shopper_at(shop, browser) as one:
        one.take_offer()
        one.to_preview()
        number = next_number(one)
        one.pay("declined")
        expect(one.page.locator("body")).to_contain_text("The card was declined.")
        assert shop.tactful.redemptions(number) == [(1, "cancelled")]
        assert PROMISED in one.basket()
        assert one.order() == number
    assert shop.tactful.redemptions(number) == [(1, "cancelled"), (2, "redeemed")]


def test_a_broken_gateway_releases_the_offer(shop: OscarShop, browser: Browser) -> None:
    with shopper_at(shop, browser) as one:
        one.take_offer()
        one.to_preview()
        number = next_number(one)
        one.pay("broken")
        expect(one.page.locator("body")).to_contain_text("no payment has been taken")
        assert shop.tactful.redemptions(number) == [(1, "cancelled")]


def test_a_shopper_comes_back_from_the_bank_to_the_basket_and_pays_later(
    shop: OscarShop, browser: Browser
) -> None:
    with shopper_at(shop, browser) as one:
        one.take_offer()
        one.to_preview()
        number = next_number(one)
        one.pay("bank")
        expect(one.page.locator("#total")).to_have_text("109.65")
        assert shop.tactful.redemptions(number) == [(1, "held")]
        one.page.click("text=Back")
        expect(one.page.locator("#content_inner")).to_contain_text(PROMISED)
        assert shop.tactful.redemptions(number) == [(1, "cancelled")]
        one.to_preview()
        one.pay("bank")
        one.page.click("text=Pay")
        assert one.order_number() == number
    assert shop.tactful.redemptions(number) == [(1, "cancelled"), (2, "redeemed")]
    assert total_of(shop, number) == "109.65"


def test_a_cancelled_order_gives_the_budget_back(shop: OscarShop, browser: Browser) -> None:
    _, settled = shop.tactful.budget()
    with shopper_at(shop, browser) as one:
        one.take_offer()
        order = one.order()
    assert shop.tactful.budget()[1] == settled + SAVED
    shop.run(TOTAL.format(order) + "o.set_status('Cancelled')")
    assert shop.tactful.redemptions(order) == [(1, "cancelled")]
    assert shop.tactful.budget()[1] == settled


def test_a_refund_gives_its_share_of_the_budget_back_once(
    shop: OscarShop, browser: Browser
) -> None:
    _, settled = shop.tactful.budget()
    with shopper_at(shop, browser) as one:
        one.take_offer()
        order = one.order()
    pay_back = TOTAL.format(order) + "s = o.sources.get(); s.refund(s.amount_debited)"
    shop.run(pay_back)
    assert shop.tactful.budget()[1] == settled
    shop.run(TOTAL.format(order) + "t = m('payment', 'Transaction').objects.last(); t.save()")
    assert shop.tactful.budget()[1] == settled


def test_a_second_order_with_the_same_token_is_refused_and_charges_nothing(
    shop: OscarShop, browser: Browser
) -> None:
    with shopper_at(shop, browser) as first, shopper_at(shop, browser) as second:
        token = first.take_offer()
        second.browse()
        assert second.put(token)[0] == 201
        order = first.order()
        count = orders(shop)
        second.to_preview()
        second.pay()
        expect(second.page.locator("body")).to_contain_text(ENDED)
        assert orders(shop) == count
        basket = second.basket()
        assert LIST in basket
        assert PROMISED not in basket.split("Totals")[1]
        other = second.order()
    assert total_of(shop, other) == "129.00"
    assert shop.tactful.redemptions(order) == [(1, "redeemed")]
    assert [state for _, state in shop.tactful.redemptions(other)] in ([], ["cancelled"])


def test_forged_repeated_and_excessive_offers_do_not_enter_the_basket(
    shop: OscarShop, browser: Browser
) -> None:
    with shopper_at(shop, browser) as one, shopper_at(shop, browser) as other:
        token = one.take_offer()
        assert one.put(token) == (200, {"basket": "/basket/"}), "a lost answer is repeated"
        assert one.basket().count("Aero Runner") == 1
        one.browse()
        other.browse()
        forged = token[:-8] + ("AAAAAAAQ" if not token.endswith("AAAAAAAQ") else "BBBBBBBQ")
        assert other.put(forged) == (
            409, {"code": "offer.ended", "message": "The offer has ended."}
        )  # fmt: skip
        assert other.put(token, 2)[1]["code"] == "offer.quantity"
        assert other.put(token, 0)[1]["code"] == "offer.quantity"
        assert "empty" in other.basket()


def test_a_unit_that_was_in_the_basket_becomes_the_unit_of_the_offer(
    shop: OscarShop, browser: Browser
) -> None:
    with shopper_at(shop, browser) as one:
        one.browse()
        one.page.click("button:has-text('Add to cart')")
        assert LIST in one.basket()
        one.take_offer()
        basket = one.basket()
    assert PROMISED in basket
    assert LIST not in basket


def test_more_units_than_the_offer_allows_cost_the_own_price(
    shop: OscarShop, browser: Browser
) -> None:
    with shopper_at(shop, browser) as one:
        one.take_offer()
        one.page.fill("#id_form-0-quantity", "2")
        one.page.click("button:has-text('Update')")
        expect(one.page.locator("#content_inner")).to_contain_text("£258.00")
        order = one.order()
    assert total_of(shop, order) == "258.00"
    assert shop.tactful.redemptions(order) == []


@contextmanager
def half_price(shop: OscarShop) -> Iterator[None]:
    """A promotion of the shop: everything at half its price."""
    shop.run(
        """
        from oscar.core.loading import get_model as m
        r = m('offer', 'Range').objects.create(name='All', includes_all_products=True)
        c = m('offer', 'Condition').objects.create(range=r, type='Count', value=1)
        b = m('offer', 'Benefit').objects.create(range=r, type='Percentage', value=50)
        m('offer', 'ConditionalOffer').objects.create(name='Half', condition=c, benefit=b)
        """
    )
    try:
        yield
    finally:
        shop.run(
            """
            from oscar.core.loading import get_model as m
            for name in ('ConditionalOffer', 'Condition', 'Benefit', 'Range'):
                m('offer', name).objects.all().delete()
            """
        )


def test_promotions_of_the_shop_leave_the_promised_price_alone(
    shop: OscarShop, browser: Browser
) -> None:
    with half_price(shop), shopper_at(shop, browser) as one:
        one.take_offer()
        one.goto("/catalogue/socks_2/")
        one.page.click("button:has-text('Add to cart')")
        basket = one.basket()
        assert "£119.60" in basket  # 109.65 and half of 19.90
        order = one.order()
    assert total_of(shop, order) == "119.60"
    assert shop.tactful.redemptions(order) == [(1, "redeemed")]


def test_without_the_applicator_a_price_below_the_promise_is_not_charged(
    shop: OscarShop, browser: Browser
) -> None:
    write_without(shop, "offer")
    with (
        another_process(shop, DJANGO_SETTINGS_MODULE="shop.without_offer"),
        half_price(shop),
        shopper_at(shop, browser) as one,
    ):
        one.take_offer()
        one.to_preview()
        number, count = next_number(one), orders(shop)
        one.pay()
        expect(one.page.locator("body")).to_contain_text("cannot be combined")
        assert orders(shop) == count
        assert shop.tactful.redemptions(number) == []


def test_an_own_price_below_the_promise_is_charged_and_uses_no_offer(
    shop: OscarShop, browser: Browser
) -> None:
    with shopper_at(shop, browser) as one:
        one.take_offer()
        with price(shop, "99.00"):
            assert "£99.00" in one.basket()
            order = one.order()
    assert total_of(shop, order) == "99.00"
    assert shop.tactful.redemptions(order) == []


@contextmanager
def price(shop: OscarShop, amount: str) -> Iterator[None]:
    """Another price of the item, reported as the shop's staff sets it."""
    change = (
        "from oscar.core.loading import get_model as m; "
        "s = m('partner', 'StockRecord').objects.get(partner_sku='RUN-42'); s.price = '{}'; s.save()"
    )
    shop.run(change.format(amount))
    try:
        yield
    finally:
        shop.run(change.format("129.00"))


def test_a_changed_price_is_reported_at_once(shop: OscarShop) -> None:
    with price(shop, "139.00"):
        found = shop.tactful.ask("GET", "/v1/prices/RUN-42?territory=GB")
        assert "13900" in str(found)


def test_a_recalled_item_is_refused_and_its_offer_leaves_the_basket(
    shop: OscarShop, browser: Browser
) -> None:
    recall = {"type": "recall", "recall": "r1", "product": "1", "status": "active"}
    with shopper_at(shop, browser) as one:
        one.take_offer()
        one.to_preview()
        shop.tactful.ask("POST", "/v1/facts", [recall])
        try:
            one.pay()
            expect(one.page.locator("body")).to_contain_text(ENDED)
            assert LIST in one.basket()
        finally:
            shop.tactful.ask("POST", "/v1/facts", [recall | {"status": "lifted"}])


def test_without_an_answer_of_tactful_nothing_is_charged_and_a_later_try_succeeds(
    shop: OscarShop, browser: Browser
) -> None:
    with shopper_at(shop, browser) as one:
        one.take_offer()
        one.to_preview()
        number, count = next_number(one), orders(shop)
        shop.tactful.stop()
        one.pay()
        expect(one.page.locator("body")).to_contain_text("cannot be confirmed at the moment")
        assert orders(shop) == count
        shop.tactful.start()
        assert one.order() == number
    assert total_of(shop, number) == "109.65"
    # A request that failed is repeated after some seconds, and the later ones of its order wait for it.
    sweep(shop)
    assert [state for _, state in shop.tactful.redemptions(number)][-1] == "redeemed"


def test_an_order_that_is_placed_while_tactful_is_away_is_confirmed_by_the_sweep(
    shop: OscarShop, browser: Browser
) -> None:
    with shopper_at(shop, browser) as one:
        one.take_offer()
        one.to_preview()
        one.pay("bank")
        expect(one.page.locator("#total")).to_have_text("109.65")
        shop.tactful.stop()
        one.page.click("text=Pay")
        order = one.order_number()
    assert total_of(shop, order) == "109.65"
    shop.tactful.start()
    sweep(shop)
    assert shop.tactful.redemptions(order) == [(1, "redeemed")]


def test_a_basket_that_was_thawed_elsewhere_is_released_by_the_sweep(
    shop: OscarShop, browser: Browser
) -> None:
    with shopper_at(shop, browser) as one:
        one.take_offer()
        one.to_preview()
        number = next_number(one)
        one.pay("bank")
        expect(one.page.locator("#total")).to_have_text("109.65")
    said = shop.manage("tactful_sweep").stdout
    assert shop.tactful.redemptions(number) == [(1, "held")], said
    basket = int(number) - 100000
    shop.run(
        f"from oscar.core.loading import get_model as m; m('basket', 'Basket').objects.get(pk={basket}).thaw()"
    )
    shop.manage("tactful_sweep")
    assert shop.tactful.redemptions(number) == [(1, "cancelled")]


def test_a_shop_with_a_transaction_for_each_request_keeps_every_promise(
    shop: OscarShop, browser: Browser
) -> None:
    with another_process(shop, SHOP_ATOMIC_REQUESTS="1"), shopper_at(shop, browser) as one:
        one.take_offer()
        one.to_preview()
        number = next_number(one)
        one.pay("declined")
        expect(one.page.locator("body")).to_contain_text("The card was declined.")
        assert until(lambda: shop.tactful.redemptions(number) == [(1, "cancelled")])
        assert one.order() == number
    assert shop.tactful.redemptions(number) == [(1, "cancelled"), (2, "redeemed")]
    assert total_of(shop, number) == "109.65"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("TACTFUL = {}", "TACTFUL lacks the setting 'URL'."),
        ("TACTFUL = None", "Set TACTFUL in the settings"),
        ("TACTFUL['UR'] = 'x'", "unknown setting 'UR'"),
        ("TACTFUL['HOLD_SECONDS'] = '5'", "must be of type int"),
    ],
)
def test_a_mistake_in_the_settings_is_named_at_the_start(
    shop: OscarShop, setting: str, said: str
) -> None:
    (shop.folder / "shop" / "mistaken.py").write_text(f"from shop.settings import *\n{setting}\n")
    done = shop.manage("check", "--settings", "shop.mistaken", check=False)
    assert done.returncode == 1
    assert said in done.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("partner", "E001) The pricing strategy lacks TactfulStrategyMixin"),
        ("checkout", "E002) PaymentDetailsView lacks TactfulPaymentMixin"),
        ("offer", "W001) Applicator lacks TactfulApplicatorMixin"),
    ],
)
def test_a_missing_step_of_the_installation_is_named(
    shop: OscarShop, change: str, said: str
) -> None:
    write_without(shop, change)
    done = shop.manage("check", "--settings", f"shop.without_{change}", check=False)
    assert said in done.stderr


def write_without(shop: OscarShop, app: str) -> None:
    """Write settings in which one of Oscar's apps is not forked: `shop.without_APP`."""
    (shop.folder / "shop" / f"without_{app}.py").write_text(
        "from shop.settings import *\n"
        f"PLAIN, OWN = 'oscar.apps.{app}.', 'apps.{app}.'\n"
        "INSTALLED_APPS = [PLAIN + a[len(OWN):] if a.startswith(OWN) else a for a in INSTALLED_APPS]\n"
    )


def test_a_shop_that_is_not_paired_goes_on_without_offers(shop: OscarShop) -> None:
    settings = (
        "from shop.settings import *\n"
        "TACTFUL = {'PAIRING': BASE_DIR / 'missing.json', 'TERRITORY': 'GB'}\n"
    )
    (shop.folder / "shop" / "unpaired.py").write_text(settings)
    done = shop.manage("check", "--settings", "shop.unpaired", check=False)
    assert "W002) The shop is not paired with a Tactful server" in done.stderr
    page = (
        "from django.test import Client; from oscar.core.loading import get_model as m; "
        "m('partner', 'StockRecord').objects.first().save(); "
        "print(Client(SERVER_NAME='localhost').get('/catalogue/aero-runner_1/').content.decode())"
    )
    done = shop.manage("shell", "-v", "0", "-c", page, "--settings", "shop.unpaired")
    assert "Aero Runner" in done.stdout
    assert "tactful-storefront" not in done.stdout


def test_a_pairing_replaces_the_one_before_and_a_used_code_changes_nothing(
    shop: OscarShop,
) -> None:
    file = shop.folder.parent / "tactful.json"
    before = file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    code = shop.tactful.pairing_code("oscar")
    assert f"Paired with {shop.tactful.url}." in shop.manage("tactful_pair", code).stdout
    after = file.read_bytes()
    assert after != before
    done = shop.manage("tactful_pair", code, check=False)
    assert done.returncode == 1
    assert "Not paired: Tactful refused the request: 403 pairing.refused" in done.stderr
    assert file.read_bytes() == after


def test_the_command_that_pairs_does_not_warn_that_the_shop_is_not_paired(shop: OscarShop) -> None:
    settings = (
        "from shop.settings import *\n"
        "TACTFUL = {'PAIRING': BASE_DIR / 'new.json', 'TERRITORY': 'GB'}\n"
    )
    (shop.folder / "shop" / "new.py").write_text(settings)
    code = shop.tactful.pairing_code("oscar")
    done = shop.manage("tactful_pair", code, "--settings", "shop.new")
    assert (shop.folder / "new.json").is_file()
    assert done.stderr == ""


def test_missing_addresses_are_named(shop: OscarShop) -> None:
    plain = (shop.folder / "shop" / "urls.py").read_text().partition("urlpatterns.insert")[0]
    (shop.folder / "shop" / "plain_urls.py").write_text(plain)
    settings = "from shop.settings import *\nROOT_URLCONF = 'shop.plain_urls'\n"
    (shop.folder / "shop" / "without_urls.py").write_text(settings)
    done = shop.manage("check", "--settings", "shop.without_urls", check=False)
    assert "E003) The addresses of tactful_oscar are missing" in done.stderr


def test_a_complete_installation_has_no_findings(shop: OscarShop) -> None:
    assert "System check identified no issues" in shop.manage("check").stdout


def test_the_tables_are_those_of_the_migration(shop: OscarShop) -> None:
    done = shop.manage("makemigrations", "tactful_oscar", "--check", "--dry-run")
    assert "No changes detected" in done.stdout


def test_a_sync_can_be_repeated_and_counts_what_it_reports(shop: OscarShop) -> None:
    said = shop.manage("tactful_sync", "--days", "0").stdout
    assert "6 facts reported, 0 rejected" in said


def test_an_order_without_an_offer_names_the_shoppers_session(
    shop: OscarShop, browser: Browser
) -> None:
    with shopper_at(shop, browser) as one:
        one.browse()
        one.page.wait_for_function("document.cookie.includes('tactful_session=')")
        session = one.page.evaluate("tactful('session')")
        one.page.click("button:has-text('Add to cart')")
        order = one.order()
        assert one.page.evaluate("tactful('session')") == session
    facts = shop.run(
        "from tactful_oscar.conf import bridge_settings as s; from tactful_oscar.facts import OscarFacts; "
        f"print(OscarFacts(s()).facts_of('order:{order}')[0]['session'])"
    )
    assert facts == session
    assert shop.tactful.redemptions(order) == []


def test_a_shopper_who_refuses_everything_is_in_no_order(shop: OscarShop, browser: Browser) -> None:
    with shopper_at(shop, browser) as one:
        one.browse()
        one.page.wait_for_function("document.cookie.includes('tactful_session=')")
        one.page.evaluate("tactful('consent', 'none')")
        one.page.wait_for_function("!document.cookie.includes('tactful_session=')")
        one.page.add_init_script("window.tactfulSettings = { consent: 'none' }")
        one.page.click("button:has-text('Add to cart')")
        order = one.order()
    assert "session" not in shop.run(
        "from tactful_oscar.conf import bridge_settings as s; from tactful_oscar.facts import OscarFacts; "
        f"print(*OscarFacts(s()).facts_of('order:{order}')[0])"
    )
