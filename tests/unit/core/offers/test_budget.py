"""The balances of campaign budgets."""

from hypothesis import given, settings
from hypothesis import strategies as st

from support.scenario_fixture import play, r1
from tactful.core.offers.budget import Balance
from tactful.core.session import signals


def test_what_is_free_is_the_limit_less_what_is_reserved_and_settled() -> None:
    assert Balance(100, reserved=30, settled=20).free == 50
    assert Balance(None, reserved=30).free is None


MOVES = st.lists(
    st.tuples(
        st.integers(0, 3), st.sampled_from(["view", "see", "dismiss", "accept", "redeem", "wait"])
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(MOVES)
def test_whatever_shoppers_do_reserved_and_settled_never_exceed_the_limit(
    moves: list[tuple[int, str]],
) -> None:
    """`InMemoryShop.apply` checks the limit at every turn; the end checks that nothing is left over."""
    shop = play(r1(max_qty=2), budget=9_000)
    crowd = [shop.open_session(f"s{n}") for n in range(4)]
    for number, move in moves:
        one = crowd[number]
        offers = one.session.offers
        if move == "view":
            one.view("RUN-42", 30)
        elif move == "wait":
            shop.advance(600)
        elif offers and move == "see":
            one.send(signals.OfferSeen(offers[0].id))
        elif offers and move == "dismiss":
            one.send(signals.OfferDismissed(offers[0].id))
        elif offers and move == "accept":
            one.send(signals.OfferAccepted(offers[0].id, 1))
        elif offers and move == "redeem" and not offers[0].advertised:
            one.redeem(offers[0])
    reserved, settled = shop.budget()
    assert reserved == sum(offer.hold for offer in shop.standing_offers())
    assert settled % 1935 == 0
