"""The readers of a page's markup give its products in the words of schema.org."""

from tactful.cli.storefront.page_markup import (
    json_ld_products,
    microdata_products,
    open_graph_products,
    rdfa_products,
    short_text,
    variation_form,
)
from tactful.cli.storefront.page_parser import ScannedPage, parse_page

PRODUCT = 'itemscope itemtype="https://schema.org/Product"'
OFFER = 'itemscope itemtype="https://schema.org/Offer"'


def page(html: str) -> ScannedPage:
    return parse_page("https://shop.example/p/aero", html, [])


def test_a_product_of_microdata_has_its_own_properties_and_its_offers() -> None:
    html = f"""<div {PRODUCT}><h1 itemprop="name"> Aero <i>Runner</i></h1>
      <meta itemprop="sku  mpn" content="A-1">
      <div itemprop="brand" itemscope itemtype="https://schema.org/Brand"><b itemprop="name">N</b></div>
      <div itemprop="offers" {OFFER}><a itemprop="url" href="/p/aero?v=1">x</a>
        <data itemprop="price" value="49.95">from 49,95 €</data></div></div>"""
    assert microdata_products(page(html)) == [
        {
            "name": "Aero Runner",
            "sku": "A-1",
            "mpn": "A-1",
            "offers": [{"url": "/p/aero?v=1", "price": "49.95"}],
        }
    ]


def test_a_product_of_microdata_without_an_offer_is_an_offer_itself() -> None:
    html = f'<div {PRODUCT}><meta itemprop="price" content="5"></div>'
    assert microdata_products(page(html)) == [{"price": "5", "offers": [{"price": "5"}]}]


def test_a_related_product_and_its_offer_are_not_the_pages() -> None:
    html = f"""<div {PRODUCT}><meta itemprop="sku" content="A-1"><div itemprop="isRelatedTo" {PRODUCT}>
      <meta itemprop="sku" content="B-1"><div itemprop="offers" {OFFER}>
      <meta itemprop="price" content="5"></div></div></div>"""
    assert microdata_products(page(html)) == [{"sku": "A-1", "offers": [{"sku": "A-1"}]}]


def test_a_long_description_is_no_value_of_microdata() -> None:
    html = f'<div {PRODUCT}><p itemprop="name"> {"word " * 40}</p><b itemprop="name">Aero</b></div>'
    assert microdata_products(page(html))[0]["name"] == "Aero"


def test_the_main_entity_of_a_page_is_its_product() -> None:
    def of(name: str) -> int:
        html = f'<div itemscope><div itemprop="{name}" {PRODUCT}></div></div>'
        return len(microdata_products(page(html)))

    assert (of("about mainEntity"), of("itemListElement"), of("")) == (1, 0, 0)


def test_a_product_of_rdfa_has_its_own_properties_its_offers_and_its_address() -> None:
    html = """<article about="/p/aero" vocab="https://schema.org/" typeof="Product">
      <h1 property="name">Aero</h1><meta property="sku" content="A-1"><meta property="og:url" content="/x">
      <div property="review" typeof="Review"><b property="name">Good</b></div>
      <div rel="offers"><div typeof="Offer"><link property="url" resource="/p/aero?v=1">
      <meta property="price" content="5"></div></div></article>
      <aside about="/p/other" typeof="schema:Product"></aside>"""
    assert rdfa_products(page(html)) == [
        {
            "name": "Aero",
            "sku": "A-1",
            "url": "/p/aero",
            "offers": [{"url": "/p/aero?v=1", "price": "5"}],
        },
        {"url": "/p/other", "offers": [{"url": "/p/other"}]},
    ]


def test_an_address_of_another_host_is_no_url_of_a_product() -> None:
    for about in ("https://id.gs1.org/01/09506000134352", "//cdn.example/p", "#product"):
        assert rdfa_products(page(f'<b about="{about}" typeof="schema:Product">')) == [
            {"offers": [{}]}
        ]


def test_the_item_of_an_offer_is_a_product_and_that_of_a_list_is_none() -> None:
    item = f'<div itemprop="itemOffered" {PRODUCT}><meta itemprop="sku" content="A-1"></div>'
    price = '<meta itemprop="price" content="5">'
    expected = [{"sku": "A-1", "offers": [{"price": "5"}]}]
    assert microdata_products(page(f"<div {OFFER}>{price}{item}</div>")) == expected
    assert microdata_products(page(f"<div {OFFER}>{item}{price}</div>")) == expected
    catalogue = 'itemscope itemtype="https://schema.org/OfferCatalog"'
    row = f'<li itemprop="itemListElement" {OFFER}>{item}</li>'
    assert microdata_products(page(f"<ul {catalogue}>{row}</ul>")) == []
    assert microdata_products(page(f'<div {OFFER} itemprop="makesOffer">{item}</div>')) == []


def test_a_broken_script_is_named_and_says_nothing_about_the_others() -> None:
    broken: list[str] = []
    html = '<script type="application/ld+json">{0}</script>'
    both = html.format("{,}") + html.format('{"@type": "Product", "sku": "A"}')
    assert [one["sku"] for one in json_ld_products(page(both), broken)] == ["A"]
    assert len(broken) == 1


def test_open_graph_without_a_price_is_about_no_product() -> None:
    assert open_graph_products(page('<meta property="og:title" content="News">')) == []


FORM = """<body class="{0}"><form class="cart variations_form" data-product_id="20"
  data-product_variations='{1}'><input name="variation_id" value="{2}"></form>"""
ROWS = (
    '[{"variation_id": 21, "sku": "S-M", "display_price": 18},'
    ' {"variation_id": 22, "sku": "S-L", "display_price": 19.5}]'
)


def test_the_chosen_variation_of_woocommerce_is_selected_and_all_are_listed() -> None:
    form = variation_form(page(FORM.format("woocommerce", ROWS, "22")))
    offers = [
        {"sku": "S-M", "productID": "21", "price": 18},
        {"sku": "S-L", "productID": "22", "price": 19.5},
    ]
    assert form.selected() == [{"sku": "S-L", "productID": "22", "offers": offers[1]}]
    assert form.listed() == [{"productID": "20", "offers": offers}]


def test_without_a_choice_no_variation_of_woocommerce_is_selected() -> None:
    assert variation_form(page(FORM.format("single-product", ROWS, "0"))).selected() == []


def test_the_only_variation_of_woocommerce_is_selected_and_not_listed() -> None:
    form = variation_form(page(FORM.format("woocommerce", '[{"variation_id": 21}]', "")))
    assert form.selected()[0]["productID"] == "21"
    assert form.listed() == []


def test_a_form_without_printed_variations_names_none() -> None:
    for rows in ("false", "", "{,}", "null"):
        form = variation_form(page(FORM.format("woocommerce", rows, "22")))
        assert (form.selected(), form.listed()) == ([], [])
    assert variation_form(page(FORM.format("other", ROWS, "22"))).selected() == []
    assert variation_form(page("<p>No form</p>")).listed() == []


def test_a_short_text_is_trimmed_and_nothing_else_is_a_text() -> None:
    values: tuple[object, ...] = (" A ", 5, 1.5, "", None, [], "x" * 129)
    assert [short_text(value) for value in values] == [
        "A", "5", "1.5", None, None, None, None,
    ]  # fmt: skip
