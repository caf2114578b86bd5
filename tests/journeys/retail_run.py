"""Runs the UK retail data on a live server: each order line is viewed just before it is ordered."""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from journeys.uk_retail import CORRECTION, WINDOW_DAYS, Event, Purchase, catalogue
from support.live_server import KEY, LiveServer, Shopper
from tactful.config.values import duration
from tactful.core.rules.policy import (
    ContactCaps,
    Cooldowns,
    OwnedProducts,
    PerShopper,
    Policy,
    TaintRule,
    TaintRules,
    TimingThresholds,
)
from tactful.core.values.calendar import DAY

LETDOWN_FAMILIES = ("complaint.", "service.", "delivery.", "return.", "review.")
"""Reasons that begin so withhold because somebody was let down."""
RULE = """
rules:
  - id: every-item
    owner: trade@shop.example
    note: Whatever is looked at, so that only tact can withhold it.
    when:
      all:
        - item.stock: {at_least: 1}
    offer:
      percent: 10%
      expires: 15m
      message: "{item.title} for {offer.price}."
"""
NEVER = 1_000_000
POLICY = replace(
    Policy(),
    taints=replace(TaintRules(), return_recent=TaintRule("variant", WINDOW_DAYS * DAY)),
    correction_within=duration().parse(CORRECTION),
    # Nothing else may withhold: traders buy the same again, often, and look at hundreds of items.
    owned=OwnedProducts(durable=0, price_regret=0),
    caps=ContactCaps(per_session=NEVER, per_shopper=PerShopper(count=NEVER)),
    rest=Cooldowns(dismissed_rule=0, dismissed_product=0, expired_product=0, quiet=0),
    moment=TimingThresholds(engaged=0, since_input=0),
    timezone="Europe/London",
)
Line = tuple[str, str]
"""(order, SKU)."""


class Outcome(Struct):
    """The outcome of every order line."""

    offered: set[Line]
    withheld: dict[Line, str]
    seconds: float = 0

    @property
    def suppressed(self) -> dict[Line, str]:
        """Lines that were withheld because of a taint."""
        return {
            line: why for line, why in self.withheld.items() if why.startswith(LETDOWN_FAMILIES)
        }

    @property
    def decisions(self) -> int:
        """How many lines were decided."""
        return len(self.offered) + len(self.withheld)

    def others(self) -> Counter[str]:
        """The other reasons for which a line was withheld."""
        return Counter(self.withheld[line] for line in set(self.withheld) - set(self.suppressed))


async def bring_in(stage: LiveServer, products: Path, scratch: Path) -> None:
    """Import the catalogue with the command line, as a shop does."""
    file = scratch / "catalogue.jsonl"
    file.write_text("".join(json.dumps(fact) + "\n" for fact in catalogue(products)), "utf-8")
    command = [
        sys.executable,
        "-m",
        "tactful",
        "import",
        str(file),
        "--url",
        str(stage.http.base_url),
    ]
    done = await asyncio.create_subprocess_exec(*command, env={"TACTFUL_SERVER_KEY": KEY})
    assert await done.wait() == 0


async def play(
    stage: LiveServer, events: list[Event], progress: Callable[[int], None] = lambda _: None
) -> Outcome:
    """Set the clock to each event; view what is ordered, then report it."""
    outcome = Outcome(set(), {})
    started = time.perf_counter()
    for number, event in enumerate(events):
        progress(number)
        if isinstance(event, Purchase):
            await to(stage, event.at - 1000)
            await look(stage, event, outcome)
            await to(stage, event.at)
            await stage.facts(event.fact)
        else:
            await to(stage, event.at)
            await stage.facts(*event.facts)
    outcome.seconds = time.perf_counter() - started
    return outcome


async def to(stage: LiveServer, at: int) -> None:
    """Set the clock, never back."""
    now = stage.parts.shop.clock.now()
    if at > now:
        await stage.advance((at - now) / 1000)


async def begin(stage: LiveServer, events: list[Event]) -> None:
    """Go back to before the first event."""
    start = datetime.fromtimestamp(events[0].at / 1000 - 3600, UTC).isoformat()
    answer = await stage.http.post("/v1/test/clock", json={"now": start.replace("+00:00", "Z")})
    assert answer.status_code == 200, answer.text


async def look(stage: LiveServer, purchase: Purchase, outcome: Outcome) -> None:
    """The customer views every item of the order; an offer is dismissed, so that the next can be made."""
    identity = stage.identity(purchase.customer)
    shopper = await stage.shopper("GB", consent="personal", identity=identity)
    for sku in dict.fromkeys(purchase.skus):
        await shopper.say("view", sku=sku)
        await stage.parts.shop.settled()
        line = (purchase.order, sku)
        offer = await standing(shopper)
        if offer is None:
            outcome.withheld[line] = str((await stage.why(sku, session=shopper.session))["reason"])
        else:
            assert offer["sku"] == sku
            outcome.offered.add(line)
            await shopper.say("dismiss", offer=offer["id"])
            shopper.frames.clear()
    await shopper.leave()
    stage.shoppers.remove(shopper)


async def standing(shopper: Shopper) -> dict[str, str] | None:
    """The offer that the view caused; frames arrive before the response to a later request."""
    if not shopper.frames:
        await shopper.say("activity", kind="idle")
    found = [frame["offer"] for frame in shopper.frames if frame["t"] == "offer"]
    return found[-1] if found else None
