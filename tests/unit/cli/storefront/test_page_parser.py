"""The page parser finds script tags, product data and policies in a page's source."""

import json

from tactful.cli.storefront.page_parser import parse_page

PAGE = "https://shop.example/p/run"


def test_a_policy_and_a_json_ld_block_in_the_page_are_found() -> None:
    html = """<base href="https://cdn.example/"><meta http-equiv="Content-Security-Policy"
      content="script-src 'self'"><script src="/widget/v1.js" nonce="n"></script>
      <script type="application/ld+json">[{"@type": "ProductGroup", "productGroupID": "RUN",
      "hasVariant": [{"@type": "https://schema.org/Product", "sku": "RUN-42"}]}]</script>"""
    assert parse_page(PAGE, html.replace("v1.js", "v0.1.0.js"), []).scripts[0].nonce == "n"
    page = parse_page(PAGE, html, [])
    assert page.policies == ("script-src 'self'",)
    assert [json.loads(text)[0]["productGroupID"] for text in page.json_ld] == ["RUN"]
    assert page.scripts[0].url == "https://cdn.example/widget/v1.js"
    assert page.origin == "https://shop.example"


def test_attributes_of_the_script_tag_are_read_and_other_scripts_are_not() -> None:
    html = """<script src="/app.js"></script><script async src="/widget/v1.js"
      integrity="sha384-x" data-territory="DE" data-server="https://o.example"></script>"""
    (tag,) = parse_page(PAGE, html, ["script-src *"]).scripts
    assert (tag.integrity, tag.territory, tag.server) == ("sha384-x", "DE", "https://o.example")
    assert tag.url == "https://shop.example/widget/v1.js"


def test_settings_in_the_query_of_the_script_are_read() -> None:
    html = '<script src="/widget/v1.js?territory=SE&consent=none" data-territory="NO"></script>'
    (tag,) = parse_page(PAGE, html, []).scripts
    assert (tag.territory, tag.consent, tag.server) == ("NO", "none", "")


def test_scripts_that_name_a_product_are_told_from_those_that_count_visits() -> None:
    def speaking(script: str) -> tuple[str, ...]:
        return parse_page(PAGE, f"<script>{script}</script>", []).speaking

    assert speaking("gtag('event','view_item',{items:[{item_id:'A'}]})") == ("dataLayer",)
    assert speaking("var meta={product:{variants:[]}};ShopifyAnalytics.meta=meta") == (
        "ShopifyAnalytics",
    )
    assert speaking("tactful( 'view', {sku: 'A'})") == ("tactful",)
    assert speaking("gtag('event','view_item_list',{})") == ()
    assert speaking("gtag('js', new Date())") == ()


def test_open_graph_and_the_canonical_address_are_read() -> None:
    html = """<link rel="Canonical" href="/p/run-42"><meta property="og:price:amount" content="9,90">
      <meta property="product:price:currency" content="EUR"><meta property="og:title">
      <meta property="og:price:amount" content="1">"""
    page = parse_page(PAGE, html, [])
    assert page.canonical == "https://shop.example/p/run-42"
    assert page.open_graph == {"price:amount": "9,90", "price:currency": "EUR", "title": ""}
