"""What do the parts of one shop share?"""

from msgspec import Struct

from tactful.runtime.facts.fact_cache import FactCache
from tactful.runtime.facts.feeds import FeedMonitor
from tactful.runtime.ports.environment import Clock, Entropy
from tactful.runtime.ports.ledger import Ledger
from tactful.runtime.security.signing_keys import SigningKeys
from tactful.runtime.state.active_rulebook import ActiveRulebook
from tactful.runtime.state.balances import Balances, StockCommitments
from tactful.runtime.state.conversion_tracker import ConversionTracker
from tactful.runtime.state.reduction_tracker import ReductionTracker
from tactful.runtime.state.session_registry import SessionRegistry
from tactful.runtime.telemetry import Telemetry
from tactful.runtime.timers import Timers


class ShopState(Struct, frozen=True, kw_only=True):
    """What a shop was given, and what it keeps in memory: one of each, for all that it does."""

    ledger: Ledger
    clock: Clock
    entropy: Entropy
    keys: SigningKeys
    telemetry: Telemetry
    timers: Timers
    registry: SessionRegistry
    fact_cache: FactCache
    balances: Balances
    stock_commitments: StockCommitments
    conversions: ConversionTracker
    reductions: ReductionTracker
    feeds: FeedMonitor
    active_rulebook: ActiveRulebook
