"""The demo reads public prices and stock as last reported."""

from support.demo_server import demo_client
from tactful.demo.catalogue import BY_ID, BY_SKU
from tactful.demo.visitors import Visitor


async def test_prices_and_stock_are_those_that_were_reported_last() -> None:
    async with demo_client() as demo:
        shop, article = demo.server.demo_shop, BY_ID["aero-runner"]
        assert set(await shop.prices()) == set(BY_SKU)
        assert await shop.stock(article) == {v.sku: v.stock for v in article.variants}
        await demo.press("price", sku="RUN-42", amount=9950)
        await demo.press("sell", sku="RUN-42")
        assert (await shop.prices())["RUN-42"] == 9950
        assert (await shop.stock(article))["RUN-42"] == 0


async def test_only_a_customer_who_is_logged_in_has_an_identity() -> None:
    async with demo_client() as demo:
        visitor = Visitor("v")
        assert demo.server.demo_shop.identity(visitor) is None
        visitor.log_in("omar")
        assert demo.server.demo_shop.identity(visitor) is not None
