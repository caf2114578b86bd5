"""The command line and the widget reach the same verdict on the same pages."""

import json
from pathlib import Path
from typing import Any

import pytest

from tactful.cli.storefront.page_parser import parse_page
from tactful.cli.storefront.page_verdict import judge_page

PAGES = Path(__file__).parents[3] / "journeys" / "widget" / "pages"
SITE = "https://shop.example"


def static_pages() -> list[Any]:
    """The pages of the widget's tests whose product data is printed, and not made by a script."""
    found = []
    for file in sorted(PAGES.glob("*.html")):
        comment, html = file.read_text().split(" -->\n", 1)
        expects = json.loads(comment.removeprefix("<!-- "))
        made = "<script>" in html or "itemscope" in html or "after" in expects
        if not made and expects.get("source") in {None, "json-ld", "opengraph"}:
            found.append(pytest.param(html, expects, id=file.stem))
    return found


@pytest.mark.parametrize(("html", "expects"), static_pages())
def test_a_page_of_the_widget_has_the_same_product(html: str, expects: dict[str, Any]) -> None:
    verdict = judge_page(parse_page(SITE + expects["path"], html, []))
    product = verdict.product
    assert (product and (product.sku or product.ident)) == expects["sku"]
    if product:
        money = expects["price"] and {"amount": expects["price"], "currency": expects["currency"]}
        assert verdict.price == money
    advice = expects.get("advice", "")
    if advice.startswith("Set aside"):
        assert verdict.aside
    if advice.startswith("Broken"):
        assert verdict.broken


def test_there_are_pages_to_compare() -> None:
    assert len(static_pages()) > 25


def judged(*nodes: dict[str, Any], path: str = "/p/aero", head: str = "") -> Any:
    scripts = "".join(
        f'<script type="application/ld+json">{json.dumps(node)}</script>' for node in nodes
    )
    return judge_page(parse_page(SITE + path, head + scripts, []))


def test_several_products_are_named_and_none_is_taken() -> None:
    verdict = judged({"@type": "Product", "sku": "A"}, {"@type": "Product", "sku": "B"})
    assert verdict.product is None
    assert verdict.several == ("A", "B")


def test_a_product_without_any_identifier_is_nameless() -> None:
    verdict = judged({"@type": "Product", "name": "Lamp"})
    assert (verdict.product, verdict.nameless) == (None, True)


def test_a_staging_host_and_a_payment_page_change_nothing() -> None:
    node = {
        "@type": "Product",
        "@id": "https://id.gs1.org/01/09506000134352",
        "sku": "A",
        "url": "https://live.example/p/aero",
        "offers": {"url": "https://pay.example/buy/1", "price": "9.90", "priceCurrency": "eur"},
    }
    verdict = judged(node)
    assert verdict.product.sku == "A"
    assert verdict.price == {"amount": 990, "currency": "EUR"}


def test_a_price_in_no_currency_is_no_price() -> None:
    offer = {"price": "9.90", "priceCurrency": "XXZ"}
    assert judged({"@type": "Product", "sku": "A", "offers": offer}).price is None
