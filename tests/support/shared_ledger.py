"""Two shops on one SQLite file, each with its own memory, as two processes would be."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from journeys.fixture import cost, price, product, stock
from support.bare_shop import NOON, Recorder, bare_shop, recorded_connection
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.redemption.order_totals import RequestedLine
from tactful.core.session.session import Session, Tab
from tactful.core.session.signals import OfferAccepted, TimerFired
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal
from tactful.runtime.security.token_issuer import issue_token
from tactful.runtime.services.redemptions import RedemptionCall
from tactful.runtime.sessions.lifecycle import SessionGreeting
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import LiveSession, SessionConnection
from tactful.stores.sqlite.ledger import SqliteLedger

RULES = """
rules:
  - id: R1
    owner: footwear@shop.example
    note: The shopper hesitates over a shoe.
    when:
      all:
        - item.category: {under: running}
        - session.dwell: {at_least: 30s}
    offer:
      percent: 15%
      floor: {margin: 20%}
      expires: 15m
      message: "Still thinking?"
policy:
  holdout: 0%
"""


class CountingLedger(SqliteLedger):
    """A ledger that notes what was promised to each session."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.promised: set[tuple[str, OfferState]] = set()
        """(session, state of the offer) of every commit that was not refused."""

    async def commit(self, commit: Commit) -> CommitRefusal | None:
        """Commit, and note what was promised."""
        refusal = await super().commit(commit)
        if refusal is None:
            self.promised |= {(offer.session, offer.state) for offer in commit.offers}
        return refusal


class LedgerWithoutChecks(CountingLedger):
    """The control: a ledger to which no promise brings what it rests on."""

    async def commit(self, commit: Commit) -> CommitRefusal | None:
        """Commit without the read set, the stock and the epoch."""
        return await super().commit(structs.replace(commit, reads=None, stock=(), epoch=0))

    async def run_redemption(self, *args: Any, **given: Any) -> Any:
        """Redeem without the read set."""
        return await super().run_redemption(*args, **{**given, "reads": None})


@contextlib.asynccontextmanager
async def two_shops(
    folder: Path, ledger: Callable[[Path], CountingLedger] = CountingLedger, **settings: Any
) -> AsyncIterator[tuple[Shop, Shop]]:
    """Yield two started shops on one ledger, with the same rules and keys."""
    rules = folder / "rules"
    rules.mkdir()
    (rules / "rules.yaml").write_text(RULES, "utf-8")
    async with (
        shop_on(folder, 0, ledger, **settings) as first,
        shop_on(folder, 1, ledger, **settings) as second,
    ):
        yield first, second


@contextlib.asynccontextmanager
async def shop_on(
    folder: Path,
    number: int,
    ledger: Callable[[Path], CountingLedger] = CountingLedger,
    **settings: Any,
) -> AsyncIterator[Shop]:
    """Yield a started shop on the ledger of a folder, whose rules are there.

    Args:
        folder: Where the ledger and the rules are.
        number: Makes the ids of its sessions and offers differ from those of other shops.
        ledger: Opens the ledger.
        settings: Settings of the shop.
    """
    shop = bare_shop(
        folder, ledger(folder / "tactful.db"), rules=folder / "rules", seed="seed", **settings
    )
    shop.state.entropy.token_bytes(number + 1)
    shop.state.entropy._count = number * 1_000_000  # type: ignore[attr-defined]
    await shop.start()
    try:
        yield shop
    finally:
        await shop.stop()


async def report(shop: Shop, *facts: dict[str, Any]) -> None:
    """Report facts to one shop; they are acknowledged on return."""
    found = await shop.ingest.ingest([msgspec.json.encode(fact) for fact in facts])
    assert not found.rejected, found.rejected


def item_facts(sku: str, available: int = 5) -> list[dict[str, Any]]:
    """All facts of one shoe of its own product."""
    return [
        product(sku, f"product of {sku}", "Velo", "running"),
        *cost(sku, 5200),
        price(sku, "DE", 12900, 9900),
        stock(sku, "DE", available),
    ]


class Browsing:
    """Sessions of one shop that have looked at an item for a minute."""

    _numbers = itertools.count()

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._open: dict[str, list[LiveSession]] = {}

    def session(self, sku: str, **fields: Any) -> LiveSession:
        """Return a session that may be offered the item at once."""
        name = f"se_{id(self.shop)}_{next(self._numbers)}"
        state = Session(
            id=name,
            shopper=f"sh_{name}",
            created_at=NOON - 120_000,
            territory="DE",
            page="product",
            focus=sku,
            running_since=NOON - 60_000,
            last_input=NOON - 10_000,
            tabs=(Tab(1),),
            consent="anonymous",
            **fields,
        )
        live = LiveSession(state, name.encode())
        live.persists = True
        # A session to which nobody is connected reads nothing for an offer.
        live.connections[1], _ = recorded_connection()
        self.shop.state.registry.add(live)
        self._open.setdefault(sku, []).append(live)
        return live

    def leave(self, sku: str) -> None:
        """Take the sessions that looked at an item out of memory, as if they had ended long ago."""
        for live in self._open.pop(sku, []):
            self.shop.state.registry.remove(live)
            self.shop.state.timers.cancel(live.state.id)

    def was_promised(self, live: LiveSession, state: OfferState) -> bool:
        """Return whether the ledger recorded an offer of a session in a state."""
        ledger = self.shop.ledger
        assert isinstance(ledger, CountingLedger)
        return (live.state.id, state) in ledger.promised

    async def was_offered(self, sku: str) -> bool:
        """Let a new session check its rules; return whether an offer was recorded."""
        live = self.session(sku)
        await self.check(live)
        return self.was_promised(live, OfferState.PUSHED)

    async def offered(self, sku: str) -> Offer | None:
        """Let a new session check its rules; return the offer that it has in the end."""
        live = self.session(sku)
        await self.check(live)
        return live.state.offers[0] if live.state.offers else None

    async def check(self, live: LiveSession) -> None:
        """Let a session check its rules, and wait until it is done."""
        self.shop.turns.submit(live, TimerFired())
        await self.idle(live)

    async def accept(self, live: LiveSession, offer: Offer) -> bool:
        """Let a session accept an offer; return whether that was recorded."""
        self.shop.turns.submit(live, OfferAccepted(offer.id, 1))
        await self.idle(live)
        return self.was_promised(live, OfferState.ACCEPTED)

    async def idle(self, live: LiveSession) -> None:
        """Return when a session waits for nothing, and no turn follows a withdrawal sent ahead."""
        async with asyncio.timeout(60):
            await self.shop.turns.wait_until_idle()
            while live.mailbox:
                await asyncio.sleep(0)
                await self.shop.turns.wait_until_idle()

    def token(self, offer: Offer) -> str:
        """Return the token of an accepted offer."""
        return issue_token(offer, self.shop.state.keys, NOON, 1_800_000).token

    async def redeem(self, offer: Offer, order: str) -> int:
        """Redeem an accepted offer; return the status of the response."""
        call = RedemptionCall(
            tokens=(self.token(offer),),
            order=order,
            territory="DE",
            lines=(RequestedLine(sku=offer.sku, qty=1),),
        )
        return (await self.shop.redemptions.redeem(call)).status


async def connect(
    shop: Shop, resume: str | None = None, **greeting: Any
) -> tuple[SessionConnection, Recorder]:
    """Open a connection, new or with the secret of an earlier session."""
    connection, recorder = recorded_connection()
    greeting.setdefault("consent", "personal")
    shop.lifecycle.open(
        connection, SessionGreeting(resume=resume, territory="DE", page="product", **greeting)
    )
    await shop.settled()
    return connection, recorder
