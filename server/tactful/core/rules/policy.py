"""The shop's policy: the limits of suppression, contact, timing, price and trials.

The defaults are those of server/SEMANTICS.md. The field names are the names of the settings
(`policy.*`, server/OPERATING.md) and of the `policy` block of rule files, so they are public.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from tactful.core.values.calendar import DAY, HOUR, MINUTE, SECOND

Scope = Literal["variant", "product", "brand", "shop"]
"""What a taint suppresses, from the narrowest to the widest."""


class TaintRule(Struct, frozen=True):
    """How far one kind of bad experience suppresses, and for how long."""

    scope: Scope
    after: int
    """How long it suppresses after its cause has ended, in milliseconds."""


class TaintRules(Struct, frozen=True):
    """The table of server/SEMANTICS.md, section 6, one field per row."""

    defect: TaintRule = TaintRule("product", 90 * DAY)
    wrong_item: TaintRule = TaintRule("product", 30 * DAY)
    service: TaintRule = TaintRule("shop", 7 * DAY)
    brand: TaintRule = TaintRule("brand", 90 * DAY)
    review: TaintRule = TaintRule("product", 180 * DAY)
    return_fit: TaintRule = TaintRule("variant", 30 * DAY)
    return_recent: TaintRule = TaintRule("product", 90 * DAY)
    delivery_late: TaintRule = TaintRule("shop", 2 * DAY)
    other: TaintRule = TaintRule("product", 7 * DAY)
    cancelled_by_shop: TaintRule = TaintRule("product", 30 * DAY)


class OwnedProducts(Struct, frozen=True):
    """How long a purchase keeps its product from being offered again."""

    durable: int = 365 * DAY
    """For a durable product, in milliseconds."""
    consumable_bp: int = 8000
    """For a consumable, the share of its interval, in basis points."""
    price_regret: int = 30 * DAY
    """How long no offer goes below the price that was paid, in milliseconds."""


class PerShopper(Struct, frozen=True):
    """A cap on approaches of one shopper in a sliding window."""

    count: int = 4
    """The most approaches in any window."""
    per: int = 30 * DAY
    """The length of the window, in milliseconds."""


class ContactCaps(Struct, frozen=True):
    """How often a shopper may be approached."""

    visible: int = 1
    """The most visible offers at a time in one session."""
    per_session: int = 2
    """The most pushes in one session."""
    per_shopper: PerShopper = PerShopper()


class Cooldowns(Struct, frozen=True):
    """How long rules and products are not offered again after an offer ended, in milliseconds."""

    dismissed_rule: int = 24 * HOUR
    """The rule, after a dismissal."""
    dismissed_product: int = 7 * DAY
    """The product, after a dismissal."""
    expired_product: int = 24 * HOUR
    """The product, after an offer that expired."""
    withdrawn_product: int = 10 * MINUTE
    """The product, after a withdrawal because of stock or the rule, or a revocation."""
    quiet: int = 10 * MINUTE
    """Everything, after a withdrawal because of a taint: the quiet period."""


class TimingThresholds(Struct, frozen=True):
    """What gate 8 waits for, in milliseconds."""

    engaged: int = 30 * SECOND
    """The engaged time with an item before the first offer for it."""
    since_input: int = 3 * SECOND
    """The pause after the shopper's last input."""


class FeedMaxAge(Struct, frozen=True):
    """The greatest age of a feed's last heartbeat, in milliseconds; None: not watched."""

    stock: int | None = None
    prices: int | None = None
    orders: int | None = None
    cases: int | None = None


class RatePrior(Struct, frozen=True):
    """The conversion rates that are assumed until the shop's own log has more data."""

    silence_bp: int = 300
    """The share of shoppers who buy without an offer, in basis points."""
    offer_bp: int = 400
    """The share of shoppers who buy with an offer, in basis points."""
    weight: int = 200
    """The weight of the assumed rates, as a number of observed shoppers."""


class TrialRails(Struct, frozen=True):
    """The bounds within which a rule in `mode: trial` needs no approval."""

    share_bp: int = 5000
    """The largest share of shoppers, in basis points."""
    length: int = 60 * DAY
    """The longest time since the first activation of the rule as a trial, in milliseconds."""
    budget: bool = True
    """Whether a trial needs a campaign with a budget or a count."""
    floor: bool = True
    """Whether a trial needs a floor of its own."""
    stop_on_lift: bool = False
    """Whether a trial stops once it is proven that it earns."""


class TrialGuardrail(Struct, frozen=True):
    """When a trial stops by itself."""

    after: int = 30
    """How many of its offers must have been seen before the trial can stop by itself."""
    dismissed_bp: int = 6000
    """The share of seen offers that may be dismissed, in basis points."""
    complaints_bp: int = 300
    """The share of seen offers that may end because of a taint, in basis points."""


class ShopExclusion(Struct, frozen=True):
    """What the shop never makes offers on, as its configuration says."""

    note: str
    """Why it exists."""
    owner: str
    """The person or team that is responsible for it."""
    keys: Mapping[str, tuple[str, ...]]
    """Key, such as `brands` → its values; every key must match with one of its values."""
    id: str = ""
    starts: int | None = None
    """The start, inclusive, milliseconds since the Unix epoch, UTC; None: it has begun."""
    ends: int | None = None
    """The end, exclusive, milliseconds since the Unix epoch, UTC; None: it never ends."""


class VoucherLimits(Struct, frozen=True):
    """The vouchers that a person may issue alone."""

    money: Mapping[str, int] = field(
        default_factory=lambda: dict.fromkeys(("CHF", "EUR", "GBP", "USD"), 25_00)
    )
    """Currency → the largest amount in minor units; none in another currency."""
    percent_bp: int = 2000
    """The largest share of a price, in basis points."""
    per_customer: PerShopper = PerShopper(2)
    """How many vouchers one customer gets in a sliding window."""


class VoucherRules(Struct, frozen=True):
    """What becomes of vouchers, and who may issue them; the setting is called `remedies`."""

    agent: VoucherLimits = VoucherLimits()
    """What a support agent may issue on the console."""
    merchandiser: VoucherLimits = VoucherLimits(
        money=dict.fromkeys(("CHF", "EUR", "GBP", "USD"), 50_00), percent_bp=3000
    )
    """What a merchandiser may issue on the console. An owner has no limits."""
    remainder: Literal["keep", "lose"] = "keep"
    """Whether the rest of a voucher that is worth more than its order stays a voucher."""


class Policy(Struct, frozen=True):
    """The active policy of one shop."""

    taints: TaintRules = TaintRules()
    brand_window: int = 180 * DAY
    """The span within which two product complaints taint their brand, in milliseconds."""
    bought_window: int = 180 * DAY
    """How long before a case purchases are tainted if it names no order or item, in milliseconds."""
    bad_rating: int = 2
    """A review of at most so many stars taints its product."""
    good_rating: int = 4
    """An edit of a review to at least so many stars ends its taint."""
    correction_within: int = 0
    """The span after an order in which a return is a correction and no taint, in milliseconds."""
    owned: OwnedProducts = OwnedProducts()
    caps: ContactCaps = ContactCaps()
    rest: Cooldowns = Cooldowns()
    """The cooldowns; the setting is called `rest`."""
    moment: TimingThresholds = TimingThresholds()
    max_age: FeedMaxAge = FeedMaxAge()
    holdout_bp: int = 0
    """The share of shoppers who are shown no offer at all, in basis points."""
    stock_minimum: int = 0
    """Below so many available units an item is not offered."""
    max_total_discount_bp: int = 9000
    """The largest discount against the list price, in basis points."""
    min_margin_bp: int = 0
    """The least margin of an offer over the cost, as a share of the net price, in basis points."""
    endings: Mapping[str, int] = field(default_factory=dict)
    """Currency → the last digits of prices in minor units, for rules that name no ending."""
    rounding: Mapping[str, int] = field(default_factory=lambda: {"CHF": 5})
    """Currency → the step of prices in minor units, such as 5 for CHF 0.05; other prices are exact."""
    max_claim: int = 30 * DAY
    """How long a reduction may claim "was" and a percentage, in milliseconds."""
    accept_hold: int = 30 * MINUTE
    """How long an accepted offer can be redeemed, in milliseconds."""
    countdown: Literal["shown", "none"] = "shown"
    """Whether offers show the time that is left."""
    remedies: VoucherRules = VoucherRules()
    """The rules about vouchers."""
    essential_time_limit: str | None = None
    """Why the time limit is essential, so that no shopper may ask for more time; None: it is not."""
    exclude: tuple[ShopExclusion, ...] = ()
    """What no rule offers, beside the exclusions of rule files."""
    arbitration: Literal["tier", "expected_value"] = "tier"
    """What decides between candidates of the same tier."""
    prior: RatePrior = RatePrior()
    trial: TrialRails = TrialRails()
    harm: TrialGuardrail = TrialGuardrail()
    timezone: str = "UTC"
    """IANA time zone of rules that name none."""
    language: str = "en"
    """BCP 47 tag of messages that name no language."""
