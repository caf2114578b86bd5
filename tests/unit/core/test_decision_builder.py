"""The builder of a decision: offers, budget moves, audit steps and contact history."""

from support.builders import MINUTE, T0, context, offer, rule, session
from tactful.core.customer.profile import profile
from tactful.core.decision import PushOffer, WithdrawOffer
from tactful.core.decision_builder import DecisionBuilder
from tactful.core.facts.history import History
from tactful.core.offers.offer import OfferState
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import FrequencyLimit
from tactful.core.session.contact_history import NO_CONTACT
from tactful.core.session.session import REMEMBERED_ENDS
from tactful.core.verdicts.reasons import TAINT_REASONS, Reason
from tactful.core.verdicts.verdict import DecisionTrace

CAMPAIGN = {"campaign": "C", "period": "total"}


def builder(*offers: object, **fields: object) -> DecisionBuilder:
    return DecisionBuilder(context(session=session(offers=tuple(offers), **fields)))  # type: ignore[arg-type]


def reserved(one: DecisionBuilder) -> dict[str, int]:
    """Currency → what was reserved on balance."""
    found: dict[str, int] = {}
    for move in one.moves:
        found[move.currency] = found.get(move.currency, 0) + move.reserve
    return found


def test_every_exit_releases_what_the_push_reserved() -> None:
    for event in ("decline", "expire", "withdraw", "supersede"):
        one = builder()
        one.push(offer(**CAMPAIGN))
        assert reserved(one) == {"EUR": 1935, "#": 1}
        one.transition(one.standing["of1"], event)
        assert reserved(one) == {"EUR": 0, "#": 0}
        assert one.standing == {}
        assert one.contact.approaches == ()


def test_an_offer_without_a_campaign_reserves_nothing() -> None:
    one = builder()
    one.push(offer())
    assert one.moves == []


def test_an_accepted_offer_keeps_its_hold_and_releases_what_it_does_not_need() -> None:
    one = builder(offer(max_qty=3, hold=5805, **CAMPAIGN))
    one.reduce_hold(one.standing["of1"], 5805)
    assert one.moves == []
    one.reduce_hold(one.standing["of1"], 3870)
    assert reserved(one) == {"EUR": -1935}
    one.transition(one.standing["of1"], "accept", hold=3870)
    one.transition(one.standing["of1"], "redeem")
    assert reserved(one) == {"EUR": -1935}
    assert one.changed_offers["of1"].state is OfferState.REDEEMED


def test_a_held_out_offer_reserves_nothing_and_does_not_stand() -> None:
    one = builder()
    one.record_unshown(offer(state=OfferState.HELD_OUT), Reason.HOLDOUT_GLOBAL)
    assert (one.standing, one.moves, one.effects) == ({}, [], [])
    assert [(step.to, step.reason) for step in one.steps] == [("held_out", "holdout.global")]


def test_only_a_taint_starts_the_quiet_period() -> None:
    for reason in (Reason.COMPLAINT_OPEN, Reason.STOCK_OUT):
        one = builder(offer())
        one.withdraw(one.standing["of1"], reason)
        quiet = T0 + 10 * MINUTE if reason in TAINT_REASONS else 0
        assert one.contact.quiet_until == quiet
        assert one.effects == [WithdrawOffer("of1", 1)]
        assert one.steps[0].reason == reason


def test_the_contact_history_of_a_customer_is_separate_from_the_session_s() -> None:
    mine = NO_CONTACT.with_approach("old", "R1", "s0", T0)
    one = DecisionBuilder(
        context(session=session(), profile=profile(History(customer="c1"), Policy(), mine))
    )
    assert one.contact is mine
    assert one.build(DecisionTrace(), None).contact is None
    one.contact = mine
    assert one.build(DecisionTrace(), None).contact is None
    one.push(offer())
    assert [approach.offer for approach in one.contact.approaches] == ["old", "of1"]
    assert one.session.contact is NO_CONTACT
    assert one.build(DecisionTrace(), None).contact is one.contact


def test_a_push_removes_approaches_that_no_cap_counts() -> None:
    day = 24 * 60 * MINUTE
    contact = NO_CONTACT.with_approach("a", "R1", "s0", T0 - 30 * day)
    contact = contact.with_approach("b", "R2", "s0", T0 - 30 * day)
    contact = contact.with_approach("c", "R1", "s1", T0 - 99 * day).with_approach(
        "d", "R1", "s0", T0 - day
    )
    patient = rule("R2", per_shopper=FrequencyLimit(1, 60 * day))
    one = DecisionBuilder(context(rule("R1"), patient, session=session(contact=contact)))
    one.push(offer())
    assert [approach.offer for approach in one.contact.approaches] == ["b", "c", "d", "of1"]


def test_only_the_last_ended_offers_are_remembered() -> None:
    one = builder(ended=tuple(str(n) for n in range(REMEMBERED_ENDS)))
    one.push(offer())
    one.transition(one.standing["of1"], "expire")
    assert len(one.session.ended) == REMEMBERED_ENDS
    assert one.session.ended[-1] == "of1"


def test_a_decision_lists_every_changed_offer_in_order() -> None:
    one = builder(offer())
    one.transition(one.standing["of1"], "supersede")
    one.push(offer("of2"), replaces="of1")
    decision = one.build(DecisionTrace(), T0 + 5)
    assert [made.id for made in decision.offers] == ["of1", "of2"]
    assert [step.seq for step in decision.steps] == [1, 2]
    assert decision.session.wake_at == T0 + 5
    assert [made.id for made in decision.session.offers] == ["of2"]
    (push,) = decision.effects
    assert isinstance(push, PushOffer)
    assert push.replaces == "of1"


def test_an_unchanged_session_is_the_same_object() -> None:
    one = builder(offer())
    assert one.build(DecisionTrace(), None).session is one.context.session


def test_a_held_out_offer_counts_as_shown_and_gives_way_to_the_next_on_its_item() -> None:
    one = builder()
    one.hold_out(offer("of1", state=OfferState.HELD_OUT, hold=0), Reason.HOLDOUT_GLOBAL)
    one.hold_out(offer("of2", state=OfferState.HELD_OUT, hold=0), Reason.HOLDOUT_GLOBAL)
    one.hold_out(offer("of3", sku="HAT-1", state=OfferState.HELD_OUT), Reason.HOLDOUT_GLOBAL)
    assert [*one.unseen] == ["of2", "of3"]
    assert [(mark.offer, mark.shown) for mark in one.contact.approaches] == [
        ("of1", True),
        ("of2", True),
        ("of3", True),
    ]
    assert (one.moves, one.effects, one.standing) == ([], [], {})


def test_the_end_of_a_held_out_offer_has_the_consequences_of_a_withdrawal() -> None:
    for reason in (Reason.COMPLAINT_OPEN, Reason.STOCK_OUT):
        one, other = builder(), builder()
        one.hold_out(offer(state=OfferState.HELD_OUT, hold=0), Reason.HOLDOUT_RULE)
        other.push(offer())
        one.end_held_out(one.unseen["of1"], reason)
        other.withdraw(other.standing["of1"], reason)
        assert one.unseen == {}
        assert one.contact.quiet_until == other.contact.quiet_until
        assert one.contact.cooldowns == other.contact.cooldowns
