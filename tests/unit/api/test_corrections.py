"""Corrections of cases over HTTP."""

from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, case, rules
from support.live_server import live_server


async def test_an_operator_corrects_a_case_and_gets_the_lines_for_the_mapping_file(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, case("k1", "c1", "unknown", skus=["RUN-42"], kind_by="none"))
        answer = await one.http.post(
            "/v1/cases/k1/correct", json={"kind": "question"}, headers={"Tactful-Operator": "Ada"}
        )
        assert (answer.status_code, answer.json()) == (
            200,
            {
                "case": "k1",
                "kind": "question",
                "kind_by": "agent",
                "skus": ["RUN-42"],
                "order": None,
                "linked_by": None,
                "mapping": "kind:\n  tags:\n    question: [YOUR-TAG]\n",
            },
        )
        (act,) = await one.parts.shop.ledger.operator_actions()
        assert act.who == "Ada"


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("none", {"kind": "late"}, 404, "case.unknown"),
        ("k1", {}, 422, "case.empty"),
        ("k1", {"order": None}, 422, "case.refused"),
        ("k1", {"kind": "odd"}, 422, None),
        ("k1", {"colour": "red"}, 422, None),
    ],
)
async def test_a_correction_that_cannot_be_made_changes_nothing(
    tmp_path: Path, name: str, body: dict[str, Any], status: int, code: str | None
) -> None:
    async with live_server(tmp_path, rules()) as one:
        alone = case("k1", "c1", "defect", order="o1")
        del alone["customer"]
        await one.facts(*CATALOGUE, alone)
        answer = await one.http.post(f"/v1/cases/{name}/correct", json=body)
        assert answer.status_code in {status, 400}
        assert code is None or answer.json()["code"] == code
        assert await one.parts.shop.ledger.operator_actions() == []
