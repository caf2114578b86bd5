"""The index of accepted offers by customer."""

from support.builders import offer
from tactful.core.offers.offer import OfferState
from tactful.runtime.state.customer_promises import CustomerPromises

ACCEPTED = OfferState.ACCEPTED


def test_a_customer_finds_the_promises_that_other_sessions_keep() -> None:
    promises = CustomerPromises()
    later = offer("of2", session="s2", customer="c1", state=ACCEPTED, issued_at=2)
    first = offer("of1", session="s1", customer="c1", state=ACCEPTED, issued_at=1)
    for one in (later, first, offer("of3", customer="c1"), offer("of4", state=ACCEPTED)):
        promises.update(one)
    assert promises.of("c1", "s3") == (first, later)
    assert promises.of("c1", "s1") == (later,)
    assert promises.of("c2", "s3") == ()
    assert promises.of(None, "s3") == ()


def test_a_promise_that_ends_or_changes_its_customer_is_dropped() -> None:
    promises = CustomerPromises()
    promises.update(offer("of1", session="s1", customer="c1", state=ACCEPTED))
    promises.update(offer("of1", session="s1", customer="alias", state=ACCEPTED))
    assert promises.of("c1", "s2") == ()
    assert [one.id for one in promises.of("alias", "s2")] == ["of1"]
    promises.update(offer("of1", session="s1", customer="alias", state=OfferState.EXPIRED))
    assert promises.of("alias", "s2") == ()
