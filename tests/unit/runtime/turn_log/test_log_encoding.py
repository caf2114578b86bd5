"""The stored form of turns: names of 0.1.0, full and partial records, batches of signals."""

from typing import Any

import msgspec
import pytest

from support.builders import T0, context, dwell, offer, rule, session
from tactful.core.context import Context
from tactful.core.decide import decide
from tactful.core.offers.offer import OfferState
from tactful.core.pricing.conversion_rates import Tally
from tactful.core.session.contact_history import NO_CONTACT
from tactful.core.session.session import Session
from tactful.core.session.signals import (
    ActivityReported,
    ConnectionOpened,
    ConsentChanged,
    CustomerIdentified,
    CustomerLoggedOut,
    ItemViewed,
    Signal,
    TimerFired,
)
from tactful.runtime.ports.ledger_rows import Commit, ContactWrite, TurnEntry
from tactful.runtime.state.session_registry import RecordedSignal
from tactful.runtime.turn_log.log_encoding import (
    NO_INPUTS,
    DecisionInputs,
    build_commit,
    by_territory,
    customers_in,
    decode_inputs,
    decode_session,
    decode_signal,
    decode_trace,
    encode,
    encode_signals,
    readable_customer,
    split_entry,
)

STORED_NAMES: dict[str, tuple[str, Any]] = {
    "customer_upto": ("person", 7),
    "commits_suspended": ("mute", True),
    "begins_here": ("anew", True),
    "feed_heartbeats": ("heard", {"stock": T0}),
    "first_applied": ("began", [("RUN-42", "DE", {"R1": T0})]),
    "daily_counts": ("counts", [("run", "DE", {"R1": 3})]),
}


def committed(turn: Context, *, known: bool = True, persists: bool = True) -> Commit:
    return build_commit(
        turn, decide(turn), b"digest", {}, epoch=int(persists), records=persists, known=known
    )


def turn(signal: Signal, **fields: Any) -> Context:
    """A turn of a session that has looked at a priced item for a minute."""
    return context(rule("R1", dwell(30_000)), signal=signal, **fields)


QUIET: dict[str, Any] = {"items": (), "session": session(focus=None)}
"""Nothing is looked at, so that no rule gives a verdict."""


@pytest.mark.parametrize(("field", "stored"), STORED_NAMES.items())
def test_a_renamed_field_keeps_its_stored_name(field: str, stored: tuple[str, Any]) -> None:
    name, value = stored
    encoded = encode(DecisionInputs(**{field: value}))
    assert set(msgspec.msgpack.decode(encoded)) == {name}
    assert decode_inputs(encoded) == DecisionInputs(**{field: value})


def test_empty_inputs_are_three_bytes_and_absent_inputs_are_empty() -> None:
    assert encode(NO_INPUTS) == b"\xde\x00\x00"
    assert decode_inputs(encode(NO_INPUTS)) == NO_INPUTS
    assert decode_inputs(None) is NO_INPUTS


def test_a_turn_with_a_verdict_is_recorded_in_full() -> None:
    before = turn(TimerFired())
    commit = committed(before)
    assert commit.entry is not None
    inputs = decode_inputs(commit.entry.inputs)
    assert inputs.session == before.session
    assert not inputs.begins_here
    assert commit.entry.trace is not None
    assert decode_trace(commit.entry.trace).verdicts
    assert decode_signal(commit.entry.signal) == TimerFired()


def test_a_turn_on_which_nothing_was_decided_has_no_inputs() -> None:
    commit = committed(turn(ActivityReported("input", 1), **QUIET))
    assert commit.entry is not None
    assert (commit.entry.inputs, commit.entry.trace) == (None, None)


def test_a_session_that_the_log_does_not_know_begins_with_a_full_record() -> None:
    commit = committed(turn(ItemViewed("RUN-42"), **QUIET), known=False)
    assert commit.entry is not None
    inputs = decode_inputs(commit.entry.inputs)
    assert inputs.begins_here
    assert inputs.session is not None


def test_a_session_without_consent_leaves_no_state_and_no_entry() -> None:
    commit = committed(turn(TimerFired()), persists=False)
    assert (commit.state, commit.entry) == (None, None)


def test_the_state_is_committed_only_where_a_restart_must_not_find_the_one_before() -> None:
    assert committed(turn(ItemViewed("RUN-42"), **QUIET)).state is None
    opened = ConnectionOpened(1, consent="anonymous", territory="DE")
    state = committed(turn(opened, items=(), session=session(focus=None, tabs=()))).state
    assert state is not None
    assert [tab.number for tab in decode_session(state).tabs] == [1]


def test_a_customer_who_was_left_keeps_the_contact_history() -> None:
    before = turn(TimerFired(), **QUIET)
    writes = {"c1": ContactWrite(3, encode(NO_CONTACT))}
    commit = build_commit(before, decide(before), b"", writes, epoch=2, records=True, known=True)
    assert (commit.contacts, commit.epoch) == (writes, 2)


def test_a_batch_is_split_into_one_entry_per_signal() -> None:
    signals = [RecordedSignal(T0 + n, ItemViewed(f"S{n}")) for n in range(3)]
    batch = TurnEntry(
        session="s1", customer="c1", at=T0, rulebook="v1", signal=encode_signals(signals)
    )
    found = list(split_entry(batch))
    assert [(one.at, decode_signal(one.signal)) for one in found] == [
        (one.at, one.signal) for one in signals
    ]
    assert {(one.session, one.customer, one.rulebook) for one in found} == {("s1", "c1", "v1")}


def test_an_entry_of_one_signal_is_not_split() -> None:
    entry = TurnEntry(
        session="s1", customer=None, at=T0, rulebook="v1", signal=encode(TimerFired())
    )
    assert list(split_entry(entry)) == [entry]


KNOWN = session(customer="c1", consent="personal")


@pytest.mark.parametrize(
    ("before", "signal", "customer"),
    [
        (KNOWN, TimerFired(), "c1"),
        (session(customer="c1", consent="anonymous"), TimerFired(), None),
        (session(customer="c1", consent="personal", gpc=True), TimerFired(), None),
        (session(consent="personal"), TimerFired(), None),
        (session(consent="personal"), CustomerIdentified("c2"), "c2"),
        (session(consent="anonymous"), CustomerIdentified("c2"), None),
        (KNOWN, CustomerLoggedOut("new"), None),
        (KNOWN, ConsentChanged("anonymous", gpc=False), None),
        (KNOWN, ConsentChanged("personal", gpc=True), None),
        (session(customer="c1"), ConsentChanged("personal", gpc=False), "c1"),
    ],
)
def test_a_turn_reads_the_customer_that_consent_allows_as_of_the_signal(
    before: Session, signal: Signal, customer: str | None
) -> None:
    assert readable_customer(before, signal) == customer


def test_rows_become_a_mapping_by_territory() -> None:
    rows = [("run", "DE", Tally(2, 1)), ("run", "GB", Tally(5, 0))]
    assert by_territory(rows) == {("run", "DE"): Tally(2, 1), ("run", "GB"): Tally(5, 0)}


def test_the_customers_of_a_session_are_those_of_its_offers_too() -> None:
    parked = offer(customer="c2", state=OfferState.ACCEPTED)
    state = session(customer="c1", offers=(offer(customer=None),), parked=(parked,))
    assert sorted(customers_in(session(), state)) == ["c1", "c2"]
    assert customers_in(session()) == ()
