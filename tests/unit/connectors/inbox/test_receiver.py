"""A delivery is checked and stored once, without anything that is not kept of it."""

import pytest

from support.inbox import SECRET, InboxParts
from tactful.runtime.ports.deliveries import Receipt


async def test_a_delivery_is_stored_and_a_second_one_with_its_id_is_known() -> None:
    parts = InboxParts()
    assert await parts.deliver() is Receipt.STORED
    assert await parts.deliver() is Receipt.KNOWN
    assert await parts.deliver(2, secret="other") is Receipt.FORGED
    assert await parts.deliver_bytes(b"ping", secret="other") is Receipt.PING
    assert parts.receiver.knows("shop")
    assert not parts.receiver.knows("other")
    assert await parts.receiver.receive("other", {}, b"") is Receipt.UNKNOWN
    (status,) = await parts.receiver.statuses()
    assert status.receipts == {"stored": 1, "known": 1, "forged": 1, "ping": 1}
    assert (status.name, status.kind, status.waiting) == ("shop", "items", 1)
    assert status.last_arrival == parts.clock.at


async def test_a_secret_is_changed_without_a_refused_delivery() -> None:
    parts = InboxParts()
    parts.installed.secrets = ("new", SECRET)  # type: ignore[misc]
    assert await parts.deliver(1) is Receipt.STORED
    assert await parts.deliver(2, secret="new") is Receipt.STORED
    assert await parts.deliver(3, secret="other") is Receipt.FORGED
    parts.installed.secrets = ()  # type: ignore[misc]
    assert await parts.deliver(4, secret="") is Receipt.FORGED


async def test_only_the_allow_list_reaches_the_ledger() -> None:
    parts = InboxParts()
    await parts.deliver(email="mia@shop.example", note="call me", customer="mia")
    (stored,) = await parts.store.waiting_deliveries("shop", 9)
    for secret in (b"mia@", b"call me", b"note"):
        assert secret not in stored.fields
    await parts.store.erase_customer("mia", "alias", 1)
    assert await parts.store.waiting_deliveries("shop", 9) == []


async def test_failed_deliveries_are_named_and_can_be_mapped_again() -> None:
    parts = InboxParts()
    await parts.deliver(1, count="many")
    assert await parts.worker.map_waiting() is None
    (status,) = await parts.receiver.statuses()
    (problem,) = status.problems
    assert (problem.delivery, problem.topic, problem.at) == ("d1", "item", parts.clock.at)
    assert "ValueError" in problem.problem
    assert await parts.receiver.retry("shop") == 1
    (status,) = await parts.receiver.statuses()
    assert (status.waiting, status.failed, status.problems) == (1, 0, ())


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"{", "The body is not JSON."),
        (b"[1]", "The body is no JSON object."),
        (b'{"email":"mia@shop.example"}', "The payload has no `id`."),
        (b"[" * 100_000, "The body is not JSON."),
        (b"\xff\xfe{", "The body is not JSON."),
        (b'{"id":1,"topic":"unheard"}', "It has no expected form (KeyError)."),
    ],
)
async def test_a_signed_body_of_no_expected_form_is_kept_as_failed_without_its_content(
    body: bytes, problem: str
) -> None:
    parts = InboxParts()
    assert await parts.deliver_bytes(body) is Receipt.STORED
    assert await parts.deliver_bytes(body) is Receipt.KNOWN
    (stored,) = await parts.store.waiting_deliveries("shop", 9)
    assert b"mia" not in stored.fields
    assert await parts.worker.map_waiting() is None
    assert await parts.problems() == [problem]
    await parts.deliver(2)
    assert await parts.worker.map_waiting() is None
    assert len(parts.facts) == 1, "it blocks no other delivery"
