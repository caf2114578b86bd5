"""The README's tutorial in a real browser: an offer that disappears, and one that is paid."""

import json
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from support.browsers import chromium
from support.manual_runner import key_of, quickstart, set_clock_to_present
from support.page_frames import PageFrames

pytestmark = pytest.mark.browser

SHOTS = Path(__file__).parent / "screenshots"


def test_the_reader_sees_the_offer_appear_and_disappear(tmp_path: Path) -> None:
    with quickstart(tmp_path) as (one, steps, server, port), chromium() as browser:
        start, facts, _, pages, sell, _, restock, redeemed_orders = steps
        one.run(start)
        set_clock_to_present(one, server)
        for step in (facts, pages):
            one.run(step)
        page = browser.new_page(viewport={"width": 1000, "height": 700})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text))
        one.run(f"curl --silent --retry 10 --retry-connrefused http://localhost:{port}/")
        frames = PageFrames(page)
        page.goto(f"http://localhost:{port}/")
        page.wait_for_function("document.visibilityState === 'visible'")
        frames.wait_for_view()
        advance(server, key_of(one))
        card = page.get_by_text("Still thinking about Aero Runner?")
        expect(card).to_be_visible()
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SHOTS / "quickstart.png")
        one.run(sell)
        expect(card).to_be_hidden()
        one.run(restock)
        other = browser.new_context().new_page()
        frames = PageFrames(other)
        other.goto(f"http://localhost:{port}/")
        other.wait_for_function("document.visibilityState === 'visible'")
        frames.wait_for_view()
        advance(server, key_of(one))
        other.get_by_role("button", name="Take this offer").click()
        expect(other.get_by_text("It is in your cart now.")).to_be_visible()
        expect(other.locator("#price")).to_have_text("109.65 EUR")
        other.get_by_role("button", name="Pay").click()
        expect(other.locator("#done")).to_contain_text("Paid: 109.65 EUR")
        other.screenshot(path=SHOTS / "quickstart-paid.png")
        order = re.search(r"o-[\w-]+", other.locator("#done").inner_text())
        assert order
        redeemed = json.loads(one.run(redeemed_orders))["redemptions"]
        assert [(row["order"], row["saved"]["amount"]) for row in redeemed] == [(order[0], 1935)]
        assert errors == []


def advance(server: int, key: dict[str, str]) -> None:
    url = f"http://127.0.0.1:{server}/v1/test/clock"
    httpx.post(url, json={"advance": 31}, headers=key).raise_for_status()
