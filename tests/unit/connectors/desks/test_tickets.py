"""Tickets as deliveries state them."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from support.desk_mappings import CONTACTS, plain_mapping, plain_ticket
from tactful.connectors.desks.tickets import (
    MAX_NUMBERS,
    MAX_SKUS,
    Ticket,
    TicketError,
    TicketReader,
)

READER = TicketReader(plain_mapping().file)


def read(**fields: Any) -> Ticket:
    return READER.read(plain_ticket(**fields), CONTACTS)


def test_a_ticket_has_what_the_paths_of_its_file_find() -> None:
    ticket = read(
        sku="RUN-42, RUN-43",
        skus=["RUN-42"],
        tags=["vip", "SKU:LAMP-1"],
        order=1001,
        customer=7,
        phone="+4930901820",
        kind="late",
        subject="Order #1002",
    )
    assert (ticket.case, ticket.status, ticket.customer) == ("T-1", "open", "7")
    assert (ticket.skus, ticket.tag_skus) == (("RUN-42", "RUN-43"), ("LAMP-1",))
    assert (ticket.order, ticket.numbers) == ("1001", ("1002",))
    assert (ticket.kind, ticket.kind_by, ticket.notes) == ("late", "field", ())
    assert ticket.opened_at == datetime(2026, 3, 9, 8, tzinfo=UTC)


def test_subject_text_and_contacts_in_clear_are_not_kept() -> None:
    ticket = read(subject="Secret words", body="more of them", phone="+4930901820")
    kept = msgspec.json.encode(ticket)
    for text in (b"ecret", b"more", b"mia@", b"901820"):
        assert text not in kept
    assert ticket.contact is not None
    assert ticket.contact.email_hash == CONTACTS.email("mia@shop.example")


@pytest.mark.parametrize(
    ("word", "status"),
    [("new", "open"), ("WAITING", "pending"), ("done", "resolved"), ("spam", "rejected")],
)
def test_the_words_of_the_desk_give_the_state(word: str, status: str) -> None:
    assert read(status=word).status == status


@pytest.mark.parametrize(("word", "note"), [("odd", "status odd"), (None, "status")])
def test_an_unknown_state_is_open_and_is_named(word: str | None, note: str) -> None:
    ticket = read(status=word)
    assert (ticket.status, ticket.notes) == ("open", (note,))


def test_a_ticket_is_resolved_when_its_field_says_or_else_at_its_last_change() -> None:
    at = "2026-03-09T08:30:00Z"
    assert read(status="done", resolved=at).resolved_at == datetime(2026, 3, 9, 8, 30, tzinfo=UTC)
    assert read(status="done").resolved_at == datetime(2026, 3, 9, 9, tzinfo=UTC)
    assert read(status="new", resolved=at).resolved_at is None


def test_no_ticket_is_resolved_before_it_was_opened() -> None:
    ticket = read(status="done", resolved="2026-03-01T00:00:00Z")
    assert ticket.resolved_at == ticket.opened_at


def test_of_several_instants_the_first_opens_and_the_last_is_the_version() -> None:
    stamps = ["2026-03-09T10:00:00Z", "2026-03-09T08:00:00Z"]
    ticket = read(opened=stamps, changed=stamps)
    assert (ticket.opened_at.hour, ticket.version.hour) == (8, 10)


def test_a_ticket_that_names_another_one_is_merged_and_one_that_names_itself_is_not() -> None:
    merged = read(merged=9, status="done")
    assert (merged.status, merged.merged_into, merged.resolved_at) == ("merged", "T-9", None)
    alone = read(merged="1")
    assert (alone.status, alone.merged_into) == ("open", None)


def test_tags_may_be_one_text() -> None:
    ticket = read(tags="vip sku:RUN-42 slow")
    assert (ticket.tag_skus, ticket.kind) == (("RUN-42",), "late")


def test_numbers_are_order_numbers_only_where_they_stand_alone() -> None:
    text = "1001, #1002; (1003) A-1004 10.05 12/2026 x1006 1007kg 123 1008-1 1001"
    assert read(body=text).numbers == ("1001", "1002", "1003")


def test_a_ticket_has_bounds() -> None:
    ticket = read(
        skus=[f"S{n}" for n in range(MAX_SKUS + 9)],
        sku="x" * 129,
        body=" ".join(str(1000 + n) for n in range(MAX_NUMBERS + 9)),
        email="e" * 400 + "@shop.example",
        order="1" * 200,
    )
    assert (len(ticket.skus), len(ticket.numbers)) == (MAX_SKUS, MAX_NUMBERS)
    assert (ticket.contact, ticket.order) == (None, None)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"id": None}, "has no `id`: it is no ticket"),
        ({"opened": None}, "The ticket has no `opened`, which is its `opened_at`."),
        ({"changed": "1970-01-01T00:00:00Z"}, "The ticket has no `changed`"),
        ({"opened": "soon"}, "`ticket.opened_at`: 'soon' is no instant"),
        ({"resolved": "soon"}, "`ticket.resolved_at`"),
    ],
)
def test_what_is_no_ticket_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(TicketError) as caught:
        read(**fields)
    assert message in str(caught.value)


@pytest.mark.parametrize("delivery", [None, [], "text", 7, {}])
def test_any_other_json_is_refused(delivery: Any) -> None:
    with pytest.raises(TicketError):
        READER.read(delivery, CONTACTS)
