"""The free discount codes in memory: which one is next, and what offers take and give back."""

from typing import Any

from support.builders import offer
from tactful.core.offers.discount_codes import FreeCode
from tactful.core.offers.offer import Offer, OfferState
from tactful.runtime.state.code_pools import CodePools

A, B, C = FreeCode("A"), FreeCode("B"), FreeCode("C")
SALT = 2


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = 0

    def now(self) -> int:
        return self.at


class Salt:
    """An entropy that gives one salt, under which A, B and C are in this order."""

    def __init__(self, salt: bytes = b"") -> None:
        self.salt = salt

    def token_bytes(self, size: int) -> bytes:
        return (self.salt or b"%d" % SALT).ljust(size)


def pools(*codes: FreeCode, clock: Clock | None = None, salt: bytes = b"") -> CodePools:
    made = CodePools(clock or Clock(), Salt(salt))
    made.restore([("p", one) for one in codes])
    return made


def coded(code: str | None, state: OfferState = OfferState.PUSHED, **fields: Any) -> Offer:
    return offer(fields.pop("id", "of1"), pool="p", code=code, state=state, **fields)


def test_without_pools_there_is_no_code() -> None:
    assert CodePools(Clock(), Salt()).view == {}
    assert CodePools(Clock(), Salt()).count("p") == 0


def test_every_process_gives_codes_in_an_order_of_its_own() -> None:
    first = {pools(A, B, C, salt=b"%d" % number).view["p"].code for number in range(40)}
    assert first == {"A", "B", "C"}


def test_the_next_code_is_another_one_as_soon_as_an_offer_has_it() -> None:
    made = pools(A, B)
    assert made.view == {"p": A}
    made.update(coded("A"))
    assert made.view == {"p": B}
    made.update(coded("A", OfferState.SHOWN))
    made.update(coded("B", id="of2"))
    assert made.view == {}
    assert made.count("p") == 0


def test_codes_that_last_longer_come_first_and_ended_ones_never() -> None:
    clock = Clock()
    made = pools(FreeCode("soon", 10), FreeCode("late", 20), A, clock=clock)
    assert made.view["p"] == A
    made.discard("A")
    assert made.view["p"] == FreeCode("late", 20)
    clock.at = 20
    assert made.view == {}
    assert made.count("p") == 0


def test_a_code_returns_if_its_offer_ends_before_it_was_accepted() -> None:
    made = pools(A)
    made.update(coded("A"))
    made.update(coded(None, OfferState.DECLINED))
    assert made.view == {"p": A}
    made.update(coded(None, OfferState.DECLINED))
    assert made.count("p") == 1


def test_the_code_of_an_accepted_offer_is_spent() -> None:
    made = pools(A)
    made.update(coded("A"))
    made.update(coded("A", OfferState.ACCEPTED, accept_until=9))
    made.update(coded("A", OfferState.EXPIRED, accept_until=9))
    assert made.view == {}


def test_a_turn_that_is_rolled_back_gives_its_code_back_and_takes_what_it_gave() -> None:
    made = pools(A)
    made.update(coded("A"))
    made.update(coded(None, OfferState.WITHDRAWN))  # the push was not written
    assert made.view == {"p": A}
    made.update(coded("A"))
    made.update(coded(None, OfferState.EXPIRED))
    made.update(coded("A"))  # the expiry was not written
    assert made.view == {}


def test_what_the_ledger_reports_as_free_is_not_what_an_offer_under_way_has() -> None:
    made = pools(A, B)
    made.update(coded("A"))
    made.restore([("p", A), ("p", C)])
    assert made.view == {"p": C}
    made.update(coded(None, OfferState.DECLINED))
    assert made.count("p") == 2


def test_a_code_that_another_process_took_is_not_tried_again() -> None:
    made = pools(A, B)
    made.discard("A")
    assert made.view == {"p": B}


def test_an_offer_of_another_process_is_forgotten() -> None:
    made = pools(A)
    made.update(coded("A"))
    made.drop(coded("A"))
    made.update(coded(None, OfferState.DECLINED))
    assert made.view == {}


def test_an_offer_without_a_pool_is_ignored() -> None:
    made = pools(A)
    made.update(offer("of9"))
    assert made.view == {"p": A}
