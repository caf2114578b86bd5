"""What each signal changes in the session, before anything is decided."""

from typing import Any, get_args

import pytest

from support.builders import DAY, MINUTE, SECOND, T0, but, context, offer, session
from tactful.core.customer.profile import profile
from tactful.core.decision import (
    ConfirmAcceptance,
    DecisionBuilder,
    RefuseAcceptance,
    WithdrawOffer,
)
from tactful.core.facts.history import History
from tactful.core.offers.offer import OfferState
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NEVER
from tactful.core.session import signals
from tactful.core.session.contact_history import NO_CONTACT
from tactful.core.session.session import REMEMBERED_ITEMS, Session, Tab
from tactful.core.session.signals import CartLine, LandingVisit
from tactful.core.stages.reducer import _REDUCERS, apply_signal, expire_offers


def after(signal: signals.Signal, before: Session | None = None, **fields: Any) -> DecisionBuilder:
    draft = DecisionBuilder(context(session=before or session(), signal=signal, **fields))
    apply_signal(draft)
    return draft


def known(customer: str = "c1", **fields: Any) -> Any:
    return profile(History(customer=customer), Policy(), **fields)


FRESH = Session(id="s1", shopper="anon", created_at=T0)


# arriving and leaving


def test_a_hello_opens_a_tab_and_says_who_and_where() -> None:
    hello = signals.ConnectionOpened(
        1, "anonymous", gpc=True, territory="DE", locale="de-AT", page="product"
    )
    now = after(hello, FRESH).session
    assert (now.consent, now.gpc, now.territory, now.locale) == ("anonymous", True, "DE", "de-AT")
    assert (now.page, now.pages, now.tabs, now.last_input) == ("product", 1, (Tab(1),), T0)


def test_a_hello_that_says_less_leaves_what_was_known() -> None:
    before = session(locale="de", page="cart", pages=3)
    now = after(signals.ConnectionOpened(2, "anonymous"), before).session
    assert (now.territory, now.locale, now.page, now.pages) == ("DE", "de", "cart", 3)
    assert now.tabs == (Tab(1), Tab(2))


def test_the_first_visit_counts_and_a_signed_link_counts_always() -> None:
    first, second = LandingVisit(campaign="mail"), LandingVisit(campaign="ads")
    link = LandingVisit(link="remedy")
    now = after(signals.ConnectionOpened(1, "anonymous", visit=first), FRESH).session
    assert now.visit == first
    assert after(signals.ConnectionOpened(1, "anonymous", visit=second), now).session.visit == first
    assert after(signals.ConnectionOpened(1, "anonymous", visit=link), now).session.visit == link


def test_the_clock_stops_when_the_last_tab_leaves_and_goes_on_with_the_next() -> None:
    before = session(tabs=(Tab(1), Tab(2)), running_since=T0 - MINUTE)
    one = after(signals.ConnectionClosed(1), before).session
    assert one.running_since == T0 - MINUTE
    none = after(signals.ConnectionClosed(2), one).session
    assert (none.running_since, none.dwell_before_ms) == (None, MINUTE)
    back = after(signals.ConnectionOpened(3, "anonymous"), none).session
    assert (back.running_since, back.dwell_before_ms) == (T0, MINUTE)


def test_a_hidden_tab_stops_the_clock_unless_another_is_seen() -> None:
    hidden = after(signals.ActivityReported("hidden", tab=1)).session
    assert (hidden.tabs, hidden.running_since) == ((Tab(1, visible=False),), None)
    assert after(signals.ActivityReported("visible", tab=1), hidden).session.running_since == T0


# browsing


@pytest.mark.parametrize("kind", ["home", "category", "search"])
def test_browsing_on_leaves_the_item_behind(kind: signals.PageKind) -> None:
    now = after(signals.PageViewed(kind), session(dwell_before_ms=5)).session
    assert (now.focus, now.dwell_before_ms, now.running_since) == (None, 0, None)
    assert now.searches == (kind == "search")


@pytest.mark.parametrize("kind", ["cart", "product", "checkout", "payment", "account", "cancel", "other"])  # fmt: skip
def test_other_pages_stay_with_it(kind: signals.PageKind) -> None:
    now = after(signals.PageViewed(kind, query="shoes"), session(query="boots")).session
    assert (now.focus, now.page, now.query, now.pages) == ("RUN-42", kind, "shoes", 1)
    assert now.running_since == T0 - MINUTE


def test_a_rescue_is_a_matter_of_the_page() -> None:
    now = after(signals.PageViewed("cancel", moment="rescue")).session
    assert now.rescue
    assert not after(signals.PageViewed("account"), now).session.rescue


def test_another_item_starts_the_clock_anew_and_the_same_does_not() -> None:
    same = after(signals.ItemViewed("RUN-42")).session
    assert same.running_since == T0 - MINUTE
    other = after(signals.ItemViewed("BOOT-42"), but(same, dwell_before_ms=9)).session
    assert (other.focus, other.dwell_before_ms, other.running_since) == ("BOOT-42", 0, T0)


def test_looks_are_counted_the_most_recent_last_and_not_without_end() -> None:
    now = session()
    for sku in ("a", "b", "a"):
        now = after(signals.ItemViewed(sku), now).session
    assert [(look.sku, look.views) for look in now.viewed_items] == [("b", 1), ("a", 2)]
    assert now.views == 3
    for number in range(2 * REMEMBERED_ITEMS):
        now = after(signals.ItemViewed(str(number)), now).session
    assert len(now.viewed_items) == REMEMBERED_ITEMS


def test_the_cart_is_what_the_last_message_says() -> None:
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
def test_an_act_changes_what_it_is_about(
    kind: signals.ActivityKind, changes: dict[str, Any]
) -> None:
    assert after(signals.ActivityReported(kind)).session == but(session(), **changes)


@pytest.mark.parametrize("signal", [signals.TimerFired(), signals.FactsChanged()])
def test_time_and_facts_change_no_session(signal: signals.Signal) -> None:
    assert after(signal).session == session()


# identity and consent


def test_consent_and_privacy_control_are_what_the_last_message_says() -> None:
    now = after(signals.ConsentChanged("personal", gpc=True)).session
    assert (now.consent, now.gpc) == ("personal", True)


def test_an_identity_brings_its_territory_if_it_has_one() -> None:
    now = after(
        signals.CustomerIdentified("c1"), session(consent="personal"), profile=known()
    ).session
    assert (now.customer, now.territory) == ("c1", "DE")
    assert after(signals.CustomerIdentified("c1", "GB")).session.territory == "GB"


def test_where_the_shop_s_signature_says_goes_before_what_a_page_says() -> None:
    page = signals.ConnectionOpened(2, "personal", territory="DE")
    signed = after(signals.CustomerIdentified("c1", "GB"), session(customer="c1")).session
    assert after(page, signed).session.territory == "GB"
    assert after(signals.CustomerIdentified("c1", "AT"), signed).session.territory == "AT"
    for left in (signals.CustomerLoggedOut("anon-2"), signals.CustomerIdentified("c2")):
        stranger = after(left, signed).session
        assert stranger.territory == "GB"
        assert after(page, stranger).session.territory == "DE"


def test_without_consent_an_identity_merges_nothing() -> None:
    before = session(contact=NO_CONTACT.with_approach("o1", "R1", "s1", T0))
    draft = after(signals.CustomerIdentified("c1"), before)
    assert draft.session.contact == before.contact
    assert draft.build(trace=(), wake_at=None).contact is None  # type: ignore[arg-type]


def test_a_login_merges_what_the_anonymous_shopper_heard() -> None:
    mine = NO_CONTACT.with_approach("o2", "R1", "s0", T0 - DAY)
    before = session(consent="personal", contact=NO_CONTACT.with_approach("o1", "R1", "s1", T0))
    draft = after(signals.CustomerIdentified("c1"), before, profile=known(contact=mine))
    assert [mark.offer for mark in draft.contact.approaches] == ["o2", "o1"]
    assert draft.session.contact == before.contact


def test_the_same_customer_again_changes_nothing() -> None:
    before = session(customer="c1", offers=(offer(customer="c1"),))
    draft = after(signals.CustomerIdentified("c1"), before)
    assert draft.effects == []


def test_another_customer_s_login_ends_what_the_first_was_offered() -> None:
    before = session(customer="c1", offers=(offer(customer="c1"),))
    draft = after(signals.CustomerIdentified("c2"), before)
    assert draft.session.customer == "c2"
    assert draft.standing == {}


def test_a_logout_withdraws_the_customer_s_offers_and_gives_a_new_shopper() -> None:
    own, guest = offer(customer="c1"), offer("of2")
    promise = offer("of3", customer="c1", state=OfferState.ACCEPTED)
    before = session(customer="c1", offers=(own, guest, promise))
    draft = after(signals.CustomerLoggedOut("anon-2"), before)
    assert (draft.session.customer, draft.session.shopper) == (None, "anon-2")
    assert set(draft.standing) == {"of2", "of3"}
    assert [one.offer for one in draft.effects] == ["of1"]  # type: ignore[union-attr]


# offers


def with_offer(**fields: Any) -> Session:
    fields = {"offer_fields": {}} | fields
    one = offer(**fields.pop("offer_fields"))
    contact = NO_CONTACT.with_approach(one.id, one.rule, "s1", T0 - MINUTE)
    return session(offers=(one,), contact=contact, **fields)


def test_what_was_seen_counts_for_good() -> None:
    draft = after(signals.OfferSeen("of1"), with_offer())
    assert draft.standing["of1"].state is OfferState.SHOWN
    assert draft.contact.approaches[0].shown
    again = after(signals.OfferSeen("of1"), draft.build((), None).session)  # type: ignore[arg-type]
    assert again.steps == []
    assert after(signals.OfferSeen("of9"), with_offer()).steps == []


def test_what_was_seen_counts_for_the_anonymous_shopper_and_the_known_one() -> None:
    before = with_offer(customer="c1", consent="personal")
    draft = after(signals.OfferSeen("of1"), before, profile=known(contact=before.contact))
    assert draft.contact.approaches[0].shown
    assert draft.session.contact.approaches[0].shown


def test_a_dismissal_ends_the_offer_in_every_tab_and_rests_its_rule_and_product() -> None:
    draft = after(signals.OfferDismissed("of1"), with_offer())
    assert [(step.to, step.seq) for step in draft.steps] == [("shown", 1), ("declined", 2)]
    assert draft.effects == [WithdrawOffer("of1", 2)]
    assert draft.contact.cooldown_until("rule", "R1") == T0 + DAY
    assert draft.contact.cooldown_until("product", "run") == T0 + 7 * DAY
    assert draft.contact.approaches[0].shown


def test_a_dismissal_of_what_is_not_up_does_nothing() -> None:
    promise = with_offer(offer_fields={"state": OfferState.ACCEPTED})
    assert after(signals.OfferDismissed("of1"), promise).steps == []
    assert after(signals.OfferDismissed("of9"), promise).steps == []


def test_accepting_what_was_never_seen_counts_it_as_seen() -> None:
    draft = after(signals.OfferAccepted("of1"), with_offer())
    assert [step.to for step in draft.steps] == ["shown", "accepted"]
    (promised,) = draft.standing.values()
    assert (promised.qty, promised.accept_until) == (1, T0 + 30 * MINUTE)
    assert draft.effects == [ConfirmAcceptance(promised)]


@pytest.mark.parametrize(("qty", "held"), [(None, 5805), (3, 5805), (2, 3870), (1, 1935)])
def test_accepting_fewer_gives_the_rest_of_the_hold_back(qty: int | None, held: int) -> None:
    three = {"max_qty": 3, "hold": 3 * 1935, "campaign": "C", "state": OfferState.SHOWN}
    draft = after(signals.OfferAccepted("of1", qty), with_offer(offer_fields=three))
    (promised,) = draft.standing.values()
    assert promised.hold == held
    assert sum(move.reserve for move in draft.moves) == held - 3 * 1935


@pytest.mark.parametrize("qty", [0, -1, 2])
def test_no_more_than_is_offered_can_be_accepted_and_no_less_than_one(qty: int) -> None:
    draft = after(signals.OfferAccepted("of1", qty), with_offer())
    assert draft.effects == [RefuseAcceptance("of1", "quantity")]


def test_accepting_twice_is_confirmed_twice_and_happens_once() -> None:
    promised = offer(state=OfferState.ACCEPTED)
    draft = after(signals.OfferAccepted("of1"), session(offers=(promised,)))
    assert (draft.effects, draft.steps) == ([ConfirmAcceptance(promised)], [])


@pytest.mark.parametrize(("offered", "code"), [("old", "ended"), ("strange", "not_yours")])
def test_what_does_not_stand_is_refused_with_what_is_known_of_it(offered: str, code: Any) -> None:
    draft = after(signals.OfferAccepted(offered), session(ended=("old",)))
    assert draft.effects == [RefuseAcceptance(offered, code)]


def test_the_checkout_s_word_is_taken_over_with_its_number() -> None:
    used = offer(state=OfferState.REDEEMED, seq=9)
    draft = after(signals.OfferRedeemed(used), with_offer())
    assert (draft.standing, draft.session.seq, draft.session.ended) == ({}, 9, ("of1",))
    back = after(signals.RedemptionRolledBack(but(used, state=OfferState.ACCEPTED)), draft.session)
    assert list(back.standing) == ["of1"]


def test_a_used_voucher_rests_for_good_until_it_is_given_back() -> None:
    used = offer(state=OfferState.REDEEMED, remedy="m1")
    draft = after(signals.OfferRedeemed(used), with_offer())
    assert draft.contact.cooldown_until("remedy", "m1") == NEVER
    back = after(signals.RedemptionRolledBack(but(used, state=OfferState.ACCEPTED)), draft.session)
    assert back.contact.cooldown_until("remedy", "m1") == 0
    ended = after(signals.OfferRedeemed(but(used, state=OfferState.WITHDRAWN)), with_offer())
    assert ended.contact.cooldown_until("remedy", "m1") == 0


def test_while_nothing_can_be_recorded_nothing_is_promised_and_nothing_refused() -> None:
    draft = after(signals.OfferAccepted("of1"), with_offer(), commits_suspended=True)
    assert (draft.steps, draft.effects, draft.moves) == ([], [], [])


@pytest.mark.parametrize("state", [OfferState.SHOWN, OfferState.ACCEPTED])
def test_a_person_ends_an_offer_in_every_tab(state: OfferState) -> None:
    draft = after(signals.OfferRevoked("of1", "fraud"), with_offer(offer_fields={"state": state}))
    assert [(step.to, step.reason) for step in draft.steps] == [("withdrawn", "fraud")]
    assert draft.effects == [WithdrawOffer("of1", 1)]
    assert after(signals.OfferRevoked("of9", "fraud"), with_offer()).steps == []


# time


def expired(before: Session, now: int = T0) -> DecisionBuilder:
    draft = DecisionBuilder(context(session=before, now=now))
    expire_offers(draft)
    return draft


def test_an_offer_and_a_promise_end_at_their_instant() -> None:
    up = session(offers=(offer(ends_at=T0),))
    assert expired(up, T0 - 1).steps == []
    assert [step.to for step in expired(up).steps] == ["expired"]
    promised = session(offers=(offer(state=OfferState.ACCEPTED, ends_at=0, accept_until=T0),))
    assert expired(promised, T0 - 1).steps == []
    assert [step.to for step in expired(promised).steps] == ["expired"]


def test_a_promise_without_an_end_has_none() -> None:
    assert expired(session(offers=(offer(state=OfferState.ACCEPTED, ends_at=0),))).steps == []


def test_what_was_let_pass_rests_its_product_offer_or_promise() -> None:
    rest = Policy().rest.expired_product
    up = expired(session(offers=(offer(ends_at=T0 - SECOND),)))
    assert up.contact.cooldown_until("product", "run") == T0 - SECOND + rest
    promised = offer(state=OfferState.ACCEPTED, ends_at=0, accept_until=T0)
    assert (
        expired(session(offers=(promised,))).contact.cooldown_until("product", "run") == T0 + rest
    )


def test_every_signal_has_a_fold() -> None:
    assert set(_REDUCERS) == set(get_args(signals.Signal))
