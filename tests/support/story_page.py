"""The page of the demo's story: what it says, scene by scene."""

from typing import Any, Final

from playwright.sync_api import Page

SAID: Final = """[...document.querySelectorAll('#scenes li')].map((item) => ({
  title: item.querySelector('h2').textContent,
  caption: item.querySelector('.caption').textContent,
  measured: item.querySelector('.measured').textContent,
}))"""
ENDED: Final = "document.getElementById('play').textContent === 'Play again'"
MEASURED: Final = (
    r"On her page ([\d.]+) ms after the decision",
    r"Reason looked up in ([\d.]+) ms",
    r"Offer gone ([\d.]+) ms after the ticket",
    r"Offer gone ([\d.]+) ms after the sale",
    r"Redeemed in ([\d.]+) ms",
)
"""What is measured in each scene, as a regular expression."""


def scene(number: int) -> str:
    """Return an expression that is true once a scene has shown what it measured."""
    return f"{SAID}[{number - 1}].measured !== ''"


def told(page: Page) -> list[dict[str, Any]]:
    """Return title, caption and measurement of each scene."""
    return list(page.evaluate(SAID))
