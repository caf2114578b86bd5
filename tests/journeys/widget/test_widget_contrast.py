"""Every word on the card stands out from its ground: axe-core cannot tell inside our shadow root."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import CARD
from .test_widget_card import GROUNDS, open_ground

pytestmark = pytest.mark.browser

ENOUGH = 4.5  # WCAG 2.2, 1.4.3
LUMINANCE = """
const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
const light = (colour) => parts(colour).slice(0, 3).map((part) => part / 255)
  .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
  .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
const ground = (node) => {
  const { backgroundColor } = getComputedStyle(node);
  const [, , , alpha = 1] = parts(backgroundColor);
  return alpha === 1 ? backgroundColor : ground(node.parentElement);
};
"""


def contrasts(page: Page) -> dict[str, float]:
    """The contrast of each text on the card."""
    found: dict[str, float] = page.evaluate(
        f"(() => {{ {LUMINANCE}"
        f" const nodes = [...{CARD}.shadowRoot.querySelectorAll('.card *')];"
        " const worded = nodes.filter((node) => !node.matches('.hush')"
        " && [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim()));"
        " return Object.fromEntries(worded.map((node) => {"
        " const [a, b] = [light(getComputedStyle(node).color), light(ground(node))];"
        " return [node.textContent, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)] })) })()"
    )
    return found


@pytest.mark.parametrize("name", GROUNDS)
def test_every_word_stands_out_from_its_ground(shop: Any, tab: Page, name: str) -> None:
    take = open_ground(shop, tab, name)
    found = contrasts(tab)
    assert len(found) > 5
    assert min(found.values()) >= ENOUGH, found
    tab.get_by_role("button", name=take).click()
    expect(tab.get_by_text("SAVE-15")).to_be_visible()
    assert min(contrasts(tab).values()) >= ENOUGH


def test_a_theme_without_contrast_is_found_out(shop: Any, tab: Page) -> None:
    open_ground(shop, tab, "light")
    tab.add_style_tag(content=":root { --tactful-text: #999; --tactful-accent: #9d9 }")
    found = contrasts(tab)
    assert found["Still thinking about it?"] < ENOUGH
    assert found["Take this offer"] < ENOUGH
