"""Parts that are loaded when they are needed: which pages load which, and pages without them."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from support.browsers import Firefox
from support.storefront_pages import WIDGET, offer, until

from .conftest import CARD, PRODUCT

pytestmark = pytest.mark.browser

Read = Callable[[Page], str | None]
VERSION = json.loads((WIDGET.parent / "package.json").read_text())["version"]
QUIET = "console.log = () => {}"
SHOPIFY = "<script>Shopify = {routes: {root: '/'}}</script>"
MICRODATA = (
    '<div itemscope itemtype="https://schema.org/Product"><b itemprop="sku">RUN-42</b></div>'
)


def part(name: str) -> str:
    """The name of a part's file."""
    return f"v{VERSION}-{name}.js"


def asked(shop: Any) -> list[str]:
    """The parts that were asked for."""
    return [name for name in shop.offers.files if name != "v1.js"]


def shows(shop: Any, page: Page, card: Read, **changes: Any) -> str:
    """Bring an offer to the page; return what the card says."""
    shop.offers.wait_for("view")
    shop.offers.push(offer(**changes))
    return str(until(lambda: card(page)))


def test_an_english_page_loads_one_file_until_it_has_an_offer(
    shop: Any, tab: Page, card: Read
) -> None:
    tab.goto(shop.page())
    shop.offers.wait_for("view")
    tab.wait_for_timeout(500)
    assert shop.offers.files == ["v1.js"]
    assert "Take this offer" in shows(shop, tab, card)
    assert asked(shop) == [part("extras")]


def test_a_page_in_another_language_loads_its_texts_before_it_has_an_offer(
    shop: Any, tab: Page
) -> None:
    tab.goto(shop.page(html='lang="de"'))
    until(lambda: asked(shop) == [part("extras")])
    shop.offers.wait_for("view")


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("extras", {"html": 'lang="de"'}),
        ("shops", {"head": SHOPIFY}),
        ("markup", {"body": MICRODATA}),
    ],
)
def test_a_page_loads_the_parts_that_it_needs(
    shop: Any, loose_tab: Page, card: Read, name: str, page: dict[str, str]
) -> None:
    loose_tab.goto(shop.page(**page))
    text = shows(shop, loose_tab, card)
    assert set(asked(shop)) == {part(name), part("extras")}
    assert ("Angebot sichern" if name == "extras" else "Take this offer") in text


def test_the_stream_is_loaded_where_sockets_are_blocked(
    shop: Any, loose_tab: Page, card: Read
) -> None:
    policy = f"connect-src {shop.origin}; script-src {shop.origin}"
    loose_tab.goto(shop.page(headers={"Content-Security-Policy": policy}))
    shows(shop, loose_tab, card)
    assert asked(shop) == [part("stream"), part("extras")]


def test_a_nonce_without_strict_dynamic_covers_the_parts(shop: Any, tab: Page, card: Read) -> None:
    policy = (
        "default-src 'none'; script-src 'nonce-abc'; connect-src *;"
        " require-trusted-types-for 'script'"
    )
    body = PRODUCT.replace("<script", '<script nonce="abc"')
    tab.goto(
        shop.page(
            body,
            tag=shop.tag('async nonce="abc"'),
            headers={"Content-Security-Policy": policy},
            html='lang="fr"',
        )
    )
    assert "en profite" in shows(shop, tab, card)


META = (
    "<script>ShopifyAnalytics = {meta: {product: {id: 3, variants: [{id: 31, sku: 'MUG-1', price: 900}]},"
    " currency: 'EUR'}}</script>"
)
FORM = (
    '<form class="variations_form" data-product_id="9" data-product_variations=\'[{"variation_id": 11,'
    ' "sku": "SHIRT-M"}, {"variation_id": 12, "sku": "SHIRT-L"}]\'>'
    '<input name="variation_id" value="12"></form>'
)
VIEWED = """document.dispatchEvent(Object.assign(
    new Event('shopify:product:view', {bubbles: true}), {product: {}, selectedVariant: {sku: 'MUG-1'}}))"""
LAYER = (
    "<script>dataLayer = [{event: 'view_item', ecommerce: {items: [{item_id: 'MUG-1'}]}}]</script>"
)
ON_A_SHOP = (
    "void (() => { history.pushState({}, '', '/p/boot');"
    f" document.body.insertAdjacentHTML('beforeend', {json.dumps(PRODUCT.replace('RUN-42', 'BOOT-42'))}) }})()"
)
LEFT_ON_A_SHOP = {
    "data of Shopify": ("shops", META, ""),
    "form of WooCommerce": ("shops", FORM + "<script>Shopify = {}</script>", ""),
    "event of Shopify": ("shops", "", VIEWED),
}
"""Parts, what a page prints for them, and what it says of its product that only they can read."""


BOOT = MICRODATA.replace("RUN-42", "BOOT-42").replace("<b", "<b style='color: red'")
PRINTED = {"microdata": MICRODATA, "json-ld": PRODUCT + "<nav itemscope></nav>"}
"""Pages that ask for the part `markup`; it does not read all that they print."""
ON_THE_WAY = (
    "void (() => { history.pushState({}, '', '/p/boot');"
    f" document.body.appendChild(document.createElement('p')).innerHTML = {json.dumps(BOOT)} }})()"
)


def named(shop: Any) -> list[str]:
    """The products that the server was told of, in order."""
    return [view["sku"] for view in shop.offers.messages("view") if "sku" in view]


@pytest.mark.parametrize("printed", PRINTED.values(), ids=PRINTED)
def test_a_page_left_before_its_part_came_leaves_no_product_behind(
    shop: Any, tab: Page, printed: str
) -> None:
    shop.offers.files_held.add(part("markup"))
    tab.goto(shop.page(printed))
    until(lambda: asked(shop) == [part("markup")])
    tab.evaluate(ON_THE_WAY)
    shop.offers.files_held.clear()
    until(lambda: named(shop))
    assert named(shop) == ["BOOT-42"]


def test_firefox_too_leaves_no_product_behind_without_the_part(shop: Any, fox: Firefox) -> None:
    tab = fox.tab()
    shop.offers.files_held.add(part("markup"))
    tab.goto(shop.page(MICRODATA))
    until(lambda: asked(shop) == [part("markup")])
    tab.evaluate(ON_THE_WAY)
    shop.offers.files_held.clear()
    until(lambda: named(shop))
    tab.close()
    assert named(shop) == ["BOOT-42"]


def leave_before_the_part(shop: Any, tab: Any, name: str, printed: str, said: str) -> None:
    """Leave a page for that of BOOT-42 while its part is on its way."""
    shop.offers.files_held.add(part(name))
    tab.goto(shop.page(f"<p>A shop.</p>{printed}"))
    until(lambda: "v1.js" in shop.offers.files)
    until(lambda: tab.evaluate("!!window.tactful?.version"))
    tab.evaluate(said or "0")
    until(lambda: asked(shop) == [part(name)])
    tab.evaluate(ON_A_SHOP)
    shop.offers.files_held.clear()
    until(lambda: named(shop))


@pytest.mark.parametrize("left", LEFT_ON_A_SHOP.values(), ids=LEFT_ON_A_SHOP)
def test_a_shop_page_left_before_its_part_came_leaves_no_product_behind(
    shop: Any, tab: Page, left: tuple[str, str, str]
) -> None:
    leave_before_the_part(shop, tab, *left)
    assert named(shop) == ["BOOT-42"]


@pytest.mark.parametrize("left", LEFT_ON_A_SHOP.values(), ids=LEFT_ON_A_SHOP)
def test_firefox_too_leaves_no_product_of_a_shop_behind(
    shop: Any, fox: Firefox, left: tuple[str, str, str]
) -> None:
    tab = fox.tab()
    leave_before_the_part(shop, tab, *left)
    tab.close()
    assert named(shop) == ["BOOT-42"]


def leave_a_layer(shop: Any, tab: Any) -> None:
    """Go on from a page whose data layer is read late to one that names no product."""
    shop.offers.files_held.add(part("markup"))
    tab.goto(shop.page("<p>A shop.</p>" + LAYER))
    until(lambda: asked(shop) == [part("markup")])
    tab.evaluate("void history.pushState({}, '', '/p/boot')")
    # Each change of the address is noticed in a task of its own.
    tab.evaluate("new Promise((done) => setTimeout(done, 50))")
    shop.offers.files_held.clear()
    shop.offers.wait_for("view")


def test_a_data_layer_that_is_read_late_says_nothing_of_the_next_page(shop: Any, tab: Page) -> None:
    leave_a_layer(shop, tab)
    assert named(shop) == []


def test_firefox_too_reads_a_data_layer_late(shop: Any, fox: Firefox) -> None:
    tab = fox.tab()
    leave_a_layer(shop, tab)
    tab.close()
    assert named(shop) == []


SETTLED = "new Promise((done) => setTimeout(done, 400))"
"""A while after which every change of a page has been read, or a change of its address noticed."""


def adds(printed: str) -> str:
    """A page's script that prints something more."""
    return f"void document.body.insertAdjacentHTML('beforeend', {json.dumps(printed)})"


def microdata(sku: str) -> str:
    """A product in attributes, in an element of its own kind."""
    return MICRODATA.replace("RUN-42", sku).replace("<b", f"<b title='{sku}'")


def leaves_for(path: str) -> str:
    """A page's script that goes on to another page, which prints nothing by itself."""
    return f"void history.pushState({{}}, '', '{path}')"


def form(sku: str) -> str:
    """WooCommerce's form with one variation."""
    return FORM.replace("SHIRT-L", sku).replace('"9"', f'"{sku}"')


PASSED = {
    "microdata": ("markup", microdata, ""),
    "forms of WooCommerce": ("shops", form, "<script>Shopify = {}</script>"),
}
"""Parts, what a page prints of a product that only they can read, and what makes the core ask for them."""


def pass_pages_through(shop: Any, tab: Any, name: str, printed: Callable[[str], str]) -> None:
    """See two pages, and a third one, before the part has come that reads the first two."""
    tab.evaluate(leaves_for("/p/second"))
    tab.evaluate(SETTLED)
    tab.evaluate(adds(printed("SECOND-1")))
    tab.evaluate(SETTLED)
    tab.evaluate(leaves_for("/p/third"))
    tab.evaluate(SETTLED)
    shop.offers.files_held.clear()
    until(lambda: part(name) in asked(shop))
    shop.offers.wait_for("view")
    tab.evaluate(SETTLED)


def print_after_asking(shop: Any, tab: Any, printed: Callable[[str], str]) -> None:
    """Let a page print its product once its part is on the way, and leave the page."""
    tab.evaluate(adds(printed("LATE-1")))
    tab.evaluate(SETTLED)
    tab.evaluate(leaves_for("/p/second"))
    tab.evaluate(SETTLED)
    shop.offers.files_held.clear()
    shop.offers.wait_for("view")
    tab.evaluate(SETTLED)


def consent_late(shop: Any, tab: Any, name: str) -> None:
    """Go on to a second page without consent, and consent there."""
    tab.evaluate(SETTLED)
    tab.evaluate(leaves_for("/p/second"))
    tab.evaluate(SETTLED)
    assert asked(shop) == []
    tab.evaluate("tactful('consent', 'anonymous')")
    until(lambda: part(name) in asked(shop))
    shop.offers.wait_for("view")
    tab.evaluate(SETTLED)


def opened(shop: Any, tab: Any, name: str, body: str) -> None:
    """Open a page that asks for a part, which is held back."""
    shop.offers.files_held.add(part(name))
    tab.goto(shop.page(f"<p>A shop.</p>{body}"))
    until(lambda: asked(shop) == [part(name)])


@pytest.mark.parametrize(("name", "printed", "asks"), PASSED.values(), ids=PASSED)
def test_pages_passed_through_before_a_part_came_leave_no_product_behind(
    shop: Any, tab: Page, name: str, printed: Callable[[str], str], asks: str
) -> None:
    opened(shop, tab, name, asks + printed("FIRST-1"))
    pass_pages_through(shop, tab, name, printed)
    assert named(shop) == []


@pytest.mark.parametrize(("name", "printed", "asks"), PASSED.values(), ids=PASSED)
def test_what_a_page_prints_after_asking_for_a_part_stays_behind(
    shop: Any, tab: Page, name: str, printed: Callable[[str], str], asks: str
) -> None:
    opened(shop, tab, name, asks + "<nav itemscope></nav>" if name == "markup" else asks)
    print_after_asking(shop, tab, printed)
    assert named(shop) == []


@pytest.mark.parametrize(("name", "printed", "asks"), PASSED.values(), ids=PASSED)
def test_consent_on_a_later_page_does_not_revive_the_product_of_the_first(
    shop: Any, tab: Page, name: str, printed: Callable[[str], str], asks: str
) -> None:
    no_consent = shop.tag('async data-consent="none"')
    tab.goto(shop.page(f"<p>A shop.</p>{asks}{printed('FIRST-1')}", tag=no_consent))
    tab.wait_for_function("window.tactful?.version")
    consent_late(shop, tab, name)
    assert named(shop) == []


@pytest.mark.parametrize("hole", ["passed through", "printed later", "consented later"])
def test_firefox_too_leaves_behind_what_a_part_did_not_see(
    shop: Any, fox: Firefox, hole: str
) -> None:
    tab = fox.tab()
    if hole == "passed through":
        opened(shop, tab, "markup", microdata("FIRST-1"))
        pass_pages_through(shop, tab, "markup", microdata)
    elif hole == "printed later":
        opened(shop, tab, "markup", "<nav itemscope></nav>")
        print_after_asking(shop, tab, microdata)
    else:
        no_consent = shop.tag('async data-consent="none"')
        tab.goto(shop.page(f"<p>A shop.</p>{microdata('FIRST-1')}", tag=no_consent))
        until(lambda: tab.evaluate("!!window.tactful?.version"))
        consent_late(shop, tab, "markup")
    tab.close()
    assert named(shop) == []


def test_a_shopper_who_comes_back_through_two_pages_finds_the_product_again(
    shop: Any, tab: Page
) -> None:
    opened(shop, tab, "markup", microdata("FIRST-1"))
    for path in ("/p/second", "/p/third", "/p/aero"):
        tab.evaluate(leaves_for(path))
        tab.evaluate(SETTLED)
    shop.offers.files_held.clear()
    until(lambda: named(shop) == ["FIRST-1"])


def test_a_page_reached_before_the_part_names_its_own_product(shop: Any, tab: Page) -> None:
    opened(shop, tab, "markup", microdata("FIRST-1"))
    tab.evaluate(leaves_for("/p/second"))
    tab.evaluate(SETTLED)
    tab.evaluate(adds(microdata("SECOND-1")))
    tab.evaluate(SETTLED)
    shop.offers.files_held.clear()
    until(lambda: named(shop) == ["SECOND-1"])


@pytest.mark.parametrize(("sku", "printed"), [("MUG-1", META), ("SHIRT-L", FORM)])
def test_data_of_a_shop_that_a_page_leaves_behind_is_not_taken_for_the_next_page_s(
    shop: Any, tab: Page, sku: str, printed: str
) -> None:
    tab.goto(shop.page(f"<p>A shop.</p>{printed}<script>Shopify = {{}}</script>"))
    until(lambda: named(shop) == [sku])
    tab.evaluate(ON_A_SHOP)
    until(lambda: len(named(shop)) > 1)
    assert named(shop) == [sku, "BOOT-42"]


def test_a_cart_that_was_filled_before_the_part_came_is_told_on_the_next_page(
    shop: Any, tab: Page
) -> None:
    shop.offers.files_held.add(part("markup"))
    tab.goto(shop.page("<p>A shop.</p>" + LAYER.replace("view_item", "add_to_cart")))
    until(lambda: asked(shop) == [part("markup")])
    tab.evaluate(ON_A_SHOP)
    shop.offers.files_held.clear()
    until(lambda: shop.offers.messages("cart"))
    assert shop.offers.messages("cart")[-1]["lines"] == [{"sku": "MUG-1", "qty": 1}]


def test_a_shopper_who_comes_back_before_the_part_finds_the_product_again(
    shop: Any, tab: Page
) -> None:
    shop.offers.files_held.add(part("markup"))
    tab.goto(shop.page(MICRODATA))
    until(lambda: asked(shop) == [part("markup")])
    tab.evaluate("history.pushState({}, '', '/cart')")
    # Each change of the address is noticed in a task of its own.
    tab.evaluate("new Promise((done) => setTimeout(done, 50))")
    tab.go_back()
    shop.offers.files_held.clear()
    until(lambda: named(shop) == ["RUN-42"])


def test_a_part_that_comes_too_late_to_be_waited_for_is_read(shop: Any, tab: Page) -> None:
    tab.clock.install()
    shop.offers.files_held.add(part("markup"))
    tab.goto(shop.page(MICRODATA))
    tab.clock.run_for(100)
    until(lambda: asked(shop) == [part("markup")])
    tab.clock.run_for(3_000)
    assert "sku" not in shop.offers.wait_for("view")[0]
    shop.offers.files_held.clear()
    until(lambda: named(shop) == ["RUN-42"])


def test_without_consent_no_part_is_loaded(shop: Any, tab: Page) -> None:
    tab.goto(shop.page(MICRODATA, tag=shop.tag('async data-consent="none"'), html='lang="de"'))
    tab.wait_for_function("window.tactful?.version")
    tab.wait_for_timeout(600)
    assert asked(shop) == []
    tab.evaluate("tactful('consent', 'anonymous')")
    until(lambda: {part("markup"), part("extras")} == set(asked(shop)))
    shop.offers.wait_for("view")


@pytest.mark.parametrize("html", ['lang="de"', 'lang="en"'])
def test_the_pinned_file_loads_nothing_and_has_everything(
    shop: Any, tab: Page, card: Read, html: str
) -> None:
    name = f"v{VERSION}.js"
    digest = base64.b64encode(hashlib.sha384((WIDGET / name).read_bytes()).digest()).decode()
    tag = (
        f'<script async crossorigin src="{shop.origin}/widget/{name}"'
        f' integrity="sha384-{digest}"></script>'
    )
    shop.pages["/cart.js"] = '{"items": []}'
    tab.goto(shop.page(MICRODATA, tag=tag, head=SHOPIFY, html=html))
    text = shows(shop, tab, card)
    assert ("Angebot sichern" if "de" in html else "Take this offer") in text
    tab.evaluate(QUIET)
    assert tab.evaluate("tactful('doctor').then((report) => report.advice)") == []
    assert shop.offers.files == [name]


@pytest.mark.parametrize("missing", ["extras", "shops", "markup", "doctor"])
def test_a_cached_core_does_without_the_parts_of_its_version(
    shop: Any, loose_tab: Page, card: Read, missing: str
) -> None:
    shop.offers.files_gone.add(part(missing))
    html = 'lang="de"' if missing == "extras" else 'lang="en"'
    body = PRODUCT + (MICRODATA if missing == "markup" else "")
    head = SHOPIFY if missing == "shops" else ""
    loose_tab.goto(shop.page(body, head=head, html=html))
    assert "Take this offer" in shows(shop, loose_tab, card)
    loose_tab.evaluate(QUIET)
    report = loose_tab.evaluate("tactful('doctor')")
    assert part(missing) in " ".join(report["faults"])
    assert part(missing) in " ".join(report["advice"])


def test_a_core_without_the_stream_keeps_trying_sockets(
    shop: Any, loose_tab: Page, card: Read
) -> None:
    shop.offers.files_gone.add(part("stream"))
    shop.offers.sockets_allowed = False
    loose_tab.goto(shop.page())
    until(lambda: part("stream") in shop.offers.files)
    shop.offers.sockets_allowed = True
    shows(shop, loose_tab, card)


def test_firefox_loads_parts_and_does_without_them(shop: Any, fox: Firefox) -> None:
    tab = fox.tab()
    text = f"{CARD}?.shadowRoot.querySelector('.card')?.innerText"
    tab.goto(shop.page(html='lang="de"'))
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    assert tab.wait_for(f"({text})?.includes('Angebot sichern')")
    shop.offers.files_gone.add(part("extras"))
    tab.goto(shop.page(html='lang="fr"', path="/p/other"))
    assert tab.wait_for(f"({text})?.includes('Take this offer')")
    tab.close()


def test_the_files_of_one_version_are_built_together() -> None:
    names = {path.name for path in Path(WIDGET).glob("v*.js")}
    parts = {part(name) for name in ("doctor", "extras", "markup", "shops", "stream")}
    assert parts <= names
