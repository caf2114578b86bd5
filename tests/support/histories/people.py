"""Histories of facts that name a customer by an address, or another customer."""

from support.histories.telling import (
    CUSTOMER,
    DEFECT,
    EMAIL,
    FREE,
    OTHER_EMAIL,
    back,
    both,
    bought,
    history,
    stars,
    ticket,
    v,
)
from tactful.core.facts.shopper_contacts import contact_hash

PEOPLE = {
    "a complaint by an address that the customer names later": history(
        both("complaint.open"), ticket("defect", customer=None, **EMAIL), {**CUSTOMER, **EMAIL},
        modelled=False),
    "a complaint by the digest of an address": history(
        both("complaint.open"), {**CUSTOMER, **EMAIL},
        ticket("defect", customer=None, contact={"email_hash": contact_hash("mia@shop.example")}),
        modelled=False),
    "a complaint by another address": history(
        FREE, {**CUSTOMER, **EMAIL},
        ticket("defect", customer=None, contact={"email": "mia@shop.example.net"}), modelled=False),
    "a complaint of somebody else": history(FREE, ticket("defect", customer="c2")),
    "a case that moves to another customer": history(
        FREE, v(1, DEFECT), v(2, ticket("defect", customer="c2"))),
    "a case that comes from another customer": history(
        both("complaint.open"), v(1, ticket("defect", customer="c2")), v(2, DEFECT)),
    "a complaint by an address that the customer has changed since": history(
        both("complaint.open"), v(1, {**CUSTOMER, **EMAIL}), ticket("defect", customer=None, **EMAIL),
        v(2, {**CUSTOMER, **OTHER_EMAIL}), modelled=False),
    "a complaint by the address that the customer had before": history(
        both("complaint.open"), v(1, {**CUSTOMER, **EMAIL}), v(2, {**CUSTOMER, **OTHER_EMAIL}),
        ticket("defect", customer=None, **EMAIL), modelled=False),
    "a complaint by the new address of the customer": history(
        both("complaint.open"), v(1, {**CUSTOMER, **EMAIL}), v(2, {**CUSTOMER, **OTHER_EMAIL}),
        ticket("defect", customer=None, **OTHER_EMAIL), modelled=False),
    "a complaint by an address that the customer has removed": history(
        both("complaint.open"), v(1, {**CUSTOMER, **EMAIL}), ticket("defect", customer=None, **EMAIL),
        v(2, CUSTOMER), modelled=False),
    "a complaint by the address of an order": history(
        {"RUN-42": {"owned.already", "complaint.open"}},
        {**bought(60), **EMAIL}, ticket("defect", customer=None, **EMAIL), modelled=False),
    # Of an order only the newest address counts: its older versions are not read.
    "a complaint by an address that an order had before": history(
        both("owned.already"), v(1, {**bought(60), **EMAIL}), v(2, {**bought(60), **OTHER_EMAIL}),
        ticket("defect", customer=None, **EMAIL), modelled=False),
    "a complaint by the telephone number of an order": history(
        {"RUN-42": {"owned.already", "complaint.open"}},
        bought(60, contact={"phone": "030 901820"}),
        ticket("defect", customer=None, contact={"phone": "+49 30 901820"}), modelled=False),
    "a complaint of another customer with the same address": history(
        both("complaint.open"), {**CUSTOMER, **EMAIL},
        {"type": "customer", "customer": "c2", **EMAIL}, ticket("defect", customer="c2", **EMAIL),
        modelled=False),
    "a return by an address": history(
        both("return.recent"), {**CUSTOMER, **EMAIL},
        {**back(2, "quality"), "customer": None, **EMAIL}, modelled=False),
    "a review by an address": history(
        both("review.bad"), {**CUSTOMER, **EMAIL}, {**stars(1, 1), "customer": None, **EMAIL},
        modelled=False),
}  # fmt: skip
