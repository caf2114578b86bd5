"""Which items a shopper is concerned with."""

from support.builders import T0, offer, session
from tactful.core.session.items_in_play import needed, subjects
from tactful.core.session.session import Look
from tactful.core.session.signals import Carted, CartLine, Viewed, Woken

CART = (CartLine("SOCK-3", 1), CartLine("RUN-42", 1))
LOOKS = (Look("BOOT-42", 1, T0, T0), Look("TRAIL-42", 1, T0, T0))


def test_the_open_item_is_what_may_be_spoken_about() -> None:
    assert subjects(session(cart=CART, looks=LOOKS)) == ("RUN-42",)
    assert subjects(session(focus=None, cart=CART, looks=LOOKS)) == ()


def test_in_the_cart_what_is_in_it_too_and_each_once() -> None:
    assert subjects(session(page="cart", cart=CART)) == ("RUN-42", "SOCK-3")


def test_at_a_rescue_the_cart_or_the_last_item_seen() -> None:
    leaving = session(rescue=True, focus=None, page="cancel")
    assert subjects(leaving) == ()
    assert subjects(session(rescue=True, focus=None, looks=LOOKS)) == ("TRAIL-42",)
    assert subjects(session(rescue=True, focus=None, looks=LOOKS, cart=CART)) == (
        "SOCK-3",
        "RUN-42",
    )


def test_everything_that_a_turn_may_read_is_asked_for_before() -> None:
    full = session(cart=CART, looks=LOOKS, offers=(offer(sku="HAT-1"),))
    assert set(needed(full, Woken())) == {"RUN-42", "SOCK-3", "HAT-1", "TRAIL-42"}
    assert "CAP-1" in set(needed(full, Viewed("CAP-1")))
    assert "CAP-1" in set(needed(full, Carted((CartLine("CAP-1", 1),))))
    assert list(needed(session(focus=None), Woken())) == []
