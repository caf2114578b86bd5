"""One signal to its end: what is pushed and taken back, and when to look again."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.builders import (
    DAY,
    MINUTE,
    SECOND,
    T0,
    but,
    case,
    context,
    dwell,
    item,
    offer,
    order,
    rule,
    session,
    stock,
)
from support.in_memory_shop import Play
from support.oracle.generated_worlds import context_of, world
from support.scenario_fixture import play, r1
from tactful.core.decide import COMMIT_RETRY_MS, NO_PUSH_AFTER, RECHECK_AFTER, decide
from tactful.core.decision import Decision, PushOffer, WithdrawOffer
from tactful.core.offers.offer import OfferState
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NEEDS_ACTIVITY
from tactful.core.session import signals
from tactful.core.session.pacing import earliest_push_at
from tactful.core.session.session import REMEMBERED_HELD, Tab

encode = msgspec.msgpack.Encoder().encode


@given(st.integers(0, 5000))
def test_the_same_context_gives_the_same_decision_to_the_byte(seed: int) -> None:
    turn = context_of(world(seed))
    assert encode(decide(turn)) == encode(decide(turn))


@given(st.integers(0, 5000))
def test_no_price_is_ever_raised(seed: int) -> None:
    for effect in decide(context_of(world(seed))).effects:
        if isinstance(effect, PushOffer):
            made = effect.offer
            assert 0 < made.unit < made.public
            assert made.was is None or made.unit < made.was
            assert made.hold == (made.public - made.unit) * made.max_qty


@given(st.integers(0, 5000))
def test_the_steps_of_a_turn_are_numbered_without_a_gap(seed: int) -> None:
    turn = context_of(world(seed))
    decision = decide(turn)
    numbers = [step.seq for step in decision.steps]
    assert numbers == [turn.session.seq + n + 1 for n in range(len(numbers))]
    assert decision.session.seq == turn.session.seq + len(numbers)


def turn(signal: signals.Signal, **fields: Any) -> Decision:
    by = fields.pop("by", rule("R1"))
    return decide(context(by, signal=signal, **fields))


@pytest.mark.parametrize("kind", sorted(NO_PUSH_AFTER, key=lambda one: one.__name__))
def test_no_answer_and_no_fact_is_an_occasion_to_push(kind: Any) -> None:
    made = {
        signals.CustomerLoggedOut: lambda: signals.CustomerLoggedOut("anon-2"),
        signals.ConnectionClosed: lambda: signals.ConnectionClosed(2),
        signals.OrderReported: lambda: signals.OrderReported("o-1", ("cap",), T0),
        signals.OfferRedeemed: lambda: signals.OfferRedeemed(
            offer(state=OfferState.REDEEMED, sku="HAT-1")
        ),
        signals.RedemptionRolledBack: lambda: signals.RedemptionRolledBack(
            offer(state=OfferState.ACCEPTED, sku="HAT-1")
        ),
        signals.OfferRevoked: lambda: signals.OfferRevoked("of9", "fraud"),
    }.get(kind, lambda: kind() if kind is signals.FactsChanged else kind("of9"))()
    assert not [one for one in turn(made).effects if isinstance(one, PushOffer)]


@pytest.mark.parametrize(
    "signal",
    [
        signals.TimerFired(),
        signals.ActivityReported("idle"),
        signals.ActivityReported("exit"),
        signals.ConsentChanged("anonymous"),
    ],
)
def test_what_the_shopper_does_and_time_are(signal: signals.Signal) -> None:
    assert [one for one in turn(signal).effects if isinstance(one, PushOffer)]


def test_a_push_reserves_its_budget_and_its_approach_and_is_on_record() -> None:
    shop = play(r1(max_qty=2))
    one = shop.visit().view("RUN-42", 30)
    (made,) = one.pushed
    assert [(step.offer, step.to, step.seq) for step in one.last.steps] == [(made.id, "pushed", 1)]
    moves = {(move.currency, move.reserve, move.offer) for move in one.last.moves}
    assert moves == {("EUR", 3870, made.id), ("#", 1, made.id)}
    (mark,) = one.session.contact.approaches
    assert (mark.offer, mark.rule, mark.session, mark.shown) == (made.id, "R1", "s1", False)


def test_an_offer_past_its_time_is_not_there_to_be_accepted() -> None:
    late = session(offers=(offer(ends_at=T0),))
    decision = turn(signals.OfferAccepted("of1"), session=late)
    assert [(one.offer, one.code) for one in decision.effects] == [("of1", "ended")]  # type: ignore[union-attr]
    just = session(offers=(offer(ends_at=T0 + 1),))
    assert turn(signals.OfferAccepted("of1"), session=just).session.offers[0].state == "accepted"


def test_held_out_offers_are_counted_once_and_not_without_end() -> None:
    everybody = Policy(holdout_bp=10_000)
    full = session(held_out=tuple(str(n) for n in range(REMEMBERED_HELD)))
    decision = turn(signals.TimerFired(), session=full, policy=everybody)
    assert [step.to for step in decision.steps] == ["held_out"]
    assert decision.moves == ()
    assert decision.offers[0].hold == 0
    assert len(decision.session.held_out) == REMEMBERED_HELD
    again = turn(signals.TimerFired(), session=decision.session, policy=everybody)
    assert again.steps == ()


# when to look again


def test_a_session_wakes_for_the_first_thing_that_happens_by_itself() -> None:
    fresh = session(running_since=T0, last_input=T0)
    assert turn(signals.TimerFired(), session=fresh).session.wake_at == T0 + 30 * SECOND
    slow = rule("R1", dwell(2 * MINUTE))
    ready = session(running_since=T0 - MINUTE)
    assert turn(signals.TimerFired(), session=ready, by=slow).session.wake_at == T0 + MINUTE
    soon = rule("R1", starts=T0 + 7)
    assert turn(signals.TimerFired(), by=soon).session.wake_at == T0 + 7
    up = but(ready, offers=(offer(ends_at=T0 + 9),))
    assert turn(signals.TimerFired(), session=up, by=slow).session.wake_at == T0 + 9
    promised = offer(state=OfferState.ACCEPTED, accept_until=T0 + 5)
    assert (
        turn(signals.FactsChanged(), session=session(offers=(promised,))).session.wake_at == T0 + 5
    )


def test_nothing_wakes_a_session_in_which_nothing_can_happen() -> None:
    hidden = session(tabs=(Tab(1, visible=False),), wake_at=T0 + 5, next_rule_check=T0 + 5)
    assert turn(signals.TimerFired(), session=hidden).session.wake_at is None
    endless = session(offers=(offer(state=OfferState.ACCEPTED, accept_until=None, ends_at=0),))
    assert turn(signals.FactsChanged(), session=endless).session.wake_at is None


def test_an_offer_that_is_up_wakes_its_session_when_a_parcel_turns_late() -> None:
    parcel = order("o1", status="shipped", placed_at=T0 - 40 * DAY, promised_by=T0 + 5 * MINUTE)
    shop = play(also=[parcel])
    one = shop.visit().log_in("c1").view("RUN-42", 30)
    assert one.wakes_at == T0 + 5 * MINUTE
    shop.advance(5 * 60 - 30)
    assert one.withdrawn == [(one.pushed[0].id, "delivery.late")]


def test_after_a_silent_signal_the_rules_are_looked_at_when_they_were_to_be() -> None:
    waiting = session(next_rule_check=T0 + 5)
    assert turn(signals.FactsChanged(), session=waiting).session.next_rule_check == T0 + 5
    past = session(next_rule_check=T0)
    assert turn(signals.FactsChanged(), session=past).session.next_rule_check is None


def test_while_nothing_can_be_recorded_nobody_is_offered_anything_and_it_is_tried_again() -> None:
    decision = turn(signals.TimerFired(), commits_suspended=True)
    assert decision.effects == ()
    assert decision.session.wake_at == T0 + COMMIT_RETRY_MS
    assert turn(signals.TimerFired(), session=decision.session, now=T0 + COMMIT_RETRY_MS).effects


# where it is too early to speak, no rule is looked at


@pytest.mark.parametrize("focus", ["RUN-42", None])
@pytest.mark.parametrize("dwelt", [0, 29_999, 30_000])
@pytest.mark.parametrize("running", [None, T0 - 1, T0 - 30_000])
@pytest.mark.parametrize("page", ["product", "cart"])
@pytest.mark.parametrize("calm", [0, 2_999, 3_000])
def test_when_no_rule_is_looked_at_none_could_have_spoken(
    focus: str | None, dwelt: int, running: int | None, page: Any, calm: int
) -> None:
    here = session(
        focus=focus,
        dwell_before_ms=dwelt,
        running_since=running,
        page=page,
        last_input=T0 - calm,
        cart=(signals.CartLine("RUN-42", 1),),
    )
    decision = turn(signals.TimerFired(), session=here)
    pushed = [one for one in decision.effects if isinstance(one, PushOffer)]
    if earliest_push_at(here, Policy()) > T0:
        assert pushed == []
        assert decision.trace.verdicts == ()
    elif pushed == []:
        assert {one.reason for one in decision.trace.verdicts} <= {"timing.wait"}


def test_a_page_that_nobody_sees_and_no_rescue_waits_for_a_signal() -> None:
    assert earliest_push_at(session(tabs=()), Policy()) == NEEDS_ACTIVITY
    assert earliest_push_at(session(rescue=True, last_input=T0), Policy()) == 0
    assert earliest_push_at(session(focus=None), Policy()) == NEEDS_ACTIVITY


# what tells, is what may take back

UP = session(
    customer="c1", consent="personal", offers=(offer(rule_digest="R1"),), next_rule_check=1
)


@pytest.mark.parametrize(
    "signal",
    [signals.ItemViewed("BOOT-42"), signals.ActivityReported("input"), signals.PageViewed("cart")],
)
def test_browsing_takes_nothing_back(signal: signals.Signal) -> None:
    assert type(signal) not in RECHECK_AFTER
    assert turn(signal, session=UP, items=[item(stock={})]).effects == ()
    gone = turn(signals.FactsChanged(), session=UP, items=[item(stock={})])
    assert [type(one) for one in gone.effects] == [WithdrawOffer]


# a day of anything

ACTS = st.sampled_from(
    ["view RUN-42", "view TRAIL-42", "see", "dismiss", "accept", "hide", "show", "type", "wait 5",
     "wait 40", "wait 1000", "home", "cart", "login", "logout", "sell out", "restock", "complain",
     "resolve", "refuse", "agree", "leave", "reload"]
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(ACTS, max_size=30))
def test_after_any_day_the_screen_shows_what_stands_and_the_books_balance(acts: list[str]) -> None:
    shop = play()
    one = shop.visit()
    for act in acts:
        before = one.session.seq
        _do(shop, one, act)
        assert one.session.seq >= before
    shown = {made.id for made in one.pushed}
    shown -= {name for name, _ in one.withdrawn}
    shown -= {name for name in one.session.ended if name in shown}
    shown -= {made.id for made in one.session.offers if not made.advertised}
    assert shown == {made.id for made in one.offers}
    assert len(one.offers) <= 1
    assert shop.budget()[0] == sum(made.hold for made in one.session.offers)


def _do(shop: Play, one: Any, act: str) -> None:
    word, _, rest = act.partition(" ")
    standing = one.session.offers[:1]
    match word:
        case "view":
            one.view(rest)
        case "wait":
            shop.advance(int(rest))
        case "see" | "dismiss" | "accept":
            kind = {
                "see": signals.OfferSeen,
                "dismiss": signals.OfferDismissed,
                "accept": signals.OfferAccepted,
            }
            for made in standing:
                one.do(kind[word](made.id))
        case "hide" | "show":
            one.do(signals.ActivityReported("hidden" if word == "hide" else "visible", tab=1))
        case "type":
            one.do(signals.ActivityReported("input"))
        case "home" | "cart":
            one.do(signals.PageViewed(word))
        case "login":
            one.log_in("c1")
        case "logout":
            one.do(signals.CustomerLoggedOut("anon-x"))
        case "sell" | "restock":
            shop.report(stock("RUN-42", 0 if word == "sell" else 6))
        case "complain" | "resolve":
            status = "open" if word == "complain" else "resolved"
            shop.report(case(status=status, skus=["RUN-42"], opened_at=T0, resolved_at=T0))
        case "refuse" | "agree":
            one.do(signals.ConsentChanged("none" if word == "refuse" else "anonymous"))
        case "leave":
            one.do(signals.ConnectionClosed(1))
        case "reload":
            one.do(signals.ConnectionOpened(1, one.session.consent, territory="DE"))
