"""The accounts of a decision while it is being written."""

from support.builders import MINUTE, T0, context, offer, rule, session
from tactful.core.decision import DecisionBuilder, PushOffer, WithdrawOffer
from tactful.core.offers.offer import OfferState
from tactful.core.rules.rule import FrequencyLimit
from tactful.core.session.contact_history import NO_CONTACT
from tactful.core.session.session import REMEMBERED_ENDS
from tactful.core.verdicts.reasons import TAINT_REASONS, Reason
from tactful.core.verdicts.verdict import DecisionTrace
from unit.core.stages.test_reducer import known

CAMPAIGN = {"campaign": "C", "period": "total"}


def draft(*offers: object, **fields: object) -> DecisionBuilder:
    return DecisionBuilder(context(session=session(offers=tuple(offers), **fields)))  # type: ignore[arg-type]


def reserved(one: DecisionBuilder) -> dict[str, int]:
    """Currency → what was reserved on balance."""
    found: dict[str, int] = {}
    for move in one.moves:
        found[move.currency] = found.get(move.currency, 0) + move.reserve
    return found


def test_what_a_push_reserves_every_exit_gives_back() -> None:
    for event in ("decline", "expire", "withdraw", "supersede"):
        one = draft()
        one.push(offer(**CAMPAIGN))
        assert reserved(one) == {"EUR": 1935, "#": 1}
        one.transition(one.standing["of1"], event)  # type: ignore[arg-type]
        assert reserved(one) == {"EUR": 0, "#": 0}
        assert one.standing == {}
        assert one.contact.approaches == ()


def test_without_a_campaign_nothing_is_reserved() -> None:
    one = draft()
    one.push(offer())
    assert one.moves == []


def test_a_promise_keeps_its_hold_and_gives_part_of_it_back() -> None:
    one = draft(offer(max_qty=3, hold=5805, **CAMPAIGN))
    one.reduce_hold(one.standing["of1"], 5805)
    assert one.moves == []
    one.reduce_hold(one.standing["of1"], 3870)
    assert reserved(one) == {"EUR": -1935}
    one.transition(one.standing["of1"], "accept", hold=3870)
    one.transition(one.standing["of1"], "redeem")
    assert reserved(one) == {"EUR": -1935}
    assert one.changed_offers["of1"].state is OfferState.REDEEMED


def test_what_is_withheld_on_purpose_reserves_nothing_and_is_not_up() -> None:
    one = draft()
    one.record_held_out(offer(state=OfferState.HELD_OUT), Reason.HOLDOUT_GLOBAL)
    assert (one.standing, one.moves, one.effects) == ({}, [], [])
    assert [(step.to, step.reason) for step in one.steps] == [("held_out", "holdout.global")]


def test_only_a_let_down_makes_quiet() -> None:
    for reason in (Reason.COMPLAINT_OPEN, Reason.STOCK_OUT):
        one = draft(offer())
        one.withdraw(one.standing["of1"], reason)
        quiet = T0 + 10 * MINUTE if reason in TAINT_REASONS else 0
        assert one.contact.quiet_until == quiet
        assert one.effects == [WithdrawOffer("of1", 1)]
        assert one.steps[0].reason == reason


def test_a_known_customer_s_contact_is_kept_apart_from_the_session_s() -> None:
    mine = NO_CONTACT.with_approach("old", "R1", "s0", T0)
    one = DecisionBuilder(context(session=session(), profile=known(contact=mine)))
    assert one.contact is mine
    assert one.build(DecisionTrace(), None).contact is None
    one.contact = mine
    assert one.build(DecisionTrace(), None).contact is None
    one.push(offer())
    assert [mark.offer for mark in one.contact.approaches] == ["old", "of1"]
    assert one.session.contact is NO_CONTACT
    assert one.build(DecisionTrace(), None).contact is one.contact


def test_a_push_forgets_what_no_cap_counts_any_more() -> None:
    day = 24 * 60 * MINUTE
    contact = NO_CONTACT.with_approach("a", "R1", "s0", T0 - 30 * day)
    contact = contact.with_approach("b", "R2", "s0", T0 - 30 * day)
    contact = contact.with_approach("c", "R1", "s1", T0 - 99 * day).with_approach(
        "d", "R1", "s0", T0 - day
    )
    patient = rule("R2", per_shopper=FrequencyLimit(1, 60 * day))
    one = DecisionBuilder(context(rule("R1"), patient, session=session(contact=contact)))
    one.push(offer())
    assert [mark.offer for mark in one.contact.approaches] == ["b", "c", "d", "of1"]


def test_only_the_last_ends_are_remembered() -> None:
    one = draft(ended=tuple(str(n) for n in range(REMEMBERED_ENDS)))
    one.push(offer())
    one.transition(one.standing["of1"], "expire")
    assert len(one.session.ended) == REMEMBERED_ENDS
    assert one.session.ended[-1] == "of1"


def test_a_decision_has_all_that_moved_in_the_order_in_which_it_happened() -> None:
    one = draft(offer())
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


def test_a_session_in_which_nothing_changed_is_the_same_object() -> None:
    one = draft(offer())
    assert one.build(DecisionTrace(), None).session is one.context.session
