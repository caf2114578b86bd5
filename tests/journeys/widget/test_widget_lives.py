"""Random lives of pages: whatever happens to them, nothing that has ended is ever to be seen.

The scripted server knows the truth. After each step the card of every tab is compared with it: an
offer that no longer stands in that tab's session must be off the screen within the time a frame
may take (or, where the tab is cut off, a silence), and no error may reach the page. `TACTFUL_LIVES=1000` plays the long form.
"""

import os
import random  # noqa: TID251 - seeded, so that a life can be lived again
import time

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page

from support.storefront_pages import WAIT_S, Offers, offer, until

from .conftest import CARD, Shop

pytestmark = pytest.mark.browser

LIVES = int(os.environ.get("TACTFUL_LIVES", "12"))
STEPS = 12
TRAVEL_S = 2  # what a frame and a repaint may take
LOOKS = 100  # and so often it is looked at meanwhile: a machine that does other things looks slower
SILENCE_S = 30
READ = (
    f"(() => {{ const host = {CARD}; const card = host?.shadowRoot.querySelector('.card');"
    " return card?.checkVisibility() && card.querySelector('[role=timer]')"
    " ? [JSON.parse(sessionStorage.getItem('tactful')).session, card.innerText] : null })()"
)
COMMON = ["push", "withdraw", "visit"]
RARE = [
    "back", "tab", "close", "restart", "cut", "mute", "clock", "accept", "dismiss", "freeze",
    "short", "offline",
]  # fmt: skip


class Life:
    """One shopper with her tabs, and what happens to them."""

    def __init__(self, shop: Shop, context: BrowserContext, dice: random.Random) -> None:
        self.shop, self.context, self.dice = shop, context, dice
        self.offers: Offers = shop.offers
        self.pages: list[Page] = []
        self.said: list[str] = []
        self.made = 0
        self.log: list[str] = []

    def step(self) -> None:
        """Let one thing happen."""
        name = self.dice.choice(COMMON * 4 + RARE)
        self.log.append(name)
        getattr(self, name)(self.dice.choice(self.pages))

    def tab(self, _: Page | None) -> None:
        """Open one more tab."""
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
        self.offers.push(offer(id=f"of-{self.made}", title=f"Offer #{self.made}#", ends_in=1))

    def withdraw(self, _: Page) -> None:
        """The oldest that stands: the one that is to be seen."""
        standing = [name for each in self.offers.sessions.values() for name in each.standing]
        if standing:
            self.offers.withdraw(standing[0])

    def restart(self, _: Page) -> None:
        self.offers.close(self.dice.choice([1001, 1011, 1012, 4408, 4429]))

    def cut(self, _: Page) -> None:
        self.offers.close(1000)

    def mute(self, page: Page) -> None:
        self.offers.mute = True
        page.wait_for_timeout(300)
        self.offers.mute = False

    def clock(self, page: Page) -> None:
        days = self.dice.uniform(-1, 1)
        page.evaluate(f"{{ const was = Date.now; Date.now = () => was() + 864e5 * {days} }}")

    def offline(self, page: Page) -> None:
        self.context.set_offline(True)
        page.wait_for_timeout(200)
        self.context.set_offline(False)

    def freeze(self, page: Page) -> None:
        session = self.context.new_cdp_session(page)
        session.send("Page.setWebLifecycleState", {"state": "frozen"})
        self.withdraw(page)
        session.send("Page.setWebLifecycleState", {"state": "active"})
        session.detach()

    def accept(self, page: Page) -> None:
        self._click(page, "Take this offer")

    def dismiss(self, page: Page) -> None:
        self._click(page, "No, thanks")

    def _click(self, page: Page, name: str) -> None:
        button = page.get_by_role("button", name=name)
        if button.count():
            try:
                button.click(timeout=300)
            except Error:
                self.log.append("missed")  # the card went away under the pointer

    def lies(self) -> list[tuple[str, str]]:
        """What is to be seen and is not true."""
        now = time.monotonic()
        true = {
            (session.name, name)
            for session in self.offers.sessions.values()
            for name, (_, end) in session.standing.items()
            if end > now
        }
        shown = [seen for page in self.pages if (seen := page.evaluate(READ))]
        return [pair for s, text in shown if (pair := (s, f"of-{text.split('#')[1]}")) not in true]

    def everyone_talks(self) -> bool:
        """Whether each tab is connected: one that is cut off cannot know what has ended."""
        talking = [
            peer.session.name for peer in self.offers.peers if peer.session and peer.welcomed
        ]
        return len(talking) >= len(self.pages) and len(set(talking)) == 1

    def check(self) -> None:
        """Whatever is not true is gone within a frame, and the page has heard no error."""
        start = heard = time.monotonic()
        looks = 0
        while lies := self.lies():
            now = time.monotonic()
            looks += 1
            if not self.everyone_talks():
                heard, looks = now, 0
            travelled = now - heard > TRAVEL_S and looks > LOOKS
            if travelled or now - start > SILENCE_S + TRAVEL_S:
                break
        assert lies == [], self.log
        assert self.said == [], self.log


@pytest.mark.parametrize("seed", range(LIVES))
def test_no_life_shows_what_has_ended(shop: Shop, chrome: Browser, seed: int) -> None:
    shop.page()
    shop.page("", tag="", path="/plain")
    context = chrome.new_context(viewport={"width": 800, "height": 600})
    context.set_default_timeout(WAIT_S * 1000)
    life = Life(shop, context, random.Random(seed))
    life.tab(None)
    life.pages[0].goto(shop.site + "/p/aero")
    until(lambda: shop.offers.sessions)
    life.push(life.pages[0])
    for _ in range(STEPS):
        life.step()
        life.check()
    context.close()
