"""The inputs of one decision, frozen.

`Context` is everything that a turn may read; `Scene` is one item in front of the shopper, which
conditions and gates read. Both hold references to live mappings of the shop and copy nothing: a
context is built for each turn that is decided.
"""

from collections.abc import Mapping

from msgspec import Struct

from tactful.core.compliance.reduction_history import NO_REDUCTIONS, ReductionHistory
from tactful.core.customer.profile import Profile
from tactful.core.customer.taints import NO_TAINTS, Taints
from tactful.core.facts.fact_types import FeedName, Price, Product, Remedy, ReportedFact, ms
from tactful.core.facts.history import History
from tactful.core.facts.item import Item
from tactful.core.facts.price_history import PublicPrice
from tactful.core.facts.price_rows import EVERYBODY, Audience
from tactful.core.offers.budget import Balances
from tactful.core.offers.discount_codes import FreeCodes
from tactful.core.offers.offer import Offer
from tactful.core.pricing.conversion_rates import NO_CONVERSION_RATES, ConversionRates
from tactful.core.rules.rule import Rulebook
from tactful.core.session.contact_history import NO_CONTACT, ContactHistory
from tactful.core.session.session import Session
from tactful.core.session.signals import Signal
from tactful.core.values.cached import cached_property
from tactful.core.values.money import Money


class Context(Struct, frozen=True, gc=False, kw_only=True):
    """Everything that one decision may read.

    The same context gives the same decision, to the byte. The inputs that a decision reads are
    written to the turn log, so that it can be repeated.
    """

    now: int
    """The instant of the signal, milliseconds since the Unix epoch, UTC."""
    session: Session
    """The session as it was before the signal."""
    signal: Signal
    """The signal that this turn decides."""
    rulebook: Rulebook
    """The active rules, campaigns and policy."""
    items: Mapping[str, Item] = {}
    """SKU → item, for the SKUs in play: the focus, the cart, the standing offers."""
    profile: Profile | None = None
    """The verified customer after the signal; None: anonymous, or the history may not be used."""
    balances: Balances = {}
    """(campaign, currency or `COUNT`) → the balance in the current period."""
    codes: FreeCodes = {}
    """Pool → the discount code that its next offer takes."""
    committed: Mapping[tuple[str, str], int] = {}
    """(SKU, territory) → units that the standing offers of all sessions promise."""
    promises: tuple[Offer, ...] = ()
    """Offers that the customer accepted in other sessions and that still stand; no gate reads them."""
    ahead: Mapping[str, int] = {}
    """Standing offer of this session → units promised ahead of it; accepted offers come first."""
    feed_heartbeats: Mapping[FeedName, int] = {}
    """Feed → its last fact or heartbeat, milliseconds since the Unix epoch, UTC."""
    rates: ConversionRates = NO_CONVERSION_RATES
    """How often shoppers bought with an offer and without, for the expected value."""
    reductions: ReductionHistory = NO_REDUCTIONS
    """The start of each reduction, and the number of viewers it reached."""
    commits_suspended: bool = False
    """Whether the ledger is unable to record anything now. Then nothing may be promised."""
    seed: str = ""
    """The shop's secret seed; hold-outs and offer ids are keyed hashes with it."""


class Scene(Struct, frozen=True, kw_only=True, dict=True):
    """One item in front of one shopper at one instant: what conditions and gates read.

    What every rule asks is worked out once and kept beside the fields.
    """

    now: int
    """The instant of the evaluation, milliseconds since the Unix epoch, UTC."""
    session: Session
    """The session as it is after the signal."""
    item: Item
    territory: str | None
    """ISO 3166-1 or 3166-2 code of where the shopper is; None: not known."""
    contact: ContactHistory = NO_CONTACT
    """The contact history that counts: the known customer's, else the session's own."""
    profile: Profile | None = None
    """The verified customer; None: anonymous, or history may not be used."""
    cart: tuple[tuple[Item, int], ...] = ()
    """The items of the cart and their quantities, in the order of the cart."""

    @property
    def holdout_key(self) -> str:
        """The id that hold-outs are drawn for: the known customer's, else the anonymous shopper's.

        The known identity takes precedence, so that a customer is in the same group on every
        device.
        """
        session = self.session
        return session.customer if self.profile and session.customer else session.shopper

    @property
    def product(self) -> Product | None:
        """The product fact of the item; None: none was reported."""
        return self.item.product.fact if self.item.product else None

    @cached_property
    def price(self) -> ReportedFact[Price] | None:
        """The public price in the shopper's territory; None: there is none."""
        if self.territory is None:
            return None
        return self.item.price_at(self.territory, self.now, self.audience)

    @property
    def audience(self) -> Audience:
        """For whom the price is: currency and channel of the page, and the customer's group."""
        session, group = self.session, None
        if session.customer is not None:
            about = self.history.about if self.history else None
            group = session.group or (about.fact.group if about else None)
        if session.currency is None and session.channel is None and group is None:
            return EVERYBODY
        return Audience(session.currency, session.channel, group)

    @property
    def public_prices(self) -> tuple[PublicPrice, ...]:
        """The public prices in the shopper's territory, oldest first."""
        return self.item.public_prices(self.territory or "", self.now, self.audience)

    @property
    def page_price(self) -> Money | None:
        """The price that the page of the item showed at its last view; None: it showed none."""
        return self.session.shown_price(self.item.sku)

    @cached_property
    def available(self) -> int | None:
        """The units that can be sold in the shopper's territory; None: unknown."""
        return self.item.available(self.territory) if self.territory else None

    @property
    def history(self) -> History | None:
        """The facts about the verified customer; None: no customer is known."""
        return self.profile.history if self.profile else None

    def remedies(self, offer: str | None = None) -> tuple[ReportedFact[Remedy], ...]:
        """Return the verified customer's vouchers that can be used now, the first to end in front.

        The contact history marks an accepted voucher until the acceptance ends, and a used one for
        good.

        Args:
            offer: The id of the offer that would use them; None: a new offer.
        """
        history = self.history
        valid = (
            known
            for known in (history.remedies if history else ())
            if ms(known.fact.expires_at) > self.now
            and self.contact.voucher_frees_at(known.fact.remedy, offer) <= self.now
        )
        return tuple(sorted(valid, key=lambda one: (ms(one.fact.expires_at), one.fact.remedy)))

    @property
    def remedy(self) -> ReportedFact[Remedy] | None:
        """The voucher that a rule would offer; None: there is none."""
        return next(iter(self.remedies()), None)

    @property
    def taints(self) -> Taints:
        """What suppresses items for the verified customer; empty where no customer is known."""
        return self.profile.taints if self.profile else NO_TAINTS
