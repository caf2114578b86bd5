"""Every customer of the demo has a history of their own, about items of the catalogue."""

from tactful.core.values.calendar import parse_rfc3339
from tactful.demo import demo_customers
from tactful.demo.catalogue import BY_SKU

NOW = parse_rfc3339("2026-03-10T12:00:00Z")


def test_every_customer_has_a_history_of_their_own() -> None:
    facts = demo_customers.history_facts(NOW)
    about = {one.id: {f["type"] for f in facts if f.get("customer") == one.id} for one in demo_customers.DEMO_CUSTOMERS}  # fmt: skip
    assert about == {
        "nadia": {"customer"},
        "lotte": {"customer", "order"},
        "omar": {"customer", "order", "case"},
        "pia": {"customer", "order"},
        "ravi": {"customer", "order", "return"},
    }
    assert {sku for f in facts for line in f.get("lines", ()) for sku in [line["sku"]]} <= set(
        BY_SKU
    )
