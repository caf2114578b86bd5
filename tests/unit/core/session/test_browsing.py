"""Browsing signals, and folding them without a decision exactly where one would add nothing."""

from random import Random  # noqa: TID251 - seeded
from typing import Any

import pytest

from support.builders import MINUTE, SECOND, T0, context, offer, rule, rulebook, session
from tactful.core.decide import decide
from tactful.core.offers.offer import OfferState
from tactful.core.rules.policy import Policy, TimingThresholds
from tactful.core.session import signals
from tactful.core.session.browsing import fold_browsing, fold_without_decision
from tactful.core.session.session import REMEMBERED_ITEMS, Session, Tab, ViewedItem
from tactful.core.session.signals import (
    ActivityReported,
    CartChanged,
    CartLine,
    ItemViewed,
    PageViewed,
)
from tactful.core.verdicts.verdict import DecisionTrace

SKUS = ("RUN-42", "BOOT-42", "SOCK-3")
PAGES: tuple[signals.PageKind, ...] = ("home", "product", "cart", "payment")
KINDS: tuple[signals.ActivityKind, ...] = (
    "input",
    "idle",
    "visible",
    "hidden",
    "exit",
    "compare",
    "chat_open",
    "chat_closed",
)


def some_signal(rng: Random) -> signals.Signal:
    sku, kind = rng.choice(SKUS), rng.choice(PAGES)
    moment: Any = rng.choice([None, None, "rescue"])
    some: list[signals.Signal] = [
        ItemViewed(sku),
        ItemViewed(f"NEW-{rng.randrange(9)}"),
        CartChanged((CartLine(sku, 1),)),
        PageViewed(kind, moment=moment),
        ActivityReported(rng.choice(KINDS), 1),
        signals.TimerFired(),
        signals.FactsChanged(),
        signals.ConnectionClosed(1),
    ]
    return rng.choice(some)


def some_session(rng: Random) -> Session:
    focus = rng.choice([None, *SKUS])
    ago = rng.randrange(90) * SECOND
    accepted = rng.random() < 0.3
    standing = offer(
        sku=rng.choice(SKUS),
        state=OfferState.ACCEPTED if accepted else OfferState.SHOWN,
        ends_at=T0 + rng.choice([-1, 0, 1, 2, 40]) * SECOND,
        accept_until=T0 + rng.choice([0, 1, 50]) * SECOND if accepted else None,
    )
    return session(
        focus=focus,
        page=rng.choice([None, *PAGES]),
        tabs=(Tab(1, visible=rng.random() < 0.8),),
        running_since=T0 - ago if focus and rng.random() < 0.7 else None,
        dwell_before_ms=rng.choice([0, 29_000, 31_000]) if focus else 0,
        last_input=T0 - rng.choice([0, 1, 5, 60]) * SECOND,
        rescue=rng.random() < 0.1,
        cart=(CartLine("SOCK-3", 2),) if rng.random() < 0.3 else (),
        viewed_items=(ViewedItem("RUN-42", 1, T0 - ago, T0 - ago),) if rng.random() < 0.5 else (),
        offers=(standing,) if rng.random() < 0.4 else (),
        customer="c1" if rng.random() < 0.2 else None,
        next_rule_check=rng.choice([None, T0 + SECOND, T0 - SECOND]),
        wake_at=rng.choice([None, T0 + SECOND, T0 + MINUTE]),
    )


@pytest.mark.parametrize("moment", [TimingThresholds(), TimingThresholds(engaged=0, since_input=0)])
def test_folding_without_a_decision_equals_the_decision(moment: TimingThresholds) -> None:
    rng, policy = Random(7), Policy(moment=moment)
    book = rulebook(rule("R1"), policy=policy)
    count = 0
    for _ in range(4_000):
        before, signal = some_session(rng), some_signal(rng)
        after = fold_without_decision(before, signal, T0, policy)
        if after is None:
            continue
        count += 1
        decision = decide(context(session=before, signal=signal, rulebook=book))
        assert decision.session == after, (before, signal)
        assert (decision.steps, decision.moves, decision.effects) == ((), (), ())
        assert (decision.contact, decision.trace) == (None, DecisionTrace())
    assert count > 300


def test_a_signal_other_than_browsing_is_decided() -> None:
    for signal in (
        signals.TimerFired(),
        signals.FactsChanged(),
        signals.OfferSeen("of1"),
        signals.ConnectionClosed(1),
    ):
        assert fold_without_decision(session(), signal, T0, Policy()) is None


def test_a_customer_with_a_standing_offer_is_decided() -> None:
    before = session(offers=(offer(ends_at=T0 + MINUTE),), customer="c1")
    assert fold_without_decision(before, ActivityReported("input", 1), T0, Policy()) is None


def test_a_repeated_view_counts_and_becomes_the_most_recent() -> None:
    views = tuple(ViewedItem(f"S{n}", 1, n, n) for n in range(REMEMBERED_ITEMS))
    after = fold_browsing(session(viewed_items=views), ItemViewed("S0"), T0)
    assert after.viewed_items == (*views[1:], ViewedItem("S0", 2, 0, T0))
    after = fold_browsing(after, ItemViewed("NEW"), T0)
    assert len(after.viewed_items) == REMEMBERED_ITEMS
    assert after.viewed_items[-1] == ViewedItem("NEW", 1, T0, T0)


def test_engaged_time_runs_on_the_cart_page_and_stops_elsewhere() -> None:
    nowhere = session(page="home", focus=None, running_since=None, dwell_before_ms=0)
    cart = fold_browsing(nowhere, PageViewed("cart"), T0)
    assert cart.running_since == T0
    paying = fold_browsing(cart, PageViewed("payment"), T0 + 5 * SECOND)
    assert (paying.dwell_before_ms, paying.running_since) == (5 * SECOND, None)
    back = fold_browsing(paying, PageViewed("cart"), T0 + MINUTE)
    assert back.dwell(T0 + MINUTE + SECOND) == 6 * SECOND
    away = fold_browsing(back, PageViewed("home"), T0 + 2 * MINUTE)
    assert (away.dwell_before_ms, away.running_since) == (0, None)


def test_a_page_may_name_another_currency_and_channel() -> None:
    here = session(currency="EUR", channel="web")
    same = fold_browsing(here, PageViewed("home"), T0)
    assert (same.currency, same.channel) == ("EUR", "web")
    other = fold_browsing(here, PageViewed("home", currency="GBP", channel="app"), T0)
    assert (other.currency, other.channel) == ("GBP", "app")
