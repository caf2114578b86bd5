"""How each signal changes the session, before anything is decided."""

from typing import Any, get_args

import pytest

from support.builders import DAY, MINUTE, SECOND, T0, but, context, offer, session
from tactful.core.customer.profile import profile
from tactful.core.decision import (
    ConfirmAcceptance,
    RefuseRequest,
    WithdrawOffer,
)
from tactful.core.decision_builder import DecisionBuilder
from tactful.core.facts.history import History
from tactful.core.offers.offer import OfferState
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NEVER
from tactful.core.session import signals
from tactful.core.session.contact_history import NO_CONTACT
from tactful.core.session.session import REMEMBERED_ITEMS, BoughtProduct, Session, Tab
from tactful.core.session.signals import CartLine, LandingVisit
from tactful.core.stages.reducer import _REDUCERS, apply_signal, expire_offers
from tactful.core.verdicts.verdict import DecisionTrace


def after(signal: signals.Signal, before: Session | None = None, **fields: Any) -> DecisionBuilder:
    builder = DecisionBuilder(context(session=before or session(), signal=signal, **fields))
    apply_signal(builder)
    return builder


def known(customer: str = "c1", **fields: Any) -> Any:
    return profile(History(customer=customer), Policy(), **fields)


FRESH = Session(id="s1", shopper="anon", created_at=T0)


# connections


def test_a_connection_adds_a_tab_and_sets_consent_and_territory() -> None:
    hello = signals.ConnectionOpened(
        1, "anonymous", gpc=True, territory="DE", locale="de-AT", page="product"
    )
    now = after(hello, FRESH).session
    assert (now.consent, now.gpc, now.territory, now.locale) == ("anonymous", True, "DE", "de-AT")
    assert (now.page, now.pages, now.tabs, now.last_input) == ("product", 1, (Tab(1),), T0)


def test_a_connection_that_declares_less_keeps_what_is_known() -> None:
    before = session(locale="de", page="cart", pages=3)
    now = after(signals.ConnectionOpened(2, "anonymous"), before).session
    assert (now.territory, now.locale, now.page, now.pages) == ("DE", "de", "cart", 3)
    assert now.tabs == (Tab(1), Tab(2))


def test_the_first_visit_is_kept_unless_a_signed_link_replaces_it() -> None:
    first, second = LandingVisit(campaign="mail"), LandingVisit(campaign="ads")
    link = LandingVisit(link="remedy")
    now = after(signals.ConnectionOpened(1, "anonymous", visit=first), FRESH).session
    assert now.visit == first
    assert after(signals.ConnectionOpened(1, "anonymous", visit=second), now).session.visit == first
    assert after(signals.ConnectionOpened(1, "anonymous", visit=link), now).session.visit == link


def test_engaged_time_stops_with_the_last_tab_and_continues_with_the_next() -> None:
    before = session(tabs=(Tab(1), Tab(2)), running_since=T0 - MINUTE)
    one = after(signals.ConnectionClosed(1), before).session
    assert one.running_since == T0 - MINUTE
    none = after(signals.ConnectionClosed(2), one).session
    assert (none.running_since, none.dwell_before_ms) == (None, MINUTE)
    back = after(signals.ConnectionOpened(3, "anonymous"), none).session
    assert (back.running_since, back.dwell_before_ms) == (T0, MINUTE)


def test_engaged_time_stops_while_no_tab_is_visible() -> None:
    hidden = after(signals.ActivityReported("hidden", tab=1)).session
    assert (hidden.tabs, hidden.running_since) == ((Tab(1, visible=False),), None)
    assert after(signals.ActivityReported("visible", tab=1), hidden).session.running_since == T0


# browsing


@pytest.mark.parametrize("kind", ["home", "category", "search"])
def test_a_listing_page_clears_the_focus(kind: signals.PageKind) -> None:
    now = after(signals.PageViewed(kind), session(dwell_before_ms=5)).session
    assert (now.focus, now.dwell_before_ms, now.running_since) == (None, 0, None)
    assert now.searches == (kind == "search")


@pytest.mark.parametrize("kind", ["cart", "product", "checkout", "payment", "account", "cancel", "other"])  # fmt: skip
def test_other_pages_keep_the_focus(kind: signals.PageKind) -> None:
    now = after(signals.PageViewed(kind, query="shoes"), session(query="boots")).session
    assert (now.focus, now.page, now.query, now.pages) == ("RUN-42", kind, "shoes", 1)
    assert now.running_since == T0 - MINUTE


def test_a_rescue_lasts_as_long_as_its_page() -> None:
    now = after(signals.PageViewed("cancel", moment="rescue")).session
    assert now.rescue
    assert not after(signals.PageViewed("account"), now).session.rescue


def test_engaged_time_starts_anew_with_another_item_only() -> None:
    same = after(signals.ItemViewed("RUN-42")).session
    assert same.running_since == T0 - MINUTE
    other = after(signals.ItemViewed("BOOT-42"), but(same, dwell_before_ms=9)).session
    assert (other.focus, other.dwell_before_ms, other.running_since) == ("BOOT-42", 0, T0)


def test_viewed_items_are_counted_and_bounded_with_the_most_recent_last() -> None:
    now = session()
    for sku in ("a", "b", "a"):
        now = after(signals.ItemViewed(sku), now).session
    assert [(view.sku, view.views) for view in now.viewed_items] == [("b", 1), ("a", 2)]
    assert now.views == 3
    for number in range(2 * REMEMBERED_ITEMS):
        now = after(signals.ItemViewed(str(number)), now).session
    assert len(now.viewed_items) == REMEMBERED_ITEMS


def test_the_cart_is_that_of_the_last_signal() -> None:
    now = after(signals.CartChanged((CartLine("RUN-42", 2),))).session
    assert (now.cart, now.last_input) == ((CartLine("RUN-42", 2),), T0)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("input", {"last_input": T0}),
        ("compare", {"compares": 1, "last_input": T0}),
        ("exit", {"exits": 1}),
        ("chat_open", {"chat_open": True}),
        ("chat_closed", {"chat_open": False}),
        ("idle", {}),
    ],
)
def test_an_activity_changes_its_own_field(
    kind: signals.ActivityKind, changes: dict[str, Any]
) -> None:
    assert after(signals.ActivityReported(kind)).session == but(session(), **changes)


@pytest.mark.parametrize("signal", [signals.TimerFired(), signals.FactsChanged()])
def test_time_and_facts_change_no_session(signal: signals.Signal) -> None:
    assert after(signal).session == session()


# identity and consent


def test_consent_and_privacy_control_are_those_of_the_last_signal() -> None:
    now = after(signals.ConsentChanged("personal", gpc=True)).session
    assert (now.consent, now.gpc) == ("personal", True)


def test_an_identity_sets_the_territory_if_it_names_one() -> None:
    now = after(
        signals.CustomerIdentified("c1"), session(consent="personal"), profile=known()
    ).session
    assert (now.customer, now.territory) == ("c1", "DE")
    assert after(signals.CustomerIdentified("c1", "GB")).session.territory == "GB"


def test_a_signed_territory_goes_before_a_page_s() -> None:
    page = signals.ConnectionOpened(2, "personal", territory="DE")
    signed = after(signals.CustomerIdentified("c1", "GB"), session(customer="c1")).session
    assert after(page, signed).session.territory == "GB"
    assert after(signals.CustomerIdentified("c1", "AT"), signed).session.territory == "AT"
    for left in (signals.CustomerLoggedOut("anon-2"), signals.CustomerIdentified("c2")):
        anonymous = after(left, signed).session
        assert anonymous.territory == "GB"
        assert after(page, anonymous).session.territory == "DE"


def test_without_consent_an_identity_merges_nothing() -> None:
    before = session(contact=NO_CONTACT.with_approach("o1", "R1", "s1", T0))
    builder = after(signals.CustomerIdentified("c1"), before)
    assert builder.session.contact == before.contact
    assert builder.build(trace=(), wake_at=None).contact is None  # type: ignore[arg-type]


def test_a_login_merges_the_contact_histories() -> None:
    mine = NO_CONTACT.with_approach("o2", "R1", "s0", T0 - DAY)
    before = session(consent="personal", contact=NO_CONTACT.with_approach("o1", "R1", "s1", T0))
    builder = after(signals.CustomerIdentified("c1"), before, profile=known(contact=mine))
    assert [approach.offer for approach in builder.contact.approaches] == ["o2", "o1"]
    assert builder.session.contact == before.contact


def test_the_same_customer_again_changes_nothing() -> None:
    before = session(customer="c1", offers=(offer(customer="c1"),))
    builder = after(signals.CustomerIdentified("c1"), before)
    assert builder.effects == []


def test_a_login_of_another_customer_withdraws_the_first_customer_s_offers() -> None:
    before = session(customer="c1", offers=(offer(customer="c1"),))
    builder = after(signals.CustomerIdentified("c2"), before)
    assert builder.session.customer == "c2"
    assert builder.standing == {}


def test_a_logout_withdraws_the_customer_s_offers_and_gives_a_new_shopper() -> None:
    own, guest = offer(customer="c1"), offer("of2")
    promise = offer("of3", customer="c1", state=OfferState.ACCEPTED)
    before = session(customer="c1", offers=(own, guest, promise))
    builder = after(signals.CustomerLoggedOut("anon-2"), before)
    assert (builder.session.customer, builder.session.shopper) == (None, "anon-2")
    assert set(builder.standing) == {"of2"}
    assert [one.offer for one in builder.effects] == ["of1"]
    assert builder.parked == {"of3": but(promise, parked=True)}
    assert builder.changed_offers["of3"].parked


def test_a_promise_is_parked_at_another_login_and_returns_with_its_customer() -> None:
    promise = offer("of3", customer="c1", state=OfferState.ACCEPTED, accept_until=T0 + MINUTE)
    before = session(customer="c1", offers=(promise,), bought=(BoughtProduct("run", T0, "o1"),))
    other = after(signals.CustomerIdentified("c2"), before)
    assert (set(other.standing), set(other.parked)) == (set(), {"of3"})
    assert other.session.bought == ()
    assert other.moves == []
    left = other.build(DecisionTrace(), None).session
    assert after(signals.OfferAccepted("of3"), left).effects == [RefuseRequest("of3", "not_yours")]
    back = after(signals.CustomerIdentified("c1"), left)
    assert (back.standing, back.parked) == ({"of3": promise}, {})
    assert back.changed_offers == {"of3": promise}


def test_an_offer_accepted_before_the_login_becomes_the_customers() -> None:
    promise = offer(state=OfferState.ACCEPTED, accept_until=T0 + MINUTE)
    known = after(signals.CustomerIdentified("c1"), session(offers=(promise, offer("of2"))))
    owned = but(promise, customer="c1", session_bound=True)
    assert known.changed_offers == {"of1": owned}
    left = after(signals.CustomerLoggedOut("anon-2"), known.build(DecisionTrace(), None).session)
    assert (set(left.standing), set(left.parked)) == ({"of2"}, {"of1"})


def test_an_acceptance_belongs_to_the_identity_that_accepts() -> None:
    for customer, consent in ((None, "anonymous"), ("c1", "anonymous"), ("c1", "personal")):
        before = session(customer=customer, consent=consent, offers=(offer(),))
        accepted = after(signals.OfferAccepted("of1"), before).standing["of1"]
        assert (accepted.customer, accepted.session_bound) == (customer, False)


def test_a_parked_promise_ends_without_a_trace_for_the_present_shopper() -> None:
    promise = offer(customer="c1", state=OfferState.ACCEPTED, accept_until=T0 + 1, parked=True)
    before = session(parked=(promise,))
    revoked = after(signals.OfferRevoked("of1", "fraud"), before)
    assert (revoked.parked, revoked.effects) == ({}, [])
    assert revoked.changed_offers["of1"].withdrawn == "fraud"
    used = after(signals.OfferRedeemed(but(promise, state=OfferState.REDEEMED)), before)
    assert (used.parked, used.changed_offers) == ({}, {})
    for now, stands in ((T0, True), (T0 + 1, False)):
        builder = DecisionBuilder(context(session=before, now=now))
        expire_offers(builder)
        assert (set(builder.parked) == {"of1"}) is stands
        assert builder.contact == NO_CONTACT


def test_a_rolled_back_redemption_restores_the_promise_to_its_customer_alone() -> None:
    owned = offer(customer="c1", state=OfferState.ACCEPTED, parked=True, issued_at=T0 - MINUTE)
    anonymous = but(owned, customer=None, parked=False)
    restored = signals.RedemptionRolledBack
    mine = after(restored(owned), session(customer="c1"))
    assert mine.standing == mine.changed_offers == {"of1": but(owned, parked=False)}
    others = after(restored(owned), session(customer="c2"))
    assert (others.standing, set(others.parked)) == ({}, {"of1"})
    left = after(restored(anonymous), session(left_at=T0))
    assert (left.standing, set(left.parked)) == ({}, {"of1"})
    since = after(restored(anonymous), session(customer="c3"))
    assert since.standing == {"of1": but(anonymous, customer="c3", session_bound=True)}


def test_a_promise_of_another_session_is_confirmed_again() -> None:
    promise = offer(session="s9", customer="c1", state=OfferState.ACCEPTED)
    builder = DecisionBuilder(
        context(
            signal=signals.OfferAccepted("of1"), session=session(customer="c1"), promises=(promise,)
        )
    )
    apply_signal(builder)
    assert builder.effects == [ConfirmAcceptance(promise)]


# offers


def with_offer(**fields: Any) -> Session:
    fields = {"offer_fields": {}} | fields
    one = offer(**fields.pop("offer_fields"))
    contact = NO_CONTACT.with_approach(one.id, one.rule, "s1", T0 - MINUTE)
    return session(offers=(one,), contact=contact, **fields)


def test_a_seen_offer_counts_for_good() -> None:
    builder = after(signals.OfferSeen("of1"), with_offer())
    assert builder.standing["of1"].state is OfferState.SHOWN
    assert builder.contact.approaches[0].shown
    again = after(signals.OfferSeen("of1"), builder.build((), None).session)  # type: ignore[arg-type]
    assert again.steps == []
    assert after(signals.OfferSeen("of9"), with_offer()).steps == []


def test_a_seen_offer_counts_for_the_shopper_and_the_customer() -> None:
    before = with_offer(customer="c1", consent="personal")
    builder = after(signals.OfferSeen("of1"), before, profile=known(contact=before.contact))
    assert builder.contact.approaches[0].shown
    assert builder.session.contact.approaches[0].shown


def test_a_dismissal_ends_the_offer_in_every_tab_and_starts_two_cooldowns() -> None:
    builder = after(signals.OfferDismissed("of1"), with_offer())
    assert [(step.to, step.seq) for step in builder.steps] == [("shown", 1), ("declined", 2)]
    assert builder.effects == [WithdrawOffer("of1", 2)]
    assert builder.contact.cooldown_until("rule", "R1") == T0 + DAY
    assert builder.contact.cooldown_until("product", "run") == T0 + 7 * DAY
    assert builder.contact.approaches[0].shown


def test_a_dismissal_of_an_offer_that_is_not_visible_changes_nothing() -> None:
    promise = with_offer(offer_fields={"state": OfferState.ACCEPTED})
    assert after(signals.OfferDismissed("of1"), promise).steps == []
    assert after(signals.OfferDismissed("of9"), promise).steps == []


def test_an_acceptance_counts_an_unseen_offer_as_shown() -> None:
    builder = after(signals.OfferAccepted("of1"), with_offer())
    assert [step.to for step in builder.steps] == ["shown", "accepted"]
    (promised,) = builder.standing.values()
    assert (promised.qty, promised.accept_until) == (1, T0 + 30 * MINUTE)
    assert builder.effects == [ConfirmAcceptance(promised)]


@pytest.mark.parametrize(("qty", "held"), [(None, 5805), (3, 5805), (2, 3870), (1, 1935)])
def test_accepting_fewer_units_releases_the_rest_of_the_hold(qty: int | None, held: int) -> None:
    three = {"max_qty": 3, "hold": 3 * 1935, "campaign": "C", "state": OfferState.SHOWN}
    builder = after(signals.OfferAccepted("of1", qty), with_offer(offer_fields=three))
    (promised,) = builder.standing.values()
    assert promised.hold == held
    assert sum(move.reserve for move in builder.moves) == held - 3 * 1935


@pytest.mark.parametrize("qty", [0, -1, 2])
def test_a_quantity_outside_the_offer_is_refused(qty: int) -> None:
    builder = after(signals.OfferAccepted("of1", qty), with_offer())
    assert builder.effects == [RefuseRequest("of1", "quantity")]


def test_a_repeated_acceptance_is_confirmed_and_changes_nothing() -> None:
    promised = offer(state=OfferState.ACCEPTED)
    builder = after(signals.OfferAccepted("of1"), session(offers=(promised,)))
    assert (builder.effects, builder.steps) == ([ConfirmAcceptance(promised)], [])


@pytest.mark.parametrize(("offered", "code"), [("old", "ended"), ("strange", "not_yours")])
def test_accepting_an_ended_or_unknown_offer_is_refused_with_its_code(
    offered: str, code: Any
) -> None:
    builder = after(signals.OfferAccepted(offered), session(ended=("old",)))
    assert builder.effects == [RefuseRequest(offered, code)]


def test_a_redemption_and_its_rollback_are_taken_over_with_their_sequence_number() -> None:
    used = offer(state=OfferState.REDEEMED, seq=9)
    builder = after(signals.OfferRedeemed(used), with_offer())
    assert (builder.standing, builder.session.seq, builder.session.ended) == ({}, 9, ("of1",))
    back = after(
        signals.RedemptionRolledBack(but(used, state=OfferState.ACCEPTED)), builder.session
    )
    assert list(back.standing) == ["of1"]


def test_a_used_voucher_has_a_cooldown_until_it_is_rolled_back() -> None:
    used = offer(state=OfferState.REDEEMED, remedy="m1")
    builder = after(signals.OfferRedeemed(used), with_offer())
    assert builder.contact.cooldown_until("remedy", "m1") == NEVER
    back = after(
        signals.RedemptionRolledBack(but(used, state=OfferState.ACCEPTED)), builder.session
    )
    assert back.contact.cooldown_until("remedy", "m1") == 0
    ended = after(signals.OfferRedeemed(but(used, state=OfferState.WITHDRAWN)), with_offer())
    assert ended.contact.cooldown_until("remedy", "m1") == 0


def test_while_commits_are_suspended_an_acceptance_changes_nothing_and_is_answered() -> None:
    builder = after(signals.OfferAccepted("of1"), with_offer(), commits_suspended=True)
    assert (builder.steps, builder.moves) == ([], [])
    assert builder.effects == [RefuseRequest("of1", "later")]
    assert "of1" in builder.standing


@pytest.mark.parametrize("state", [OfferState.SHOWN, OfferState.ACCEPTED])
def test_an_operator_ends_an_offer_in_every_tab(state: OfferState) -> None:
    builder = after(signals.OfferRevoked("of1", "fraud"), with_offer(offer_fields={"state": state}))
    assert [(step.to, step.reason) for step in builder.steps] == [("withdrawn", "fraud")]
    assert builder.effects == [WithdrawOffer("of1", 1)]
    assert after(signals.OfferRevoked("of9", "fraud"), with_offer()).steps == []


# time


def expired(before: Session, now: int = T0) -> DecisionBuilder:
    builder = DecisionBuilder(context(session=before, now=now))
    expire_offers(builder)
    return builder


def test_an_offer_and_an_acceptance_expire_at_their_instant() -> None:
    up = session(offers=(offer(ends_at=T0),))
    assert expired(up, T0 - 1).steps == []
    assert [step.to for step in expired(up).steps] == ["expired"]
    promised = session(offers=(offer(state=OfferState.ACCEPTED, ends_at=0, accept_until=T0),))
    assert expired(promised, T0 - 1).steps == []
    assert [step.to for step in expired(promised).steps] == ["expired"]


def test_an_acceptance_without_an_end_does_not_expire() -> None:
    assert expired(session(offers=(offer(state=OfferState.ACCEPTED, ends_at=0),))).steps == []


def test_an_expired_offer_or_acceptance_starts_a_cooldown_of_its_product() -> None:
    rest = Policy().rest.expired_product
    up = expired(session(offers=(offer(ends_at=T0 - SECOND),)))
    assert up.contact.cooldown_until("product", "run") == T0 - SECOND + rest
    promised = offer(state=OfferState.ACCEPTED, ends_at=0, accept_until=T0)
    assert (
        expired(session(offers=(promised,))).contact.cooldown_until("product", "run") == T0 + rest
    )


def test_every_signal_has_a_reducer() -> None:
    assert set(_REDUCERS) == set(get_args(signals.Signal))


def test_an_accepted_offer_is_held_until_its_code_ends_at_the_latest() -> None:
    coded = {"pool": "p", "code": "A", "code_ends_at": T0 + MINUTE}
    builder = after(signals.OfferAccepted("of1"), with_offer(offer_fields=coded))
    (promised,) = builder.standing.values()
    assert (promised.accept_until, promised.code) == (T0 + MINUTE, "A")


def test_an_offer_that_ends_unaccepted_gives_its_code_back() -> None:
    coded = {"pool": "p", "code": "A"}
    builder = after(signals.OfferDismissed("of1"), with_offer(offer_fields=coded))
    ended = builder.changed_offers["of1"]
    assert (ended.pool, ended.code) == ("p", None)


def test_an_accepted_offer_that_expires_keeps_its_code() -> None:
    accepted = offer(pool="p", code="A", state=OfferState.ACCEPTED, accept_until=T0)
    builder = DecisionBuilder(context(session=session(offers=(accepted,))))
    expire_offers(builder)
    assert builder.changed_offers[accepted.id].code == "A"
