"""Entries of the outbox are sent in order until they are answered for good."""

import pytest

from support.bridge_parts import Bridge, hold_request
from support.redemption_model import KilledError
from tactful_bridge.attempts import AttemptState
from tactful_bridge.delivery import FIRST_WAIT_MS, LONGEST_WAIT_MS, DeliveryReport, NoFacts
from tactful_bridge.store import EntryKind, OutboxEntry
from tactful_bridge.transport import Response


def placed(bridge: Bridge, order: str = "o1", *tokens: str) -> None:
    bridge.checkout.hold(hold_request(order, *tokens))
    bridge.checkout.placed(order, uses_offers=True)


def state_of(bridge: Bridge, order: str = "o1") -> AttemptState:
    attempt = bridge.store.latest_attempt(order)
    assert attempt is not None
    return attempt.state


def test_entries_of_one_order_are_sent_in_their_order() -> None:
    bridge = Bridge()
    placed(bridge)
    bridge.checkout.refund("o1", "r1", amount=(5, "EUR"))
    bridge.checkout.cancel("o1")
    assert bridge.delivery.deliver() == DeliveryReport(delivered=3)
    steps = [path.rpartition("/")[2] for _, path, _ in bridge.server.sent[1:]]
    assert steps == ["confirm", "refund", "cancel"]


def test_a_failed_entry_waits_longer_each_time_and_holds_up_no_other_order() -> None:
    bridge = Bridge()
    placed(bridge)
    placed(bridge, "o2", "t2")
    waits: list[int] = []
    for _ in range(14):
        bridge.server.faults.append("broken")
        bridge.delivery.deliver(subject="o1")
        (entry, not_before) = next(iter(bridge.store.waiting.values()))
        assert entry.subject == "o1"
        waits.append(not_before - bridge.server.now)
    assert waits[:3] == [FIRST_WAIT_MS, 2 * FIRST_WAIT_MS, 4 * FIRST_WAIT_MS]
    assert waits[-1] == LONGEST_WAIT_MS
    assert bridge.delivery.deliver() == DeliveryReport(delivered=1)
    assert state_of(bridge, "o2") == AttemptState.CONFIRMED
    bridge.server.now += LONGEST_WAIT_MS
    assert bridge.delivery.deliver() == DeliveryReport(delivered=1)
    assert state_of(bridge) == AttemptState.CONFIRMED


def test_a_delivery_stops_at_its_limit() -> None:
    bridge = Bridge()
    for number in range(3):
        placed(bridge, f"o{number}", f"t{number}")
    assert bridge.delivery.deliver(limit=2).delivered == 2
    assert len(bridge.store.waiting) == 1


def test_a_killed_delivery_is_repeated() -> None:
    bridge = Bridge()
    placed(bridge)
    bridge.server.faults.append("killed_after")
    with pytest.raises(KilledError):
        bridge.delivery.deliver()
    assert bridge.delivery.deliver() == DeliveryReport(delivered=1)
    assert state_of(bridge) == AttemptState.CONFIRMED


def test_a_refused_confirmation_is_kept_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    bridge = Bridge()
    placed(bridge)
    bridge.client.ask("POST", "/v1/redemptions/o1/cancel", {})
    assert bridge.delivery.deliver() == DeliveryReport(failed=1)
    assert state_of(bridge) == AttemptState.LOST
    assert "redemption.cancelled" in bridge.store.failed[0][1]
    assert "refused to confirm o1" in caplog.text


def test_a_cancellation_of_what_never_arrived_is_done() -> None:
    bridge = Bridge()
    bridge.server.faults.extend(["lost_request"] * 20)
    with pytest.raises(Exception, match="lost request"):
        bridge.checkout.hold(hold_request())
    bridge.server.faults.clear()
    bridge.checkout.release("o1")
    assert bridge.delivery.deliver() == DeliveryReport(delivered=1)
    assert state_of(bridge) == AttemptState.RELEASED


class Refusing:
    """A transport that refuses everything."""

    def __init__(self, status: int, code: str) -> None:
        self.answer = Response(status, f'{{"code": "{code}"}}'.encode())
        self.sent: list[tuple[object, ...]] = []

    def send(self, *request: object) -> Response:
        self.sent.append(request)
        return self.answer


def test_a_wrong_key_loses_no_entry(caplog: pytest.LogCaptureFixture) -> None:
    bridge = Bridge()
    placed(bridge)
    bridge.client._transport = Refusing(401, "key.wrong")  # type: ignore[misc]
    assert bridge.delivery.deliver() == DeliveryReport(waiting=1)
    assert "Correct the setting" in caplog.text
    assert bridge.store.failed == []


def test_a_cancellation_that_is_refused_otherwise_is_kept() -> None:
    bridge = Bridge()
    placed(bridge)
    bridge.delivery.deliver()
    bridge.checkout.cancel("o1")
    bridge.client._transport = Refusing(409, "order.shipped")  # type: ignore[misc]
    assert bridge.delivery.deliver() == DeliveryReport(failed=1)


def test_facts_are_read_when_they_are_sent() -> None:
    bridge = Bridge()
    entry = OutboxEntry(kind=EntryKind.FACTS, subject="product:1", body={})
    bridge.store.record(None, entry, entry)
    bridge.facts.facts["product:1"] = [{"type": "stock", "sku": "A"}]
    assert bridge.delivery.deliver() == DeliveryReport(delivered=2)
    assert bridge.server.facts == [{"type": "stock", "sku": "A"}] * 2


def test_a_subject_without_facts_sends_nothing() -> None:
    bridge = Bridge()
    bridge.store.record(None, OutboxEntry(kind=EntryKind.FACTS, subject="product:1", body={}))
    assert bridge.delivery.deliver() == DeliveryReport(delivered=1)
    assert bridge.server.sent == []
    assert NoFacts().facts_of("product:1") == ()


def test_a_rejected_fact_is_kept_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    bridge = Bridge()
    bridge.facts.facts["product:1"] = [{"type": "stock"}]
    bridge.store.record(None, OutboxEntry(kind=EntryKind.FACTS, subject="product:1", body={}))
    body = b'{"rejected": [{"index": 0, "code": "fact.invalid", "message": "No sku."}]}'
    transport = Refusing(200, "")
    transport.answer = Response(200, body)
    bridge.client._transport = transport  # type: ignore[misc]
    assert bridge.delivery.deliver() == DeliveryReport(failed=1)
    assert bridge.store.failed[0][1] == "fact.invalid: No sku."
    assert "rejected facts about product:1" in caplog.text


def test_an_answer_about_an_earlier_attempt_leaves_the_later_one_alone() -> None:
    bridge = Bridge()
    bridge.checkout.hold(hold_request())
    bridge.checkout.release("o1")
    entry = bridge.store.due(bridge.server.now, 1)[0]
    bridge.checkout.hold(hold_request())
    bridge.store.record(None, entry)
    bridge.delivery.deliver()
    assert state_of(bridge) == AttemptState.HELD
