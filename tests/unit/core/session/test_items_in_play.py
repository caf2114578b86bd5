"""The SKUs that may be offered, and those that a turn may read."""

from support.builders import T0, offer, session
from tactful.core.session.items_in_play import candidate_skus, required_skus
from tactful.core.session.session import ViewedItem
from tactful.core.session.signals import CartChanged, CartLine, ItemViewed, TimerFired

CART = (CartLine("SOCK-3", 1), CartLine("RUN-42", 1))
VIEWS = (ViewedItem("BOOT-42", 1, T0, T0), ViewedItem("TRAIL-42", 1, T0, T0))


def test_the_open_item_is_the_candidate() -> None:
    assert candidate_skus(session(cart=CART, viewed_items=VIEWS)) == ("RUN-42",)
    assert candidate_skus(session(focus=None, cart=CART, viewed_items=VIEWS)) == ()


def test_in_the_cart_its_items_are_candidates_each_once() -> None:
    assert candidate_skus(session(page="cart", cart=CART)) == ("RUN-42", "SOCK-3")


def test_on_a_rescue_page_the_cart_or_the_last_viewed_item_is_the_candidate() -> None:
    leaving = session(rescue=True, focus=None, page="cancel")
    assert candidate_skus(leaving) == ()
    assert candidate_skus(session(rescue=True, focus=None, viewed_items=VIEWS)) == ("TRAIL-42",)
    assert candidate_skus(session(rescue=True, focus=None, viewed_items=VIEWS, cart=CART)) == (
        "SOCK-3",
        "RUN-42",
    )


def test_every_sku_that_a_turn_may_read_is_required() -> None:
    full = session(cart=CART, viewed_items=VIEWS, offers=(offer(sku="HAT-1"),))
    assert set(required_skus(full, TimerFired())) == {"RUN-42", "SOCK-3", "HAT-1", "TRAIL-42"}
    assert "CAP-1" in set(required_skus(full, ItemViewed("CAP-1")))
    assert "CAP-1" in set(required_skus(full, CartChanged((CartLine("CAP-1", 1),))))
    assert list(required_skus(session(focus=None), TimerFired())) == []
