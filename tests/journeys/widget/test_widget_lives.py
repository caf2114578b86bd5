"""Random lives of pages: whatever happens to them, nothing that has ended is ever to be seen.

The scripted server knows the truth. After each step the card of every visible tab is compared with it:
an offer that has ended for longer than a frame may take, or that belongs to another session, must
not be on the screen, and no error may reach the page. `TACTFUL_LIVES=1000` plays the long form.
"""

import os
import random  # noqa: TID251 -- seeded: every life can be lived again
import time

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page

from storefronts import Offers, offer

from .conftest import CARD, Shop

pytestmark = pytest.mark.browser

LIVES = int(os.environ.get("TACTFUL_LIVES", "12"))
STEPS = 8
TRAVEL_S = 1.5  # what a frame and a repaint may take on a machine that does other things, too
READ = (
    f"(() => {{ const host = {CARD}; const card = host?.shadowRoot.querySelector('.card');"
    " return card?.checkVisibility() && card.querySelector('[role=timer]')"
    " ? card.innerText : null })()"
)


class Life:
    """One shopper with her tabs, and what happens to them."""

    def __init__(self, shop: Shop, context: BrowserContext, dice: random.Random) -> None:
        self.shop, self.context, self.dice = shop, context, dice
        self.offers: Offers = shop.offers
        self.pages: list[Page] = []
        self.said: list[str] = []
        self.made = 0
        self.ended: dict[str, float] = {}
        self.log: list[str] = []

    def step(self) -> None:
        """Let one thing happen."""
        name = self.dice.choice(
            ["push", "push", "withdraw", "visit", "back", "tab", "close", "restart", "mute",
             "clock", "accept", "dismiss", "freeze", "short", "cut", "offline"]
        )  # fmt: skip
        self.log.append(name)
        getattr(self, name)(self.dice.choice(self.pages))

    def start(self) -> None:
        """Open the first tab."""
        self.tab(None)

    def tab(self, _: Page | None) -> None:
        if len(self.pages) < 3:
            page = self.context.new_page()
            page.on("pageerror", lambda error: self.said.append(str(error)))
            self.pages.append(page)
            self.visit(page)

    def visit(self, page: Page) -> None:
        path = self.dice.choice(["/p/aero", "/p/aero?again", "/plain", "/p/aero#x"])
        page.goto(self.shop.site + path, wait_until="commit")

    def back(self, page: Page) -> None:
        page.go_back(wait_until="commit")

    def close(self, page: Page) -> None:
        if len(self.pages) > 1:
            self.pages.remove(page)
            page.close()

    def push(self, _: Page) -> None:
        self.made += 1
        self.offers.push(offer(id=f"of-{self.made}", title=f"Offer #{self.made}#"))

    def short(self, _: Page) -> None:
        self.made += 1
        name = f"of-{self.made}"
        self.offers.push(offer(id=name, title=f"Offer #{self.made}#", ends_in=1))
        self.ended[name] = time.monotonic() + 1

    def withdraw(self, _: Page) -> None:
        if self.made:
            name = f"of-{self.dice.randint(1, self.made)}"
            if not self.offers.mute:
                self.offers.withdraw(name)
                self.ended.setdefault(name, time.monotonic())

    def restart(self, _: Page) -> None:
        self.offers.close(self.dice.choice([1001, 1011, 1012, 4408, 4429]))

    def cut(self, _: Page) -> None:
        self.offers.close(1000)

    def mute(self, _: Page) -> None:
        """Half a second of silence, in which nothing is taken back either."""
        self.offers.mute = True
        self.pages[0].wait_for_timeout(500)
        self.offers.mute = False

    def clock(self, page: Page) -> None:
        page.evaluate(
            "{ const was = Date.now; Date.now = () => was() + 864e5 * (Math.random() - .5) }"
        )

    def offline(self, page: Page) -> None:
        self.context.set_offline(True)
        page.wait_for_timeout(200)
        self.context.set_offline(False)

    def freeze(self, page: Page) -> None:
        session = self.context.new_cdp_session(page)
        session.send("Page.setWebLifecycleState", {"state": "frozen"})
        session.send("Page.setWebLifecycleState", {"state": "active"})
        session.detach()

    def click(self, page: Page, name: str) -> None:
        button = page.get_by_role("button", name=name)
        if button.count():
            try:
                button.click(timeout=300)
            except Error:
                self.log.append("missed")  # the card went away under the pointer

    def accept(self, page: Page) -> None:
        self.click(page, "Take this price")

    def dismiss(self, page: Page) -> None:
        self.click(page, "No, thanks")

    def check(self) -> None:
        """Compare what is to be seen with the truth."""
        for page in self.pages:
            text = page.evaluate(READ)
            if text is None:
                continue
            name = f"of-{text.split('#')[1]}"
            gone = self.ended.get(name)
            assert gone is None or time.monotonic() - gone < TRAVEL_S, (name, self.log)
            known = {key for each in self.offers.sessions.values() for key in each.standing}
            if name not in known:  # accepted or dismissed a moment ago, perhaps in another tab
                self.ended.setdefault(name, time.monotonic())
        assert self.said == [], self.log


@pytest.mark.parametrize("seed", range(LIVES))
def test_no_life_shows_what_has_ended(shop: Shop, chrome: Browser, seed: int) -> None:
    shop.page()
    shop.page("", tag="", path="/plain")
    context = chrome.new_context(viewport={"width": 800, "height": 600})
    context.set_default_timeout(10_000)
    life = Life(shop, context, random.Random(seed))
    life.start()
    for _ in range(STEPS):
        life.step()
        life.check()
    life.pages[0].wait_for_timeout(int(TRAVEL_S * 1000))
    life.check()
    context.close()
