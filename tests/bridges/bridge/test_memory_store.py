"""The store in memory keeps the port's promises."""

from dataclasses import replace

from tactful_bridge.attempts import Attempt, AttemptState
from tactful_bridge.memory_store import MemoryStore
from tactful_bridge.store import EntryKind, OutboxEntry

ATTEMPT = Attempt(order="o1", number=1, state=AttemptState.HELD, request={}, until=10)


def entry(subject: str = "o1", kind: EntryKind = EntryKind.CONFIRM) -> OutboxEntry:
    return OutboxEntry(kind=kind, subject=subject, body={})


def test_the_latest_attempt_has_the_highest_number() -> None:
    store = MemoryStore()
    assert store.latest_attempt("o1") is None
    store.record(replace(ATTEMPT, number=2))
    store.record(ATTEMPT)
    assert store.latest_attempt("o1") == replace(ATTEMPT, number=2)


def test_open_attempts_are_those_without_an_end() -> None:
    store = MemoryStore()
    store.record(ATTEMPT)
    store.record(replace(ATTEMPT, order="o2", state=AttemptState.CONFIRMED))
    assert store.open_attempts() == [ATTEMPT]


def test_an_entry_waits_for_the_earlier_entry_of_its_subject() -> None:
    store = MemoryStore()
    store.record(None, entry(), entry(kind=EntryKind.CANCEL), entry("o2"))
    first, other = store.due(0, 10)
    assert (first.kind, other.subject) == (EntryKind.CONFIRM, "o2")
    store.finish(first, None)
    assert [one.kind for one in store.due(0, 10, "o1")] == [EntryKind.CANCEL]


def test_a_postponed_entry_is_due_at_its_time_or_when_its_subject_is_asked_for() -> None:
    store = MemoryStore()
    store.record(None, entry())
    store.postpone(store.due(0, 1)[0], 100, "away")
    assert store.due(99, 1) == []
    assert [one.tries for one in store.due(99, 1, "o1")] == [1]
    assert len(store.due(100, 1)) == 1


def test_a_refused_entry_is_kept_for_a_person() -> None:
    store = MemoryStore()
    store.record(ATTEMPT, entry())
    one = store.due(0, 1)[0]
    store.finish(one, replace(ATTEMPT, state=AttemptState.LOST), "409")
    assert store.failed == [(one, "409")]
    assert store.due(0, 1) == []
    assert store.open_attempts() == []
