"""Which limits a shop keeps: the defaults of semantics section 6, and what a shop made of them."""

from typing import Literal

from msgspec import Struct

from tactful.core.values.calendar import DAY, HOUR, MINUTE, SECOND

Scope = Literal["variant", "product", "brand", "shop"]


class TaintRule(Struct, frozen=True):
    """How far one kind of let-down reaches, and for how long after it is over (ms)."""

    scope: Scope
    after: int


class TaintRules(Struct, frozen=True):
    """The table of section 6, a row a field."""

    defect: TaintRule = TaintRule("product", 90 * DAY)
    wrong_item: TaintRule = TaintRule("product", 30 * DAY)
    service: TaintRule = TaintRule("shop", 7 * DAY)
    brand: TaintRule = TaintRule("brand", 90 * DAY)
    review: TaintRule = TaintRule("product", 180 * DAY)
    return_fit: TaintRule = TaintRule("variant", 30 * DAY)
    return_recent: TaintRule = TaintRule("product", 90 * DAY)
    delivery_late: TaintRule = TaintRule("shop", 2 * DAY)


class OwnedProducts(Struct, frozen=True):
    """How long what was bought is not offered again; `consumable_bp` of its interval for a consumable."""

    durable: int = 365 * DAY
    consumable_bp: int = 8000
    price_regret: int = 30 * DAY


class PerShopper(Struct, frozen=True):
    """At most `count` in any `per` ms."""

    count: int = 4
    per: int = 30 * DAY


class ContactCaps(Struct, frozen=True):
    """How often a shopper may be approached."""

    visible: int = 1
    per_session: int = 2
    per_shopper: PerShopper = PerShopper()


class Cooldowns(Struct, frozen=True):
    """How long a dismissal, an offer let pass or one taken back rests its rule or product, a let-down everything (ms)."""

    dismissed_rule: int = 24 * HOUR
    dismissed_product: int = 7 * DAY
    expired_product: int = 24 * HOUR
    withdrawn_product: int = 10 * MINUTE
    quiet: int = 10 * MINUTE


class TimingThresholds(Struct, frozen=True):
    """When it is not too early to speak (ms)."""

    engaged: int = 30 * SECOND
    since_input: int = 3 * SECOND


class FeedMaxAge(Struct, frozen=True):
    """How long a feed may be silent before it counts as unknown (ms); None: not watched."""

    stock: int | None = None
    prices: int | None = None
    orders: int | None = None
    cases: int | None = None


class RatePrior(Struct, frozen=True):
    """What is believed of a shop's rates before its own log says more: as if `weight` shoppers told."""

    silence_bp: int = 300
    offer_bp: int = 400
    weight: int = 200


class TrialGuardrail(Struct, frozen=True):
    """When a trial stops by itself: judged once `after` of its offers were seen."""

    after: int = 30
    dismissed_bp: int = 6000
    """The share of offers seen that may be dismissed."""
    complaints_bp: int = 300
    """The share of offers seen that may end because of a let-down."""


class Policy(Struct, frozen=True):
    """The active policy of one shop."""

    taints: TaintRules = TaintRules()
    brand_window: int = 180 * DAY
    """Two product complaints on one brand within this are one too many."""
    bought_window: int = 180 * DAY
    """A case that names only a customer taints what was bought within this."""
    bad_rating: int = 2
    good_rating: int = 4
    correction_within: int = 0
    """A return less than this (ms) after its order was placed corrects it, and is no let-down."""
    owned: OwnedProducts = OwnedProducts()
    caps: ContactCaps = ContactCaps()
    rest: Cooldowns = Cooldowns()
    moment: TimingThresholds = TimingThresholds()
    max_age: FeedMaxAge = FeedMaxAge()
    holdout_bp: int = 0
    stock_minimum: int = 0
    max_total_discount_bp: int = 9000
    min_margin_bp: int = 0
    accept_hold: int = 30 * MINUTE
    arbitration: Literal["tier", "expected_value"] = "tier"
    prior: RatePrior = RatePrior()
    harm: TrialGuardrail = TrialGuardrail()
    timezone: str = "UTC"
    language: str = "en"
    """The language of messages that name none."""
