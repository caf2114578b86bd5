"""The replacement reaches every field that can hold an erased id, and nothing else."""

from collections.abc import Iterator
from typing import Any, get_args

import msgspec
from msgspec import Struct, inspect

from support.builders import offer, session
from tactful.core.customer.aliasing import CUSTOMER_FIELDS, ORDER_FIELDS, CustomerErasure
from tactful.core.offers.offer import Offer
from tactful.core.session.session import BoughtProduct, Session
from tactful.core.session.signals import (
    CartLine,
    CustomerIdentified,
    ItemViewed,
    OfferRedeemed,
    OrderReported,
    Signal,
)

ERASURE = CustomerErasure(customer="42", alias="sh_alias", orders=frozenset({"42", "o-7"}))


def test_a_session_loses_the_customer_everywhere_and_keeps_what_only_looks_alike() -> None:
    promise = offer("of_1", customer="42", sku="42", session="42")
    before = session(
        customer="42",
        offers=(promise,),
        cart=(CartLine("42", 1),),
        bought=(BoughtProduct("42", 1, "o-7"), BoughtProduct("shoe", 2, "o-8")),
    )
    after = ERASURE.replace_in(before)
    assert after.customer == after.offers[0].customer == "sh_alias"
    assert (after.offers[0].sku, after.offers[0].session) == ("42", "42")
    assert after.cart == before.cart
    assert [one.order for one in after.bought] == ["sh_alias", "o-8"]
    assert msgspec.structs.replace(after.offers[0], customer="42") == promise


def test_a_value_without_erased_ids_is_the_same_object() -> None:
    other = session(customer="43", offers=(offer("of_1", customer="43"),))
    assert ERASURE.replace_in(other) is other
    signal = ItemViewed("42")
    assert ERASURE.replace_in(signal) is signal


def test_signals_that_wait_in_a_mailbox_are_replaced_too() -> None:
    assert ERASURE.replace_in(CustomerIdentified("42")) == CustomerIdentified("sh_alias")
    reported = OrderReported("o-7", ("shoe",), 5)
    assert ERASURE.replace_in(reported) == OrderReported("sh_alias", ("shoe",), 5)
    used = ERASURE.replace_in(OfferRedeemed(offer("of_1", customer="42")))
    assert used.offer.customer == "sh_alias"


def _structs_in(kind: Any, seen: set[type]) -> Iterator[type[Struct]]:
    """Every struct that a value of this type can contain."""
    if isinstance(kind, inspect.StructType) and kind.cls not in seen:
        seen.add(kind.cls)
        yield kind.cls
        for field in kind.fields:
            yield from _structs_in(field.type, seen)
    for name in ("types", "item_types"):
        for part in getattr(kind, name, ()):
            yield from _structs_in(part, seen)
    if hasattr(kind, "item_type"):
        yield from _structs_in(kind.item_type, seen)


def test_no_field_of_sessions_offers_and_signals_holds_a_customer_under_another_name() -> None:
    """A new text field must be listed here, after a look at whether it can hold an erased id."""
    harmless = {
        "accept_until", "campaign", "category", "consent", "currency", "disclosure", "focus", "id",
        "image", "kind", "level", "link", "locale", "medium", "message", "offer", "on_change", "page",
        "period", "placement", "product", "products", "query", "reason", "referrer", "remedy", "rule",
        "rule_digest", "rulebook", "scope", "key", "session", "shopper", "sku", "source", "state",
        "territory", "title", "url", "withdrawn", "moment", "operator", "held_out", "in_shadow", "ended", "notes",
        "stacks_with", "inputs", "channel", "group", "pool", "code",
    }  # fmt: skip
    kinds = inspect.multi_type_info([Session, Offer, *get_args(Signal)])
    seen: set[type] = set()
    found: set[str] = set()
    for kind in kinds:
        for struct in _structs_in(kind, seen):
            found |= {
                field.name
                for field in msgspec.structs.fields(struct)
                if "str" in str(field.type) or "Literal" in str(field.type)
            }
    assert {"customer", "order"} <= found
    assert found - harmless - CUSTOMER_FIELDS - ORDER_FIELDS == set()
