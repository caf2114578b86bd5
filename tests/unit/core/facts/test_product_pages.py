"""Which product is sold at the address of a page."""

from typing import Any

import pytest

from tactful.core.facts.fact_types import subjects_of
from tactful.core.facts.item_facts import Product
from tactful.core.facts.product_pages import MAX_KEY_CHARS, page_keys, product_at


def product(sku: str, url: Any = None) -> Product:
    return Product(
        sku=sku,
        product=f"product of {sku}",
        title="Shoe",
        url=tuple(url) if isinstance(url, list) else url,
    )


@pytest.mark.parametrize(
    ("url", "keys"),
    [
        ("https://shop.example/run", ("/run",)),
        ("http://www.SHOP.example/run/#reviews", ("/run",)),
        ("/run?utm_source=mail&gclid=1", ("/run",)),
        ("https://shop.example/run?size=42&colour=red", ("/run?colour=red&size=42", "/run")),
        ("https://user@shop.example:8080/run?=&b", ("/run?=&b", "/run")),
        ("https://shop.example/l%C3%A4ufer", ("/läufer",)),
        ("https://shop.example", ("/",)),
        ("ftp://shop.example/run", ()),
        ("//shop.example/run", ()),
        ("run", ()),
        ("/" + "x" * MAX_KEY_CHARS, ()),
    ],
)
def test_the_normal_forms_of_an_address(url: str, keys: tuple[str, ...]) -> None:
    assert page_keys(url) == keys


RUN = product("RUN-42", "https://shop.example/run")
RED = product("RED-1", ["/tent?v=red", "https://shop.example/red-tent"])
BLUE = product("BLUE-1", "/tent?v=blue")
OTHER_SHOP = product("RUN-9", "https://other.example/run")
HOME = product("ONLY-1", "https://shop.example/")


@pytest.mark.parametrize(
    ("url", "sku"),
    [
        ("https://shop.example/run?utm_source=mail", "RUN-42"),
        ("https://other.example/run", "RUN-9"),
        ("https://shop.example/tent?v=red", "RED-1"),
        ("https://shop.example/red-tent/", "RED-1"),
        ("https://shop.example/tent?v=blue&gclid=7", "BLUE-1"),
        ("https://shop.example/tent", None),
        ("https://staging.example/run", None),
        ("https://shop.example/", "ONLY-1"),
        ("https://staging.example/", None),
        ("https://shop.example/elsewhere", None),
        ("run", None),
    ],
)
def test_an_address_means_the_one_product_that_is_sold_there(url: str, sku: str | None) -> None:
    assert product_at(url, [RUN, RED, BLUE, OTHER_SHOP, HOME]) == sku


def test_a_staging_host_has_the_products_of_the_shop() -> None:
    assert product_at("http://localhost:8080/run", [RUN]) == "RUN-42"


def test_parameters_that_no_product_has_do_not_count() -> None:
    assert product_at("https://shop.example/run?from=search", [RUN]) == "RUN-42"
    assert (
        product_at("https://shop.example/run?v=2", [RUN, product("RUN-2", "/run?v=2")]) == "RUN-2"
    )


def test_of_several_products_at_one_address_none_is_meant() -> None:
    assert product_at("/run", [product("RUN-41", "/run"), product("RUN-42", "/run")]) is None


def test_an_address_that_cannot_be_read_belongs_to_no_product() -> None:
    assert product_at("/run", [product("RUN-42", ["ftp://shop.example/run", "/run"])]) == "RUN-42"


def test_a_product_is_found_under_each_of_its_addresses() -> None:
    found = [key for kind, key in subjects_of(RED) if kind == "page"]
    assert found == ["/tent?v=red", "/red-tent"]
