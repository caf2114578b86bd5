"""Replays real sessions through real sockets, with the offer that each view should cause.

There are always twenty seconds between two views, so that hundreds of sessions can be replayed
together: all their first views, the clock advanced, all their second views.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import websockets
from msgspec import Struct, field
from msgspec.structs import replace
from websockets.typing import Origin, Subprotocol

from journeys.clickstream import TERRITORY, Visit
from support.live_server import KEY, ORIGIN
from tactful.core.rules.policy import ContactCaps, Cooldowns, PerShopper, Policy, TimingThresholds
from tactful.core.session.session import REMEMBERED_ITEMS

RULES = """
rules:
  - id: thrice
    owner: merchandising@shop.example
    note: Somebody opens one item again and again.
    priority: 3
    when:
      - session.views_of_item: {at_least: 3}
      - session.dwell: {at_most: 3s}
    offer: {percent: 12%, message: "thrice"}
  - id: came-back
    owner: merchandising@shop.example
    note: Somebody looked elsewhere and came back.
    priority: 2
    when:
      - session.returned_to_item: true
      - session.dwell: {at_most: 3s}
    offer: {percent: 8%, message: "came-back"}
  - id: hesitating
    owner: merchandising@shop.example
    note: Somebody looks at trousers for a while.
    priority: 1
    when:
      - item.category: trousers
      - session.dwell: {between: [5s, 12s]}
    offer: {percent: 15%, message: "hesitating"}
policy:
  holdout: 0%
"""
MANY = 1_000_000
POLICY = replace(
    Policy(),
    caps=ContactCaps(per_session=MANY, per_shopper=PerShopper(count=MANY)),
    # What is waved away comes back with the next view, and not before.
    rest=Cooldowns(dismissed_rule=0, dismissed_product=13_000, expired_product=0, quiet=0),
    moment=TimingThresholds(engaged=0, since_input=0),
)
SETTINGS = """
[policy]
caps = {per_session = 1000000, per_shopper = {count = 1000000, per = "30d"}}
rest = {dismissed_rule = "0s", dismissed_product = "13s", expired_product = "0s", quiet = "0s"}
moment = {engaged = "0s", since_input = "0s"}
"""
"""The same policy as a shop would write it."""
GAP_S = 20
HESITATION_S = 6


class Tally(Struct):
    """What was received: offers by rule, unexpected offers, and frames by type."""

    views: int = 0
    offers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = []
    frames: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


def brings(visit: Visit) -> list[str]:
    """The rule that each view of a session should fire, '' for none: the plainest reading of the rules.

    Who opens the item again that is open already has not looked elsewhere: the engaged time goes on.
    A session remembers its last items only, and what they had with them.
    """
    found, seen = [], list[tuple[str, int]]()
    for view in visit.views:
        open_now = seen[-1][0] if seen else None
        before = dict(seen).get(view.sku, 0)
        if view.sku == open_now:
            found.append("")
        elif before:
            found.append("thrice" if before >= 2 else "came-back")
        else:
            found.append("hesitating" if view.category == "trousers" else "")
        seen = [each for each in seen if each[0] != view.sku] + [(view.sku, before + 1)]
        seen = seen[-REMEMBERED_ITEMS:]
    return found


class Browser:
    """One session's socket, which waits for acknowledgements and keeps what it receives."""

    def __init__(self, visit: Visit, tally: Tally) -> None:
        self.visit = visit
        self.session = ""
        self.wanted = brings(visit)
        self.received: list[str] = []
        self._standing: list[str] = []
        self._tally = tally
        self._n = 0

    async def enter(self, port: int) -> None:
        """Connect and send `hello`."""
        self._socket = await websockets.connect(
            f"ws://127.0.0.1:{port}/v1/session",
            origin=Origin(ORIGIN),
            subprotocols=[Subprotocol("tactful.v1")],
            compression=None,
            ping_interval=None,
        )
        page = {"url": f"{ORIGIN}/", "kind": "product"}
        await self._say(
            {"t": "hello", "consent": "anonymous", "territory": TERRITORY, "page": page}
        )

    async def view(self, step: int) -> None:
        """View the next item."""
        self._tally.views += 1
        await self._say(self.visit.views[step].message)

    async def listen(self) -> None:
        """Receive what was sent until now, and dismiss every offer."""
        await self._say({"t": "activity", "kind": "idle"})
        while self._standing:
            await self._say({"t": "dismiss", "offer": self._standing.pop()})

    async def leave(self) -> None:
        """Close."""
        await self._socket.close()

    async def _say(self, message: dict[str, Any]) -> None:
        self._n += 1
        await self._socket.send(json.dumps({**message, "n": self._n}))
        while True:
            frame = json.loads(await self._socket.recv())
            self._tally.frames[frame["t"]] += 1
            if frame["t"] == "ack" and frame["n"] >= self._n:
                return
            if frame["t"] == "welcome":
                self.session = frame["session"]
            if frame["t"] == "offer":
                self.received.append(frame["offer"]["message"])
                self._standing.append(frame["offer"]["id"])


async def replay(
    port: int,
    visits: Sequence[Visit],
    *,
    together: int,
    progress: Callable[[int], None] = lambda _: None,
    ask_why_every: int = 50,
) -> Tally:
    """Replay sessions of equal length side by side, `together` at a time."""
    tally = Tally()
    ordered = sorted(visits, key=lambda visit: (len(visit.views), visit.session))
    headers = {"Authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60
    ) as http:
        for start in range(0, len(ordered), together):
            browsers = [Browser(visit, tally) for visit in ordered[start : start + together]]
            await asyncio.gather(*(browser.enter(port) for browser in browsers))
            for step in range(len(browsers[-1].visit.views)):
                await _step(http, browsers, step, tally, ask_why_every)
            await asyncio.gather(*(browser.leave() for browser in browsers))
            progress(start + len(browsers))
    return tally


async def _step(
    http: httpx.AsyncClient, browsers: list[Browser], step: int, tally: Tally, every: int
) -> None:
    """One view of each session that has one left, and the offers that follow."""
    here = [browser for browser in browsers if step < len(browser.visit.views)]
    for browser in here:
        browser.received.clear()
    await asyncio.gather(*(browser.view(step) for browser in here))
    await _advance(http, 0)
    await asyncio.gather(*(browser.listen() for browser in here))
    await _advance(http, HESITATION_S)
    await asyncio.gather(*(browser.listen() for browser in here))
    for browser in here:
        _judge(browser, step, tally)
    for browser in here[::every]:
        sku = browser.visit.views[step].sku
        query = {"sku": sku, "session": browser.session}
        for rule in (await http.get("/v1/why", params=query)).json()["rules"]:
            tally.reasons[f"{rule['rule']}: {rule.get('reason', rule['outcome'])}"] += 1
    await _advance(http, GAP_S - HESITATION_S)


def _judge(browser: Browser, step: int, tally: Tally) -> None:
    wanted = [browser.wanted[step]] if browser.wanted[step] else []
    tally.offers.update(browser.received)
    if browser.received != wanted:
        where = f"session {browser.visit.session}, view {step + 1}"
        tally.wrong.append(f"{where}: received {browser.received}, wanted {wanted}")


async def _advance(http: httpx.AsyncClient, seconds: int) -> None:
    answer = await http.post("/v1/test/clock", json={"advance": seconds})
    assert answer.status_code == 200, answer.text
