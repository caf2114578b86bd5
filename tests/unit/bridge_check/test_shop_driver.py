"""The kit's side of the test driver's contract."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support.driven_shop import ITEM, VERBS, serving_driver
from tactful.bridge_check.offer_server import Promise
from tactful.bridge_check.shop_driver import (
    DriverError,
    NotSupportedError,
    Payment,
    ShopDriver,
    ShopFailedError,
)


class Answers:
    """A shop that answers each verb as a test says, and remembers what it was asked."""

    def __init__(self, **answers: object) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, object]]] = []

    def __getattr__(self, verb: str) -> object:
        def answer(**body: object) -> object:
            self.asked.append((verb, body))
            return self.answers[verb]

        return answer


@contextmanager
def driver(**answers: object) -> Iterator[tuple[ShopDriver, Answers]]:
    """A driver for a shop with these answers; it lacks all other verbs."""
    shop = Answers(**answers)
    with serving_driver(shop, VERBS - answers.keys()) as url:
        yield ShopDriver(url), shop


def test_each_verb_is_a_request_with_its_fields() -> None:
    placed = {"state": "placed", "order": "o1", "charged": 10965, "more": "is ignored"}
    about = {"name": "s", "sku": "A", "territory": "DE", "currency": "EUR", "price": 1}
    done: dict[str, object] = {}
    with driver(
        about=about, put={"refused": "offer.quantity"}, total={"total": 7}, pay=placed,
        finish=placed, back=done, cancel=done, refund=done, price=done, promotion=done, settle=done,
    ) as (shop, asked):  # fmt: skip
        assert shop.about().sku == "A"
        assert shop.put("c", Promise("o", "t", 1), 2) == "offer.quantity"
        assert shop.total("c") == 7
        assert shop.pay("c", "bank") == shop.finish("c") == Payment("placed", "o1", 10965)
        shop.back("c")
        shop.cancel("o1")
        shop.refund("o1", "r1", 1)
        shop.price(5)
        shop.promotion(50)
        shop.settle()
    assert asked.asked == [
        ("about", {}),
        ("put", {"cart": "c", "token": "t", "qty": 2}),
        ("total", {"cart": "c"}),
        ("pay", {"cart": "c", "card": "bank"}),
        ("finish", {"cart": "c"}),
        ("back", {"cart": "c"}),
        ("cancel", {"order": "o1"}),
        ("refund", {"order": "o1", "refund": "r1", "qty": 1}),
        ("price", {"amount": 5}),
        ("promotion", {"percent": 50}),
        ("settle", {}),
    ]


def test_a_missing_verb_is_not_supported() -> None:
    with driver() as (shop, _), pytest.raises(NotSupportedError, match="promotion"):
        shop.promotion(50)


def test_a_shop_that_fails_is_told_from_a_driver_that_cannot_be_reached() -> None:
    with driver(total={}) as (shop, asked):
        del asked.answers["total"]
        with pytest.raises(ShopFailedError, match=r"`total` failed with status 500: .*KeyError"):
            shop.total("c")
    with pytest.raises(DriverError, match="The test driver does not answer"):
        ShopDriver("http://127.0.0.1:9").total("c")


@pytest.mark.parametrize("answer", [{"state": "done"}, {"state": "placed", "order": "o1"}])
def test_an_answer_that_breaks_the_contract_is_named(answer: dict[str, object]) -> None:
    with driver(pay=answer) as (shop, _), pytest.raises(DriverError, match="`pay`"):
        shop.pay("c")


def test_a_driver_without_about_is_none() -> None:
    with driver() as (shop, _), pytest.raises(DriverError, match="`about`"):
        shop.about()


def test_the_shops_of_the_tests_describe_themselves() -> None:
    with driver(about={"name": "a shop on tactful-bridge", "sku": "RUN-42", "territory": "DE",
                       "currency": "EUR", "price": 12900}) as (shop, _):  # fmt: skip
        assert shop.about() == ITEM
