"""Section 6, row by row: while it is open, the last millisecond of the cooldown, the first after."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from builders import (
    DAY,
    MINUTE,
    T0,
    case,
    line,
    order,
    product,
    recall,
    remedy,
    returned,
    review,
    rule,
    scene,
    session,
)
from shop import Shop
from tactful.core.facts import AnyFact
from tactful.core.policy import Policy, Taint, Taints
from tactful.core.profiles import profile
from tactful.core.reasons import LETDOWNS, Reason
from tactful.core.rules import NEVER, NOW, All, PriceTerms, Rule, Tightening
from tactful.core.suppression import price_regret, suppress

CATALOGUE = [
    product("RUN-42", "run", brand="Velo"),
    product("RUN-43", "run", brand="Velo"),
    product("TRAIL-42", "trail", brand="Velo"),
    product("BOOT-42", "boot", brand="Nordek"),
    product("SOCK-3", "sock", brand="Velo", consumable_days=90),
    product("SET-1", "set", components=("BOOT-42", "SOCK-3")),
    product("BARE-1", "bare"),
]
ALL = frozenset(one.sku for one in CATALOGUE)
RUN = frozenset({"RUN-42", "RUN-43"})
VELO = RUN | {"TRAIL-42", "SOCK-3"}


def reasons(
    sku: str,
    *told: AnyFact,
    now: int = T0,
    who: str | None = "c1",
    by: Rule | None = None,
    policy: Policy | None = None,
    tightenings: tuple[Tightening, ...] = (),
) -> list[str]:
    """Every suppression of an item before a customer, in order."""
    shop = Shop((fact, T0 - 500 * DAY) for fact in (*CATALOGUE, *told))
    policy = policy or Policy()
    known = profile(shop.history(who), policy) if who else None
    here = scene(now=now, item=shop.item(sku), profile=known, session=session(customer=who))
    found = suppress(here, by or rule(), policy, tightenings)
    return [finding.reason.value for finding in found]


@dataclass
class Row:
    """A row of the table: facts as they are while it is open and when it is over at T0."""

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
PARCEL = {"placed_at": T0 - 400 * DAY, "promised_by": T0 - DAY}
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
    Row("parcel", [order("o2", delivered_at=T0, **PARCEL)], 2, ALL, "delivery.late", [order("o2", status="shipped", **PARCEL)], "delivery.late"),
]  # fmt: skip
"""Gifts are not owned, so an order of them taints by its case alone."""
BY_NAME = {row.name: row for row in ROWS}
each_row = pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])


OPENED = [row for row in ROWS if row.opened]
"""Reviews, and returns that are done, have no such time."""


@pytest.mark.parametrize("row", OPENED, ids=[row.name for row in OPENED])
def test_while_it_is_open_it_suppresses_what_it_reaches(row: Row) -> None:
    for sku in row.reaches:
        assert row.while_open in reasons(sku, *row.opened), sku
        assert row.while_open in reasons(sku, *row.opened, now=T0 + 1000 * DAY), sku


@each_row
def test_it_suppresses_to_the_last_millisecond_of_its_cooldown_and_not_one_longer(row: Row) -> None:
    end = T0 + row.days * DAY
    for sku in row.reaches:
        assert row.after in reasons(sku, *row.over, now=T0), sku
        assert row.after in reasons(sku, *row.over, now=end - 1), sku
        assert row.after not in reasons(sku, *row.over, now=end), sku


@each_row
def test_it_reaches_no_further_than_the_table_says(row: Row) -> None:
    codes = {row.after, row.while_open}
    for sku in ALL - row.reaches - {"SET-1"}:
        for told in (row.opened, row.over):
            assert not codes & set(reasons(sku, *told)), sku


@each_row
def test_it_is_nobody_else_s(row: Row) -> None:
    for sku in row.reaches:
        for told in (row.opened, row.over):
            assert reasons(sku, *told, who="c2") == []
            assert reasons(sku, *told, who=None) == []


@each_row
def test_a_bundle_is_as_tainted_as_its_parts(row: Row) -> None:
    whole = row.reaches == ALL
    tainted = bool(row.reaches & {"BOOT-42", "SOCK-3"})
    expected = {row.after} if whole else {"complaint.component"} if tainted else set()
    assert set(reasons("SET-1", *row.over)) & {row.after, "complaint.component"} == expected


@each_row
def test_a_rule_file_may_make_it_last_longer_where_a_condition_holds(row: Row) -> None:
    longer = (Tightening("t", lambda _: NOW, All(()), after=500 * DAY),)
    never = (Tightening("t", lambda _: NEVER, All(()), after=500 * DAY),)
    end = T0 + row.days * DAY
    sku = min(row.reaches)
    assert row.after in reasons(sku, *row.over, now=T0 + 500 * DAY - 1, tightenings=longer)
    assert row.after not in reasons(sku, *row.over, now=T0 + 500 * DAY, tightenings=longer)
    assert row.after not in reasons(sku, *row.over, now=end, tightenings=never)


def test_a_taint_may_be_made_to_reach_the_brand_or_the_shop() -> None:
    told = [review(rating=1, at=T0)]
    brand = Policy(taints=Taints(review=Taint("brand", DAY)))
    shop = Policy(taints=Taints(review=Taint("shop", DAY)))
    variant = Policy(taints=Taints(review=Taint("variant", DAY)))
    reach = {
        scope.taints.review.scope: {s for s in ALL if reasons(s, *told, policy=scope)}
        for scope in (brand, shop, variant)
    }
    assert reach == {"brand": VELO | {"SET-1"}, "shop": ALL, "variant": {"RUN-42"}}
    bare = [review(sku="BARE-1", rating=1, at=T0)]
    assert {s for s in ALL if reasons(s, *bare, policy=brand)} == {"BARE-1"}


# what a case is about


def tainted(*told: AnyFact, who: str = "c1") -> set[str]:
    return {sku for sku in ALL if "complaint.open" in reasons(sku, *told, who=who)}


OLD = order("o1", line("RUN-42", gift=True), line("BOOT-42", gift=True), placed_at=T0 - 300 * DAY)
NEW = order("o2", line("TRAIL-42", gift=True), placed_at=T0 - 30 * DAY)


def test_a_case_that_names_only_an_order_taints_the_order() -> None:
    assert tainted(OLD, NEW, case(order="o1")) == RUN | {"BOOT-42"}


def test_a_case_that_names_items_of_an_order_taints_these_alone() -> None:
    assert tainted(OLD, NEW, case(order="o1", skus=["BOOT-42"])) == {"BOOT-42"}


def test_a_case_that_names_only_a_customer_taints_all_bought_in_180_days() -> None:
    assert tainted(OLD, NEW, case()) == {"TRAIL-42"}
    edge = order("o3", line("BOOT-42", gift=True), placed_at=T0 - DAY - 180 * DAY)
    before = order("o3", line("BOOT-42", gift=True), placed_at=T0 - DAY - 180 * DAY - 1)
    assert tainted(NEW, edge, case()) == {"TRAIL-42", "BOOT-42"}
    assert tainted(NEW, before, case()) == {"TRAIL-42"}


def test_what_was_bought_after_the_case_was_opened_is_meant_too() -> None:
    late = order("o3", line("BOOT-42", gift=True), placed_at=T0)
    assert tainted(late, case()) == {"BOOT-42"}


def test_a_case_of_somebody_who_bought_nothing_may_be_about_anything() -> None:
    assert tainted(case()) == ALL
    assert tainted(order("o3", "BOOT-42", status="cancelled"), case()) == ALL
    assert tainted(order("o3", "BOOT-42", customer="c2"), case()) == ALL


@pytest.mark.parametrize(
    "named",
    [{"skus": ["GHOST"]}, {"order": "o9"}, {"skus": ["GHOST"], "order": "o9"}],
    ids=["an item", "an order", "both"],
)
def test_what_cannot_be_resolved_taints_more_and_never_less(named: dict[str, Any]) -> None:
    assert tainted(NEW, case(**named)) == {"TRAIL-42"}


def test_an_unknown_item_of_a_known_order_taints_the_order() -> None:
    assert tainted(OLD, NEW, case(skus=["GHOST"], order="o1")) == RUN | {"BOOT-42"}


def test_an_order_with_an_unknown_item_taints_all_that_was_bought() -> None:
    ghost = order("o3", "GHOST", "BOOT-42", placed_at=T0 - 300 * DAY)
    assert tainted(ghost, NEW, case(order="o3")) == {"BOOT-42", "TRAIL-42"}


def test_an_unknown_item_is_tainted_itself() -> None:
    assert "complaint.open" in reasons("GHOST", NEW, case(skus=["GHOST"]))


def test_a_known_item_beside_an_unknown_one_stays_tainted() -> None:
    assert tainted(NEW, case(skus=["GHOST", "SOCK-3"])) == {"TRAIL-42", "SOCK-3"}


def test_a_wrong_item_without_its_order_taints_all_that_was_bought() -> None:
    assert tainted(NEW, case(kind="wrong_item", skus=["SOCK-3"])) == {"TRAIL-42", "SOCK-3"}
    assert tainted(case(kind="wrong_item", skus=["SOCK-3"])) == {"SOCK-3"}


def test_a_complaint_about_a_bundle_is_one_about_what_is_in_it() -> None:
    assert tainted(case(skus=["SET-1"])) == {"SET-1", "BOOT-42", "SOCK-3"}


def test_complainant_purchaser_and_owner_of_the_order_are_all_tainted() -> None:
    gift = order("o1", line("RUN-42", gift=True), customer="c3", placed_at=T0 - 30 * DAY)
    told = [gift, case(customer="c1", purchaser="c2", order="o1")]
    assert [tainted(*told, who=who) for who in ("c1", "c2", "c3")] == [RUN, RUN, RUN]


def test_a_rejected_case_still_taints() -> None:
    told = case(status="rejected", skus=["RUN-42"], resolved_at=T0)
    assert reasons("RUN-42", told, now=T0 + 90 * DAY - 1) == ["complaint.cooldown"]


def test_a_case_whose_end_nobody_dated_ended_when_we_heard_of_it() -> None:
    shop = Shop((one, T0 - 500 * DAY) for one in CATALOGUE)
    shop.report(case(status="resolved", skus=["RUN-42"]), T0)
    known = profile(shop.history("c1"), Policy())
    (letdown,) = known.letdowns.products["run"]
    assert letdown.until == T0 + 90 * DAY


@pytest.mark.parametrize("kind", ["question", "other"])
def test_a_question_taints_nothing(kind: str) -> None:
    assert all(reasons(sku, case(kind=kind, skus=["RUN-42"])) == [] for sku in ALL)


def test_reopening_cancels_the_cooldown() -> None:
    told = case(skus=["RUN-42"], opened_at=T0 - 400 * DAY, resolved_at=T0 - 300 * DAY)
    assert reasons("RUN-42", told) == ["complaint.open"]


# merged and duplicate cases


def merged(into: str, name: str = "k1", **fields: Any) -> AnyFact:
    fields.setdefault("skus", ["RUN-42"])
    return case(name, status="merged", merged_into=into, **fields)


def test_a_merged_case_taints_what_it_named_in_the_state_of_the_other() -> None:
    ended = case("k2", status="resolved", skus=["BOOT-42"], resolved_at=T0)
    told = [merged("k2"), ended]
    for sku in (*RUN, "BOOT-42"):
        assert reasons(sku, *told, now=T0 + 90 * DAY - 1) == ["complaint.cooldown"]
        assert reasons(sku, *told, now=T0 + 90 * DAY) == []


def test_a_chain_of_merged_cases_ends_with_the_last() -> None:
    last = case("k3", status="resolved", skus=["RUN-42"], resolved_at=T0 - 90 * DAY)
    assert reasons("RUN-42", merged("k2"), merged("k3", "k2"), last) == []


@pytest.mark.parametrize(
    "told",
    [[merged("k9")], [merged("k1")], [merged("k2"), merged("k1", "k2")]],
    ids=["into one we do not know", "into itself", "in a circle"],
)
def test_a_merged_case_without_an_end_stays_open(told: list[AnyFact]) -> None:
    assert set(reasons("RUN-42", *told)) == {"complaint.open"}


@pytest.mark.parametrize("into", ["k2", "k9"], ids=["known", "unknown"])
def test_duplicates_count_once_against_the_brand(into: str) -> None:
    told = [case("k2", skus=["RUN-42"])] if into == "k2" else [merged("k9", "k2")]
    assert reasons("TRAIL-42", *told, merged(into, skus=["SOCK-3"])) == []


# two strikes


def pair(apart: int, **fields: Any) -> list[AnyFact]:
    fields.setdefault("skus", ["SOCK-3"])
    first = case("k1", skus=["RUN-42"], opened_at=T0 - DAY - apart)
    return [first, case("k2", opened_at=T0 - DAY, **fields)]


def test_two_complaints_count_as_two_strikes_within_180_days() -> None:
    assert reasons("TRAIL-42", *pair(180 * DAY)) == ["complaint.brand"]
    assert reasons("TRAIL-42", *pair(180 * DAY + 1)) == []


def test_one_product_twice_or_two_brands_are_no_strikes() -> None:
    assert reasons("TRAIL-42", *pair(DAY, skus=["RUN-43"])) == []
    assert reasons("TRAIL-42", *pair(DAY, skus=["BOOT-42"])) == []
    assert reasons("TRAIL-42", *pair(DAY, skus=["BARE-1"])) == []
    assert reasons("TRAIL-42", *pair(DAY, kind="wrong_item")) == []
    assert reasons("TRAIL-42", case(skus=["RUN-42", "SOCK-3"])) == []


def test_the_brand_rests_until_both_cases_have_been_over_for_90_days() -> None:
    long_ago = case(
        "k1", status="resolved", skus=["RUN-42"], opened_at=T0 - 2 * DAY, resolved_at=T0
    )
    told = [long_ago, case("k2", status="resolved", skus=["SOCK-3"], resolved_at=T0 - DAY)]
    assert reasons("TRAIL-42", *told, now=T0 + 90 * DAY - 1) == ["complaint.brand"]
    assert reasons("TRAIL-42", *told, now=T0 + 90 * DAY) == []


# reviews


def edits(*ratings: int) -> list[AnyFact]:
    return [review(rating=one, at=T0 + n, version=n) for n, one in enumerate(ratings)]


@pytest.mark.parametrize(
    ("ratings", "bad"),
    [((3,), False), ((2, 3), True), ((2, 4), False), ((2, 5, 3), False), ((2, 5, 1), True), ((4, 2), True)],
)  # fmt: skip
def test_only_an_edit_to_four_or_more_lifts_a_bad_review(
    ratings: tuple[int, ...], bad: bool
) -> None:
    assert (reasons("RUN-43", *edits(*ratings), now=T0 + DAY) == ["review.bad"]) is bad


def test_a_good_review_lifts_no_other() -> None:
    told = [review("v1", rating=1), review("v2", rating=5)]
    assert reasons("RUN-42", *told) == ["review.bad"]


def test_a_version_counts_by_its_number_and_not_by_its_date() -> None:
    told = [review(rating=5, at=T0 - DAY, version=2), review(rating=1, at=T0, version=1)]
    assert reasons("RUN-42", *told) == []


# returns


def test_a_change_of_mind_and_a_cancelled_return_taint_nothing() -> None:
    assert reasons("RUN-42", returned("b1", ("RUN-42", "changed_mind"))) == []
    assert reasons("RUN-42", returned("b1", ("RUN-42", "quality"), status="cancelled")) == []


def test_a_return_of_the_order_s_owner_by_another_taints_the_owner_too() -> None:
    told = [order("o1", "RUN-42"), returned("b1", ("RUN-42", "quality"), customer="c2", order="o1")]
    assert "return.recent" in reasons("RUN-43", *told)


@pytest.mark.parametrize(
    ("later", "within", "counts"),
    [(0, 0, True), (-1, 0, True), (DAY - 1, DAY, False), (DAY, DAY, True), (-1, DAY, True)],
)
def test_a_return_that_corrects_its_order_taints_nothing_where_the_shop_says_so(
    later: int, within: int, counts: bool
) -> None:
    told = [
        order("o1", line("RUN-42", gift=True), placed_at=T0 - 10 * DAY),
        returned("b1", ("RUN-42", "quality"), order="o1", at=T0 - 10 * DAY + later),
    ]
    found = reasons("RUN-42", *told, policy=Policy(correction_within=within))
    assert (found == ["return.recent"]) is counts


def test_a_return_without_a_known_order_corrects_nothing() -> None:
    policy = Policy(correction_within=900 * DAY)
    for order_named in ({}, {"order": "o9"}):
        told = returned("b1", ("RUN-42", "quality"), **order_named)
        assert reasons("RUN-42", told, policy=policy) == ["return.recent"]


# parcels


def parcel(**fields: Any) -> AnyFact:
    fields.setdefault("placed_at", T0 - 400 * DAY)
    fields.setdefault("status", "shipped")
    fields.setdefault("promised_by", T0)
    return order("o1", **fields)


def test_a_parcel_is_late_from_its_promised_instant_on() -> None:
    assert reasons("BOOT-42", parcel(), now=T0 - 1) == []
    assert reasons("BOOT-42", parcel(), now=T0) == ["delivery.late"]


@pytest.mark.parametrize(
    "on_time",
    [
        parcel(status="delivered", delivered_at=T0),
        parcel(status="cancelled"),
        parcel(promised_by=None),
        parcel(customer="c2"),
        parcel(customer=None, session="s1"),
    ],
    ids=["delivered by then", "cancelled", "not promised", "another's", "a guest's"],
)
def test_no_other_parcel_is(on_time: AnyFact) -> None:
    assert reasons("BOOT-42", on_time, now=T0 + DAY) == []


def test_a_parcel_delivered_we_do_not_know_when_was_late_if_we_heard_of_it_late() -> None:
    shop = Shop((one, T0 - 500 * DAY) for one in CATALOGUE)
    shop.report(parcel(status="delivered"), T0 + MINUTE)
    (letdown,) = profile(shop.history("c1"), Policy()).letdowns.shop
    assert (letdown.since, letdown.until) == (T0, T0 + MINUTE + 2 * DAY)


@pytest.mark.parametrize("about", ["o1", None])
def test_a_case_speaks_for_its_late_parcel_while_it_taints(about: str | None) -> None:
    open_case = case(kind="late", order=about)
    over = case(kind="late", status="resolved", order=about, resolved_at=T0)
    assert reasons("BOOT-42", parcel(), open_case, now=T0 + DAY) == ["service.open"]
    assert reasons("BOOT-42", parcel(), over, now=T0 + 7 * DAY - 1) == ["service.cooldown"]
    assert reasons("BOOT-42", parcel(), over, now=T0 + 7 * DAY) == ["delivery.late"]


def test_a_case_about_another_order_or_a_question_speaks_for_no_parcel() -> None:
    other = case(kind="late", status="resolved", order="o9", resolved_at=T0)
    assert reasons("BOOT-42", parcel(), other, now=T0) == ["delivery.late", "service.cooldown"]
    question = case(kind="question", order="o1")
    assert reasons("BOOT-42", parcel(), question, now=T0) == ["delivery.late"]


# recalls


def test_a_recall_is_for_everybody_until_it_is_lifted() -> None:
    for who in ("c1", "c2", None):
        assert reasons("RUN-42", recall(product="run"), who=who) == ["recall"]
        assert reasons("RUN-42", recall(product="run", status="lifted"), who=who) == []


def test_a_recall_of_one_variant_is_one_of_the_product_and_of_bundles_with_it() -> None:
    assert reasons("RUN-43", recall(skus=("RUN-42",)), who=None) == ["recall"]
    assert reasons("SET-1", recall(skus=("SOCK-3",)), who=None) == ["recall"]
    assert reasons("BOOT-42", recall(skus=("SOCK-3",)), who=None) == []


# remedies

VOUCHER = rule("V", remedy=True, price=PriceTerms("remedy"))


def promoted(*told: AnyFact) -> set[str]:
    return {sku for sku in ALL if reasons(sku, *told, by=VOUCHER) == []}


def test_a_remedy_is_the_only_promotion_while_a_service_case_is_open_or_cools_down() -> None:
    for status in ("open", "resolved"):
        told = [case(kind="late", status=status, resolved_at=T0, order="o1"), OLD]
        assert promoted(*told, remedy(case="k1")) == ALL - RUN - {"BOOT-42"}
        assert reasons("RUN-42", *told, remedy(case="k1"), by=VOUCHER) == ["complaint.cause"]


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
def test_a_remedy_is_never_promoted_on_what_it_makes_up_for(cause: dict[str, Any]) -> None:
    bought = order("o4", line("RUN-43", gift=True), placed_at=T0 - 30 * DAY)
    told = [bought, case("k4", "question", order="o4")]
    assert promoted(*told, remedy(**cause)) == ALL - RUN


def test_a_remedy_passes_no_other_taint() -> None:
    told = [case("k1", skus=["RUN-42"]), order("o2", status="shipped", **PARCEL)]
    assert reasons("RUN-43", *told, remedy(case="k1"), by=VOUCHER) == [
        "complaint.open",
        "complaint.cause",
        "delivery.late",
    ]


def test_of_several_remedies_the_one_that_ends_first_is_meant() -> None:
    told = [
        remedy("m1", skus=["RUN-42"], expires_at=T0 + 2),
        remedy("m2", skus=["BOOT-42"], expires_at=T0 + 1),
        remedy("m3", skus=["TRAIL-42"], expires_at=T0),
    ]
    assert promoted(*told) == ALL - {"BOOT-42"}


# what was bought


def bought(sku: str = "RUN-42", **fields: Any) -> AnyFact:
    fields.setdefault("placed_at", T0)
    return order("o1", line(sku, fields.pop("qty", 1), gift=fields.pop("gift", False)), **fields)


def test_a_durable_is_owned_for_a_year_in_every_variant() -> None:
    for sku in RUN:
        assert reasons(sku, bought(), now=T0 + 365 * DAY - 1) == ["owned.already"]
        assert reasons(sku, bought(), now=T0 + 365 * DAY) == []
    assert reasons("TRAIL-42", bought()) == []


def test_a_consumable_is_due_after_four_fifths_of_its_interval() -> None:
    assert reasons("SOCK-3", bought("SOCK-3"), now=T0 + 72 * DAY - 1) == ["owned.already"]
    assert reasons("SOCK-3", bought("SOCK-3"), now=T0 + 72 * DAY) == []


@pytest.mark.parametrize("status", ["placed", "shipped", "delivered"])
def test_open_orders_count(status: str) -> None:
    assert reasons("RUN-42", bought(status=status)) == ["owned.already"]


def test_cancelled_gift_and_others_lines_do_not_count() -> None:
    for told in (bought(status="cancelled"), bought(gift=True), bought(customer="c2")):
        assert reasons("RUN-42", told) == []


def test_what_came_back_is_not_owned() -> None:
    back = ("RUN-42", "changed_mind")
    for named in ({"order": "o1"}, {}):
        assert reasons("RUN-42", bought(), returned("b1", back, **named)) == []
    assert reasons("RUN-42", bought(qty=2), returned("b1", back, order="o1")) == ["owned.already"]
    two = returned("b1", ("RUN-42", "changed_mind", 2), order="o1")
    assert reasons("RUN-42", bought(qty=2), two) == []
    other = returned("b1", back, order="o9")
    assert reasons("RUN-42", bought(), other) == ["owned.already"]


def test_a_return_is_taken_from_the_gift_first() -> None:
    mixed = order("o1", line(), line(gift=True), placed_at=T0)
    back = returned("b1", ("RUN-42", "changed_mind"), order="o1")
    assert reasons("RUN-42", mixed, back) == ["owned.already"]


def test_a_return_without_an_order_is_taken_from_the_latest() -> None:
    told = [bought(), order("o0", "RUN-42", placed_at=T0 - 364 * DAY)]
    back = returned("b1", ("RUN-42", "changed_mind"))
    assert reasons("RUN-42", *told, back, now=T0 + DAY - 1) == ["owned.already"]
    assert reasons("RUN-42", *told, back, now=T0 + DAY) == []


def regretted(unit: int, *told: AnyFact, now: int = T0, currency: str = "EUR") -> bool:
    shop = Shop((one, T0 - 500 * DAY) for one in (*CATALOGUE, *told))
    here = scene(now=now, item=shop.item("SOCK-3"), profile=profile(shop.history("c1"), Policy()))
    return bool([*price_regret(here, unit, currency, Policy())])


def test_nobody_is_offered_for_less_within_30_days_what_they_paid_more_for() -> None:
    paid = order("o1", line("SOCK-3", unit=1990), placed_at=T0)
    assert regretted(1989, paid)
    assert not regretted(1990, paid)
    assert regretted(1989, paid, now=T0 + 30 * DAY - 1)
    assert not regretted(1989, paid, now=T0 + 30 * DAY)
    assert not regretted(1989, paid, currency="GBP")


def test_a_gift_was_paid_for_too_and_what_came_back_was_not() -> None:
    gift = order("o1", line("SOCK-3", unit=1990, gift=True), placed_at=T0)
    assert regretted(1989, gift)
    assert not regretted(1989, gift, returned("b1", ("SOCK-3", "changed_mind"), order="o1"))


def test_a_withdrawal_for_any_complaint_or_late_parcel_leaves_the_shopper_in_peace() -> None:
    told = {
        reason for reason in Reason if reason.startswith(("complaint.", "service.", "delivery."))
    }
    assert told - LETDOWNS == {Reason.COMPLAINT_CAUSE}
    assert LETDOWNS - told == {Reason.REVIEW_BAD}
