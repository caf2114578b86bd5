"""Which items a case concerns, and when it ended."""

from typing import Any

import pytest

from support.builders import (
    DAY,
    T0,
    case,
    line,
    order,
)
from support.naive_assembly import NaiveShop
from support.suppressions import ALL, CATALOGUE, RUN, reasons
from tactful.core.customer.profile import profile
from tactful.core.facts.fact_types import AnyFact
from tactful.core.rules.policy import Policy


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


def test_what_was_bought_after_the_case_was_opened_is_not_meant() -> None:
    at_once = order("o3", line("BOOT-42", gift=True), placed_at=T0 - DAY)
    later = order("o4", line("SOCK-3", gift=True), placed_at=T0 - DAY + 1)
    assert tainted(at_once, later, case()) == {"BOOT-42"}


def test_a_case_of_a_customer_without_purchases_taints_the_shop() -> None:
    assert tainted(case()) == ALL
    assert tainted(order("o3", "BOOT-42", status="cancelled"), case()) == ALL
    assert tainted(order("o3", "BOOT-42", customer="c2"), case()) == ALL


@pytest.mark.parametrize(
    "named",
    [{"skus": ["GHOST"]}, {"order": "o9"}, {"skus": ["GHOST"], "order": "o9"}],
    ids=["an item", "an order", "both"],
)
def test_an_unresolved_item_widens_the_scope(named: dict[str, Any]) -> None:
    assert tainted(NEW, case(**named)) == {"TRAIL-42"}


def test_an_unknown_item_of_a_known_order_taints_the_order() -> None:
    assert tainted(OLD, NEW, case(skus=["GHOST"], order="o1")) == RUN | {"BOOT-42"}


def test_an_order_with_an_unknown_item_taints_all_that_was_bought() -> None:
    ghost = order("o3", "GHOST", "BOOT-42", placed_at=T0 - 300 * DAY)
    assert tainted(ghost, NEW, case(order="o3")) == {"BOOT-42", "TRAIL-42"}


def test_an_unknown_item_is_tainted_itself() -> None:
    assert "complaint.open" in reasons("GHOST", NEW, case(skus=["GHOST"]))


def test_a_known_item_stays_tainted_next_to_an_unknown_one() -> None:
    assert tainted(NEW, case(skus=["GHOST", "SOCK-3"])) == {"TRAIL-42", "SOCK-3"}


def test_a_wrong_item_without_its_order_taints_what_it_names() -> None:
    assert tainted(NEW, case(kind="wrong_item", skus=["SOCK-3"])) == {"SOCK-3"}
    assert tainted(NEW, case(kind="wrong_item", order="o2", skus=["SOCK-3"])) == {
        "TRAIL-42", "SOCK-3",
    }  # fmt: skip
    assert tainted(NEW, case(kind="wrong_item")) == {"TRAIL-42"}


def test_a_complaint_about_a_bundle_taints_its_components() -> None:
    assert tainted(case(skus=["SET-1"])) == {"SET-1", "BOOT-42", "SOCK-3"}


def test_complainant_purchaser_and_owner_of_the_order_are_all_tainted() -> None:
    gift = order("o1", line("RUN-42", gift=True), customer="c3", placed_at=T0 - 30 * DAY)
    complaint = case(customer="c1", purchaser="c2", order="o1")
    assert [tainted(gift, complaint, who=who) for who in ("c1", "c2", "c3")] == [RUN, RUN, RUN]


def test_a_rejected_case_still_taints() -> None:
    told = case(status="rejected", skus=["RUN-42"], resolved_at=T0)
    assert reasons("RUN-42", told, now=T0 + 90 * DAY - 1) == ["complaint.cooldown"]


def test_a_resolved_case_without_a_date_ended_when_it_was_reported() -> None:
    shop = NaiveShop((one, T0 - 500 * DAY) for one in CATALOGUE)
    shop.report(case(status="resolved", skus=["RUN-42"]), T0)
    known = profile(shop.history("c1"), Policy())
    (letdown,) = known.taints.products["run"]
    assert letdown.until == T0 + 90 * DAY


def test_a_question_taints_nothing() -> None:
    assert all(reasons(sku, case(kind="question", skus=["RUN-42"])) == [] for sku in ALL)


def test_a_case_of_another_kind_taints_what_it_names_and_nothing_else() -> None:
    assert tainted(NEW, case(kind="other", skus=["RUN-42"])) == RUN
    assert tainted(NEW, case(kind="other", order="o2")) == {"TRAIL-42"}
    assert tainted(NEW, case(kind="other")) == set()
    assert tainted(NEW, case(kind="other", order="o9")) == set()
    closed = case(kind="other", status="resolved", skus=["RUN-42"], resolved_at=T0)
    assert reasons("RUN-42", closed, now=T0 + 7 * DAY - 1) == ["complaint.cooldown"]
    assert reasons("RUN-42", closed, now=T0 + 7 * DAY) == []


def test_a_case_of_unknown_kind_suppresses_like_a_defect() -> None:
    assert reasons("RUN-43", case(kind="unknown", skus=["RUN-42"])) == ["complaint.unknown"]
    assert reasons("BOOT-42", case(kind="unknown")) == ["complaint.unknown"]
    closed = case(kind="unknown", status="resolved", skus=["RUN-42"], resolved_at=T0)
    assert reasons("RUN-43", closed, now=T0 + 90 * DAY - 1) == ["complaint.cooldown"]
    assert reasons("RUN-43", closed, now=T0 + 90 * DAY) == []


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
    opened: dict[str, Any] = {"opened_at": T0 - 200 * DAY}
    last = case("k3", status="resolved", skus=["RUN-42"], resolved_at=T0 - 90 * DAY, **opened)
    chain = merged("k2", **opened), merged("k3", "k2", **opened), last
    assert reasons("RUN-42", *chain) == []


def test_a_case_merged_into_an_older_closed_case_keeps_its_protection() -> None:
    """A defect of yesterday that is merged into a case that ended half a year ago."""
    old = case("o1", status="resolved", skus=["TRAIL-42"], opened_at=T0 - 190 * DAY,
        resolved_at=T0 - 160 * DAY)  # fmt: skip
    today = merged("o1", "n1", resolved_at=T0)
    assert reasons("RUN-42", today, old, now=T0 + 90 * DAY - 1) == ["complaint.cooldown"]
    assert reasons("RUN-42", today, old, now=T0 + 90 * DAY) == []
    known_before: list[AnyFact] = [*CATALOGUE, old]
    shop = NaiveShop((one, T0 - 500 * DAY) for one in known_before)
    shop.report(merged("o1", "n1"), T0)
    known = profile(shop.history("c1"), Policy())
    assert {one.until for one in known.taints.products["run"]} == {T0 + 90 * DAY}


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
