"""Prices that are announced for later, in offers and in the price ledger."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from support.builders import DAY, HOUR, SECOND, T0, cost, price, product, rule, stock
from support.in_memory_shop import InMemoryShop
from tactful.core.facts.price_history import public_prices

BASE = (product(), price(version=1), cost(), stock(available=50))


def test_a_price_announced_for_tomorrow_is_not_used_today() -> None:
    shop = InMemoryShop(rule(expires=2 * DAY), told=BASE)
    shop.report(price(amount=15900, since=T0 + DAY, version=2))
    one = shop.open_session().view("RUN-42", 60)
    assert [(offer.unit, offer.public) for offer in one.offers] == [(10965, 12900)]
    assert one.session.wake_at == T0 + DAY


def test_an_announced_price_below_a_standing_offer_ends_it_at_its_instant() -> None:
    shop = InMemoryShop(rule(expires=2 * DAY), told=BASE)
    one = shop.open_session().view("RUN-42", 60)
    shop.report(price(amount=9900, since=T0 + HOUR, version=2))
    assert len(one.offers) == 1
    shop.advance(HOUR / SECOND - 61)
    assert len(one.offers) == 1
    shop.advance(1)
    assert [reason for _, reason in one.withdrawn] == ["price.no_improvement"]


REPORTS = st.lists(
    st.tuples(
        st.integers(5000, 20000),
        st.sampled_from([None, None, -2, -1, 1, 2, 3]),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150)
@given(reports=REPORTS)
def test_nobody_is_offered_more_than_the_current_price_and_the_ledger_agrees(
    reports: list[tuple[int, int | None, int]],
) -> None:
    """`reports`: (price, hours until it holds, hours until the next report)."""
    shop = InMemoryShop(rule(expires=2 * HOUR), told=BASE)
    one = shop.open_session().view("RUN-42", 40)
    for number, (amount, hours, pause) in enumerate(reports):
        fields: Any = {} if hours is None else {"since": shop.now + hours * HOUR}
        shop.report(price(amount=amount, version=number + 2, **fields))
        for _ in range(2 * pause + 1):
            shop.advance(HOUR / 2 / SECOND)
            one.view("RUN-42", 40)
            item = shop.shop.item("RUN-42")
            current = item.price_at("DE", shop.now)
            assert current is not None
            assert all(offer.unit < current.fact.price.amount for offer in one.offers)
            ledger = public_prices(shop.shop.prices)
            begun = [entry.amount for entry in ledger if entry.since <= shop.now]
            assert begun[-1] == current.fact.price.amount
