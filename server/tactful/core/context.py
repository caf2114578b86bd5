"""Everything that one decision may read, frozen."""

from collections.abc import Mapping

from msgspec import Struct

from tactful.core.compliance.reduction_history import NO_REDUCTIONS, ReductionHistory
from tactful.core.customer.profile import Profile
from tactful.core.customer.taints import NO_TAINTS, Taints
from tactful.core.facts.fact_types import FeedName, Price, Product, Remedy, ReportedFact, ms
from tactful.core.facts.history import History
from tactful.core.facts.item import Item
from tactful.core.offers.budget import Balances
from tactful.core.pricing.conversion_rates import NO_CONVERSION_RATES, ConversionRates
from tactful.core.rules.rule import Rulebook
from tactful.core.session.contact_history import NO_CONTACT, ContactHistory
from tactful.core.session.session import Session
from tactful.core.session.signals import Signal


class Context(Struct, frozen=True, gc=False, kw_only=True):
    """The inputs of one turn; `session` is as it was before the signal."""

    now: int
    session: Session
    signal: Signal
    rulebook: Rulebook
    items: Mapping[str, Item] = {}
    """The SKUs in play: the focus, the cart, the standing offers."""
    profile: Profile | None = None
    """The verified customer of the session as it is after the signal, if history may be used."""
    balances: Balances = {}
    committed: Mapping[tuple[str, str], int] = {}
    """(SKU, territory) → how many the standing offers of all sessions promise."""
    ahead: Mapping[str, int] = {}
    """Standing offer of this session → how many were promised before it, accepted ones first."""
    feed_heartbeats: Mapping[FeedName, int] = {}
    """Feed → when it last gave a sign of life."""
    rates: ConversionRates = NO_CONVERSION_RATES
    reductions: ReductionHistory = NO_REDUCTIONS
    commits_suspended: bool = False
    """Whether nothing can be promised at the moment, because nothing can be recorded."""
    seed: str = ""
    """The shop's dice: hold-outs are a hash of it and the shopper."""


class Scene(Struct, frozen=True, gc=False, kw_only=True):
    """One item before one shopper at one instant: what a condition reads.

    `session` is as it is after the signal.
    """

    now: int
    session: Session
    item: Item
    territory: str | None
    contact: ContactHistory = NO_CONTACT
    profile: Profile | None = None
    cart: tuple[tuple[Item, int], ...] = ()
    """The items of the cart and their quantities."""

    @property
    def holdout_key(self) -> str:
        """Whom hold-outs are drawn for: the known customer's draw wins over the session's."""
        session = self.session
        return session.customer if self.profile and session.customer else session.shopper

    @property
    def product(self) -> Product | None:
        """The catalogue's entry."""
        return self.item.product.fact if self.item.product else None

    @property
    def price(self) -> ReportedFact[Price] | None:
        """The public price where the shopper is; None: there is none."""
        return self.item.prices.get(self.territory) if self.territory else None

    @property
    def available(self) -> int | None:
        """How many can be sold where the shopper is; None: unknown."""
        return self.item.available(self.territory) if self.territory else None

    @property
    def history(self) -> History | None:
        """What the verified customer bought and complained about; None: nobody is known."""
        return self.profile.history if self.profile else None

    @property
    def remedy(self) -> ReportedFact[Remedy] | None:
        """The verified customer's unused voucher that ends first; None: there is none."""
        history = self.history
        valid = (
            kept
            for kept in (history.remedies if history else ())
            if ms(kept.fact.expires_at) > self.now
            and self.contact.cooldown_until("remedy", kept.fact.remedy) <= self.now
        )
        return min(valid, key=lambda k: (ms(k.fact.expires_at), k.fact.remedy), default=None)

    @property
    def taints(self) -> Taints:
        """What disappointed the verified customer."""
        return self.profile.taints if self.profile else NO_TAINTS
