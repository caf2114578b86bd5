"""Sessions by id, by secret and by what concerns them."""

from hypothesis import given
from hypothesis import strategies as st

from support.bare_shop import recorded_connection
from support.builders import T0, offer, session
from tactful.core.session.session import Session, Tab
from tactful.runtime.state.session_registry import (
    STANDING,
    LiveSession,
    SessionRegistry,
    interests_of,
    internal_id,
)
from tactful.runtime.state.turn_phase import TurnPhase

KEYS = [STANDING, ("customer", "c1"), ("customer", "c2"), ("sku", "A"), ("sku", "B")]


def added(registry: SessionRegistry, state: Session, digest: bytes = b"digest") -> LiveSession:
    live = LiveSession(state, digest)
    registry.add(live)
    registry.index_interests(live)
    return live


def test_a_session_is_found_by_id_and_by_the_digest_of_its_secret() -> None:
    registry = SessionRegistry()
    live = added(registry, session("se_1"), b"one")
    assert registry.by_id["se_1"] is live
    assert registry.by_resume_digest(b"one") is live
    registry.set_resume_digest(live, b"two")
    assert registry.by_resume_digest(b"one") is None
    assert registry.by_resume_digest(b"two") is live
    registry.remove(live)
    assert registry.by_resume_digest(b"two") is None
    assert len(registry) == 0


def test_a_session_is_concerned_with_its_customer_and_the_items_on_offer() -> None:
    state = session(customer="c1", focus="X", offers=(offer("of1", sku="A"), offer("of2", sku="B")))
    assert set(interests_of(state)) == {STANDING, ("customer", "c1"), ("sku", "A"), ("sku", "B")}
    assert interests_of(session(focus="X")) == []


def test_a_session_that_several_keys_concern_is_given_once() -> None:
    registry = SessionRegistry()
    live = added(registry, session(customer="c1", offers=(offer(sku="A"),)))
    assert registry.concerned([STANDING, ("customer", "c1"), ("sku", "A")]) == [live]
    assert registry.concerned([("sku", "B")]) == []


STATES = st.builds(
    lambda customer, skus: session(
        customer=customer, offers=tuple(offer(f"of_{sku}", sku=sku) for sku in sorted(skus))
    ),
    st.sampled_from([None, "c1", "c2"]),
    st.sets(st.sampled_from(["A", "B"])),
)


@given(st.lists(STATES, min_size=1, max_size=8))
def test_the_index_always_agrees_with_the_present_state(states: list[Session]) -> None:
    registry = SessionRegistry()
    live = added(registry, states[0])
    for state in states[1:]:
        before, live.state = live.state, state
        registry.index_interests(live, before)
    concerned = {key for key in KEYS if registry.concerned([key])}
    assert concerned == set(interests_of(live.state))
    registry.remove(live)
    assert registry._concerned == {}


def test_of_a_customers_sessions_the_connected_one_then_the_latest_counts() -> None:
    registry = SessionRegistry()
    old = added(registry, session("se_1", customer="c1", last_input=1), b"1")
    new = added(registry, session("se_2", customer="c1", last_input=2), b"2")
    assert registry.session_of("c1") is new
    old.connections[1], _ = recorded_connection()
    assert registry.session_of("c1") is old
    assert registry.session_of("c2") is None


def test_sessions_may_end_while_all_are_gone_through() -> None:
    registry = SessionRegistry()
    for number in range(3):
        added(registry, session(f"se_{number}"), bytes([number]))
    for live in registry:
        registry.remove(live)
    assert len(registry) == 0


def test_a_public_id_changes_with_each_rotation_and_leads_back_to_the_session() -> None:
    live = LiveSession(session("se_1"), b"digest")
    assert live.public_id == "se_1"
    live.id_rotations = 2
    assert live.public_id != "se_1"
    assert internal_id(live.public_id) == internal_id("se_1") == "se_1"


def test_a_restored_session_goes_on_counting_its_tabs() -> None:
    assert LiveSession(session(tabs=(Tab(2), Tab(5))), b"digest").last_tab == 5
    assert LiveSession(session(tabs=()), b"digest").last_tab == 0


def test_other_rules_matter_only_to_sessions_with_an_offer_a_timer_or_a_turn() -> None:
    registry = SessionRegistry()
    for number in range(1_000):
        added(registry, session(f"idle{number}", focus="X"), f"idle{number}".encode())
    offered = added(registry, session("se_1", offers=(offer(sku="A"),)), b"1")
    timed = added(registry, session("se_2", wake_at=T0), b"2")
    busy = added(registry, session("se_3"), b"3")
    busy.phase = TurnPhase.COMMITTING
    assert registry.awaiting_rules() == [offered, timed, busy]
