"""The table of server/SEMANTICS.md, section 6, row by row, to the millisecond."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from support.builders import (
    DAY,
    T0,
    but,
    case,
    item,
    kept,
    line,
    objection,
    order,
    product,
    recall,
    remedy,
    returned,
    review,
    rule,
    scene,
    session,
    when,
)
from support.suppressions import ALL, RUN, VELO, reasons
from tactful.core.facts.fact_types import AnyFact
from tactful.core.gates.suppression import check_suppression
from tactful.core.rules.policy import Policy, TaintRule, TaintRules
from tactful.core.rules.rule import NEVER, NOW, All, PriceTerms, SuppressRule
from tactful.core.session.session import BoughtProduct
from tactful.core.verdicts.reasons import TAINT_REASONS, Reason


@dataclass
class Row:
    """A row of the table: the facts while the cause is open, and when it ended at T0."""

    name: str
    over: list[AnyFact]
    days: int
    reaches: frozenset[str]
    after: str
    opened: list[AnyFact] = field(default_factory=list)
    while_open: str | None = None


def complaint(kind: str, **fields: Any) -> dict[str, list[AnyFact]]:
    fields.setdefault("opened_at", T0 - DAY)
    return {
        "opened": [case("k1", kind, **fields)],
        "over": [case("k1", kind, "resolved", resolved_at=T0, **fields)],
    }


O1 = order("o1", line("RUN-42", gift=True), line("BOOT-42", gift=True), placed_at=T0 - 40 * DAY)
PARCEL: dict[str, Any] = {"placed_at": T0 - 400 * DAY, "promised_by": T0 - DAY}
CANCELLED = order(
    "o3", "RUN-42", "BOOT-42", status="cancelled", cancelled_by="shop", placed_at=T0 - 9 * DAY
)
ROWS = [
    Row("defect", **complaint("defect", skus=["RUN-42"]), days=90, reaches=RUN, while_open="complaint.open", after="complaint.cooldown"),
    Row("not as described", **complaint("not_as_described", skus=["RUN-42"]), days=90, reaches=RUN, while_open="complaint.open", after="complaint.cooldown"),
    Row("wrong fit", [returned("b1", ("RUN-42", "fit"), at=T0)], 30, frozenset({"RUN-42"}), "return.fit", [returned("b1", ("RUN-42", "fit"), at=T0, status="announced")], "return.fit"),
    Row("wrong item", [*complaint("wrong_item", order="o1")["over"], O1], 30, RUN | {"BOOT-42"}, "complaint.cooldown", [*complaint("wrong_item", order="o1")["opened"], O1], "complaint.open"),
    Row("late", **complaint("late"), days=7, reaches=ALL, while_open="service.open", after="service.cooldown"),
    Row("lost", **complaint("lost"), days=7, reaches=ALL, while_open="service.open", after="service.cooldown"),
    Row("service", **complaint("service"), days=7, reaches=ALL, while_open="service.open", after="service.cooldown"),
    Row("billing", **complaint("billing"), days=7, reaches=ALL, while_open="service.open", after="service.cooldown"),
    Row("two strikes", [case("k1", "defect", "resolved", skus=["RUN-42"], opened_at=T0 - 61 * DAY, resolved_at=T0 - 60 * DAY), case("k2", "defect", "resolved", skus=["SOCK-3"], opened_at=T0 - DAY, resolved_at=T0)], 90, VELO, "complaint.brand", [case("k1", "defect", "resolved", skus=["RUN-42"], opened_at=T0 - 61 * DAY, resolved_at=T0 - 60 * DAY), case("k2", skus=["SOCK-3"], opened_at=T0 - DAY)], "complaint.brand"),
    Row("bad review", [review(rating=2, at=T0)], 180, RUN, "review.bad"),
    Row("quality", [returned("b1", ("RUN-42", "quality"), at=T0)], 90, RUN, "return.recent"),
    Row("returned as not described", [returned("b1", ("RUN-42", "not_as_described"), at=T0)], 90, RUN, "return.recent"),
    Row("no reason given", [returned("b1", ("RUN-42", "unknown"), at=T0, status="announced")], 90, RUN, "return.recent"),
    Row("cancelled by the shop", [but(CANCELLED, version=when(T0))], 30, RUN | {"BOOT-42"}, "cancelled.by_shop"),
    Row("parcel", [order("o2", delivered_at=T0, **PARCEL)], 2, ALL, "delivery.late", [order("o2", status="shipped", **PARCEL)], "delivery.late"),
]  # fmt: skip
"""The orders hold gifts: these are not owned, so only the case suppresses."""
BY_NAME = {row.name: row for row in ROWS}
each_row = pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])


OPENED = [row for row in ROWS if row.opened]
"""Reviews, and returns that have arrived, are never open."""


@pytest.mark.parametrize("row", OPENED, ids=[row.name for row in OPENED])
def test_an_open_cause_suppresses_its_scope(row: Row) -> None:
    for sku in row.reaches:
        assert row.while_open in reasons(sku, *row.opened), sku
        assert row.while_open in reasons(sku, *row.opened, now=T0 + 1000 * DAY), sku


@each_row
def test_a_taint_suppresses_to_the_last_millisecond_of_its_cooldown(row: Row) -> None:
    end = T0 + row.days * DAY
    for sku in row.reaches:
        assert row.after in reasons(sku, *row.over, now=T0), sku
        assert row.after in reasons(sku, *row.over, now=end - 1), sku
        assert row.after not in reasons(sku, *row.over, now=end), sku


@each_row
def test_a_taint_suppresses_nothing_outside_its_scope(row: Row) -> None:
    codes = {row.after, row.while_open}
    for sku in ALL - row.reaches - {"SET-1"}:
        for reported in (row.opened, row.over):
            assert not codes & set(reasons(sku, *reported)), sku


@each_row
def test_a_taint_affects_no_other_shopper(row: Row) -> None:
    for sku in row.reaches:
        for reported in (row.opened, row.over):
            assert reasons(sku, *reported, who="c2") == []
            assert reasons(sku, *reported, who=None) == []


@each_row
def test_a_bundle_is_as_tainted_as_its_parts(row: Row) -> None:
    whole = row.reaches == ALL
    tainted = bool(row.reaches & {"BOOT-42", "SOCK-3"})
    expected = {row.after} if whole else {"complaint.component"} if tainted else set()
    assert set(reasons("SET-1", *row.over)) & {row.after, "complaint.component"} == expected


@each_row
def test_a_suppress_rule_lengthens_a_cooldown_while_its_condition_holds(row: Row) -> None:
    longer = (SuppressRule("t", lambda _: NOW, All(()), after=500 * DAY),)
    never = (SuppressRule("t", lambda _: NEVER, All(()), after=500 * DAY),)
    end = T0 + row.days * DAY
    sku = min(row.reaches)
    assert row.after in reasons(sku, *row.over, now=T0 + 500 * DAY - 1, tightenings=longer)
    assert row.after not in reasons(sku, *row.over, now=T0 + 500 * DAY, tightenings=longer)
    assert row.after not in reasons(sku, *row.over, now=end, tightenings=never)


def test_a_policy_widens_a_taint_to_the_brand_or_the_shop() -> None:
    reported = [review(rating=1, at=T0)]
    brand = Policy(taints=TaintRules(review=TaintRule("brand", DAY)))
    shop = Policy(taints=TaintRules(review=TaintRule("shop", DAY)))
    variant = Policy(taints=TaintRules(review=TaintRule("variant", DAY)))
    reach = {
        scope.taints.review.scope: {s for s in ALL if reasons(s, *reported, policy=scope)}
        for scope in (brand, shop, variant)
    }
    assert reach == {"brand": VELO | {"SET-1"}, "shop": ALL, "variant": {"RUN-42"}}
    bare = [review(sku="BARE-1", rating=1, at=T0)]
    assert {s for s in ALL if reasons(s, *bare, policy=brand)} == {"BARE-1"}


# recalls


def test_a_recall_suppresses_for_everybody_until_it_is_lifted() -> None:
    for who in ("c1", "c2", None):
        assert reasons("RUN-42", recall(product="run"), who=who) == ["recall"]
        assert reasons("RUN-42", recall(product="run", status="lifted"), who=who) == []


def test_a_recall_of_one_variant_suppresses_the_product_and_its_bundles() -> None:
    assert reasons("RUN-43", recall(skus=("RUN-42",)), who=None) == ["recall"]
    assert reasons("SET-1", recall(skus=("SOCK-3",)), who=None) == ["recall"]
    assert reasons("BOOT-42", recall(skus=("SOCK-3",)), who=None) == []


# remedies

OLD: AnyFact = order(
    "o1", line("RUN-42", gift=True), line("BOOT-42", gift=True), placed_at=T0 - 300 * DAY
)

VOUCHER = rule("V", remedy=True, price=PriceTerms("remedy"))


def promoted(*reported: AnyFact) -> set[str]:
    return {sku for sku in ALL if reasons(sku, *reported, by=VOUCHER) == []}


def test_a_remedy_is_the_only_promotion_during_a_service_case_and_its_cooldown() -> None:
    for status in ("open", "resolved"):
        reported = [case(kind="late", status=status, resolved_at=T0, order="o1"), OLD]
        assert promoted(*reported, remedy(case="k1")) == ALL - RUN - {"BOOT-42"}
        assert reasons("RUN-42", *reported, remedy(case="k1"), by=VOUCHER) == ["complaint.cause"]


@pytest.mark.parametrize(
    "cause",
    [
        {"skus": ("RUN-42",)},
        {"order": "o4"},
        {"case": "k4"},
        {"case": "k9"},
        {"order": "o9"},
    ],
    ids=["items", "an order", "a case", "a case we do not know", "an order we do not know"],
)
def test_a_remedy_is_never_promoted_on_its_cause(cause: dict[str, Any]) -> None:
    bought = order("o4", line("RUN-43", gift=True), placed_at=T0 - 30 * DAY)
    reported: list[AnyFact] = [bought, case("k4", "question", order="o4")]
    assert promoted(*reported, remedy(**cause)) == ALL - RUN


def test_a_remedy_is_exempt_from_service_taints_only() -> None:
    reported: list[AnyFact] = [case("k1", skus=["RUN-42"]), order("o2", status="shipped", **PARCEL)]
    assert reasons("RUN-43", *reported, remedy(case="k1"), by=VOUCHER) == [
        "complaint.open",
        "complaint.cause",
        "delivery.late",
    ]


def test_of_several_remedies_the_one_that_ends_first_is_promoted() -> None:
    reported = [
        remedy("m1", skus=["RUN-42"], expires_at=T0 + 2),
        remedy("m2", skus=["BOOT-42"], expires_at=T0 + 1),
        remedy("m3", skus=["TRAIL-42"], expires_at=T0),
    ]
    assert promoted(*reported) == ALL - {"BOOT-42"}


def test_every_complaint_late_parcel_and_cancellation_by_the_shop_starts_the_quiet_period() -> None:
    reported = {
        reason
        for reason in Reason
        if reason.startswith(("complaint.", "service.", "delivery.", "cancelled."))
    }
    assert reported - TAINT_REASONS == {Reason.COMPLAINT_CAUSE}
    assert TAINT_REASONS - reported == {Reason.REVIEW_BAD}


@pytest.mark.parametrize(
    ("days", "ago", "owned"),
    [
        (None, 365 * DAY - 1, True),
        (None, 365 * DAY, False),
        (90, 72 * DAY - 1, True),
        (90, 72 * DAY, False),
    ],
)
def test_a_guest_purchase_suppresses_its_product_until_it_is_due(
    days: int | None, ago: int, owned: bool
) -> None:
    guest = session(bought=(BoughtProduct("run", T0 - ago, "o-1"), BoughtProduct("hat", T0, "o-2")))
    sold = item(product=kept(product(consumable_days=days)))
    found = [
        one.reason
        for one in check_suppression(scene(item=sold, session=guest), rule("R1"), Policy())
    ]
    assert found == ([Reason.OWNED_ALREADY] if owned else [])


def test_a_guest_purchase_of_an_unknown_item_suppresses_it() -> None:
    guest = session(bought=(BoughtProduct("RUN-42", T0, "o-1"),))
    sold = item(product=None)
    found = [
        one.reason
        for one in check_suppression(scene(item=sold, session=guest), rule("R1"), Policy())
    ]
    assert found == [Reason.OWNED_ALREADY]


def test_an_objection_to_an_item_suppresses_its_product_until_its_end() -> None:
    asked = objection(skus=("RUN-42",), until=T0 + DAY)
    for sku in RUN:
        assert reasons(sku, asked, now=T0 + DAY - 1) == ["objection.item"], sku
        assert reasons(sku, asked, now=T0 + DAY) == [], sku
    assert reasons("BOOT-42", asked, now=T0) == []


def test_an_objection_to_everything_suppresses_the_shop_until_it_is_lifted() -> None:
    for sku in ALL:
        assert "objection.shop" in reasons(sku, objection(), now=T0 + 9000 * DAY), sku
        assert "objection.shop" not in reasons(sku, objection(status="lifted")), sku


def test_an_objection_to_everything_leaves_a_voucher_possible_and_one_to_an_item_does_not() -> None:
    owed = remedy(skus=("BOOT-42",), expires_at=T0 + DAY)
    voucher = rule(remedy=True, price=PriceTerms("remedy"))
    assert reasons("RUN-42", objection(), owed, by=voucher) == []
    assert reasons("RUN-42", objection(skus=("RUN-42",)), owed, by=voucher) == ["objection.item"]


def test_no_cooldown_of_a_rule_file_lengthens_an_objection() -> None:
    asked = objection(skus=("RUN-42",), until=T0)
    longer = (SuppressRule("t", lambda _: NOW, All(()), after=500 * DAY),)
    assert reasons("RUN-42", asked, now=T0, tightenings=longer) == []
