"""What do the parts of one shop share?"""

from msgspec import Struct

from tactful.runtime.accounts import Balances, Commitments
from tactful.runtime.freshness import Freshness
from tactful.runtime.keys import Keys
from tactful.runtime.live import Registry
from tactful.runtime.ports import Clock, Entropy, Ledger
from tactful.runtime.rates import RateBook
from tactful.runtime.reach import ReachBook
from tactful.runtime.rulebooks import Rulebooks
from tactful.runtime.telemetry import Telemetry
from tactful.runtime.timers import Timers
from tactful.runtime.world import World


class Shared(Struct, frozen=True, kw_only=True):
    """What a shop was given, and what it keeps in memory: one of each, for all that it does."""

    ledger: Ledger
    clock: Clock
    entropy: Entropy
    keys: Keys
    telemetry: Telemetry
    timers: Timers
    registry: Registry
    world: World
    balances: Balances
    commitments: Commitments
    rates: RateBook
    reach: ReachBook
    freshness: Freshness
    rulebooks: Rulebooks
