"""Taints of cases, brands, reviews, returns and late parcels."""

from datetime import datetime
from random import Random  # noqa: TID251 - the seed is the argument
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from support.builders import (
    DAY,
    MINUTE,
    T0,
    but,
    case,
    line,
    objection,
    order,
    product,
    returned,
    review,
    when,
)
from support.naive_assembly import NaiveShop
from support.oracle.generated_worlds import world
from support.suppressions import CATALOGUE, reasons
from tactful.core.customer.profile import profile
from tactful.core.customer.taint_derivation import derive_taints
from tactful.core.customer.taints import NO_TAINTS
from tactful.core.facts import purchases
from tactful.core.facts.fact_types import AnyFact, CaseLine, Gone, ms
from tactful.core.facts.history import History
from tactful.core.rules.policy import Policy
from tactful.core.values.money import Money
from tactful.rulebook.testing.fact_set import FactSet

encode = msgspec.msgpack.Encoder().encode


@given(st.integers(0, 5000), st.randoms(use_true_random=False))
def test_shuffled_facts_give_the_same_taints_and_purchases_to_the_byte(
    seed: int, dice: Random
) -> None:
    told = world(seed).facts
    first = NaiveShop(told).history("c1")
    dice.shuffle(told)
    again = NaiveShop(told).history("c1")
    assert encode(derive_taints(first, Policy())) == encode(derive_taints(again, Policy()))
    assert encode(purchases.derive_purchases(first)) == encode(purchases.derive_purchases(again))


INSTANT = st.integers(-400, 400).map(lambda days: T0 + days * DAY)


@given(
    kind=st.sampled_from(("defect", "wrong_item", "service", "unknown", "other")),
    status=st.sampled_from(("open", "resolved", "rejected", "merged")),
    instants=st.lists(INSTANT, min_size=9, max_size=9),
    reason=st.sampled_from(("fit", "quality", "unknown")),
)
def test_no_protection_ends_before_it_began(
    kind: str, status: str, instants: list[int], reason: str
) -> None:
    """Every instant of every fact is anywhere, also before what it must follow."""
    at = iter(instants)
    told = (
        case("k1", kind, status, skus=["RUN-42"], merged_into="k2", opened_at=next(at),
            resolved_at=next(at)),
        case("k2", kind, "resolved", skus=["TRAIL-42"], opened_at=next(at), resolved_at=next(at)),
        order("o1", line("BOOT-42"), placed_at=next(at), promised_by=next(at),
            delivered_at=next(at)),
        returned("r1", ("BOOT-42", reason), order="o1", at=next(at)),
        review(rating=1, at=next(at)),
    )  # fmt: skip
    taints = derive_taints(history(*told), Policy())
    scopes = (*taints.skus.values(), *taints.products.values(), *taints.brands.values())
    for taint in (*taints.shop, *(one for scope in scopes for one in scope)):
        assert taint.until is None or taint.since < taint.until


def history(*told: object) -> History:
    return NaiveShop((fact, T0) for fact in told).history("c1")  # type: ignore[misc]


def test_an_empty_history_has_no_taints() -> None:
    assert derive_taints(History(customer="c1"), Policy()) == NO_TAINTS


@pytest.mark.parametrize(("promised", "start"), [(DAY, T0 + DAY), (0, None), (-DAY, None)])
def test_the_next_parcel_that_turns_late_is_known_before(promised: int, start: int | None) -> None:
    parcel = order("o1", status="shipped", promised_by=T0 + promised)
    assert derive_taints(history(parcel), Policy()).next_start(T0) == start


def test_a_case_dated_ahead_of_our_clock_taints_from_its_report() -> None:
    ahead = case(skus=["RUN-42"], opened_at=T0 + DAY)
    (taint,) = derive_taints(history(product(), ahead), Policy()).products["run"]
    assert taint.since == T0


# two strikes


def pair(apart: int, **fields: Any) -> list[AnyFact]:
    fields.setdefault("skus", ["SOCK-3"])
    first = case("k1", skus=["RUN-42"], opened_at=T0 - DAY - apart)
    return [first, case("k2", opened_at=T0 - DAY, **fields)]


def test_two_complaints_within_180_days_taint_the_brand() -> None:
    assert reasons("TRAIL-42", *pair(180 * DAY)) == ["complaint.brand"]
    assert reasons("TRAIL-42", *pair(180 * DAY + 1)) == []


def test_two_cases_about_one_product_or_two_brands_do_not_taint_a_brand() -> None:
    assert reasons("TRAIL-42", *pair(DAY, skus=["RUN-43"])) == []
    assert reasons("TRAIL-42", *pair(DAY, skus=["BOOT-42"])) == []
    assert reasons("TRAIL-42", *pair(DAY, skus=["BARE-1"])) == []
    assert reasons("TRAIL-42", *pair(DAY, kind="wrong_item")) == []
    assert reasons("TRAIL-42", case(skus=["RUN-42", "SOCK-3"])) == []


def test_the_brand_is_suppressed_until_both_cases_have_been_closed_for_90_days() -> None:
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


def test_a_good_review_does_not_end_the_taint_of_another() -> None:
    told = [review("v1", rating=1), review("v2", rating=5)]
    assert reasons("RUN-42", *told) == ["review.bad"]


def test_a_version_counts_by_its_number_and_not_by_its_date() -> None:
    told = [review(rating=5, at=T0 - DAY, version=2), review(rating=1, at=T0, version=1)]
    assert reasons("RUN-42", *told) == []


# returns


def test_a_change_of_mind_and_a_cancelled_return_taint_nothing() -> None:
    assert reasons("RUN-42", returned("b1", ("RUN-42", "changed_mind"))) == []
    assert reasons("RUN-42", returned("b1", ("RUN-42", "quality"), status="cancelled")) == []


def test_a_return_by_another_customer_of_their_own_order_is_not_mine() -> None:
    theirs = order("o1", "RUN-42", "BOOT-42", customer="c2")
    back = returned("b1", ("RUN-42", "quality"), customer="c2", order="o1")
    mine = case("k1", "question", order="o1")
    assert reasons("RUN-43", theirs, back, mine) == []
    about_it = case("k1", "question", order="o1", skus=["RUN-42"])
    assert reasons("RUN-43", theirs, back, about_it) == ["return.recent"]
    nobodys = order("o1", "RUN-42", customer=None)
    assert "return.recent" in reasons("RUN-43", nobodys, but(back, customer=None), mine)


def test_a_return_by_another_customer_taints_the_owner_of_the_order_too() -> None:
    mine = order("o1", "RUN-42")
    theirs = returned("b1", ("RUN-42", "quality"), customer="c2", order="o1")
    assert "return.recent" in reasons("RUN-43", mine, theirs)


@pytest.mark.parametrize(
    ("later", "within", "counts"),
    [(0, 0, True), (-1, 0, True), (DAY - 1, DAY, False), (DAY, DAY, True), (-1, DAY, True)],
)
def test_a_correcting_return_taints_nothing_where_the_policy_says_so(
    later: int, within: int, counts: bool
) -> None:
    told: list[AnyFact] = [
        order("o1", line("RUN-42", gift=True), placed_at=T0 - 10 * DAY),
        returned("b1", ("RUN-42", "quality"), order="o1", at=T0 - 10 * DAY + later),
    ]
    found = reasons("RUN-42", *told, policy=Policy(correction_within=within))
    assert (found == ["return.recent"]) is counts


def test_a_return_without_a_known_order_corrects_nothing() -> None:
    policy = Policy(correction_within=900 * DAY)
    for named in (None, "o9"):
        told = returned("b1", ("RUN-42", "quality"), order=named)
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
def test_a_parcel_that_is_not_late_does_not_taint(on_time: AnyFact) -> None:
    assert reasons("BOOT-42", on_time, now=T0 + DAY) == []


def test_a_parcel_without_a_delivery_date_was_late_if_its_delivery_was_reported_late() -> None:
    shop = NaiveShop((one, T0 - 500 * DAY) for one in CATALOGUE)
    shop.report(parcel(status="delivered"), T0 + MINUTE)
    (taint,) = profile(shop.history("c1"), Policy()).taints.shop
    assert (taint.since, taint.until) == (T0, T0 + MINUTE + 2 * DAY)


@pytest.mark.parametrize("about", ["o1", None])
def test_a_service_case_replaces_the_taint_of_its_late_parcel_while_it_taints(
    about: str | None,
) -> None:
    open_case = case(kind="late", order=about)
    over = case(kind="late", status="resolved", order=about, resolved_at=T0)
    assert reasons("BOOT-42", parcel(), open_case, now=T0 + DAY) == ["service.open"]
    assert reasons("BOOT-42", parcel(), over, now=T0 + 7 * DAY - 1) == ["service.cooldown"]
    assert reasons("BOOT-42", parcel(), over, now=T0 + 7 * DAY) == ["delivery.late"]


def test_a_case_about_another_order_and_a_question_do_not_replace_the_taint_of_a_parcel() -> None:
    other = case(kind="late", status="resolved", order="o9", resolved_at=T0)
    assert reasons("BOOT-42", parcel(), other, now=T0) == ["delivery.late", "service.cooldown"]
    question = case(kind="question", order="o1")
    assert reasons("BOOT-42", parcel(), question, now=T0) == ["delivery.late"]


def taints_of(*told: AnyFact, at: int = T0) -> set[tuple[str, str]]:
    """(product, reason) of the taints of a customer."""
    known = FactSet()
    for fact in (*CATALOGUE, *told):
        known.add(fact, at)
    found = derive_taints(known.history("c1"), Policy())
    return {
        (product, taint.reason.value)
        for product, taints in found.products.items()
        for taint in taints
    }


def test_a_refund_that_names_no_lines_is_a_return_of_the_whole_order() -> None:
    placed = order("o1", "RUN-42", "BOOT-42", placed_at=T0 - 9 * DAY)
    for refund in (
        returned("b1", order="o1"),
        returned("b1", order="o1", amount=Money(500, "EUR")),
        returned("b1", order="cart-7"),
    ):
        told = structs.replace(placed, also=("cart-7",))
        assert taints_of(told, refund) == {("run", "return.recent"), ("boot", "return.recent")}


def test_a_refund_of_an_unknown_order_concerns_everything_bought_lately() -> None:
    placed = order("o1", "RUN-42", placed_at=T0 - 9 * DAY)
    refund = returned("b1", order="o9")
    assert taints_of(placed, refund) == {("run", "return.recent")}


def test_a_refund_leaves_the_order_delivered_and_its_item_suppressed_for_90_days() -> None:
    told = order("o1", "RUN-42", placed_at=T0 - 400 * DAY), returned("b1", order="o1", at=T0)
    assert reasons("RUN-43", *told, now=T0 + 90 * DAY - 1) == ["return.recent"]
    assert reasons("RUN-43", *told, now=T0 + 90 * DAY) == []


def test_refunded_units_that_are_in_no_return_taint_their_product() -> None:
    refunded = order("o1", line("RUN-42", 2, refunded_qty=1), placed_at=T0 - 9 * DAY)
    assert taints_of(refunded) == {("run", "return.recent")}
    returned_unit = returned("b1", ("RUN-42", "changed_mind"), order="o1")
    assert taints_of(refunded, returned_unit) == set()
    assert taints_of(structs.replace(refunded, customer="c2")) == set()


def test_an_order_that_is_cancelled_after_its_delivery_was_refunded() -> None:
    """Found by variations: a refund that the shop reports as a cancellation lifted everything."""
    cancelled = order(
        "o1",
        line("RUN-42", 2),
        placed_at=T0 - 9 * DAY,
        delivered_at=T0 - 5 * DAY,
        status="cancelled",
    )
    assert taints_of(cancelled) == {("run", "return.recent")}
    assert taints_of(but(cancelled, delivered_at=None)) == set()
    part = but(cancelled, lines=(line("RUN-42", 2, cancelled_qty=2),))
    assert taints_of(part) == set()
    back = returned("b1", ("RUN-42", "changed_mind"), ("RUN-42", "changed_mind"), order="o1")
    assert taints_of(cancelled, back) == set()


def test_an_order_that_the_shop_cancelled_taints_its_products_for_its_customer_alone() -> None:
    told = order("o1", "SET-1", "RUN-42", status="cancelled", cancelled_by="shop")
    code = "cancelled.by_shop"
    assert taints_of(told) == {(one, code) for one in ("set", "boot", "sock", "run")}
    assert taints_of(but(told, customer="c2")) == set()
    assert taints_of(but(told, cancelled_by="customer")) == set()
    assert taints_of(but(told, cancelled_by=None)) == set()


@given(
    version=st.one_of(st.none(), st.integers(0, 9), INSTANT.map(when)),
    reported=INSTANT,
)
def test_a_cancellation_suppresses_for_30_days_from_the_latest_instant_it_can_have(
    version: Any, reported: int
) -> None:
    placed = T0 - 400 * DAY
    told = order(
        "o1", "BARE-1", placed_at=placed, status="cancelled", cancelled_by="shop", version=version
    )
    known = FactSet()
    known.add(told, reported)
    (taint,) = derive_taints(known.history("c1"), Policy()).products["BARE-1"]
    at = ms(version) if isinstance(version, datetime) else reported
    assert (taint.since, taint.until) == (min(at, reported), at + 30 * DAY)


@given(shift=st.integers(-900 * DAY, 0))
def test_a_return_dated_before_its_order_suppresses_as_long_as_one_of_that_day(shift: int) -> None:
    placed = order("o1", "BARE-1", placed_at=T0)
    back = returned("b1", ("BARE-1", "quality"), order="o1", at=T0 + shift)
    known = FactSet()
    known.add(placed, T0)
    known.add(back, T0 + DAY)
    (taint,) = derive_taints(known.history("c1"), Policy()).products["BARE-1"]
    assert taint.until == T0 + 90 * DAY


def test_a_case_of_unknown_kind_suppresses_like_a_defect() -> None:
    told = case("k1", "unknown", skus=("RUN-42",))
    assert taints_of(told) == {("run", "complaint.unknown")}


def test_a_case_without_a_customer_is_that_of_the_customer_of_its_order() -> None:
    told = order("o1", "RUN-42"), case("k1", customer=None, order="o1")
    assert taints_of(*told) == {("run", "complaint.open")}
    assert taints_of(*told, order("o1", "RUN-42", customer="c2", version=2)) == set()


def test_a_case_about_a_line_concerns_its_item_and_one_of_an_unknown_line_the_order() -> None:
    placed = order("o1", line("RUN-42", line="1"), line("BOOT-42", line="2"))
    about = case("k1", lines=(CaseLine("o1", "2"),))
    assert taints_of(placed, about) == {("boot", "complaint.open")}
    unknown = case("k1", lines=(CaseLine("o1", "9"),))
    assert {product for product, _ in taints_of(placed, unknown)} == {"run", "boot"}


def test_the_parcel_of_an_order_that_is_gone_is_not_late() -> None:
    placed = order("o1", "RUN-42", status="shipped", promised_by=T0 - DAY, version=1)
    for told, late in (((placed,), True), ((placed, Gone(of="order", order="o1")), False)):
        known = FactSet()
        for fact in told:
            known.add(fact, T0)
        assert bool(derive_taints(known.history("c1"), Policy()).shop) is late


def test_an_objection_that_ended_before_it_was_reported_taints_nothing() -> None:
    late = objection(skus=("RUN-42",), until=T0 - 600 * DAY)
    assert derive_taints(history(late), Policy()) == NO_TAINTS
