"""Order exports of Shopify and WooCommerce give one order for all rows of its number."""

from pathlib import Path

import pytest

from support.import_files import (
    NOW,
    SHOPIFY_ORDERS,
    WOO_ORDERS,
    bad_rows_in,
    facts_in,
    file_with,
    import_rows,
    notes_in,
)
from tactful.connectors.files.results import ImportTerms, SourceError
from tactful.connectors.files.value_parsers import UTC_ASSUMED
from tactful.core.customer.profile import profile
from tactful.core.facts.fact_types import Order, Return
from tactful.core.facts.shopper_contacts import Contact, contact_hash
from tactful.core.rules.policy import Policy
from tactful.core.values.money import Money
from tactful.rulebook.testing.fact_set import FactSet


def test_a_shopify_order_export_gives_an_order_for_each_run_of_rows(tmp_path: Path) -> None:
    found = facts_in(import_rows(file_with(tmp_path, SHOPIFY_ORDERS)))
    first, second = found
    assert isinstance(first, Order)
    assert isinstance(second, Order)
    assert [(line.sku, line.qty, line.unit.amount) for line in first.lines] == [
        ("RUN-42", 2, 12500),
        ("SOCK-3", 1, 1990),
    ]
    assert (first.status, first.territory, first.customer) == ("shipped", "DE", None)
    assert first.placed_at.isoformat() == "2026-03-01T10:00:00-05:00"
    assert second.status == "cancelled"


def test_the_customer_is_read_from_the_column_that_the_shop_names(tmp_path: Path) -> None:
    terms = ImportTerms(now=NOW, customer_column="Email")
    found = facts_in(import_rows(file_with(tmp_path, SHOPIFY_ORDERS), terms))
    assert [f.customer for f in found if isinstance(f, Order)] == [
        "c@shop.example",
        "d@shop.example",
    ]


def test_the_price_paid_in_woocommerce_includes_tax_and_is_rounded_up(tmp_path: Path) -> None:
    terms = ImportTerms(now=NOW, zone="Europe/London")
    first, second = facts_in(import_rows(file_with(tmp_path, WOO_ORDERS), terms))
    assert isinstance(first, Order)
    assert isinstance(second, Order)
    assert first.lines[0].unit == Money(10001, "GBP")
    assert second.lines[0].unit == Money(11500, "GBP")
    assert (first.customer, second.customer) == ("17", None)
    assert first.placed_at.utcoffset() is not None


def test_an_order_whose_rows_are_not_together_is_refused(
    tmp_path: Path,
) -> None:
    header, *rest = SHOPIFY_ORDERS.splitlines()
    shuffled = "\n".join([header, rest[0], rest[2], rest[1]])
    assert bad_rows_in(import_rows(file_with(tmp_path, shuffled)))[0] == (
        4,
        "The rows of order #1001 are not together. Sort the file by order.",
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("129.00,RUN-42,8.00", '"1,290",RUN-42,8.00', 2, "--decimal"),
        ("129.00,RUN-42,8.00", "12x,RUN-42,8.00", 2, "plain digits"),
        (",1,Socks", ",-1,Socks", 3, "Write at least 1."),
        ("2026-03-02 10:00:00 +0100,1", "yesterday,1", 4, "is not a time"),
    ],
)
def test_a_bad_order_line_is_named_with_its_own_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    bad = bad_rows_in(import_rows(file_with(tmp_path, SHOPIFY_ORDERS.replace(old, new))))
    assert bad[0][0] == line
    assert message in bad[0][1]


def test_a_tip_without_a_sku_is_left_out_and_its_order_is_kept(tmp_path: Path) -> None:
    tipped = SHOPIFY_ORDERS.replace("Socks,19.90,SOCK-3", "Tip,5.00,")
    rows = import_rows(file_with(tmp_path, tipped))
    first = facts_in(rows)[0]
    assert isinstance(first, Order)
    assert [line.sku for line in first.lines] == ["RUN-42"]
    assert [(line, "no SKU" in text) for line, text in notes_in(rows)] == [(3, True)]


def test_an_unknown_status_is_read_as_placed_and_named(tmp_path: Path) -> None:
    rows = import_rows(
        file_with(tmp_path, WOO_ORDERS.replace("processing", "wc-abgeholt")),
        ImportTerms(now=NOW, zone="Europe/London"),
    )
    assert notes_in(rows) == [(3, "Status 'wc-abgeholt' is an unknown word: read as placed.")]


def test_a_customer_column_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    terms = ImportTerms(now=NOW, customer_column="email")
    with pytest.raises(SourceError, match=r"no column 'email'\. Did you mean 'Email'\?"):
        import_rows(file_with(tmp_path, SHOPIFY_ORDERS), terms)


def test_an_order_time_without_a_zone_is_read_as_utc_and_named(tmp_path: Path) -> None:
    rows = import_rows(file_with(tmp_path, WOO_ORDERS), ImportTerms(now=NOW))
    assert notes_in(rows) == [(2, UTC_ASSUMED), (3, UTC_ASSUMED)]


REFUNDED = """\
order_id,order_date,date_modified,status,customer_id,order_currency,shipping_country,item_id,item_sku,item_quantity,item_total,item_total_tax,billing_email,billing_phone
601,2026-03-01 10:00:00,2026-03-05 09:00:00,wc-refunded,17,GBP,GB,9,RUN-42,1,100,20,mia@shop.example,020 7946 0000
602,2026-03-01 10:00:00,,completed,,GBP,GB,10,RUN-42,1,100,20,,
"""


def test_a_refund_brings_no_item_back_on_offer(tmp_path: Path) -> None:
    """E5: a WooCommerce order that was refunded stays delivered, and its refund is a return."""
    found = facts_in(import_rows(file_with(tmp_path, REFUNDED)))
    order, refund, other = found
    assert isinstance(order, Order)
    assert isinstance(refund, Return)
    assert isinstance(other, Order)
    assert (order.status, order.lines[0].line, other.status) == ("delivered", "9", "shipped")
    assert (refund.return_, refund.order, refund.customer) == ("refund:601", "601", "17")
    assert (refund.at.isoformat(), refund.lines) == ("2026-03-05T09:00:00+00:00", ())
    facts = FactSet()
    for one in found:
        facts.add(one, NOW)
    taints = profile(facts.history("17"), Policy()).taints
    assert [one.reason for one in taints.products["RUN-42"]] == ["return.recent"]


def test_the_contact_of_an_order_is_hashed_before_it_is_sent(tmp_path: Path) -> None:
    order, refund, other = facts_in(import_rows(file_with(tmp_path, REFUNDED)))
    assert isinstance(order, Order)
    assert isinstance(refund, Return)
    assert isinstance(other, Order)
    assert order.contact == Contact(
        email_hash=contact_hash("mia@shop.example"), phone_hash=contact_hash("+442079460000")
    )
    assert refund.contact is None
    assert other.contact is None


def test_a_partial_refund_names_an_amount_and_an_undated_one_is_noted(tmp_path: Path) -> None:
    partial = SHOPIFY_ORDERS.replace("Cancelled at\n", "Cancelled at,Refunded Amount\n", 1)
    partial = partial.replace("paid,fulfilled", "partially_refunded,fulfilled", 1)
    partial = partial.replace("8.00,DE,\n", "8.00,DE,,25.00\n", 1)
    rows = import_rows(file_with(tmp_path, partial))
    refund = next(fact for fact in facts_in(rows) if isinstance(fact, Return))
    assert (refund.order, refund.amount, refund.lines) == ("#1001", Money(2500, "EUR"), ())
    assert refund.at.isoformat() == "2026-03-01T10:00:00-05:00"
    assert [text for _, text in notes_in(rows) if "refund" in text]


def test_an_order_that_is_not_paid_says_so(tmp_path: Path) -> None:
    pending = SHOPIFY_ORDERS.replace("paid,fulfilled", "pending,fulfilled", 1)
    found = facts_in(import_rows(file_with(tmp_path, pending)))
    assert [one.paid for one in found if isinstance(one, Order)] == [False, True]
