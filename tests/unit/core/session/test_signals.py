"""The stored form of signals: recorded turns of earlier releases must stay readable."""

from typing import Any, get_args

import msgspec
import pytest

from support.builders import offer
from tactful.core.session import signals
from tactful.core.session.signals import Signal

TAGS = {
    "ConnectionOpened": "Arrived",
    "ConnectionClosed": "Left",
    "CustomerIdentified": "Identified",
    "CustomerLoggedOut": "LoggedOut",
    "PageViewed": "Paged",
    "ItemViewed": "Viewed",
    "CartChanged": "Carted",
    "ActivityReported": "Acted",
    "ConsentChanged": "Consented",
    "OfferSeen": "Seen",
    "OfferDismissed": "Dismissed",
    "MoreTimeRequested": "MoreTime",
    "VoucherIssued": "Vouchered",
    "OfferAccepted": "Accepted",
    "TimerFired": "Woken",
    "FactsChanged": "Changed",
    "OrderReported": "Bought",
    "OfferRedeemed": "Redeemed",
    "RedemptionRolledBack": "RolledBack",
    "OfferRevoked": "Revoked",
}


def test_every_signal_keeps_its_stored_tag() -> None:
    assert {kind.__name__: kind.__struct_config__.tag for kind in get_args(Signal)} == TAGS


@pytest.mark.parametrize(
    "signal",
    [
        signals.ConnectionOpened(1, "personal", visit=signals.LandingVisit(campaign="mail")),
        signals.CartChanged((signals.CartLine("RUN-42", 2),)),
        signals.OrderReported("o1", ("run",), 5),
        signals.OfferRedeemed(offer()),
        signals.OfferRevoked("of1", "fraud", "Ada"),
    ],
)
def test_a_signal_is_read_back_as_it_was_stored(signal: Signal) -> None:
    stored = msgspec.msgpack.encode(signal)
    decoded: Any = msgspec.msgpack.decode(stored, type=Signal)
    assert decoded == signal


def test_the_operator_of_a_revocation_is_stored_as_who() -> None:
    stored = msgspec.to_builtins(signals.OfferRevoked("of1", "fraud", "Ada"))
    assert stored == {"type": "Revoked", "offer": "of1", "reason": "fraud", "who": "Ada"}
