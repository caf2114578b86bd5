"""What do the parts of one shop share?"""

from msgspec import Struct

from tactful.runtime.facts.cache import World
from tactful.runtime.facts.feeds import Freshness
from tactful.runtime.ports.environment import Clock, Entropy
from tactful.runtime.ports.ledger import Ledger
from tactful.runtime.security.signing_keys import Keys
from tactful.runtime.state.active_rulebook import Rulebooks
from tactful.runtime.state.balances import Balances, Commitments
from tactful.runtime.state.conversion_tracker import RateBook
from tactful.runtime.state.reduction_tracker import ReachBook
from tactful.runtime.state.sessions import Registry
from tactful.runtime.telemetry import Telemetry
from tactful.runtime.timers import Timers


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
