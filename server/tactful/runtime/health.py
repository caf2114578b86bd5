"""The health of a shop: one word, and a stable code for everything that is wrong.

Only what a restart can repair is called `failing`. Everything else repairs itself, or needs a person
who does something else than a restart.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final, Literal

from msgspec import Struct

from tactful.runtime.ports.ledger import LedgerHealth
from tactful.runtime.security.key_files import KeyFileError
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.system_clock import SystemClock

Word = Literal["ok", "degraded", "failing"]

REASONS: Final = {
    "starting": "The ledger, the rules and the standing offers are not loaded yet.",
    "ledger.broken": "The disk reported an error. Nothing is promised or redeemed until a restart.",
    "ledger.full": "The disk is full. Nothing is promised or redeemed until there is room.",
    "node.cut_off": "The node could not use the database for 10 s. Its shoppers go to the others.",
    "node.clock_apart": "The clocks of node and database differ by more than 1 s; beyond 30 s the node writes nothing.",
    "ledger.away": "The database cannot be reached. Nothing is promised or redeemed until it can be.",
    "rules.errors": "The rule files have errors. The previous rulebook stays active.",
    "rules.missing": "The rules folder is missing or cannot be read. The previous rulebook stays active.",
    "rules.emptied": "The rules folder holds no rules any more. The previous rulebook stays active.",
    "restored": "A backup was restored. Older tokens wait until `tactful restore --orders-complete`.",
    "feed.stale": "A watched feed has been silent for too long. Offers that need it are withheld.",
    "clock.jumped": "The machine's clock was set by more than 60 s. The server does not follow it yet.",
    "keys.unusable": "The folder of signing keys cannot be used. No accepted offer gets a token.",
}
"""Code of each reason → its meaning. The codes are public."""
FAILING: Final = frozenset({"starting", "ledger.broken", "node.cut_off"})
"""Reasons for which no traffic should be sent."""


class Health(Struct, frozen=True):
    """What is wrong with a shop at one instant."""

    reasons: tuple[str, ...]
    """Codes of `REASONS`, in their order."""

    @property
    def word(self) -> Word:
        """The health in one word."""
        if not FAILING.isdisjoint(self.reasons):
            return "failing"
        return "degraded" if self.reasons else "ok"


def readiness(
    state: ShopState, *, ready: bool, of_the_node: AbstractSet[str] = frozenset()
) -> Health:
    """Return what keeps a shop from serving as it should.

    Args:
        state: The memory of the shop.
        ready: Whether the shop has started.
        of_the_node: Codes of what is wrong with it as one of several nodes.
    """
    found = {*_reasons(state), *of_the_node}
    if not ready:
        found.add("starting")
    return Health(tuple(reason for reason in REASONS if reason in found))


def liveness(state: ShopState) -> Health:
    """Return the same for a shop that is starting, which no restart would make faster."""
    return readiness(state, ready=True)


def failure_reason(ledger: LedgerHealth) -> str:
    """Return the reason code of a ledger whose commits are suspended."""
    if ledger.is_broken:
        return "ledger.broken"
    return "ledger.away" if ledger.is_away else "ledger.full"


def _reasons(state: ShopState) -> Iterator[str]:
    if state.ledger.failure is not None:
        yield failure_reason(state.ledger)
    if (kept := state.active_rulebook.kept_because) is not None:
        yield f"rules.{kept}"
    if state.ledger.is_restored:
        yield "restored"
    for age, limit in state.feeds.ages(state.clock.now()).values():
        if limit is not None and (age is None or age > limit):
            yield "feed.stale"
    if isinstance(state.clock, SystemClock) and state.clock.is_doubted:
        yield "clock.jumped"
    try:
        state.keys.accepted_keys()
    except KeyFileError:
        yield "keys.unusable"
