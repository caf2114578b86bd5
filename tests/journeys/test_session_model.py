"""After any sequence of events each tab shows the offers that stand in the ledger.

Random signals, facts, clock moves, reconnects, logins, restarts and edits, over real sockets.
"""

import asyncio
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeys.fixture import CATALOGUE, case, money, order, price, rules, stock
from support.live_server import LiveServer, Shopper, live_server

EXAMPLES = int(os.environ.get("TACTFUL_EXAMPLES", "25"))
SKUS = ("RUN-42", "RUN-43", "TRAIL-42", "SOCK-3")
sku = st.sampled_from(SKUS)
kinds = ("input", "idle", "visible", "hidden", "chat_open", "chat_closed", "exit", "compare")
pages = ("home", "product", "cart", "payment", "account")

step = st.one_of(
    st.tuples(st.just("view"), sku),
    st.tuples(st.just("view"), sku),
    st.tuples(st.just("wait"), st.sampled_from((1, 3, 10, 30, 31, 600, 900, 1800, 86_400))),
    st.tuples(st.just("wait"), st.just(30)),
    st.tuples(st.just("act"), st.sampled_from(kinds)),
    st.tuples(st.just("page"), st.sampled_from(pages)),
    st.tuples(st.just("answer"), st.sampled_from(("seen", "dismiss", "accept"))),
    st.tuples(st.just("stock"), st.tuples(sku, st.sampled_from((0, 1, 5)))),
    st.tuples(st.just("price"), st.tuples(sku, st.sampled_from((9000, 12900, 15000)))),
    st.tuples(st.just("case"), st.tuples(sku, st.sampled_from(("open", "resolved")))),
    st.tuples(st.just("order"), sku),
    st.tuples(st.just("login"), st.sampled_from(("c1", "c2"))),
    st.tuples(st.just("logout"), st.none()),
    st.tuples(st.just("consent"), st.sampled_from(("anonymous", "personal"))),
    st.tuples(st.just("reconnect"), st.none()),
    st.tuples(st.just("tab"), st.none()),
    st.tuples(st.just("restart"), st.none()),
    st.tuples(st.just("edit"), st.sampled_from(("withdraw", "drain", "keep"))),
    st.tuples(st.just("pause"), st.sampled_from(("pause", "resume"))),
    st.tuples(st.just("redeem"), st.none()),
)


@dataclass
class Model:
    """What each tab shows, derived from its frames as a widget does."""

    one: LiveServer
    tabs: list[Shopper] = field(default_factory=list)
    shown: dict[int, dict[str, float]] = field(default_factory=dict)
    """Tab → offer → the instant (s) at which its countdown ends."""
    tokens: list[str] = field(default_factory=list)
    count: int = 0

    @property
    def now(self) -> float:
        return self.one.parts.shop.clock.now() / 1000

    def resume(self) -> str:
        return self.tabs[0].resume

    async def open(self, **hello: Any) -> None:
        tab = await self.one.shopper(consent="personal", **hello)
        self.tabs.append(tab)
        self.greeted(tab, tab.welcome)

    def greeted(self, tab: Shopper, welcome: dict[str, Any]) -> None:
        """Replace what a tab shows by a snapshot."""
        self.shown[id(tab)] = {o["id"]: self.now + o["ends_in"] for o in welcome["offers"]}
        tab.session, tab.resume = welcome["session"], welcome["resume"]

    async def wait(self, seconds: int) -> None:
        """Let time pass, from timer to timer: a countdown starts when its frame arrives."""
        target = self.now + seconds
        while self.now < target:
            alarm = self.one.parts.shop.state.timers.next_due()
            until = target if alarm is None else min(target, max(alarm / 1000, self.now + 0.001))
            await self.one.advance(until - self.now)
            for tab in self.tabs:
                await tab.say("activity", kind="exit")
                self.read(tab)

    def read(self, tab: Shopper) -> None:
        shown = self.shown[id(tab)]
        for frame in tab.frames:
            match frame["t"]:
                case "welcome":
                    self.greeted(tab, frame)
                    shown = self.shown[id(tab)]
                case "offer":
                    shown.pop(frame.get("replaces", ""), None)
                    shown[frame["offer"]["id"]] = self.now + frame["offer"]["ends_in"]
                case "withdraw":
                    shown.pop(frame["offer"], None)
                case "accepted":
                    shown.pop(frame["offer"], None)
                    self.tokens.append(frame["token"])
                case _:
                    pass  # acknowledgements and heartbeats change nothing on the screen
        tab.frames.clear()

    async def check(self) -> None:
        """Check that tabs, ledger, memory and balances agree."""
        shop = self.one.parts.shop
        await shop.settled()
        for tab in self.tabs:
            await tab.say("activity", kind="exit")
        await shop.settled()
        await shop.ledger.flush()
        standing = [o for o in await shop.ledger.standing_offers() if o.standing]
        up = {o.id for o in standing if o.advertised and o.ends_at > shop.clock.now()}
        for tab in self.tabs:
            self.read(tab)
            shown = {o for o, end in self.shown[id(tab)].items() if end > self.now}
            assert shown == up, (shown, up)
        assert len(up) <= 1
        for offer in standing:
            assert offer.unit < offer.public
        held = sum(offer.hold for offer in standing)
        assert (await self.one.budget())[0] == held


async def act(model: Model, what: str, detail: Any) -> None:
    """Do one step."""
    one, tab = model.one, model.tabs[0]
    model.count += 1
    match what:
        case "view":
            await tab.view(detail)
        case "wait":
            await model.wait(detail)
        case "act":
            await tab.say("activity", kind=detail)
        case "page":
            await tab.say("page", url="https://shop.example/", kind=detail)
        case "answer":
            for offer in list(model.shown[id(tab)]):
                await tab.say(detail, offer=offer)
        case "stock":
            await one.facts(stock(detail[0], "DE", detail[1]))
        case "price":
            await one.facts(price(detail[0], "DE", detail[1], 5000))
        case "case":
            await one.facts(
                case(f"k-{detail[0]}", "c1", "defect", skus=[detail[0]]) | {"status": detail[1]}
            )
        case "order":
            name = f"o-{model.count}"
            at = {"placed_at": "2026-03-10T12:00:00Z", "status": "placed"}
            await one.facts(order(name, "c1", detail, **at))
        case "login":
            await tab.say("identify", identity=one.identity(detail))
        case "logout":
            await tab.say("logout")
        case "consent":
            await tab.say("consent", consent=detail)
        case "redeem":
            for token in model.tokens[-1:]:
                await one.redeem(token, f"order-{model.count}")
        case _:
            await disturb(model, what, detail)


async def disturb(model: Model, what: str, detail: Any) -> None:
    """Do a step that changes connections, the server or the rules."""
    one, tab = model.one, model.tabs[0]
    match what:
        case "reconnect":
            await tab.leave()
            await tab.connect(resume=tab.resume, consent="personal")
            model.greeted(tab, tab.welcome)
        case "tab":
            if len(model.tabs) < 3:
                await model.open(resume=model.resume())
        case "restart":
            await one.parts.shop.ledger.flush()
            await one.restart()
            for each in model.tabs:
                await each.connect(resume=model.resume(), consent="personal")
                model.greeted(each, each.welcome)
        case "edit":
            body = f"    on_change: {detail}"
            await one.reload(
                rules(body, category="[running, socks]", percent=f"{10 + model.count % 7}%")
            )
        case "pause":
            await one.http.post(f"/v1/rules/R1/{detail}")
        case _:
            raise AssertionError(what)


async def live(folder: Path, steps: list[tuple[str, Any]]) -> None:
    text = rules(
        category="[running, socks]",
        policy="  caps: {per_session: 9, per_shopper: {count: 99, per: 30d}}",
    )
    async with live_server(folder, text) as one:
        await one.facts(*CATALOGUE, {"type": "cost", "sku": "SOCK-3", "cost": money(600)})
        model = Model(one)
        await model.open()
        for what, detail in steps:
            await act(model, what, detail)
            await model.check()


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == 25,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(step, min_size=5, max_size=25))
def test_every_tab_shows_the_standing_offers_after_any_sequence(
    steps: list[tuple[str, Any]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(Path(folder), steps))
