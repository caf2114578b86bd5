"""The catalogue is complete: every size is sold, and every article has a harmless picture."""

from tactful.demo.catalogue import ARTICLES, BY_ID, BY_SKU, SECTIONS
from tactful.demo.pages import DEMO_FOLDER

PICTURES = DEMO_FOLDER / "pictures"


def test_every_article_has_a_margin_a_section_a_picture_and_stock() -> None:
    for article in ARTICLES:
        assert article.cost < article.target < article.price
        assert article.section in SECTIONS
        assert (PICTURES / f"{article.id}.svg").is_file()
        assert any(variant.stock > 0 for variant in article.variants)
    assert any(variant.stock == 1 for _, variant in BY_SKU.values()), "a last pair to sell"


def test_ids_and_skus_are_unique() -> None:
    assert len(BY_ID) == len(ARTICLES)
    assert len(BY_SKU) == sum(len(article.variants) for article in ARTICLES)
    article, variant = BY_SKU["RUN-42"]
    assert (article.path, variant.size) == ("/shop/product/aero-runner", "42")


def test_pictures_load_nothing_and_run_nothing() -> None:
    for picture in PICTURES.glob("*.svg"):
        text = picture.read_text()
        for word in ("script", "href", "url(", "style=", "onload", "foreignObject", "<!"):
            assert word not in text, picture.name
