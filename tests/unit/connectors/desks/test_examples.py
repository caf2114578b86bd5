"""The examples of mapping files."""

import pytest

from support.desk_mappings import plain_mapping
from tactful.connectors.desks.examples import play_examples

TICKET = "{id: 1, status: new, opened: 1795981307, changed: 1795981307, email: A@b.example, "


def failures(expect: str, fields: str = "sku: RUN-42", more: str = "") -> tuple[str, ...]:
    example = f"- name: it\n  ticket: {TICKET}{fields}}}\n  expect: {expect}\n{more}"
    (result,) = play_examples(plain_mapping(f"examples:\n{example}"))
    return result.failures


def test_what_is_expected_and_found_passes() -> None:
    assert not failures("{case: T-1, skus: [RUN-42], linked_by: sku_field, kind_by: none}")


@pytest.mark.parametrize(
    ("expect", "failure"),
    [
        ("{skus: [RUN-43]}", "expected skus RUN-43, found RUN-42"),
        ("{skus: []}", "expected skus none, found RUN-42"),
        ("{order: '1001'}", "expected order 1001, found none"),
        (
            "{opened_at: '2026-11-29T19:41:48Z'}",
            "expected opened_at 2026-11-29T19:41:48Z, found 2026-11-29T19:41:47Z",
        ),
        ("{refused: nobody}", "expected no case because of 'nobody', found a case"),
    ],
)
def test_every_difference_is_a_failure(expect: str, failure: str) -> None:
    assert failures(expect) == (failure,)


def test_a_refused_ticket_fails_unless_it_is_expected() -> None:
    (text,) = failures("{kind: defect}", "resolved: soon")
    assert text.startswith("expected a case, found none: `ticket.resolved_at`")
    assert not failures("{refused: is no instant}", "resolved: soon")
    (text,) = failures("{refused: has no id}", "resolved: soon")
    assert "found `ticket.resolved_at`" in text


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("{email: a@B.example}", True),
        ("{customer: mia}", True),
        ("{customer: eve}", False),
        ("{email: eve@b.example}", False),
        ("{}", False),
    ],
)
def test_orders_of_an_example_are_compared_with_the_shopper(order: str, found: bool) -> None:
    more = f"  orders: {{'1001': {order}}}\n"
    wanted = "{order: '1001'}" if found else "{linked_by: customer}"
    assert not failures(wanted, "subject: about 1001, customer: mia", more)


def test_what_was_not_understood_is_noted() -> None:
    example = f"- name: it\n  ticket: {TICKET}kind: odd}}\n  expect: {{}}\n"
    (result,) = play_examples(plain_mapping(f"examples:\n{example}"))
    assert result.notes == ("kind odd",)
