"""Changes that the audit log keeps, without ids of orders and customers."""

from datetime import UTC, datetime

from tactful.core.facts.customer_facts import Case, Remedy, RemedyCause, RemedyValue
from tactful.core.values.money import Money
from tactful.runtime.audit_changes import (
    acting_as,
    change,
    changed,
    fact_change,
    fact_values,
    present_role,
)

END = datetime(2026, 4, 1, tzinfo=UTC)


def test_only_what_changed_is_kept() -> None:
    made = change({"kind": "late", "order": "none"}, {"kind": "late", "order": "named"})
    assert (made.before, made.after) == ({"order": "none"}, {"order": "named"})
    assert changed("state", "a", "a").before == {}


def test_a_voucher_has_its_amount_once_and_names_no_order() -> None:
    voucher = Remedy(
        remedy="V-1", customer="c1", value=RemedyValue(amount=1000, currency="EUR"),
        cause=RemedyCause(order="o-77"), expires_at=END,
    )  # fmt: skip
    made = fact_change(None, voucher)
    assert made.amount == Money(1000, "EUR")
    assert made.after["value"] == "10.00 EUR"
    assert "o-77" not in str(made)
    assert "c1" not in str(made)
    assert fact_change(voucher, voucher).amount is None


def test_a_case_names_its_items_and_only_that_it_has_an_order() -> None:
    case = Case(case="k", customer="c1", kind="late", status="open", order="o-77", opened_at=END)
    assert fact_values(case) == {"kind": "late", "items": "none", "order": "named"}
    assert fact_values("anything else") == {}


def test_a_role_holds_while_its_task_acts() -> None:
    with acting_as("agent"):
        assert present_role() == "agent"
    assert present_role() == ""
