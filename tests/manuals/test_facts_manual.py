"""server/FACTS.md describes every field of every fact, and its examples are read by the server."""

import json
import re

from manuals.manual_of_facts import PATH, with_reference
from tactful.core.facts.fact_codec import FactRejection, decode
from tactful.core.facts.fact_types import KINDS

MANUAL = PATH.read_text("utf-8")


def test_the_generated_part_is_up_to_date() -> None:
    assert with_reference(MANUAL) == MANUAL, "make format renews it"


def test_every_example_is_a_fact_of_its_section() -> None:
    found = re.findall(r"^## `(\w+)`$.*?```json\n(.*?)```", MANUAL, re.MULTILINE | re.DOTALL)
    assert {kind for kind, _ in found} == set(KINDS)
    for kind, text in found:
        fact = decode(json.dumps(json.loads(text)).encode())
        assert not isinstance(fact, FactRejection), kind
        assert isinstance(fact, KINDS[kind])


def test_the_manuals_lead_here() -> None:
    for page in ("HTTP.md", "README.md"):
        assert "FACTS.md" in (PATH.parent / page).read_text("utf-8")
