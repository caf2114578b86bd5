"""The case that a ticket gives, with what was found before."""

from itertools import permutations
from typing import Any

import pytest
from msgspec import structs

from support.desk_mappings import CONTACTS, plain_mapping, plain_ticket
from tactful.connectors.desks.case_facts import TicketContext, case_of
from tactful.connectors.desks.tickets import TicketReader
from tactful.core.facts import fact_codec
from tactful.core.facts.customer_facts import Case

READER = TicketReader(plain_mapping().file)


def after(*deliveries: dict[str, Any], own: frozenset[str] = frozenset()) -> Case:
    case: Case | None = None
    for fields in deliveries:
        ticket = READER.read(plain_ticket(**fields), CONTACTS)
        case = (
            case_of(
                ticket, TicketContext(own.intersection((*ticket.stated, *ticket.numbers)), case)
            )
            or case
        )
    assert case is not None
    return case


def at(hour: int, **fields: Any) -> dict[str, Any]:
    return {"changed": f"2026-03-09T{hour:02}:00:00Z", **fields}


@pytest.mark.parametrize(
    ("fields", "step"),
    [
        ({"sku": "A", "tags": ["sku:B"], "order": "1001"}, "sku_field"),
        ({"tags": ["sku:B"], "order": "1001"}, "sku_tag"),
        ({"order": "1001", "subject": "1002"}, "order_field"),
        ({"claimed": "1002", "subject": "1002"}, "order_field"),
        ({"claimed": "1003", "subject": "1002"}, "order_text"),
        ({"subject": "1002", "customer": "mia"}, "order_text"),
        ({"subject": "1003", "customer": "mia"}, "customer"),
        ({}, "contact"),
    ],
)
def test_the_first_step_of_the_ladder_that_finds_anything_is_named(
    fields: dict[str, Any], step: str
) -> None:
    assert after(fields, own=frozenset({"1002"})).linked_by == step


def test_a_number_in_the_text_links_only_an_order_of_the_shopper() -> None:
    assert after({"subject": "1002"}, own=frozenset({"1002"})).order == "1002"
    assert after({"subject": "1002"}).order is None


@pytest.mark.parametrize("fields", [{}, {"customer": "eve"}, {"email": None, "customer": "eve"}])
def test_an_order_that_a_shopper_states_links_only_if_it_is_their_own(
    fields: dict[str, Any],
) -> None:
    stranger = after({"claimed": "1002", "kind": "defect", **fields})
    assert (stranger.order, stranger.lines) == (None, ())
    assert after({"claimed": "1002", **fields}, own=frozenset({"1002"})).order == "1002"


def test_the_case_is_a_valid_fact() -> None:
    fact = after({"sku": "A", "order": "1001", "kind": "defect"})
    assert isinstance(fact_codec.decode(fact_codec.encode(fact)), Case)


def test_a_ticket_of_nobody_gives_no_case() -> None:
    ticket = READER.read(plain_ticket(email=None, sku="A"), CONTACTS)
    assert case_of(ticket, TicketContext()) is None


def test_a_later_delivery_with_empty_fields_unties_nothing() -> None:
    case = after(
        at(9, sku="A", order="1001", kind="defect", customer="mia"),
        at(10, status="done", email=None),
    )
    assert (case.skus, case.order, case.customer) == (("A",), "1001", "mia")
    assert (case.kind, case.kind_by, case.linked_by) == ("defect", "field", "sku_field")
    assert (case.status, case.contact is not None) == ("resolved", True)


def test_words_do_not_replace_the_kind_of_a_field() -> None:
    case = after(at(9, kind="question"), at(10, subject="It is broken"))
    assert (case.kind, case.kind_by) == ("question", "field")
    assert after(at(9, subject="It is broken"), at(10, kind="question")).kind == "question"
    assert after(at(9, kind="defect"), at(10, kind="late")).kind == "late"


def test_a_number_in_the_text_does_not_replace_the_order_of_a_field() -> None:
    own = frozenset({"1002"})
    assert after(at(9, order="1001"), at(10, subject="1002"), own=own).order == "1001"
    assert after(at(9, order="1001"), at(10, order="1003"), own=own).order == "1003"


def test_the_order_of_arrival_of_deliveries_that_agree_changes_nothing() -> None:
    deliveries = (
        at(9, sku="A", kind="defect", order="1001"),
        at(10, skus=["B"], status="waiting"),
        at(11, status="done", resolved="2026-03-09T11:00:00Z"),
        at(12, status="new", tags=["sku:C"]),
    )
    results = {after(*arrived) for arrived in permutations(deliveries)}
    results |= {after(*arrived, *arrived) for arrived in permutations(deliveries)}
    assert len(results) == 1
    (case,) = results
    assert (case.skus, case.status, case.kind) == (("A", "B", "C"), "open", "defect")


def test_a_case_with_another_kind_of_version_is_continued() -> None:
    ticket = READER.read(plain_ticket(sku="B"), CONTACTS)
    for version in (None, 7):
        before = structs.replace(after({"sku": "A"}), version=version, status="resolved")
        case = case_of(ticket, TicketContext(before=before))
        assert case is not None
        assert (case.skus, case.status, case.version) == (("A", "B"), "open", ticket.version)


def test_what_an_agent_stated_stays() -> None:
    before = structs.replace(
        after({"sku": "A", "order": "1001", "kind": "defect"}),
        kind="question", kind_by="agent", skus=("B",), order=None, linked_by="agent",
    )  # fmt: skip
    later = at(12, sku="A", order="1001", kind="defect", status="done")
    ticket = READER.read(plain_ticket(**later), CONTACTS)
    case = case_of(ticket, TicketContext(before=before))
    assert case is not None
    assert (case.kind, case.kind_by, case.status) == ("question", "agent", "resolved")
    assert (case.skus, case.order, case.linked_by) == (("B",), None, "agent")
