"""More time for a shopper who has not decided yet."""

import pytest

from support.builders import MINUTE, SECOND, T0, but, price, remedy, rule
from support.in_memory_shop import InMemoryShop, Shopper
from support.scenario_fixture import play, r1
from tactful.core.decide import decide
from tactful.core.decision import RefuseRequest
from tactful.core.offers.discount_codes import FreeCode
from tactful.core.offers.offer import OfferState
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NEVER, Exclusion, PriceTerms
from tactful.core.session import signals

LENGTH = 900 * SECOND
"""The length of R1's offers."""


def offered(shop: InMemoryShop) -> Shopper:
    shopper = shop.open_session().view("RUN-42", 30)
    assert len(shopper.offers) == 1
    return shopper


def ask(shopper: Shopper, offer: str = "") -> None:
    shopper.send(signals.MoreTimeRequested(offer or shopper.offers[0].id))


def test_an_offer_is_extended_by_its_original_length() -> None:
    shop = play()
    shopper = offered(shop)
    pushed = shopper.see()
    shop.advance(880)
    ask(shopper)
    (offer,) = shopper.extended
    assert offer == but(
        pushed,
        state=OfferState.SHOWN,
        seq=shopper.session.seq,
        ends_at=pushed.ends_at + LENGTH,
        extensions=1,
        extended_by=LENGTH,
    )
    assert shopper.session.offers == (offer,)
    shop.advance(890)
    assert shopper.offers == [offer]
    shop.advance(31)
    assert shopper.offers == []


def test_an_offer_is_extended_ten_times_and_says_when_no_more_time_can_be_had() -> None:
    shopper = offered(play())
    assert shopper.offers[0].more_time
    for _ in range(10):
        assert shopper.offers[0].more_time
        ask(shopper)
    assert not shopper.offers[0].more_time
    ask(shopper)
    assert (len(shopper.extended), shopper.refused) == (10, ["time"])
    assert shopper.offers[0].ends_at == shopper.pushed[0].ends_at + 10 * LENGTH


def test_an_extension_keeps_the_reservation_and_counts_the_offer_as_shown() -> None:
    shop = play()
    shopper = offered(shop)
    before = shop.budget()
    ask(shopper)
    assert shop.budget() == before
    assert shopper.offers[0].state is OfferState.SHOWN
    assert [one.shown for one in shopper.session.contact.approaches] == [True]


def test_an_offer_that_fails_a_gate_is_withdrawn_and_not_extended() -> None:
    shop = play()
    shopper = offered(shop)
    key = shopper.offers[0].id
    # The fact is in the shop, and the session has not heard of it.
    shop.shop.report(price("RUN-42", 9_000, version=2), shop.now)
    ask(shopper, key)
    assert shopper.withdrawn == [(key, "price.no_improvement")]
    assert (shopper.extended, shopper.refused) == ([], ["ended"])


def test_no_extension_outlives_the_rule() -> None:
    shop = play(r1(ends=T0 + 30 * SECOND + LENGTH + MINUTE))
    shopper = offered(shop)
    ask(shopper)
    assert (shopper.offers[0].extended_by, shopper.offers[0].more_time) == (MINUTE, False)
    ask(shopper)
    assert shopper.refused == ["time"]


def test_no_extension_outlives_the_start_of_an_exclusion() -> None:
    shop = play()
    starts = T0 + 30 * SECOND + LENGTH + MINUTE
    shop.rulebook = but(shop.rulebook, exclusions=(Exclusion("x", skus=frozenset({"RUN-42"}), starts=starts, ends=NEVER),))  # fmt: skip
    shopper = offered(shop)
    ask(shopper)
    assert (shopper.offers[0].ends_at, shopper.offers[0].more_time) == (starts, False)


def test_an_offer_whose_rule_is_gone_is_not_extended() -> None:
    shop = play()
    shopper = offered(shop)
    shop.use_rules(version="v2")
    ask(shopper)
    assert (shopper.extended, shopper.refused) == ([], ["time"])


def test_an_essential_time_limit_cannot_be_extended() -> None:
    shop = play(policy=Policy(essential_time_limit="The seats are held for 15 minutes."))
    shopper = offered(shop)
    assert not shopper.offers[0].more_time
    ask(shopper)
    assert (shopper.extended, shopper.refused) == ([], ["time"])


def test_a_voucher_cannot_be_extended() -> None:
    shop = play(rule("V", remedy=True, price=PriceTerms("remedy")))
    shopper = shop.open_session(consent="personal")
    shopper.send(signals.CustomerIdentified("c3"))
    shop.report(remedy(customer="c3"))
    shopper.view("RUN-42", 30)
    assert not shopper.offers[0].more_time
    ask(shopper)
    assert shopper.refused == ["time"]


def test_an_accepted_offer_is_not_extended() -> None:
    shopper = offered(play())
    accepted = shopper.accept()
    ask(shopper, accepted.id)
    assert (shopper.extended, shopper.refused) == ([], ["time"])


@pytest.mark.parametrize(("is_ended", "code"), [(True, "ended"), (False, "not_yours")])
def test_a_request_about_an_offer_that_does_not_stand_is_refused(is_ended: bool, code: str) -> None:
    shopper = offered(play())
    key = shopper.offers[0].id
    if is_ended:
        shopper.send(signals.OfferDismissed(key))
    ask(shopper, key if is_ended else "of9")
    assert (shopper.extended, shopper.refused) == ([], [code])


def test_nothing_is_extended_while_nothing_can_be_recorded() -> None:
    shopper = offered(play())
    key = shopper.offers[0].id
    context = shopper.context(signals.MoreTimeRequested(key))
    decision = decide(but(context, commits_suspended=True))
    assert (decision.effects, decision.offers) == ((RefuseRequest(key, "later"),), ())


def test_a_request_for_more_time_pushes_nothing() -> None:
    shop = play(policy=Policy())
    shopper = shop.open_session().view("RUN-42", 29)
    shopper.send(signals.MoreTimeRequested("of9"))
    shop.now += SECOND
    shopper.send(signals.MoreTimeRequested("of9"))
    assert shopper.pushed == []


def test_no_extension_outlives_the_code() -> None:
    shop = play(r1(codes="p"))
    ends = T0 + 30 * SECOND + LENGTH + MINUTE
    shop.codes["p"] = FreeCode("A", ends)
    shopper = offered(shop)
    ask(shopper)
    assert (shopper.offers[0].ends_at, shopper.offers[0].more_time) == (ends, False)
