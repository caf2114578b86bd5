"""Histories of orders, parcels, returns and refunds."""

from journeys.fixture import money
from support.histories.telling import (
    CUSTOMER,
    EMAIL,
    FREE,
    LATE,
    SETS,
    SOON,
    ago,
    back,
    both,
    bought,
    gone,
    history,
    lines,
    over,
    refund,
    shop,
    ticket,
    v,
)

ORDERS = {
    "a purchase of exactly 365 days ago": history(FREE, bought(365)),
    "a purchase of a minute less": history(both("owned.already"), bought(365 - 1 / 1440)),
    "a consumable of 90 days after 72 days": history({"SOCK-3": set()}, bought(72, "SOCK-3")),
    "a consumable of 90 days before that": history(
        {"SOCK-3": {"owned.already"}}, bought(71.99, "SOCK-3")),
    "one of two came back": history(
        both("owned.already"), bought(60, lines=lines(("RUN-42", 2))),
        back(50, "changed_mind", order="o1")),
    "both came back in two parcels": history(
        FREE, bought(60, lines=lines(("RUN-42", 2))), back(50, "changed_mind", order="o1"),
        {**back(40, "changed_mind", order="o1"), "return": "b2"}),
    "more came back than was bought": history(
        FREE, bought(60), back(50, "changed_mind", qty=3, order="o1")),
    "what was announced to come back is not owned": history(
        FREE, bought(60), back(50, "changed_mind", order="o1", status="announced")),
    "a return that was called off": history(
        both("owned.already"), bought(60), v(1, back(50, "quality", order="o1")),
        v(2, back(50, "quality", order="o1", status="cancelled"))),
    "a size that did not fit, 30 days ago": history(FREE, back(30, "fit")),
    "a size that did not fit, a day less": history(
        {"RUN-42": {"return.fit"}, "RUN-43": set()}, back(29, "fit")),
    "a size that did not fit and is still on its way after 60 days": history(
        {"RUN-42": {"return.fit"}, "RUN-43": set()}, back(60, "fit", status="announced")),
    "a return before its order is known": history(
        both("return.recent"), back(2, "quality", order="o1"), bought(9)),
    # The order stays delivered: nobody says that the goods came back.
    "a refund that names nothing": history(
        both("owned.already", "return.recent"), bought(60), refund(5, order="o1"), modelled=False),
    "a refund that names an amount": history(
        both("owned.already", "return.recent"), bought(60), refund(5, order="o1", amount=money(500)),
        modelled=False),
    "a refund of 90 days ago": history(
        both("owned.already"), bought(100), refund(90, order="o1"), modelled=False),
    "lines that were refunded in the order": history(
        both("owned.already", "return.recent"), v(1, bought(60)),
        v(2, bought(60, lines=lines(("RUN-42", 1), refunded_qty=1))), modelled=False),
    "lines that the shopper cancelled": history(
        FREE, bought(5, lines=lines(("RUN-42", 1), cancelled_qty=1), status="placed", delivered_at=None),
        modelled=False),
    "an order that the shop cancelled": history(
        both("cancelled.by_shop"), bought(5, status="cancelled", cancelled_by="shop", delivered_at=None)),
    "and 30 days later": history(
        FREE, bought(5, status="cancelled", cancelled_by="shop", delivered_at=None), 30),
    "an order that the shopper cancelled": history(
        FREE, bought(5, status="cancelled", cancelled_by="customer", delivered_at=None)),
    "an order that somebody cancelled by mistake": history(
        both("owned.already"), v(1, bought(60)),
        v(2, bought(60, status="cancelled", delivered_at=None)), v(3, bought(60))),
    "an order that is gone": history(
        FREE, v(1, bought(60)), v(2, gone("order", order="o1")), modelled=False),
    "an order that is gone and comes back": history(
        both("owned.already"), v(1, bought(60)), v(2, gone("order", order="o1")),
        v(3, bought(60)), modelled=False),
    "an order that was gone before": history(
        both("owned.already"), v(3, bought(60)), v(2, gone("order", order="o1")), modelled=False),
    "a complaint by the name of the order's cart": history(
        {"RUN-42": {"owned.already", "complaint.open"}, "BOOT-42": set()},
        bought(60, also=["cart-7"]), ticket("defect", order="cart-7"), modelled=False),
    "a return by the name of the order's cart": history(
        both("return.recent"), back(2, "quality", order="cart-7"), bought(60, also=["cart-7"]),
        modelled=False),
    "a name that the order gets later": history(
        both("return.recent"), v(1, bought(60)), back(2, "quality", order="cart-7"),
        v(2, bought(60, also=["cart-7"])), modelled=False),
    "a present is not owned": history(FREE, bought(60, lines=lines(("RUN-42", 1), gift=True))),
    "a present that was paid for 10 days ago": history(
        both("owned.price_regret"), bought(10, lines=lines(("RUN-42", 1), gift=True))),
    "a present that was paid for in another currency": history(
        FREE,
        bought(10, lines=[{"sku": "RUN-42", "qty": 1, "unit": money(12900, "CHF"), "gift": True}])),
    "a present that was paid for 30 days ago": history(
        FREE, bought(30, lines=lines(("RUN-42", 1), gift=True))),
    "a parcel that is due at this instant, by another clock": history(
        shop("delivery.late"),
        {**LATE, "lines": [], "promised_by": ago(0, "+02:00")}),
    "a parcel that is due in a minute, by another clock": history(
        shop(), {**LATE, "lines": [], "promised_by": ago(-1 / 1440, "+02:00")}),
    "a parcel that is late": history(SOON, LATE),
    "a parcel that came late 47 hours ago": history(
        SOON, v(1, LATE), v(2, LATE, status="delivered", delivered_at=ago(47 / 24), promised_by=ago(3))),
    "a parcel that came late 48 hours ago": history(
        {"BOOT-42": set()}, v(1, LATE),
        v(2, LATE, status="delivered", delivered_at=ago(2), promised_by=ago(3))),
    "a late parcel whose arrival nobody dates": history(
        SOON, v(1, LATE), 1, v(2, LATE, status="delivered"), 1.9),
    "a late parcel that the shopper cancelled": history(
        {"BOOT-42": set()}, v(1, LATE), v(2, LATE, status="cancelled", cancelled_by="customer")),
    "a promise that was moved before it was broken": history(
        {"BOOT-42": set()}, v(1, LATE, promised_by=ago(-1)), v(2, LATE, promised_by=ago(-5)), 3),
    "a late parcel with a case about it": history(
        {"BOOT-42": {"service.open"}}, LATE, ticket("late", order="o1")),
    "a guest's order by the customer's address": history(
        both("owned.already"), {**CUSTOMER, **EMAIL},
        bought(60, customer=None, contact={"email": " mia@SHOP.example "}), modelled=False),
    "an order that passes from another customer": history(
        both("owned.already"), v(1, bought(60, customer="c2")), v(2, bought(60))),
    "an order that passes to another customer": history(
        FREE, v(1, bought(60)), v(2, bought(60, customer="c2"))),
    "an order that is cancelled after its delivery": history(
        both("return.recent"), v(1, bought(60)), v(2, bought(60, status="cancelled")),
        modelled=False),
    "an order that the shop cancels after its delivery": history(
        both("return.recent", "cancelled.by_shop"), v(1, bought(60)),
        v(2, bought(60, status="cancelled", cancelled_by="shop")), modelled=False),
    "what comes back was not in the order": history(
        {"BOOT-42": {"return.recent"}, "RUN-42": {"owned.already"}},
        bought(60), back(2, "quality", sku="BOOT-42", order="o1")),
    "what came back before it was bought": history(
        both("return.recent"), back(200, "quality", order="o1"), bought(80)),
    "a lost parcel that is late as well": history(
        {"BOOT-42": {"service.open"}}, LATE, ticket("lost", order="o1")),
    "a parcel that is still missing after its case": history(
        {"BOOT-42": {"delivery.late"}}, {**LATE, "placed_at": ago(40), "promised_by": ago(30)},
        over(ticket("late", opened=20, order="o1"), 8)),
    "a part of a set is owned": history(
        {"SET-1": set(), "BOOT-42": {"owned.already"}}, *SETS, bought(60, "BOOT-42")),
    "a set is owned": history(
        {"SET-1": {"owned.already"}, "BOOT-42": set()}, *SETS, bought(60, "SET-1")),
    "a set came back": history(
        {"SET-1": {"return.recent", "complaint.component"}, "BOOT-42": {"return.recent"}},
        *SETS, back(3, "quality", sku="SET-1")),
}  # fmt: skip
