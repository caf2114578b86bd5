"""What is known about a customer's orders and the products in them."""

from support.builders import DAY, T0, order, product
from support.naive_assembly import NaiveShop
from tactful.core.facts.history import History


def history(*told: object) -> History:
    return NaiveShop((fact, T0) for fact in told).history("c1")  # type: ignore[misc]


BOOK = history(
    product("RUN-42", "run", brand="Velo"),
    product("SET-1", "set", components=("RUN-42", "GHOST")),
    order("o1", "RUN-42", "SET-1", placed_at=T0 - 9 * DAY),
    order("o2", "HAT-1", placed_at=T0),
    order("o3", "CAP-1", placed_at=T0, status="cancelled"),
)


def test_an_unknown_item_is_its_own_product_of_no_brand() -> None:
    assert (BOOK.product_id("RUN-42"), BOOK.brand("RUN-42")) == ("run", "Velo")
    assert (BOOK.product_id("GHOST"), BOOK.brand("GHOST")) == ("GHOST", None)


def test_no_skus_have_no_known_products() -> None:
    assert BOOK.has_products(["RUN-42", "SET-1"])
    assert not BOOK.has_products(["RUN-42", "GHOST"])
    assert not BOOK.has_products([])


def test_what_was_ordered_and_bought() -> None:
    assert BOOK.skus_of_order("o1") == ["RUN-42", "SET-1"]
    assert BOOK.skus_of_order("o9") == BOOK.skus_of_order(None) == []
    assert BOOK.skus_bought_in(T0, T0) == ["HAT-1"]
    assert BOOK.skus_bought_in(T0 - 9 * DAY, T0) == ["RUN-42", "SET-1", "HAT-1"]
    assert BOOK.skus_bought_in(T0 - 9 * DAY, T0 - 1) == ["RUN-42", "SET-1"]


def test_a_bundle_adds_each_component_once() -> None:
    assert BOOK.with_components(["SET-1", "RUN-42"]) == ("SET-1", "RUN-42", "GHOST")
