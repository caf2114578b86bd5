"""The kind of a ticket."""

from typing import Any

import pytest

from support.desk_mappings import plain_mapping
from tactful.connectors.desks.mapping_file import KindBlock, KindTable
from tactful.connectors.desks.ticket_kinds import FoundKind, KindFinder, shipped_words, surest


def find(more: str = "", **given: Any) -> FoundKind:
    finder = KindFinder(plain_mapping(more).file.kind)
    return finder.find(**{"values": (), "tags": (), "queues": (), "text": "", **given})


@pytest.mark.parametrize(
    ("given", "kind", "by"),
    [
        ({"values": ["Broken  Thing"]}, "defect", "field"),
        ({"values": ["wrong_item"]}, "wrong_item", "field"),
        ({"values": ["asking"], "tags": ["bad"]}, "question", "field"),
        ({"values": ["asking", "late"]}, "late", "field"),
        ({"values": [""], "tags": ["vip", "Slow", "bad"]}, "defect", "tag"),
        ({"tags": ["vip"], "queues": ["Money"]}, "billing", "queue"),
        ({"values": ["unknown"], "queues": ["money"]}, "billing", "queue"),
        ({"text": "The lamp is BROKEN."}, "defect", "words"),
        ({"text": "It doesn\u2019t work"}, "defect", "words"),
        ({"text": "My parcel never\narrived"}, "lost", "words"),
        ({"text": "Wo bleibt mein Paket?"}, "late", "words"),
        ({"text": "La lampe est cassée"}, "defect", "words"),
        ({"text": "Late delivery, and the lamp is broken"}, "defect", "words"),
        ({"text": "heartbroken unbrokenly"}, "unknown", "none"),
        ({"text": "What colours do you have?"}, "unknown", "none"),
        ({}, "unknown", "none"),
    ],
)
def test_the_surest_step_with_a_row_says_the_kind(
    given: dict[str, Any], kind: str, by: str
) -> None:
    found = find(**given)
    assert (found.kind, found.by) == (kind, by)


def test_a_value_without_a_row_is_named_and_the_next_step_is_asked() -> None:
    assert find(values=["Refund please"], tags=["slow"]) == FoundKind(
        "late", "tag", ("refund please",)
    )


def test_a_shop_adds_words_and_chooses_languages() -> None:
    more = "  words:\n    sv: {defect: [trasig]}\n  languages: [sv]\n"
    assert find(more, text="Lampan är trasig").kind == "defect"
    assert find(more, text="The lamp is broken").kind == "unknown"
    assert find(more.partition("  languages")[0], text="The lamp is broken").kind == "defect"


def test_without_any_words_the_text_says_nothing() -> None:
    finder = KindFinder(KindBlock(languages=("xx",)))
    found = finder.find(values=(), tags=(), queues=(), text="broken")
    assert found == FoundKind("unknown", "none")


def test_no_shipped_word_lifts_a_suppression() -> None:
    assert not [table for table in shipped_words().values() if table.question or table.other]


def test_no_shipped_word_stands_for_two_kinds_of_one_language() -> None:
    for table in shipped_words().values():
        words = [word for _, found in table.rows() for word in found]
        assert len(words) == len(set(words))


def test_the_tables_have_a_row_for_every_kind_but_unknown() -> None:
    assert [kind for kind, _ in KindTable().rows()] == [
        "defect", "not_as_described", "wrong_item", "lost", "late", "billing", "service", "other",
        "question",
    ]  # fmt: skip


def test_an_agent_is_surer_than_a_field_and_a_field_than_words() -> None:
    assert surest(["words", "field", None]) == "field"
    assert surest(["field", "agent"]) == "agent"
    assert surest([None]) is None
