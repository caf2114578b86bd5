"""How the card looks and behaves: in every state and on every ground, for every shopper."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from support.storefront_pages import offer, until

from .conftest import CARD, PRODUCT

pytestmark = pytest.mark.browser

Read = Callable[[Page], str | None]
Barriers = Callable[[Page], list[str]]
TAKE = "Take this offer"
AXE = Path(__file__).parents[3] / "widget" / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = Path(__file__).parents[1] / "screenshots" / "widget"
NOTICE = "This price was personalised on the basis of automated decision-making."
SHOE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">'
    '<rect width="8" height="8" fill="#c96"/></svg>'
)
LOREM = "<p>Light, quick and made for long roads. Two colours, all sizes.</p>" * 12
SHOP = f"""<style>
body {{ margin: 0; font: 16px/1.5 Georgia, serif; background: var(--ground, #fff);
       color: var(--ink, #222) }}
header, main {{ padding: 1rem 2rem }} header {{ background: #0001 }}
main {{ max-width: 48rem }} .price {{ font-size: 1.5rem }}
button.buy {{ font: inherit; padding: .6rem 1.2rem; background: #222; color: #fff; border: 0 }}
</style><header><a href="#a">Aero shop</a></header><main><p class="price">129,00 €</p>
<button class="buy">Add to bag</button>{LOREM}</main>{PRODUCT}"""

GROUNDS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"head": "<style>:root{--ground:#14151a;--ink:#eee}</style>"},
    "narrow": {"width": 320, "height": 640},
    "right-to-left": {
        "html": 'lang="ar" dir="rtl"',
        "head": "<script>tactfulSettings={strings:{ar:{accept:'أريد هذا السعر',dismiss:'لا، شكرا',"
        "ends:'ينتهي خلال {}',was:'أدنى سعر مؤخرا'}}}</script>",
        "offer": {"title": "حذاء أيرو للجري", "message": "هل ما زلت تفكر فيه؟",
                  "disclosure": "تم تخصيص هذا السعر لك آليا."},
        "take": "أريد هذا السعر",
    },
    "crowded": {
        "body": SHOP
        + '<div style="position:fixed;right:20px;bottom:76px;width:60px;height:60px;'
        'border-radius:50%;background:#06c"></div><div style="position:fixed;inset:auto 0 0;'
        'background:#333;color:#fff;padding:1rem">We use cookies. <button>Fine</button></div>'
        '<div style="position:fixed;inset:0 0 auto;background:#eee;padding:1rem">Sale!</div>',
    },
    "long-words": {
        "html": 'lang="de"',
        "take": "Angebot sichern",
        "width": 360,
        "height": 760,
        "offer": {
            "title": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamten-Stiefel",
            "message": "https://shop.example/" + "langerpfad" * 12,
            "price": {"amount": 123456789012, "currency": "JPY"},
            "was": {"amount": 223456789012, "currency": "JPY"},
            "max_qty": 3,
        },
    },
    "themed": {
        "head": "<style>:root{--tactful-background:#fff8ee;--tactful-accent:#8a2be2;"
        "--tactful-radius:0;--tactful-border:#8a2be2}</style>"
    },
}  # fmt: skip


def open_ground(shop: Any, page: Page, name: str, **changes: Any) -> str:
    """Open a page of this kind and bring an offer to it; return the accept button's name."""
    ground = GROUNDS[name]
    page.set_viewport_size(
        {"width": ground.get("width", 1000), "height": ground.get("height", 700)}
    )
    page.goto(
        shop.page(
            ground.get("body", SHOP),
            head=ground.get("head", ""),
            html=ground.get("html", 'lang="en"'),
        )
    )
    shop.offers.wait_for("view")
    usual = {"disclosure": NOTICE, "image": f"{shop.site}/shoe.svg", **ground.get("offer", {})}
    shop.pages["/shoe.svg"] = (SHOE, {"Content-Type": "image/svg+xml"})
    shop.offers.push(offer(**{**usual, **changes}))
    take: str = ground.get("take", TAKE)
    expect(page.get_by_role("button", name=take)).to_be_visible()
    return take


def cut_off(page: Page) -> list[str]:
    """Parts of the card whose text runs out of it."""
    found: list[str] = page.evaluate(
        f"(() => {{ const card = {CARD}.shadowRoot.querySelector('.card');"
        " const right = card.getBoundingClientRect().right;"
        " return [...card.querySelectorAll(':not(.hush)')]"
        ".filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth"
        " || one.getBoundingClientRect().right > right).map((one) => one.outerHTML) })()"
    )
    return found


def shoot(page: Page, name: str) -> None:
    """Keep a picture to be looked at."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


@pytest.fixture
def barriers() -> Barriers:
    """What axe-core finds wrong with the card, wherever it stands."""
    if not AXE.exists():
        pytest.skip("widget/node_modules is not there: run npm ci in widget/")

    def find(page: Page) -> list[str]:
        page.evaluate(AXE.read_text())
        found: list[str] = page.evaluate(
            f"axe.run({CARD}, {{runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa',"
            " 'wcag22aa', 'best-practice'], rules: {region: {enabled: false}}})"
            ".then(({violations}) => violations.map((v) => v.id + ': ' + v.nodes[0].html))"
        )
        return found

    return find


@pytest.mark.parametrize("name", GROUNDS)
def test_the_card_has_no_barrier_in_any_state(
    shop: Any, tab: Page, barriers: Barriers, name: str
) -> None:
    take = open_ground(shop, tab, name)
    assert barriers(tab) == []
    tab.get_by_role("button", name=take).click()
    expect(tab.get_by_text("SAVE-15")).to_be_visible()
    assert barriers(tab) == []


@pytest.mark.parametrize("name", GROUNDS)
def test_the_card_is_whole_in_every_state(shop: Any, tab: Page, name: str) -> None:
    take = open_ground(shop, tab, name)
    tab.wait_for_function(
        f"[...{CARD}.shadowRoot.querySelectorAll('img')].every((i) => i.complete)"
    )
    shoot(tab, name)
    tab.get_by_role("button", name=take).click()
    expect(tab.get_by_text("SAVE-15")).to_be_visible()
    shoot(tab, f"{name}-accepted")
    assert cut_off(tab) == []


@pytest.mark.parametrize("name", GROUNDS)
def test_the_card_fits_its_page_and_its_buttons_a_finger(shop: Any, tab: Page, name: str) -> None:
    open_ground(shop, tab, name)
    boxes = tab.locator("html > div").evaluate(
        "(host) => [...host.shadowRoot.querySelectorAll('.card, button')]"
        ".map((one) => one.getBoundingClientRect().toJSON())"
    )
    width, height = (tab.viewport_size or {}).values()
    for box in boxes:
        assert box["left"] >= 0
        assert box["right"] <= width
        assert box["top"] >= 0
        assert box["bottom"] <= height
    assert all(box["height"] >= 44 and box["width"] >= 44 for box in boxes[1:])
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_pinned_controls_of_the_shop_stay_free(shop: Any, tab: Page) -> None:
    open_ground(shop, tab, "crowded")
    covered = tab.evaluate(
        "[...document.querySelectorAll('[style*=fixed]')].filter((bar) => {"
        " const a = bar.getBoundingClientRect();"
        " const b = document.querySelector('html > div').shadowRoot.querySelector('.card')"
        ".getBoundingClientRect();"
        " return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom"
        " }).length"
    )
    assert covered == 0


def test_the_card_climbs_over_what_has_the_focus(shop: Any, tab: Page, card: Read) -> None:
    body = PRODUCT + '<input style="position:absolute;right:30px;bottom:60px">'
    tab.goto(shop.page(body))
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    until(lambda: card(tab))
    tab.locator("input").focus()
    field = tab.locator("input").bounding_box()
    box = tab.locator("html > div").evaluate(
        "(host) => host.shadowRoot.querySelector('.card').getBoundingClientRect().bottom"
    )
    assert field is not None
    assert box <= field["y"]


def test_keys_alone_do_everything_and_the_focus_returns(shop: Any, tab: Page, card: Read) -> None:
    open_ground(shop, tab, "light")
    tab.locator("button.buy").focus()
    tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("Shift+Tab")
    tab.locator("button.buy").focus()
    tab.get_by_role("button", name=TAKE).focus()
    tab.keyboard.press("Tab")
    assert tab.evaluate(
        "document.querySelector('html > div').shadowRoot.activeElement.innerText"
    ) == ("No, thanks")
    tab.keyboard.press("Escape")
    until(lambda: card(tab) is None)
    assert tab.evaluate("document.activeElement.innerText") == "Add to bag"
    assert shop.offers.wait_for("dismiss")[0]["offer"] == "of-1"


def test_escape_outside_the_card_is_the_shops(shop: Any, tab: Page, card: Read) -> None:
    open_ground(shop, tab, "light")
    tab.locator("button.buy").focus()
    tab.keyboard.press("Escape")
    assert card(tab) is not None
    assert shop.offers.messages("dismiss") == []


def test_a_screen_reader_hears_of_it_politely_and_never_of_the_clock(shop: Any, tab: Page) -> None:
    open_ground(shop, tab, "light")
    status = "document.querySelector('html > div').shadowRoot.querySelector('[role=status]')"
    tab.wait_for_function(f"{status}.textContent")
    said = tab.evaluate(f"{status}.textContent")
    assert said == f"Aero Runner: €109.65. {NOTICE}"
    tab.wait_for_timeout(1200)
    assert tab.evaluate(f"{status}.textContent") == said


def test_a_dialogue_of_the_shop_is_not_disturbed(shop: Any, tab: Page, card: Read) -> None:
    tab.goto(shop.page(PRODUCT + "<dialog>Size guide</dialog>"))
    shop.offers.wait_for("view")
    tab.evaluate("document.querySelector('dialog').showModal()")
    shop.offers.push(offer())
    tab.wait_for_timeout(300)
    assert card(tab) is None
    tab.evaluate("document.querySelector('dialog').close()")
    until(lambda: card(tab))


def test_the_card_does_not_print(shop: Any, tab: Page) -> None:
    open_ground(shop, tab, "light")
    tab.emulate_media(media="print")
    shoot(tab, "print")
    assert tab.locator("html > div").evaluate("(host) => getComputedStyle(host).display") == "none"


def test_forced_colours_keep_the_edges(shop: Any, chrome: Browser) -> None:
    context = chrome.new_context(
        viewport={"width": 1000, "height": 700}, forced_colors="active", color_scheme="dark"
    )
    page = context.new_page()
    open_ground(shop, page, "light")
    shoot(page, "forced-colours")
    styles = page.locator("html > div").evaluate(
        "(host) => ['.card', 'button'].map((one) =>"
        " getComputedStyle(host.shadowRoot.querySelector(one)).borderTopStyle)"
    )
    assert styles == ["solid", "solid"]
    context.close()


def test_at_double_zoom_everything_is_reachable(shop: Any, chrome: Browser) -> None:
    context = chrome.new_context(viewport={"width": 640, "height": 360}, device_scale_factor=2)
    page = context.new_page()
    page.goto(shop.page(SHOP))
    shop.offers.wait_for("view")
    shop.offers.push(offer(disclosure=NOTICE))
    take = page.get_by_role("button", name=TAKE)
    take.scroll_into_view_if_needed()
    shoot(page, "zoomed")
    box = take.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 360
    context.close()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ["Angebot sichern", "Endet in", "109,65\xa0€", "-15\xa0%"]),
        ("fr", ["J\u2019en profite", "109,65\xa0€"]),
        ("es", ["Lo quiero", "109,65\xa0€"]),
        ("pl", ["Korzystam", "109,65\xa0€"]),
        ("sv-SE", ["Ta erbjudandet", "Slutar om", "109,65\xa0€"]),
        ("no", ["Ta tilbudet"]),
        ("fi", ["Take this offer"]),
    ],
)
def test_the_card_speaks_the_pages_language(
    shop: Any, tab: Page, card: Read, language: str, words: list[str]
) -> None:
    tab.goto(shop.page(html=f'lang="{language}"'))
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    text = until(lambda: card(tab))
    for word in words:
        assert word in text


PLACES = {
    "element": f"{PRODUCT}<p>Before</p><tactful-offer style='display:block;min-height:320px'>"
    "</tactful-offer><p id='after'>After</p>",
    "inline": f"{PRODUCT}<div style='height:1500px'>Long</div>"
    "<div style='display:flex'><span class='price'>129 €</span></div><p id='after'>After</p>",
}


@pytest.mark.parametrize("placement", PLACES)
def test_the_card_stands_where_the_shop_wants_it_and_nothing_moves(
    shop: Any, tab: Page, placement: str
) -> None:
    tab.goto(
        shop.page(PLACES[placement], head="<script>tactfulSettings={placement:'inline'}</script>")
    )
    shop.offers.wait_for("view")
    tab.evaluate(
        "window.moved = 0; new PerformanceObserver((list) => { for (const one of list.getEntries())"
        " moved += one.value }).observe({type: 'layout-shift', buffered: true})"
    )
    shop.offers.push(offer(disclosure=NOTICE))
    expect(tab.get_by_role("button", name=TAKE)).to_be_visible()
    assert tab.evaluate("document.querySelector('[data-slot]').parentNode.localName") == (
        "tactful-offer" if placement == "element" else "body"
    )
    tab.get_by_role("button", name=TAKE).scroll_into_view_if_needed()
    shoot(tab, f"place-{placement}")
    shop.offers.withdraw("of-1")
    expect(tab.get_by_role("button", name=TAKE)).to_have_count(0)
    tab.wait_for_timeout(200)
    assert tab.evaluate("moved") == 0


@pytest.mark.parametrize("placement", PLACES)
def test_the_card_has_no_barrier_in_its_place(
    shop: Any, tab: Page, barriers: Barriers, placement: str
) -> None:
    tab.goto(
        shop.page(PLACES[placement], head="<script>tactfulSettings={placement:'inline'}</script>")
    )
    shop.offers.wait_for("view")
    shop.offers.push(offer(disclosure=NOTICE))
    expect(tab.get_by_role("button", name=TAKE)).to_be_visible()
    assert barriers(tab) == []


def test_the_card_has_no_barrier_in_forced_colours(
    shop: Any, chrome: Browser, barriers: Barriers
) -> None:
    context = chrome.new_context(forced_colors="active", color_scheme="dark")
    page = context.new_page()
    open_ground(shop, page, "light")
    assert barriers(page) == []
    context.close()


def test_where_it_would_move_the_page_the_card_takes_the_corner(shop: Any, tab: Page) -> None:
    tab.goto(
        shop.page(
            f"{PRODUCT}<p class='price'>129 €</p><p>Text</p><tactful-offer sku='OTHER'>",
            head="<script>tactfulSettings={placement:'inline'}</script>",
        )
    )
    shop.offers.wait_for("view")
    shop.offers.push(offer())
    expect(tab.get_by_role("button", name=TAKE)).to_be_visible()
    assert tab.evaluate("document.querySelectorAll('html > div').length") == 1
