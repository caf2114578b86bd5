"""The page parser finds script tags, products and policies in a page's source."""

from tactful.cli.storefront.page_parser import parse_page

PAGE = "https://shop.example/p/run"


def test_a_policy_in_the_page_and_the_variants_of_a_product_group_are_found() -> None:
    html = """<base href="https://cdn.example/"><meta http-equiv="Content-Security-Policy"
      content="script-src 'self'"><script src="/widget/v1.js" nonce="n"></script>
      <script type="application/ld+json">[{"@type": "ProductGroup", "productGroupID": "RUN",
      "hasVariant": [{"@type": "https://schema.org/Product", "sku": "RUN-42"}]}]</script>"""
    assert parse_page(PAGE, html.replace("v1.js", "v0.1.0.js"), []).scripts[0].nonce == "n"
    page = parse_page(PAGE, html, [])
    assert page.policies == ("script-src 'self'",)
    assert [product.sku for product in page.products] == ["RUN", "RUN-42"]
    assert page.scripts[0].url == "https://cdn.example/widget/v1.js"
    assert page.origin == "https://shop.example"


def test_attributes_of_the_script_tag_are_read_and_other_scripts_are_not() -> None:
    html = """<script src="/app.js"></script><script async src="/widget/v1.js"
      integrity="sha384-x" data-territory="DE" data-server="https://o.example"></script>"""
    (tag,) = parse_page(PAGE, html, ["script-src *"]).scripts
    assert (tag.integrity, tag.territory, tag.server) == ("sha384-x", "DE", "https://o.example")
    assert tag.url == "https://shop.example/widget/v1.js"


def test_a_block_that_is_not_json_is_counted_and_the_others_are_read() -> None:
    html = """<script type="application/ld+json">{,}</script>
      <script type="application/ld+json">{"@type": "Product", "mpn": "A-1"}</script>"""
    page = parse_page(PAGE, html, [])
    assert page.broken_json == 1
    assert [product.sku for product in page.products] == ["A-1"]
