"""The questions that several checks ask, and what each says of a wrong answer."""

from collections.abc import Iterator

import pytest

from support.driven_shop import Shop, probing
from tactful.bridge_check.fault_proxy import Fault
from tactful.bridge_check.offer_server import Promise
from tactful.bridge_check.probe import CheckFailedError, Probe
from tactful.bridge_check.shop_driver import Payment


@pytest.fixture(scope="module")
def probe() -> Iterator[Probe]:
    """A good shop."""
    with probing(Shop) as one:
        yield one


def test_an_order_at_the_promised_price_is_redeemed_once(probe: Probe) -> None:
    promise = probe.server.promise()
    order = probe.paid(probe.cart_with(promise), promise)
    probe.redeemed_once(promise, order)
    with pytest.raises(CheckFailedError, match=f"Tactful has `redeemed` by order {order}"):
        probe.redeemed_once(promise, "another")
    with pytest.raises(CheckFailedError, match=f"Tactful has `redeemed` by order {order}"):
        probe.unused(promise)


def test_an_offer_that_nobody_redeemed_is_named(probe: Probe) -> None:
    promise = probe.server.promise()
    probe.unused(promise)
    with pytest.raises(CheckFailedError, match="Tactful has no redemption of it"):
        probe.redeemed_once(promise, "o1")


def test_a_valid_offer_that_the_shop_refuses_is_a_failure(probe: Probe) -> None:
    with pytest.raises(CheckFailedError, match=r"refused a valid offer: token\.malformed"):
        probe.cart_with(Promise("of", "no token", 1))


@pytest.mark.parametrize(
    ("payment", "text"),
    [
        (Payment("refused"), "the payment is `refused`"),
        (Payment("placed", "o1", 12900), "was charged 12900, and 10965 was promised"),
    ],
)
def test_another_payment_than_the_promised_one_is_a_failure(
    probe: Probe, payment: Payment, text: str
) -> None:
    with pytest.raises(CheckFailedError, match=text):
        probe.placed_at_promise(payment, Promise("of", "t", 10965))


def test_the_cost_of_offers_must_be_exact(probe: Probe) -> None:
    before = probe.server.settled()
    probe.cost_of_offers(before)
    with pytest.raises(CheckFailedError, match=f"counts {before} as given away, and {before + 1}"):
        probe.cost_of_offers(before + 1)


def test_a_fault_that_no_request_met_is_a_failure(probe: Probe) -> None:
    probe.proxy.plan("cancel", Fault.CUT_ANSWER)
    with pytest.raises(CheckFailedError, match="The bridge sent no cancel for the order"):
        probe.met("for the order")
    probe.proxy.reset()
    probe.met("for the order")


def test_a_payment_at_the_bank_waits_there(probe: Probe) -> None:
    cart = probe.cart_with(probe.server.promise())
    assert probe.waiting(cart).state == "waiting"
    probe.shop.back(cart)
