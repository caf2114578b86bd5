"""Titles come from the catalogue and from a customer's own facts."""

from support.builders import T0, order, product
from support.live_server import LiveServer
from support.naive_assembly import NaiveShop
from tactful.console.titles import titles_of


async def test_items_and_products_have_the_titles_that_the_shop_reported(one: LiveServer) -> None:
    titles = await titles_of(one.parts.shop, ["RUN-42", "RUN-42", "GHOST"])
    assert titles == {"RUN-42": "Aero Runner", "Aero Runner": "Aero Runner"}


async def test_products_that_a_customers_facts_name_are_not_read_again(one: LiveServer) -> None:
    facts = (product("A-2", "a", title="A, large"), product("A-1", "a", title="A, small"))
    history = NaiveShop((fact, T0) for fact in (*facts, order("o1", "A-1"))).history("c1")
    assert await titles_of(one.parts.shop, ["A-1"], history) == {
        "A-1": "A, small", "A-2": "A, large", "a": "A, small",
    }  # fmt: skip
