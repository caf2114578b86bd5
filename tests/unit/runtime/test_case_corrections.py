"""An operator corrects the kind and the links of a case, and offers follow at once."""

from datetime import timedelta
from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, case, order, rules
from support.builders import case as case_fact
from support.live_server import LiveServer, live_server
from tactful.core.facts.fact_types import Case
from tactful.core.values.calendar import DAY
from tactful.runtime.case_corrections import (
    CaseCorrection,
    RefusedCorrectionError,
    UnknownCaseError,
    correct_case,
    find_case,
    mapping_line,
)


def given(name: str, **more: object) -> dict[str, object]:
    return case(name, "c1", "unknown", skus=["RUN-42"], kind_by="none", **more)


async def corrected(one: LiveServer, name: str, correction: CaseCorrection) -> Case:
    return await correct_case(one.parts.shop, name, correction, "Ada")


async def test_a_correction_to_a_question_makes_offers_possible_at_once(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, given("k1", contact={"email": "mia@shop.example"}))
        shopper = await one.known("c1")
        await shopper.view("RUN-42", 30)
        assert await one.reason("RUN-42", shopper) == "complaint.unknown"
        before = await find_case(one.parts.shop, "k1")
        after = await corrected(one, "k1", CaseCorrection(kind="question"))
        assert (after.kind, after.kind_by, after.skus) == ("question", "agent", ("RUN-42",))
        assert after.contact == before.contact
        assert await one.reason("RUN-42", shopper) != "complaint.unknown"
        assert await find_case(one.parts.shop, "k1") == after


async def test_a_correction_of_the_links_withdraws_what_stands_on_the_item(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        elsewhere = case("k1", "c1", "defect", skus=["SOCK-3"], order="o9")
        await one.facts(*CATALOGUE, elsewhere)
        shopper = await one.known("c1")
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        after = await corrected(one, "k1", CaseCorrection(skus=("RUN-42",), order=None))
        assert (after.skus, after.order, after.linked_by) == (("RUN-42",), None, "agent")
        assert (await shopper.expect("withdraw"))["offer"] == offer["id"]


async def test_the_same_correction_can_be_made_undone_and_made_again(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(
            *CATALOGUE, given("k1", version=7), given("k2", version="2026-03-10T12:00:00Z")
        )
        for name in ("k1", "k2"):
            for kind in ("question", "defect", "question"):
                await corrected(one, name, CaseCorrection(kind=kind))
                assert (await find_case(one.parts.shop, name)).kind == kind


async def test_a_later_report_of_the_same_system_replaces_the_correction(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, given("k1", version=7))
        await corrected(one, "k1", CaseCorrection(kind="question"))
        await one.facts(given("k1", version=7))
        assert (await find_case(one.parts.shop, "k1")).kind == "question"
        await one.facts(given("k1", version=9))
        assert (await find_case(one.parts.shop, "k1")).kind == "unknown"


async def test_the_audit_names_the_operator_and_not_the_order(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, order("o-secret", "c1", "RUN-42"), given("k1"))
        await corrected(one, "k1", CaseCorrection(kind="late", skus=(), order="o-secret"))
        await corrected(one, "k1", CaseCorrection(kind="late"))
        await corrected(one, "k1", CaseCorrection(order=None))
        acts = await one.parts.shop.ledger.operator_actions()
        assert [(act.who, act.act, act.subject, act.customer) for act in acts] == [
            ("Ada", "case.corrected", "k1", "c1")
        ] * 3
        assert [act.detail for act in acts] == [
            "no order", "confirmed", "kind unknown to late; items none; order",
        ]  # fmt: skip


async def test_an_unknown_case_and_one_that_would_be_nobodys_are_refused(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        alone = case("k1", "c1", "defect", order="o1")
        del alone["customer"]
        await one.facts(*CATALOGUE, alone)
        with pytest.raises(UnknownCaseError):
            await corrected(one, "none", CaseCorrection(kind="late"))
        with pytest.raises(RefusedCorrectionError, match="names a `customer`"):
            await corrected(one, "k1", CaseCorrection(order=None))
        assert (await find_case(one.parts.shop, "k1")).order == "o1"


def test_a_version_grows_by_the_least_step() -> None:
    correction = CaseCorrection(kind="late")
    assert correction.applied_to(case_fact()).version is None
    assert correction.applied_to(case_fact(version=7)).version == 8
    opened = case_fact(opened_at=DAY).opened_at
    version = correction.applied_to(case_fact(version=opened)).version
    assert version == opened + timedelta(microseconds=1)


def test_lines_for_the_mapping_file_are_proposed_where_it_found_no_kind() -> None:
    after = case_fact(kind="question", kind_by="agent")
    for step in ("none", "words"):
        line = mapping_line(case_fact(kind="unknown", kind_by=step), after)
        assert line == "kind:\n  tags:\n    question: [YOUR-TAG]\n"
    assert mapping_line(case_fact(kind="late", kind_by="tag"), after) is None
    assert mapping_line(case_fact(kind="question", kind_by="none"), after) is None


def test_an_empty_correction_is_known_as_such() -> None:
    assert CaseCorrection().is_empty
    assert not CaseCorrection(order=None).is_empty
