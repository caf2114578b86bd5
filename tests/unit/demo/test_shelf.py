"""The page of a product shows price and stock as they are."""

import pytest

from tactful.demo.catalogue import BY_ID
from tactful.demo.shelf import shelf, structured_data

ARTICLE = BY_ID["aero-runner"]
FIRST = ARTICLE.variants[0]


@pytest.mark.parametrize(
    ("stock", "promised", "left", "few", "button"),
    [
        (5, 0, "In stock", False, "Add to cart"),
        (4, 0, "Only 4 left", False, "Add to cart"),
        (4, 3, "The last one", True, "Add to cart"),
        (1, 0, "The last one", True, "Add to cart"),
        (1, 1, "Reserved for another shopper", True, "Reserved"),
        (0, 1, "None left in 41", True, "Sold out"),
        (0, 0, "None left in 41", True, "Sold out"),
    ],
)
def test_the_stock_is_said_in_words_and_sold_out_sizes_cannot_be_bought(
    stock: int, promised: int, left: str, few: bool, button: str
) -> None:
    everything = {variant.sku: 9 for variant in ARTICLE.variants} | {FIRST.sku: stock}
    shown = shelf(ARTICLE, FIRST, {}, everything, {FIRST.sku: promised})
    assert (shown["left"], shown["few"], shown["button"]) == (left, few, button)
    assert shown["bought"] is (stock > promised)
    assert shown["gone"] == ([] if stock else [FIRST.size])


def test_only_a_lower_price_is_shown_beside_the_one_before() -> None:
    assert shelf(ARTICLE, FIRST, {FIRST.sku: 9950}, {}, {})["was"] == "€129.00"
    assert shelf(ARTICLE, FIRST, {FIRST.sku: 13900}, {}, {})["was"] is None


def test_structured_data_names_sku_price_and_availability() -> None:
    article = BY_ID["aero-runner"]
    sku = article.variants[0].sku
    data = structured_data(article, article.variants[0], {sku: 9905}, {sku: 0}, "http://x/")
    assert (data["sku"], data["offers"]["price"]) == (sku, "99.05")
    assert data["offers"]["availability"].endswith("/OutOfStock")
    assert data["image"] == f"http://x/shop/pictures/{article.id}.svg"
