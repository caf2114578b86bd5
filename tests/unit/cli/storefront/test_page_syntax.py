"""Microdata and RDFa name types and properties of schema.org, and nothing else."""

import pytest

from tactful.cli.storefront.page_elements import Element, parse_elements
from tactful.cli.storefront.page_syntax import MICRODATA, rdfa_of


def rdfa(html: str) -> tuple[list[str], list[str], bool]:
    """Return types and properties of the element `b` of a page, and whether it is part of nothing."""
    root = parse_elements(html)
    syntax = rdfa_of(root)
    element = last(root)
    return syntax.kinds(element), syntax.names(element), syntax.is_free(element)


def last(root: Element) -> Element:
    return next(one for one in root.elements() if one.tag == "b")


@pytest.mark.parametrize(
    ("html", "kinds"),
    [
        ('<b vocab="https://schema.org/" typeof="Product">', ["Product"]),
        ('<div vocab="http://schema.org"><b typeof="Product Thing">', ["Product", "Thing"]),
        ('<b typeof="Product">', ["Product"]),
        ('<div vocab="http://rdf.data-vocabulary.org/#"><b typeof="Product">', []),
        ('<b typeof="schema:Product">', ["Product"]),
        ('<b typeof="https://schema.org/Product">', ["Product"]),
        ('<b typeof="gr:Product og:Product">', []),
        ('<html prefix="og: https://ogp.me/ns# sd: https://schema.org/"><b typeof="sd:Product">',
         ["Product"]),
        ('<div vocab="https://schema.org/"><div vocab=""><b typeof="Product">', []),
        ('<b typeof="product:price:amount">', []),
    ],
)  # fmt: skip
def test_a_type_of_rdfa_counts_where_it_is_of_schema_org(html: str, kinds: list[str]) -> None:
    assert rdfa(html)[0] == kinds


def test_a_property_of_rdfa_is_in_one_of_two_attributes() -> None:
    assert rdfa('<b property="schema:sku mpn" rel="offers">') == (
        [],
        ["sku", "mpn", "offers"],
        False,
    )


@pytest.mark.parametrize(
    ("attributes", "free"),
    [("", True), ('property="mainEntity"', True), ('property="offers"', False),
     ('property="gr:hasOffering"', False), ('property=""', False)],
)  # fmt: skip
def test_a_thing_of_rdfa_is_free_unless_it_is_a_property(attributes: str, free: bool) -> None:
    assert rdfa(f"<b {attributes}>")[2] is free


def test_a_type_of_microdata_is_an_address_and_a_property_a_word() -> None:
    html = '<b itemtype="https://schema.org/Product Offer" itemprop="offers http://schema.org/sku">'
    element = last(parse_elements(html))
    assert MICRODATA.kinds(element) == ["Product"]
    assert MICRODATA.names(element) == ["offers", "sku"]
    assert not MICRODATA.is_free(element)
