"""The rules of one connection, with time as an argument."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tactful.protocol.codec import ProtocolError
from tactful.protocol.conversation import Conversation, DueActions, ProtocolTiming
from tactful.protocol.messages import Ack, Hello, Landing, Logout, View

TIMING = ProtocolTiming()
HELLO = Hello(consent="anonymous", page=Landing("https://shop.example/"))


def greeted(now: int = 1_000, **timing: Any) -> Conversation:
    conversation = Conversation(ProtocolTiming(**timing), now)
    assert conversation.receive(HELLO) is True
    return conversation


def code(found: object) -> int:
    assert isinstance(found, ProtocolError)
    return found.code


def test_the_first_message_must_be_hello() -> None:
    assert code(Conversation(TIMING, 0).receive(Logout())) == 4401


def test_hello_comes_once() -> None:
    assert code(greeted().receive(HELLO)) == 4400


def test_hello_must_come_in_time() -> None:
    conversation = Conversation(TIMING, 1_000)
    assert conversation.due(5_999) is DueActions.NOTHING
    assert code(conversation.due(6_000)) == 4401


def test_after_hello_the_deadline_is_forgotten() -> None:
    assert greeted().due(6_000) is DueActions.NOTHING


def test_a_message_without_a_number_is_received_and_not_acknowledged() -> None:
    conversation = greeted()
    assert conversation.receive(Logout()) is True
    assert conversation.pending_ack() is None


def test_the_highest_number_received_is_acknowledged_once() -> None:
    conversation = greeted()
    assert conversation.receive(View(sku="a", n=1)) is True
    assert conversation.receive(View(sku="b", n=2)) is True
    assert conversation.pending_ack() == Ack(n=2)
    assert conversation.pending_ack() is None


def test_a_number_seen_before_is_dropped_and_acknowledged_again() -> None:
    conversation = greeted()
    conversation.receive(View(sku="a", n=7))
    conversation.pending_ack()
    assert conversation.receive(View(sku="a", n=7)) is False
    assert conversation.receive(View(sku="a", n=3)) is False
    assert conversation.pending_ack() == Ack(n=7)


def test_the_number_of_a_hello_that_begins_counts() -> None:
    conversation = Conversation(TIMING, 0)
    assert conversation.receive(Hello(consent="none", page=Landing("u"), n=4)) is True
    assert conversation.pending_ack() == Ack(n=4)
    assert conversation.receive(View(sku="a", n=4)) is False


def resumed(n: int | None, highest: int = 0) -> Conversation:
    conversation = Conversation(TIMING, 0)
    assert conversation.receive(Hello(consent="none", page=Landing("u"), n=n, resume="r")) is True
    conversation.highest_n = highest
    return conversation


def test_a_client_that_goes_on_counting_has_its_hello_acknowledged() -> None:
    assert resumed(n=8, highest=7).pending_ack() == Ack(n=8)


def test_a_client_that_starts_counting_again_has_its_hello_acknowledged() -> None:
    conversation = resumed(n=1)
    assert conversation.pending_ack() == Ack(n=1)
    assert conversation.receive(View(sku="a", n=1)) is False
    assert conversation.receive(View(sku="a", n=2)) is True


def test_a_gap_below_a_resuming_hello_is_not_acknowledged() -> None:
    conversation = resumed(n=9, highest=5)
    assert conversation.pending_ack() == Ack(n=5)
    assert conversation.receive(View(sku="received before", n=5)) is False
    assert conversation.receive(View(sku="sent again", n=7)) is True
    assert conversation.pending_ack() == Ack(n=7)
    assert conversation.receive(View(sku="sent twice", n=7)) is False
    assert conversation.receive(View(sku="sent again", n=8)) is True
    assert conversation.pending_ack() == Ack(n=9)


def test_a_repeated_message_is_new_once_to_a_server_that_forgot_it() -> None:
    conversation = resumed(n=9)
    assert conversation.pending_ack() == Ack(n=9)
    assert conversation.receive(View(sku="sent again", n=7)) is True
    assert conversation.receive(View(sku="sent twice", n=7)) is False
    assert conversation.pending_ack() == Ack(n=9)


def test_after_a_new_message_no_older_one_is_received() -> None:
    conversation = resumed(n=9, highest=5)
    assert conversation.receive(View(sku="new", n=10)) is True
    assert conversation.receive(View(sku="old", n=7)) is False
    assert conversation.pending_ack() == Ack(n=10)


def test_a_resuming_hello_without_a_number_leaves_the_numbering_to_other_messages() -> None:
    conversation = resumed(n=None, highest=5)
    assert conversation.pending_ack() is None
    assert conversation.receive(View(sku="a", n=5)) is False
    assert conversation.receive(View(sku="a", n=6)) is True


def test_a_resumed_conversation_drops_what_an_earlier_connection_received() -> None:
    conversation = greeted()
    conversation.highest_n = 5
    assert conversation.receive(View(sku="a", n=5)) is False
    assert conversation.receive(View(sku="a", n=6)) is True


@given(st.lists(st.integers(1, 20)))
def test_no_number_is_ever_received_twice(numbers: list[int]) -> None:
    conversation = greeted()
    taken = [n for n in numbers if conversation.receive(View(sku="a", n=n)) is True]
    assert taken == sorted(set(taken))
    if numbers:
        assert conversation.pending_ack() == Ack(n=max(numbers))


def test_a_burst_passes_and_the_next_frame_is_too_fast() -> None:
    conversation = greeted(burst=3, per_second=10)
    assert [conversation.charge(10) for _ in range(3)] == [None] * 3
    assert code(conversation.charge(10)) == 4429


def test_the_allowance_comes_back_with_time() -> None:
    conversation = greeted(now=1_000, burst=3, per_second=10)
    for _ in range(3):
        conversation.charge(10)
    conversation.record_activity(1_100)
    assert conversation.charge(10) is None
    assert code(conversation.charge(10)) == 4429


def test_a_large_frame_costs_as_much_as_several_small_ones() -> None:
    conversation = greeted(burst=4, unit_bytes=100)
    assert conversation.charge(300) is None
    assert code(conversation.charge(0)) == 4429


@given(st.lists(st.integers(0, 200), min_size=1, max_size=200))
def test_no_pattern_passes_more_than_the_burst_and_the_rate(gaps: list[int]) -> None:
    conversation = greeted(now=0, burst=5, per_second=10)
    now = passed = 0
    for gap in gaps:
        now += gap
        conversation.record_activity(now)
        passed += conversation.charge(0) is None
    assert passed <= 5 + now * 10 / 1_000


def test_a_heartbeat_is_due_at_its_interval() -> None:
    conversation = greeted(now=0)
    conversation.record_activity(14_000)
    assert conversation.due(14_999) is DueActions.NOTHING
    assert conversation.due(15_000) is DueActions.HEARTBEAT
    assert conversation.due(15_001) is DueActions.NOTHING
    assert conversation.due(30_000) is DueActions.HEARTBEAT


def test_a_silent_client_is_dropped_within_45_seconds() -> None:
    conversation = greeted(now=0)
    assert conversation.due(43_999) is DueActions.HEARTBEAT
    assert code(conversation.due(44_000)) == 4410
    assert TIMING.silent_ms + 1_000 <= 45_000


def test_any_bytes_extend_the_deadline() -> None:
    conversation = greeted(now=0)
    conversation.record_activity(30_000)
    assert conversation.due(44_000) is DueActions.HEARTBEAT
