"""A list is read page by page, goes on after an interruption, and names what it leaves out."""

from typing import Any

import pytest
from msgspec import structs

from support.fake_medusa import FakeMedusa
from support.fake_shop import Answer
from support.fake_shopify import FakeShopify
from support.fake_woocommerce import FakeWoocommerce
from support.inbox import NOW
from support.reconciled_shop import ReconciledShop
from tactful.connectors.connector import Connector, Fetch, Mapped
from tactful.connectors.objects.remote_objects import FetchError
from tactful.connectors.shops.medusa import MEDUSA
from tactful.connectors.shops.shopify import SHOPIFY
from tactful.connectors.shops.woocommerce import WOOCOMMERCE

DAY_S = 24 * 3_600


def woo(count: int = 7, connector: Connector = WOOCOMMERCE) -> ReconciledShop:
    """Return a shop with some products."""
    shop = FakeWoocommerce(NOW // 1000)
    for number in range(count):
        shop.add_product(1_000 + number, number)
    return ReconciledShop(shop, connector)


async def test_a_first_reading_brings_what_was_there_and_is_no_drift() -> None:
    one = woo()
    assert isinstance(one.shop, FakeWoocommerce)
    one.shop.order(101)
    one.later(60)
    await one.reconciler.read_due()
    assert await one.facts() == {
        **{f"W-{101 + n}": (1_000 + n, n, ("Uncategorized",)) for n in range(7)},
        "108": ("pending", ()),
    }
    assert one.installed.drift == {}
    products = one.reconciler.statuses()[0]
    assert (products.name, products.rows, products.reading) == ("products", 7, None)
    assert products.whole_at == products.changed_at == one.clock.at


async def test_a_reading_goes_on_where_it_was_interrupted() -> None:
    one = woo()
    right = one.shop.answer
    one.shop.answer = lambda *asked: (  # type: ignore[method-assign]
        Answer(503, {}) if asked[2].get("page") == "2" else right(*asked)
    )
    with pytest.raises(FetchError, match="503"):
        await one.reconciler.read_due()
    products = one.reconciler.statuses()[0]
    assert (products.reading, products.total) == (3, 7)
    one.shop.answer = right  # type: ignore[method-assign]
    again = ReconciledShop(one.shop, WOOCOMMERCE, one.ledger, one.clock)
    one.shop.asked.clear()
    await again.reconciler.read_due()
    assert "page=2" in one.shop.asked[0]
    assert len(await again.facts()) == 7


async def test_a_first_reading_of_orders_goes_back_180_days() -> None:
    one = woo(1)
    assert isinstance(one.shop, FakeWoocommerce)
    old = one.shop.order(101)
    one.later(181 * DAY_S)
    new = one.shop.order(101)
    await one.reconciler.read_due()
    assert {str(old), str(new)} & set(await one.facts()) == {str(new)}


async def test_changes_are_read_from_the_latest_one_with_an_overlap() -> None:
    one = woo(1)
    assert isinstance(one.shop, FakeWoocommerce)
    order = one.shop.order(101)
    await one.reconciler.read_due()
    one.later(3_600)
    one.shop.set_status(order, "processing")
    one.shop.asked.clear()
    await one.reconciler.read_due()
    (asked,) = (path for path in one.shop.asked if "/orders?" in path)
    assert "modified_after=2026-03-10T11%3A55%3A00Z" in asked
    assert (await one.facts())[str(order)] == ("processing", ())
    assert one.installed.drift == {"order": 1}


async def test_an_object_that_nothing_can_map_is_named_and_the_others_count() -> None:
    one = woo(3)
    del one.shop.products[102]["status"]
    await one.reconciler.read_due()
    assert set(await one.facts()) == {"W-101", "W-103"}
    assert one.installed.left_out == {"An object of the list products was left out: KeyError.": 1}


async def test_an_object_that_cannot_be_fetched_waits_or_is_named() -> None:
    def thin(topic: str, fields: Any, terms: Any) -> Mapped:
        return Mapped(fetch=(Fetch(path=f"/wp-json/wc/v3/orders/{fields['id']}", topic=topic),))

    one = woo(1, structs.replace(WOOCOMMERCE, map=thin))
    await one.reconciler.read_due()
    problem = "The system answered 404."
    assert one.installed.left_out == {f"An object of the list products was left out: {problem}.": 1}


async def test_a_rejected_fact_is_named() -> None:
    one = woo(1)
    one.shop.products[101]["stock_quantity"] = 10**12
    await one.reconciler.read_due()
    assert one.installed.left_out == {"A fact was rejected: fact.invalid (available).": 1}


@pytest.mark.parametrize("body", [{"message": "Hello"}, {"products": {}}, "odd"])
async def test_an_answer_that_is_no_list_ends_nothing(body: object) -> None:
    one = woo(1)
    one.shop.answers = [Answer(200, body)]
    with pytest.raises(FetchError, match="The list products is no list"):
        await one.reconciler.read_due()
    assert await one.facts() == {}


async def test_the_pace_of_a_system_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    shop = FakeShopify(NOW // 1000)
    shop.used = 38
    for _ in range(4):
        shop.add_product(100, 1)
    one = ReconciledShop(shop, SHOPIFY)
    monkeypatch.setattr("tactful.connectors.reconcile.list_reader.asyncio.sleep", sleep)
    await one.reconciler.read_due()
    assert [one for one in pauses if one] == [9] * 4
    assert len(await one.facts()) == 4


async def test_a_whole_object_is_fetched_where_a_list_has_only_its_id() -> None:
    listing = structs.replace(WOOCOMMERCE.lists[1], each="/wp-json/wc/v3/orders/{id}", name="thin")
    one = woo(1, structs.replace(WOOCOMMERCE, lists=(listing,), hooks=None))
    assert isinstance(one.shop, FakeWoocommerce)
    order = one.shop.order(101)
    await one.reconciler.read_due()
    assert f"GET /wp-json/wc/v3/orders/{order}" in one.shop.asked
    assert (await one.facts())[str(order)] == ("pending", ())


async def test_a_stamp_that_is_no_instant_lets_the_next_reading_begin_before() -> None:
    one = woo(1)
    assert isinstance(one.shop, FakeWoocommerce)
    order = one.shop.order(101)
    one.shop.orders[order]["date_modified_gmt"] = "soon"
    await one.reconciler.read_due()
    assert "orders" in [status.name for status in one.reconciler.statuses() if status.whole_at]


async def test_a_quiet_shop_gives_heartbeats() -> None:
    one = woo(0)
    await one.reconciler.read_due()
    assert one.ingest.accepted == ["feed", "feed", "feed"]


async def test_a_review_that_is_edited_back_counts_again() -> None:
    one = woo()
    assert isinstance(one.shop, FakeWoocommerce)
    review = one.shop.review(101, 5)
    for rating in (5, 1, 5, 1):
        one.reconciler.ask()
        await one.reconciler.read_due()
        assert (await one.facts())[f"review wc-{review}"] == rating
        one.shop.edit_review(review)
        one.later(60)


async def test_pages_are_counted_where_none_names_the_next_one() -> None:
    shop = FakeMedusa(NOW // 1000)
    for number in range(7):
        shop.add_product(1_000 + number, number)
    one = ReconciledShop(shop, MEDUSA)
    await one.reconciler.read_due()
    assert len(await one.facts()) == 7
    offsets = [
        int(path.partition("offset=")[2][0]) for path in shop.asked if "/admin/product-" in path
    ]
    assert offsets == [0, 3, 6]
    shop.delete(101)
    one.reconciler.ask()
    await one.reconciler.read_due()
    assert len(await one.facts()) == 6
