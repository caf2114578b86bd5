"""What Shopify sends about a person and is not needed never passes the allow-list."""

from support.deliveries import CONTACTS, read_payload
from tactful.connectors.allow_list import KEEP, strip
from tactful.connectors.shops.shopify_fields import ORDER_FIELDS, fields_of, wrapped


def test_of_an_order_no_name_address_or_engraving_is_kept() -> None:
    order = read_payload("shops/shopify", "order")
    kept = strip(order, ORDER_FIELDS, CONTACTS)
    for personal in ("Bob", "bob.norman", "+5577", "Birthday", "#1001"):
        assert personal in str(order)
        assert personal not in str(kept.fields)
    kinds = [kind for kind, _ in kept.subjects]
    assert kinds == ["order", "customer", "contact", "contact"]


def test_shapes_are_wrapped_and_shared() -> None:
    assert wrapped("order", KEEP) == {"order": KEEP}
    assert fields_of(("a", "b"), KEEP) == {"a": KEEP, "b": KEEP}
