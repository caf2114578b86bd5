"""What a session remembers."""

import gc

from support.builders import SECOND, T0, item, kept, price, product, session
from tactful.core.rules.rule import NEEDS_ACTIVITY, NOW
from tactful.core.session.session import Tab, ViewedItem


def test_history_may_be_used_only_with_consent_and_without_a_refusal() -> None:
    assert session(consent="personal").personal
    assert not session(consent="personal", gpc=True).personal
    assert not session(consent="anonymous").personal


def test_a_session_is_visible_while_a_tab_is() -> None:
    assert session(tabs=(Tab(1, visible=False), Tab(2))).visible
    assert not session(tabs=(Tab(1, visible=False),)).visible
    assert not session(tabs=()).visible


def test_engaged_time_is_what_was_gathered_and_what_runs() -> None:
    running = session(dwell_before_ms=2 * SECOND, running_since=T0)
    assert running.dwell(T0 + 500) == 2500
    assert running.dwell_reaches(2 * SECOND) == NOW
    assert running.dwell_reaches(3 * SECOND) == T0 + SECOND
    resting = session(dwell_before_ms=2 * SECOND, running_since=None)
    assert resting.dwell(T0) == 2 * SECOND
    assert resting.dwell_reaches(2 * SECOND) == NOW
    assert resting.dwell_reaches(2 * SECOND + 1) == NEEDS_ACTIVITY


def test_a_look_is_found_by_its_item() -> None:
    look = ViewedItem("RUN-42", 2, T0, T0)
    assert session(viewed_items=(look,)).viewed_item("RUN-42") is look
    assert session(viewed_items=(look,)).viewed_item("BOOT-42") is None


def test_the_collector_never_walks_sessions_and_catalogues() -> None:
    shoe = item(product=kept(product()), prices={"DE": kept(price())})
    values = (
        session(),
        ViewedItem("RUN-42", 1, T0, T0),
        shoe,
        shoe.product,
        shoe.prices["DE"].fact,
    )
    assert not any(gc.is_tracked(value) for value in values)
