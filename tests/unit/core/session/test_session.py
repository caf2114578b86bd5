"""Engaged time, visibility and consent of a session, and leaving a customer."""

import gc
from typing import Any

import pytest

from support.builders import SECOND, T0, item, kept, offer, price, product, session
from tactful.core.rules.rule import NEEDS_ACTIVITY, NOW
from tactful.core.session.contact_history import Approach, ContactHistory
from tactful.core.session.session import (
    Session,
    Tab,
    ViewedItem,
    detached_customer,
    without_unseen_offers,
)


def test_history_may_be_used_only_with_consent_and_without_a_refusal() -> None:
    assert session(consent="personal").personal
    assert not session(consent="personal", gpc=True).personal
    assert not session(consent="anonymous").personal


def test_a_session_is_visible_while_a_tab_is() -> None:
    assert session(tabs=(Tab(1, visible=False), Tab(2))).visible
    assert not session(tabs=(Tab(1, visible=False),)).visible
    assert not session(tabs=()).visible


def test_engaged_time_is_the_earlier_part_and_the_running_part() -> None:
    running = session(dwell_before_ms=2 * SECOND, running_since=T0)
    assert running.dwell(T0 + 500) == 2500
    assert running.dwell_reaches(2 * SECOND) == NOW
    assert running.dwell_reaches(3 * SECOND) == T0 + SECOND
    resting = session(dwell_before_ms=2 * SECOND, running_since=None)
    assert resting.dwell(T0) == 2 * SECOND
    assert resting.dwell_reaches(2 * SECOND) == NOW
    assert resting.dwell_reaches(2 * SECOND + 1) == NEEDS_ACTIVITY


def test_a_viewed_item_is_found_by_its_sku() -> None:
    view = ViewedItem("RUN-42", 2, T0, T0)
    assert session(viewed_items=(view,)).viewed_item("RUN-42") is view
    assert session(viewed_items=(view,)).viewed_item("BOOT-42") is None


def test_the_garbage_collector_tracks_no_session_and_no_item() -> None:
    shoe = item(product=kept(product()), prices={"DE": kept(price())})
    values = (
        session(),
        ViewedItem("RUN-42", 1, T0, T0),
        shoe,
        shoe.product,
        shoe.prices["DE"].fact,
    )
    assert not any(gc.is_tracked(value) for value in values)


# a session that stops belonging to a customer


def of(customer: str | None, **fields: Any) -> Session:
    return session(customer=customer, **{"consent": "personal", **fields})


@pytest.mark.parametrize(
    ("before", "after", "who"),
    [
        (of("c1"), of(None), "c1"),
        (of("c1"), of("c2"), "c1"),
        (of("c1"), of("c1", consent="anonymous"), "c1"),
        (of("c1"), of("c1", gpc=True), "c1"),
        (of("c1"), of("c1"), None),
        (of(None), of("c1"), None),
        (of("c1", consent="anonymous"), of(None, consent="anonymous"), None),
        (of("c1", gpc=True), of("c1"), None),
    ],
)
def test_a_customer_is_detached_when_their_history_may_not_be_used_any_more(
    before: Session, after: Session, who: str | None
) -> None:
    assert detached_customer(before, after) == who


def test_only_unseen_reservations_of_the_detached_session_are_released() -> None:
    approaches = {
        "seen": Approach("seen", "R", "se", T0, True),
        "unseen": Approach("unseen", "R", "se", T0),
        "stands": Approach("stands", "R", "se", T0),
        "elsewhere": Approach("elsewhere", "R", "other", T0),
    }
    after = of("c1", id="se", offers=(offer("stands", customer="c1"), offer("unseen")))
    kept = without_unseen_offers(ContactHistory(tuple(approaches.values())), "c1", after)
    assert [approach.offer for approach in kept.approaches] == ["seen", "stands", "elsewhere"]
