"""To whom an accepted offer belongs, over random histories of one browser and a second device."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.fixture import shoe
from support.bare_shop import CountedEntropy, Recorder, bare_shop, recorded_connection
from tactful.core.offers.offer import OfferState
from tactful.core.redemption.order_totals import RequestedLine
from tactful.core.session.signals import ItemViewed, OfferAccepted, PageViewed
from tactful.core.values.calendar import HOUR
from tactful.runtime.security.identity import VerifiedIdentity
from tactful.runtime.security.token_issuer import IssuedOffer
from tactful.runtime.services.redemptions import RedemptionCall
from tactful.runtime.sessions.lifecycle import SessionGreeting
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import LiveSession, SessionConnection
from tactful.stores.memory.ledger import MemoryLedger

SHOES: Final = [f"SHOE-{number}" for number in range(6)]
CATALOGUE: Final[list[dict[str, Any]]] = [
    fact
    for sku in SHOES
    for fact in shoe(sku, sku.lower(), "Velo", "running", 5200, DE=(12900, 9900, 50))
]
RULES: Final = """rules:
  - id: R1
    owner: shoes@shop.example
    note: Fifteen per cent after half a minute.
    when:
      - session.dwell: {at_least: 30s}
    offer: {percent: 15%, expires: 6h, message: "{offer.price}"}
policy:
  accept_hold: 4h
  caps: {per_session: 90, visible: 10, per_shopper: {count: 90, per: 30d}}
"""


class Browser:
    """One device, the shopper in front of it, and every token that it received."""

    def __init__(self, world: "World", number: int) -> None:
        self.world, self.number = world, number
        self.shopper = f"anonymous {number}.0"
        self.generation = 0
        self.seen = 0
        self.recorder = Recorder()
        self.connection: SessionConnection
        self.open()

    @property
    def customer(self) -> str | None:
        return None if self.shopper.startswith("anonymous") else self.shopper

    @property
    def live(self) -> LiveSession:
        assert self.connection.live is not None
        return self.connection.live

    def open(self) -> None:
        """Connect, with the secret of the session where there is one."""
        resume = self.recorder.snapshots[-1].resume if self.recorder.snapshots else None
        self.connection, recorder = recorded_connection()
        recorder.snapshots += self.recorder.snapshots
        self.recorder, self.seen = recorder, 0
        consent = "personal" if self.number else "anonymous"
        greeting = SessionGreeting(consent, resume=resume, territory="DE")  # type: ignore[arg-type]
        self.world.shop.lifecycle.open(self.connection, greeting)

    def log_in(self, customer: str) -> None:
        """Log in; what the anonymous shopper accepted becomes the customer's."""
        if self.shopper != customer:
            for owners in self.world.owners.values():
                if self.shopper in owners and self.customer is None:
                    owners.add(customer)
        self.shopper = customer
        self.world.shop.lifecycle.identify(self.connection, VerifiedIdentity(customer))

    def log_out(self) -> None:
        """Log out; a shopper who was not logged in stays the same."""
        if self.customer is not None:
            self.generation += 1
            self.shopper = f"anonymous {self.number}.{self.generation}"
        self.world.shop.lifecycle.logout(self.connection)

    def new_tokens(self) -> list[IssuedOffer]:
        effects = self.recorder.effects[self.seen :]
        self.seen = len(self.recorder.effects)
        return [one for one in effects if isinstance(one, IssuedOffer)]


class World:
    """A shop with two devices; `owners` is what the shop must believe."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = MemoryLedger()
        self.entropy = CountedEntropy()
        self.owners: dict[str, set[str]] = {}
        self.used: set[str] = set()
        self.tokens: dict[str, IssuedOffer] = {}
        self.orders = 0

    async def start(self) -> None:
        (self.folder / "rules").mkdir(exist_ok=True)
        (self.folder / "rules" / "rules.yaml").write_text(RULES, "utf-8")
        now = self.shop.clock.now() if hasattr(self, "shop") else None
        self.shop: Shop = bare_shop(self.folder, self.ledger, rules=self.folder / "rules")
        # A process that starts anew must not draw the same ids again.
        self.shop.state.entropy = self.entropy
        await self.shop.start()
        if now is None:
            await self.shop.ingest.ingest([msgspec.json.encode(fact) for fact in CATALOGUE])
            self.browsers = [Browser(self, 0), Browser(self, 1)]
        else:
            await self.shop.move_clock(now)

    async def restart(self) -> None:
        await self.shop.stop()
        await self.start()
        for browser in self.browsers:
            browser.open()
            if browser.customer:
                browser.log_in(browser.customer)

    async def act(self, number: int, act: str, place: int) -> None:
        """Do one thing on one device, then check every promise."""
        browser = self.browsers[number]
        match act:
            case "log_in":
                browser.log_in(f"customer {place % 3}")
            case "log_out":
                browser.log_out()
            case "accept":
                self.shop.lifecycle.submit(browser.connection, PageViewed("product"))
                self.shop.lifecycle.submit(browser.connection, ItemViewed(SHOES[place]))
                await self.shop.move_clock(self.shop.clock.now() + 30_000)
                for offer in browser.live.state.offers:
                    if offer.advertised:
                        self.owners.setdefault(offer.id, {browser.shopper})
                        accepted = OfferAccepted(offer.id)
                        self.shop.lifecycle.submit(browser.connection, accepted)
            case "accept_and_leave":
                for offer in browser.live.state.offers:
                    if offer.advertised:
                        self.owners.setdefault(offer.id, {browser.shopper})
                    self.shop.lifecycle.submit(browser.connection, OfferAccepted(offer.id))
                browser.log_out()
            case "redeem":
                await self.redeem(place)
            case "wait":
                await self.shop.move_clock(self.shop.clock.now() + HOUR)
            case _:
                await self.restart()
        await self.shop.settled()
        await self.check()

    async def redeem(self, place: int) -> None:
        """Every customer tries to redeem one accepted offer; only its owner can."""
        standing = sorted(set(self.tokens) - self.used)
        if not standing:
            return
        offer = standing[place % len(standing)]
        known = {one for one in self.owners[offer] if one.startswith("customer")}
        token = self.tokens[offer]
        for customer in ("customer 0", "customer 1", "customer 2"):
            if customer not in known and known:
                assert await self._try(token, customer=customer) == 422
        stored = await self.ledger.offer(offer)
        if stored is None or stored.state is not OfferState.ACCEPTED:
            return
        if known and not stored.session_bound:
            assert await self._try(token) == 422
        given: dict[str, Any] = {"customer": next(iter(known))} if known else {}
        assert await self._try(token, **given) == 200
        self.used.add(offer)

    async def _try(self, token: IssuedOffer, **given: Any) -> int:
        self.orders += 1
        line = RequestedLine(sku=token.offer.sku, qty=1)
        call = RedemptionCall(
            tokens=(token.token,), order=f"o{self.orders}", territory="DE", lines=(line,), **given
        )
        return (await self.shop.redemptions.redeem(call)).status

    async def check(self) -> None:
        """Every promise is with its owner, and with nobody else."""
        for browser in self.browsers:
            for issued in browser.new_tokens():
                assert browser.shopper in self.owners[issued.offer.id]
                self.tokens[issued.offer.id] = issued
            for offer in browser.live.state.offers:
                if offer.state is OfferState.ACCEPTED:
                    assert browser.shopper in self.owners[offer.id]
            shown = {one.id for one in browser.live.state.offers}
            shown |= {
                one.id
                for one in self.shop.state.promises.of(browser.customer, browser.live.state.id)
            }
            for key, owners in self.owners.items():
                stored = await self.ledger.offer(key)
                if stored and stored.state is OfferState.ACCEPTED and browser.customer in owners:
                    assert key in shown, "a promise comes back with its customer"
            for verdict in (await self.explain(browser)).verdicts:
                for finding in verdict.findings:
                    if finding.reason == "contact.active" and finding.actual in self.owners:
                        assert browser.shopper in self.owners[finding.actual]

    async def explain(self, browser: Browser) -> Any:
        sku = browser.live.state.focus or SHOES[0]
        return await self.shop.explanations.explain(
            sku, session=browser.live.state.id, customer=None
        )


ACTS: Final = st.tuples(
    st.integers(0, 1),
    st.sampled_from(
        ["log_in", "log_in", "log_out", "accept", "accept", "accept_and_leave", "redeem", "wait",
         "restart"]
    ),
    st.integers(0, len(SHOES) - 1),
)  # fmt: skip


async def _live(acts: list[tuple[int, str, int]]) -> World:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        await world.start()
        for act in acts:
            await world.act(*act)
        await world.shop.stop()
    return world


@settings(max_examples=40)
@given(acts=st.lists(ACTS, min_size=4, max_size=14))
def test_a_promise_is_only_ever_with_the_identity_that_accepted_it(
    acts: list[tuple[int, str, int]],
) -> None:
    asyncio.run(_live(acts))


@pytest.mark.parametrize("other", ["log_in", "log_out"])
def test_an_accepted_offer_does_not_follow_the_next_person_on_the_browser(other: str) -> None:
    """Customer 0 accepts and leaves; the next shopper sees nothing; customer 0 finds it elsewhere."""
    acts = [(1, "log_in", 0), (1, "accept", 2), (1, other, 1), (0, "log_in", 0), (0, "redeem", 0)]
    world = asyncio.run(_live(acts))
    assert len(world.used) == 1


def test_a_parked_promise_ends_with_its_hold_and_releases_its_stock() -> None:
    acts = [(1, "log_in", 0), (1, "accept", 2), (1, "log_out", 0), *[(0, "wait", 0)] * 5]
    world = asyncio.run(_live(acts))
    (offer,) = world.owners
    stored = asyncio.run(world.ledger.offer(offer))
    assert stored is not None
    assert stored.state is OfferState.EXPIRED
    assert world.shop.state.promises.of("customer 0", "") == ()
    assert all(not live.state.parked for live in world.shop.state.registry)
