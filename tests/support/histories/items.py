"""Histories of recalls, reviews, objections, stock, prices and products that are gone."""

from journeys.fixture import money, price, product, stock
from support.histories.telling import (
    DEFECT,
    FREE,
    OBJECTION,
    RECALL,
    SETS,
    ago,
    both,
    gone,
    history,
    shop,
    stars,
    v,
)

NO_PRICE = {"RUN-42": {"price.missing"}, "RUN-43": set()}
NO_MORE = v(8, gone("price", sku="RUN-42", territory="DE"))
TOMORROW = price("RUN-42", "DE", 9900, since=ago(-1), version=9)

ITEMS = {
    "a recall of one size concerns the product": history(both("recall"), RECALL),
    "a recall that was lifted": history(FREE, v(1, RECALL), v(2, RECALL, status="lifted")),
    "a recall that was lifted and is back": history(
        both("recall"), v(1, RECALL), v(2, RECALL, status="lifted"), v(3, RECALL)),
    "a recall of a part of a set": history(
        {"SET-1": {"recall"}, "SOCK-3": {"recall"}}, *SETS, {**RECALL, "skus": ["SOCK-3"]}),
    "two stars": history(both("review.bad"), stars(2, 1)),
    "two stars, later three": history(both("review.bad"), stars(2, 1), stars(3, 2)),
    "two stars, later four": history(FREE, stars(2, 1), stars(4, 2)),
    "one star, four, and one again": history(
        both("review.bad"), stars(1, 1, 400), stars(4, 2, 300), stars(1, 3)),
    "four stars, and an older two that arrives later": history(FREE, stars(4, 3), stars(2, 2)),
    "one star 180 days ago": history(FREE, stars(1, 1, 180)),
    "one star a little less long ago": history(both("review.bad"), stars(1, 1, 179.99)),
    "no offers for one item, please": history(
        both("objection.item"), {**OBJECTION, "skus": ["RUN-42"]}),
    "no offers at all until now": history(
        shop(), v(1, OBJECTION), v(2, OBJECTION, until=ago(-1)), 1),
    "no offers at all": history(shop("objection.shop"), OBJECTION),
    "no offers at all, and then yes again": history(
        shop(), v(1, OBJECTION), v(2, OBJECTION, status="lifted")),
    "stock that nobody counts": history(
        FREE, {**stock("RUN-42", "DE", 0), "available": None, "policy": "untracked", "version": 9}, modelled=False),
    "nothing there, but it can be ordered": history(
        FREE, stock("RUN-42", "DE", 0, policy="backorder", version=9), modelled=False),
    "nothing there": history(
        {"RUN-42": {"stock.out"}, "RUN-43": set()}, stock("RUN-42", "DE", 0, version=9)),
    "a backorder that was switched off": history(
        {"RUN-42": {"stock.out"}}, stock("RUN-42", "DE", 0, policy="backorder", version=8),
        stock("RUN-42", "DE", 0, version=9)),
    "less than nothing in one place and enough in another": history(
        FREE, stock("RUN-42", "DE", -3, location="a", version=8),
        stock("RUN-42", "DE", 5, location="b", version=9), modelled=False),
    "one place is gone, and the other is empty": history(
        {"RUN-42": {"stock.out"}}, stock("RUN-42", "DE", 5, location="a", version=7),
        stock("RUN-42", "DE", 0, location="b", version=8),
        v(9, gone("stock", sku="RUN-42", territory="DE", location="a")), modelled=False),
    "one place is gone, and the other is not": history(
        FREE, stock("RUN-42", "DE", 0, location="a", version=7),
        stock("RUN-42", "DE", 5, location="b", version=8),
        v(9, gone("stock", sku="RUN-42", territory="DE", location="a")), modelled=False),
    "all stock is gone": history(
        {"RUN-42": {"stock.out"}}, v(9, gone("stock", sku="RUN-42")), modelled=False),
    "all stock was gone before": history(
        FREE, stock("RUN-42", "DE", 5, version=9), v(8, gone("stock", sku="RUN-42")), modelled=False),
    "a price that is gone": history(
        {"RUN-42": {"price.missing"}}, v(9, gone("price", sku="RUN-42", territory="DE")),
        modelled=False),
    "a price that is gone in another country": history(
        FREE, v(9, gone("price", sku="RUN-42", territory="GB")), modelled=False),
    "a price that is gone in another currency": history(
        FREE, v(9, gone("price", sku="RUN-42", territory="DE", currency="CHF")), modelled=False),
    "a price that comes back": history(
        FREE, v(8, gone("price", sku="RUN-42", territory="DE")),
        price("RUN-42", "DE", 12900, version=9), modelled=False),
    "a product that is gone": history(
        {"RUN-42": {"stock.out"}, "RUN-43": set()}, v(9, gone("product", sku="RUN-42")), modelled=False),
    "a product that is gone in all sizes": history(
        both("stock.out"), v(9, gone("product", product="Aero Runner")), modelled=False),
    "a complaint outlasts its product": history(
        {"RUN-42": {"complaint.open", "stock.out"}}, DEFECT, v(9, gone("product", sku="RUN-42")),
        modelled=False),
    "a complaint about a product that is gone and comes back": history(
        {"RUN-42": {"complaint.open"}}, DEFECT, v(8, gone("product", sku="RUN-42")),
        product("RUN-42", "Aero Runner", "Velo", "running", version=9), modelled=False),
    "a product that is not made any more": history(
        {"RUN-42": {"stock.out"}, "RUN-43": set()},
        product("RUN-42", "Aero Runner", "Velo", "running", status="discontinued", version=9),
        modelled=False),
    "a size that moves to another product takes the complaint along": history(
        {"RUN-42": {"complaint.open"}, "RUN-43": set()}, DEFECT,
        product("RUN-42", "Aero Runner 2", "Velo", "running", version=9)),
    "a recall by the name of the product": history(
        both("recall"), {"type": "recall", "recall": "x1", "product": "Aero Runner", "status": "active"}),
    "a recall of a product that is reported later": history(
        {"NEW-1": {"recall"}}, {"type": "recall", "recall": "x1", "product": "new", "status": "active"},
        product("NEW-1", "new", "Velo", "running"), price("NEW-1", "DE", 12900), stock("NEW-1", "DE", 3)),
    "two stars for a part of a set": history(
        {"SET-1": {"complaint.component"}, "SOCK-3": {"review.bad"}},
        *SETS, {**stars(1, 1), "sku": "SOCK-3"}),
    "an objection that moves to another item": history(
        {"TRAIL-42": {"objection.item"}, "RUN-42": set()},
        v(1, {**OBJECTION, "skus": ["RUN-42"]}), v(2, {**OBJECTION, "skus": ["TRAIL-42"]})),
    "stock of a subdivision is not that of the country": history(
        FREE, stock("RUN-42", "DE-BY", 0, version=9)),
    "one place is empty, and the other takes orders": history(
        FREE, stock("RUN-42", "DE", 0, location="a", version=8),
        stock("RUN-42", "DE", 0, location="b", policy="backorder", version=9), modelled=False),
    "a price for a group alone": history(
        NO_PRICE, NO_MORE, price("RUN-42", "DE", 9900, group="b2b", version=9), modelled=False),
    "a price in the app alone": history(
        NO_PRICE, NO_MORE, price("RUN-42", "DE", 9900, channel="app", version=9), modelled=False),
    "a price that is gone, and a new one from tomorrow on": history(
        NO_PRICE, NO_MORE, TOMORROW, modelled=False),
    "a price from tomorrow on, and the old one is gone": history(
        NO_PRICE, TOMORROW, NO_MORE, modelled=False),
    "a price from tomorrow on, tomorrow": history(FREE, NO_MORE, TOMORROW, 1, modelled=False),
    "a price from tomorrow on in another currency": history(
        FREE, {**TOMORROW, "price": money(9900, "CHF"), "list": money(12900, "CHF")}, modelled=False),
    "a price that is gone in its currency": history(
        NO_PRICE, v(9, gone("price", sku="RUN-42", territory="DE", currency="EUR")), modelled=False),
}  # fmt: skip
