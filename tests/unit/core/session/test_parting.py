"""A customer who is left behind keeps what they saw, and nothing that was only reserved."""

from typing import Any

import pytest

from support.builders import T0, offer, session
from tactful.core.session.contact_history import Approach, ContactHistory
from tactful.core.session.session import Session, detached_customer, without_unseen_offers


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
def test_a_customer_is_left_with_the_right_to_know_them(
    before: Session, after: Session, who: str | None
) -> None:
    assert detached_customer(before, after) == who


def test_only_what_this_session_reserved_and_will_not_show_is_given_back() -> None:
    marks = {
        "seen": Approach("seen", "R", "se", T0, True),
        "unseen": Approach("unseen", "R", "se", T0),
        "stands": Approach("stands", "R", "se", T0),
        "elsewhere": Approach("elsewhere", "R", "other", T0),
    }
    after = of("c1", id="se", offers=(offer("stands", customer="c1"), offer("unseen")))
    kept = without_unseen_offers(ContactHistory(tuple(marks.values())), "c1", after)
    assert [mark.offer for mark in kept.approaches] == ["seen", "stands", "elsewhere"]
