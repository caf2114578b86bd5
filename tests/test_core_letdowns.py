"""What a customer's facts amount to does not depend on the order in which they came."""

from random import Random  # noqa: TID251 - the seed is the argument

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import DAY, T0, case, order, product
from shop import Shop
from tactful.core import letdowns, purchases
from tactful.core.history import History
from tactful.core.letdowns import NO_LETDOWNS
from tactful.core.policy import Policy
from worlds import world

encode = msgspec.msgpack.Encoder().encode


@given(st.integers(0, 5000), st.randoms(use_true_random=False))
def test_shuffled_facts_give_the_same_letdowns_and_purchases_to_the_byte(
    seed: int, dice: Random
) -> None:
    told = world(seed).facts
    first = Shop(told).history("c1")
    dice.shuffle(told)
    again = Shop(told).history("c1")
    assert encode(letdowns.derive(first, Policy())) == encode(letdowns.derive(again, Policy()))
    assert encode(purchases.derive(first)) == encode(purchases.derive(again))


def history(*told: object) -> History:
    return Shop((fact, T0) for fact in told).history("c1")  # type: ignore[misc]


def test_nobody_s_history_is_no_letdown() -> None:
    assert letdowns.derive(History(customer="c1"), Policy()) == NO_LETDOWNS


@pytest.mark.parametrize(("promised", "start"), [(DAY, T0 + DAY), (0, None), (-DAY, None)])
def test_the_next_parcel_that_turns_late_is_known_before(promised: int, start: int | None) -> None:
    parcel = order("o1", status="shipped", promised_by=T0 + promised)
    assert letdowns.derive(history(parcel), Policy()).next_start(T0) == start


def test_a_case_dated_ahead_of_our_clock_taints_from_the_moment_we_hear_of_it() -> None:
    ahead = case(skus=["RUN-42"], opened_at=T0 + DAY)
    (letdown,) = letdowns.derive(history(product(), ahead), Policy()).products["run"]
    assert letdown.since == T0
