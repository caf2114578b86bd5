"""The command line and the widget reach the same verdict on the same pages."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from tactful.cli.storefront.page_parser import parse_page
from tactful.cli.storefront.page_verdict import PageVerdict, judge_page
from tactful.core.values.money import EXPONENTS, parse

PAGES = Path(__file__).parents[3] / "journeys" / "widget" / "pages"
SITE = "https://shop.example"


def farm() -> list[Any]:
    """Every page of the widget's tests, with what the widget is to find there."""
    found = []
    for file in sorted(PAGES.glob("*.html")):
        comment, html = file.read_text().split(" -->\n", 1)
        found.append(pytest.param(html, json.loads(comment.removeprefix("<!-- ")), id=file.stem))
    return found


@pytest.mark.parametrize(("html", "expects"), farm())
def test_every_page_of_the_widget_has_the_same_product_here(
    html: str, expects: dict[str, Any]
) -> None:
    page = parse_page(SITE + expects["path"], html, [])
    verdict = judge_page(page)
    if page.speaking or "after" in expects:
        # What scripts say is known in the browser alone; `printed` is what the source says by itself.
        assert named(verdict) == expects.get("printed"), "a page of scripts says what it prints"
        return
    assert "printed" not in expects
    assert named(verdict) == expects["sku"]
    assert verdict.source == expects.get("source")
    money = expects.get("price") and {"amount": expects["price"], "currency": expects["currency"]}
    assert verdict.price == money
    assert bool(verdict.several) == (verdict.product is None and bool(expects.get("conflicts")))
    advice = expects.get("advice", "")
    assert bool(verdict.aside) or not advice.startswith("Set aside")
    assert bool(verdict.broken) or not advice.startswith("Broken")


def test_the_pages_hold_every_source_of_the_markup() -> None:
    sources = {values[1].get("source") for values in (page.values for page in farm())}
    assert sources >= {"selection", "json-ld", "microdata", "rdfa", "opengraph"}


def named(verdict: PageVerdict) -> str | None:
    return (verdict.product.sku or verdict.product.ident) if verdict.product else None


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


def printed(source: str, price: str, currency: str) -> str:
    """Return what one source of a page says of the same product."""
    if source == "json-ld":
        offer = {"price": price, "priceCurrency": currency}
        node = {"@type": "Product", "sku": "A", "offers": offer}
        return f'<script type="application/ld+json">{json.dumps(node)}</script>'
    if source == "opengraph":
        values = {"retailer_item_id": "A", "price:amount": price, "price:currency": currency}
        return "".join(f'<meta property="product:{k}" content="{v}">' for k, v in values.items())
    scope, name = {
        "microdata": ('itemscope itemtype="https://schema.org/Product"', "itemprop"),
        "rdfa": ('vocab="https://schema.org/" typeof="Product"', "property"),
    }[source]
    values = {"sku": "A", "price": price, "priceCurrency": currency}
    inner = "".join(f'<meta {name}="{k}" content="{v}">' for k, v in values.items())
    return f"<div {scope}>{inner}</div>"


@pytest.mark.parametrize(
    "sources", list(permutations(["json-ld", "microdata", "rdfa", "opengraph"], 2)), ids="-".join
)
def test_sources_that_are_merged_agree_on_the_price_in_every_currency(
    sources: tuple[str, str],
) -> None:
    def price_of(*said: tuple[str, str]) -> Any:
        records = (printed(source, *one) for source, one in zip(sources, said, strict=True))
        return judge_page(parse_page(SITE + "/p/aero", "".join(records), [])).price

    codes = list(EXPONENTS)
    for code, other in zip(codes, codes[1:] + codes[:1], strict=True):
        places = EXPONENTS[code]
        tail = "125"[:places] if places < 4 else "1250"
        plain = f"1234.{tail}" if places else "1234"
        continental = f"1.234,{tail}" if places == 2 else plain
        money = {"amount": parse(plain, code).amount, "currency": code}
        assert price_of((plain, code), (continental, code.lower())) == money
        assert price_of((plain, code), (plain, other)) is None, "the currencies differ"
        assert price_of((plain, code), (f"9{plain}", code)) is None, "the amounts differ"
