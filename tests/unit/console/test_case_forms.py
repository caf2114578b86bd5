"""The page of a case shows how it was understood, and an operator corrects it."""

from typing import get_args

import pytest

from journeys.fixture import case, order
from support.builders import case as case_fact
from support.console_client import Agent
from support.live_server import LiveServer
from tactful.console.case_forms import KIND_STEPS, LINK_STEPS, read_correction
from tactful.console.rendering import PageError
from tactful.core.facts.fact_values import KindStep, LinkStep
from tactful.runtime.case_corrections import CaseCorrection, find_case


async def test_the_page_says_how_kind_and_item_were_found(one: LiveServer, agent: Agent) -> None:
    found = {"kind_by": "words", "linked_by": "order_text", "order": "o1"}
    await one.facts(case("HD-3", "c1", "defect", **found))
    page = await agent.read("/console/cases/HD-3")
    assert "Defect (found by words of the text)" in page
    assert "About order o1 (found by the order number in the text)" in page
    assert "Say what the case is about: defect" in page


async def test_a_case_of_the_shops_own_system_says_no_step(one: LiveServer, agent: Agent) -> None:
    await one.facts(case("k1", "c1", "late"))
    page = await agent.read("/console/cases/k1")
    assert "No item or order is named" in page
    assert "Say what the case is about" not in page
    assert "found by" not in page


async def test_a_correction_takes_effect_and_is_shown(one: LiveServer, agent: Agent) -> None:
    await one.facts(case("HD-3", "c1", "unknown", kind_by="none", linked_by="contact"))
    answer = await agent.submit(
        "/console/cases/HD-3/correct",
        kind="question", skus="RUN-42", order="", back="/console/cases/HD-3",
    )  # fmt: skip
    assert answer.headers["location"] == "/console/cases/HD-3"
    page = await agent.read("/console/cases/HD-3")
    assert "The case is corrected" in page
    assert "kind: tags: question: [YOUR-TAG]" in page
    assert "YOUR-TAG" not in await agent.read("/console/cases/HD-3"), "they are shown once"
    assert "Question (stated by an operator)" in page
    assert "About Aero Runner RUN-42 (stated by an operator)" in page
    kept = await find_case(one.parts.shop, "HD-3")
    assert (kept.kind, kept.skus) == ("question", ("RUN-42",))


async def test_one_button_says_which_order_a_case_is_about(one: LiveServer, agent: Agent) -> None:
    await one.facts(order("o7", "c1", "BOOT-42"), case("HD-3", "c1", "late", kind_by="tag"))
    page = await agent.read("/console/cases/HD-3")
    assert "Say which order it is about: o7" in page
    back = "/console/cases/HD-3"
    await agent.submit("/console/cases/HD-3/correct", kind="late", order="o7", back=back)
    kept = await find_case(one.parts.shop, "HD-3")
    assert (kept.order, kept.linked_by) == ("o7", "agent")
    assert (kept.kind, kept.kind_by) == ("late", "tag"), "the kind was not stated"
    page = await agent.read("/console/cases/HD-3")
    assert "Say which order it is about" not in page
    assert "YOUR-TAG" not in page, "a file that found the kind needs no line"


@pytest.mark.parametrize(
    ("name", "form", "status", "part"),
    [
        ("none", {"kind": "late"}, 404, "no case with this id"),
        ("k1", {"kind": "odd"}, 422, "The kind is missing"),
        ("k1", {"kind": "late", "order": ""}, 422, "The correction was refused"),
    ],
)
async def test_a_correction_that_cannot_be_made_says_why(
    one: LiveServer, agent: Agent, name: str, form: dict[str, str], status: int, part: str
) -> None:
    alone = case("k1", "c1", "defect", order="o1")
    del alone["customer"]
    await one.facts(alone)
    answer = await agent.submit(f"/console/cases/{name}/correct", **form)
    assert (answer.status_code, part in answer.text) == (status, True)


@pytest.mark.parametrize(
    ("form", "correction"),
    [
        ({"kind": "late"}, CaseCorrection(kind="late")),
        (
            {"kind": "late", "skus": "B, A", "order": " o1 "},
            CaseCorrection(kind="late"),
        ),
        ({"kind": "late", "skus": "A C C"}, CaseCorrection(kind="late", skus=("A", "C"))),
        ({"kind": "late", "skus": ""}, CaseCorrection(kind="late", skus=())),
        ({"kind": "late", "order": ""}, CaseCorrection(kind="late", order=None)),
        ({"kind": "late", "order": "o2"}, CaseCorrection(kind="late", order="o2")),
    ],
)
def test_only_what_was_changed_is_stated(form: dict[str, str], correction: CaseCorrection) -> None:
    assert read_correction(form, case_fact(skus=("A", "B"), order="o1")) == correction


def test_an_id_that_is_too_long_is_refused() -> None:
    with pytest.raises(PageError, match="too long"):
        read_correction({"kind": "late", "order": "x" * 129}, case_fact())


def test_every_step_has_words() -> None:
    assert KIND_STEPS.keys() == set(get_args(KindStep))
    assert LINK_STEPS.keys() == set(get_args(LinkStep))
