"""Columns are found under the names of their platform's languages and versions."""

from itertools import chain

import pytest

from tactful.connectors.files.column_names import (
    SHOPIFY_PRODUCTS,
    WOOCOMMERCE_PRODUCTS,
    Aliases,
    read_names,
    renaming,
)

ALIASES: Aliases = {"SKU": ("Artikelnummer", "UGS"), "Name": ("Nom",)}


def test_an_alias_is_renamed_without_case() -> None:
    assert renaming(["artikelnummer", "name", "Other"], ALIASES) == {
        "artikelnummer": "SKU",
        "name": "Name",
    }


def test_the_name_that_is_read_wins_over_an_alias() -> None:
    assert renaming(["Artikelnummer", "SKU"], ALIASES) == {}
    assert read_names(["Artikelnummer", "SKU"], ALIASES) == {"Artikelnummer", "SKU"}


@pytest.mark.parametrize("aliases", [SHOPIFY_PRODUCTS, WOOCOMMERCE_PRODUCTS])
def test_no_name_stands_for_two_columns(aliases: Aliases) -> None:
    names = [name.casefold() for name in chain(aliases, *aliases.values())]
    assert sorted(names) == sorted(set(names))
