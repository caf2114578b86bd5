"""The dependencies and the memory of one shop, shared by all its parts."""

from collections.abc import Callable

import structlog

from tactful.core.rules.policy import Policy
from tactful.runtime.background import BackgroundTasks
from tactful.runtime.changes.change_feed import ChangeFeed
from tactful.runtime.facts.fact_cache import FactCache
from tactful.runtime.facts.feeds import FeedMonitor
from tactful.runtime.ports.environment import Clock, Entropy
from tactful.runtime.ports.ledger import Ledger
from tactful.runtime.security.signing_keys import SigningKeys
from tactful.runtime.state.active_rulebook import ActiveRulebook
from tactful.runtime.state.balances import Balances, StockCommitments
from tactful.runtime.state.browsing_budget import BrowsingBudget, BrowsingLimits
from tactful.runtime.state.code_pools import CodePools
from tactful.runtime.state.conversion_tracker import ConversionTracker
from tactful.runtime.state.customer_promises import CustomerPromises
from tactful.runtime.state.erased_customers import ErasedCustomers
from tactful.runtime.state.reduction_tracker import ReductionTracker
from tactful.runtime.state.session_registry import SessionRegistry
from tactful.runtime.state.state_tables import StateTables
from tactful.runtime.telemetry import Telemetry
from tactful.runtime.timers import Timers

log = structlog.get_logger("tactful.shop")


class ShopState:
    """The single instance of every dependency and state object of a shop; shops share nothing.

    Each part receives the whole object. Parts that run once per signal keep references to what they
    read, because each attribute look-up costs time there.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        clock: Clock,
        entropy: Entropy,
        keys: SigningKeys,
        policy: Policy,
        on_stale_feed: Callable[[], None],
        browsing: BrowsingLimits,
    ) -> None:
        """Begin with empty memory.

        Args:
            ledger: Where the shop's data is durable.
            clock: The one clock.
            entropy: The one source of randomness.
            keys: Sign and verify tokens.
            policy: The policy until the first rulebook is active.
            on_stale_feed: Called on the event loop when a watched feed becomes stale.
            browsing: How many bytes of browsing are written.
        """
        self.unnamed_proxy: str | None = None
        """The address of a proxy on this machine that is missing in `trusted_proxies`; None: none."""
        self.ledger = ledger
        self.clock = clock
        self.entropy = entropy
        self.keys = keys
        self.telemetry = Telemetry()
        self.tables = StateTables(self.telemetry)
        self.timers = Timers(clock)
        self.background = BackgroundTasks()
        self.changes = ChangeFeed(ledger)
        self.registry = SessionRegistry()
        self.browsing = BrowsingBudget(clock.now, browsing)
        self.erased_customers = ErasedCustomers(ledger)
        self.balances = Balances()
        self.stock_commitments = StockCommitments()
        self.codes = CodePools(clock, entropy)
        self.promises = CustomerPromises()
        self.fact_cache = FactCache(ledger, concerns_offer=self.registry.concerns_offer)
        self.feeds = FeedMonitor(self.timers, on_stale_feed)
        self.active_rulebook = ActiveRulebook(policy)
        self.conversions = ConversionTracker(ledger=ledger, clock=clock, fact_cache=self.fact_cache)
        self.reductions = ReductionTracker(
            ledger=ledger, clock=clock, fact_cache=self.fact_cache, telemetry=self.telemetry
        )

    def report_unnamed_proxy(self, address: str) -> None:
        """Remember a proxy whose clients cannot be told apart and have no limits, and log it once."""
        if self.unnamed_proxy is None:
            self.unnamed_proxy = address
            log.warning("proxy.unnamed", setting="trusted_proxies")
