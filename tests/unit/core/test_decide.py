"""The decision on one signal: what is pushed and withdrawn, and when the session wakes."""

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
from support.in_memory_shop import InMemoryShop, Shopper
from support.oracle.generated_worlds import context_of, world
from support.scenario_fixture import play, r1
from tactful.core.decide import COMMIT_RETRY_MS, NO_PUSH_AFTER, RECHECK_AFTER, decide
from tactful.core.decision import Decision, PushOffer, WithdrawOffer
from tactful.core.offers.offer import OfferState
from tactful.core.rules.policy import Policy
from tactful.core.session import signals
from tactful.core.session.session import REMEMBERED_SHADOWS, Tab

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


WITHOUT_A_PUSH: list[signals.Signal] = [
    signals.FactsChanged(),
    signals.OrderReported("o-1", ("cap",), T0),
    signals.ConnectionClosed(2),
    signals.CustomerLoggedOut("anon-2"),
    signals.OfferSeen("of9"),
    signals.OfferDismissed("of9"),
    signals.MoreTimeRequested("of9"),
    signals.OfferAccepted("of9"),
    signals.OfferRedeemed(offer(state=OfferState.REDEEMED, sku="HAT-1")),
    signals.RedemptionRolledBack(offer(state=OfferState.ACCEPTED, sku="HAT-1")),
    signals.OfferRevoked("of9", "fraud"),
]


@pytest.mark.parametrize("signal", WITHOUT_A_PUSH, ids=lambda signal: type(signal).__name__)
def test_no_fact_and_no_answer_of_the_shopper_leads_to_a_push(signal: signals.Signal) -> None:
    assert not [one for one in turn(signal).effects if isinstance(one, PushOffer)]


def test_the_signals_without_a_push_are_all_tried() -> None:
    assert {type(signal) for signal in WITHOUT_A_PUSH} == NO_PUSH_AFTER


@pytest.mark.parametrize(
    "signal",
    [
        signals.TimerFired(),
        signals.ActivityReported("idle"),
        signals.ActivityReported("exit"),
        signals.ConsentChanged("anonymous"),
    ],
)
def test_activity_and_time_may_lead_to_a_push(signal: signals.Signal) -> None:
    assert [one for one in turn(signal).effects if isinstance(one, PushOffer)]


def test_a_push_reserves_budget_and_contact_and_has_an_audit_step() -> None:
    shop = play(r1(max_qty=2))
    one = shop.open_session().view("RUN-42", 30)
    (made,) = one.pushed
    assert [(step.offer, step.to, step.seq) for step in one.last.steps] == [(made.id, "pushed", 1)]
    moves = {(move.currency, move.reserve, move.offer) for move in one.last.moves}
    assert moves == {("EUR", 3870, made.id), ("#", 1, made.id)}
    (approach,) = one.session.contact.approaches
    assert (approach.offer, approach.rule, approach.session, approach.shown) == (
        made.id,
        "R1",
        "s1",
        False,
    )


def test_an_expired_offer_cannot_be_accepted() -> None:
    late = session(offers=(offer(ends_at=T0),))
    decision = turn(signals.OfferAccepted("of1"), session=late)
    assert [(one.offer, one.code) for one in decision.effects] == [("of1", "ended")]  # type: ignore[union-attr]
    just = session(offers=(offer(ends_at=T0 + 1),))
    assert turn(signals.OfferAccepted("of1"), session=just).session.offers[0].state == "accepted"


def test_a_held_out_offer_is_recorded_once_while_it_would_stand() -> None:
    everybody = Policy(holdout_bp=10_000)
    decision = turn(signals.TimerFired(), policy=everybody)
    assert [(step.to, step.reason) for step in decision.steps] == [("held_out", "holdout.global")]
    assert (decision.moves, decision.effects) == ((), ())
    assert decision.offers == decision.session.unseen
    assert (decision.offers[0].hold, decision.session.wake_at) == (0, decision.offers[0].ends_at)
    again = turn(signals.TimerFired(), session=decision.session, policy=everybody)
    assert again.steps == ()
    assert again.trace.verdicts[0].outcome == "held_out"


def test_a_held_out_offer_stays_so_until_its_end_although_the_share_changes() -> None:
    held_out = turn(signals.TimerFired(), policy=Policy(holdout_bp=10_000)).session
    later = turn(signals.TimerFired(), session=held_out)
    assert [(one.outcome, one.reason) for one in later.trace.verdicts] == [
        ("held_out", "holdout.rule")
    ]
    assert (later.steps, later.session.unseen) == ((), held_out.unseen)


def test_a_rule_in_shadow_mode_that_is_held_out_approaches_nobody() -> None:
    everybody = Policy(holdout_bp=10_000)
    decision = turn(signals.TimerFired(), by=rule("R1", mode="shadow"), policy=everybody)
    assert [step.to for step in decision.steps] == ["held_out"]
    assert (decision.session.unseen, decision.session.contact) == ((), session().contact)


def test_an_offer_in_shadow_mode_is_recorded_once_and_approaches_nobody() -> None:
    trying = rule("R1", mode="shadow")
    full = session(
        in_shadow=tuple(str(n) for n in range(REMEMBERED_SHADOWS)),
    )
    decision = turn(signals.TimerFired(), session=full, by=trying)
    assert [(step.to, step.reason) for step in decision.steps] == [("shadow", "shadow")]
    assert (decision.moves, decision.effects) == ((), ())
    assert (decision.offers[0].hold, decision.offers[0].unit) == (0, 10965)
    assert decision.session.offers == ()
    assert decision.session.contact == full.contact
    assert len(decision.session.in_shadow) == REMEMBERED_SHADOWS
    assert decision.session.unseen == ()
    again = turn(signals.TimerFired(), session=decision.session, by=trying)
    assert again.steps == ()


# when the session wakes


def test_a_session_wakes_at_the_first_instant_that_needs_a_turn() -> None:
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


def test_a_session_in_which_nothing_can_happen_has_no_timer() -> None:
    hidden = session(tabs=(Tab(1, visible=False),), wake_at=T0 + 5, next_rule_check=T0 + 5)
    assert turn(signals.TimerFired(), session=hidden).session.wake_at is None
    endless = session(offers=(offer(state=OfferState.ACCEPTED, accept_until=None, ends_at=0),))
    assert turn(signals.FactsChanged(), session=endless).session.wake_at is None


def test_a_visible_offer_wakes_its_session_when_a_parcel_becomes_late() -> None:
    parcel = order("o1", status="shipped", placed_at=T0 - 40 * DAY, promised_by=T0 + 5 * MINUTE)
    shop = play(also=[parcel])
    one = shop.open_session().log_in("c1").view("RUN-42", 30)
    assert one.wakes_at == T0 + 5 * MINUTE
    shop.advance(5 * 60 - 30)
    assert one.withdrawn == [(one.pushed[0].id, "delivery.late")]


def test_a_signal_without_a_push_keeps_the_next_rule_check() -> None:
    waiting = session(next_rule_check=T0 + 5)
    assert turn(signals.FactsChanged(), session=waiting).session.next_rule_check == T0 + 5
    past = session(next_rule_check=T0)
    assert turn(signals.FactsChanged(), session=past).session.next_rule_check is None


def test_while_commits_are_suspended_nothing_is_pushed_and_the_rules_are_tried_again() -> None:
    decision = turn(signals.TimerFired(), commits_suspended=True)
    assert decision.effects == ()
    assert decision.session.wake_at == T0 + COMMIT_RETRY_MS
    assert turn(signals.TimerFired(), session=decision.session, now=T0 + COMMIT_RETRY_MS).effects


# which signals withdraw

UP = session(
    customer="c1", consent="personal", offers=(offer(rule_digest="R1"),), next_rule_check=1
)


@pytest.mark.parametrize(
    "signal",
    [signals.ItemViewed("BOOT-42"), signals.ActivityReported("input"), signals.PageViewed("cart")],
)
def test_browsing_withdraws_no_offer(signal: signals.Signal) -> None:
    assert type(signal) not in RECHECK_AFTER
    assert turn(signal, session=UP, items=[item(stock={})]).effects == ()
    gone = turn(signals.FactsChanged(), session=UP, items=[item(stock={})])
    assert [type(one) for one in gone.effects] == [WithdrawOffer]


# any sequence of signals

ACTS = st.sampled_from(
    ["view RUN-42", "view TRAIL-42", "see", "dismiss", "accept", "hide", "show", "type", "wait 5",
     "wait 40", "wait 1000", "home", "cart", "login", "logout", "sell out", "restock", "complain",
     "resolve", "refuse", "agree", "leave", "reload"]
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(ACTS, max_size=30))
def test_after_any_sequence_of_signals_the_screen_and_the_budget_match_the_standing_offers(
    acts: list[str],
) -> None:
    shop = play()
    one = shop.open_session()
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


def _do(shop: InMemoryShop, one: Shopper, act: str) -> None:
    word, _, rest = act.partition(" ")
    standing = one.session.offers[:1]
    match word:
        case "view":
            one.view(rest)
        case "wait":
            shop.advance(int(rest))
        case "see" | "dismiss" | "accept":
            kind: dict[str, Any] = {
                "see": signals.OfferSeen,
                "dismiss": signals.OfferDismissed,
                "accept": signals.OfferAccepted,
            }
            for made in standing:
                one.send(kind[word](made.id))
        case "hide" | "show":
            one.send(signals.ActivityReported("hidden" if word == "hide" else "visible", tab=1))
        case "type":
            one.send(signals.ActivityReported("input"))
        case "home" | "cart":
            one.send(signals.PageViewed(word))
        case "login":
            one.log_in("c1")
        case "logout":
            one.send(signals.CustomerLoggedOut("anon-x"))
        case "sell" | "restock":
            shop.report(stock("RUN-42", 0 if word == "sell" else 6))
        case "complain" | "resolve":
            status = "open" if word == "complain" else "resolved"
            shop.report(case(status=status, skus=["RUN-42"], opened_at=T0, resolved_at=T0))
        case "refuse" | "agree":
            one.send(signals.ConsentChanged("none" if word == "refuse" else "anonymous"))
        case "leave":
            one.send(signals.ConnectionClosed(1))
        case "reload":
            one.send(signals.ConnectionOpened(1, one.session.consent, territory="DE"))
        case _:
            raise AssertionError(act)
