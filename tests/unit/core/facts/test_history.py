"""What is known about a customer's orders and the products in them."""

from support.builders import DAY, T0, customer, line, order, product
from support.naive_assembly import NaiveShop
from tactful.core.facts.fact_types import CaseLine
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


def test_a_line_without_an_sku_is_no_item() -> None:
    fee = history(order("o1", "RUN-42", "", placed_at=T0))
    assert fee.skus_of_order("o1") == fee.skus_bought_in(T0, T0) == ["RUN-42"]


def test_an_order_is_found_under_each_of_its_ids() -> None:
    aliased = history(order("o1", "RUN-42", also=("cart-7",)))
    assert aliased.skus_of_order("cart-7") == ["RUN-42"]


def test_lines_are_found_by_the_ids_of_order_and_line() -> None:
    lines = (line("RUN-42", line="1"), line("HAT-1", line="2"), line("", line="3"))
    book = history(order("o1", *lines, also=("cart-7",)))
    assert book.skus_of_lines([CaseLine("cart-7", "2"), CaseLine("o1", "9")]) == ["HAT-1"]
    assert book.skus_of_lines([CaseLine("o1", "3"), CaseLine("o2", "1")]) == []


def test_a_history_is_empty_until_a_fact_is_about_the_customer() -> None:
    assert History(customer="c1").is_empty
    assert not BOOK.is_empty
    assert (History(customer="c1").fact_count, BOOK.fact_count) == (0, 3)
    assert not history(customer("c1", tier="gold")).is_empty
