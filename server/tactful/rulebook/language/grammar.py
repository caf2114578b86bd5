"""Which sections and keys does a rule file have?"""

from typing import Final

from tactful.core.values.allocation import LEVELS
from tactful.core.values.calendar import DAY, SECOND
from tactful.rulebook.language.mappings import (
    KeySchema,
    MappingSchema,
    MessagesType,
    NamedType,
    RawType,
    SavingType,
    SequenceType,
)
from tactful.rulebook.language.scalars import (
    CountType,
    FlagType,
    IdType,
    ListType,
    OneOfType,
    TextType,
)
from tactful.rulebook.language.units import (
    AmountsType,
    DurationType,
    LocalTimeType,
    PercentType,
    TerritoryType,
    ZoneType,
)

MAX_LIFE: Final = 14 * DAY
"""No promise outlives this: well below the 31 days for which a key that was rotated still verifies."""

PRICE_MODES: Final = ("percent", "amount", "fixed", "to_target", "ladder", "gift")

_PRICES: Final = (
    KeySchema("percent", PercentType(least=1), "This share off the public price.", "15%"),
    KeySchema("amount", AmountsType(least=1), "This much off, per currency.", "{EUR: 10.00}"),
    KeySchema("fixed", AmountsType(least=1), "This price, per currency.", "{EUR: 99.00}"),
    KeySchema(
        "to_target", FlagType(), "Down to the price that the territory wants to reach.", "true"
    ),
)
STEP: Final = MappingSchema("a step of the ladder", _PRICES)
FLOOR: Final = MappingSchema(
    "a floor",
    (
        KeySchema("margin", PercentType(most=9900), "At least this share of the net price is margin.", "20%"),
        KeySchema("minimum", AmountsType(least=1), "No offer is below this price.", "{EUR: 50.00}"),
        KeySchema("may_undercut_target", FlagType(), "May the offer go below the territory's target price?", "true", default="false"),
    ),
)  # fmt: skip
OFFER: Final = MappingSchema(
    "an offer",
    (
        *_PRICES,
        KeySchema("ladder", SequenceType(STEP, "steps"), "A step for each later offer in the same session.", "[{percent: 5%}, {percent: 8%}]"),
        KeySchema("gift", FlagType(), "The item for nothing.", "true"),
        KeySchema("off_the", OneOfType(LEVELS), "What the percentage or the amount comes off.", "order", default="item"),
        KeySchema("at_most", AmountsType(least=1), "The most that a percentage of the order, or of its shipping, comes to.", "{EUR: 50.00}"),
        KeySchema("floor", FLOOR, "How low the price may go.", "{margin: 20%}"),
        KeySchema("on_floor", OneOfType(("clamp", "withhold")), "At the floor: offer the floor price, or nothing.", "withhold", default="clamp"),
        KeySchema("min_saving", SavingType(), "Less than this is not worth an offer.", "2.00 EUR"),
        KeySchema("ending", CountType(most=99), "The last two digits of the price, reached downwards.", "95"),
        KeySchema("max_qty", CountType(least=1, most=1000), "How many may be bought at this price.", "3", default="1"),
        KeySchema("expires", DurationType(least=10 * SECOND, most=MAX_LIFE), "How long the offer stands.", "15m", default="15m"),
        KeySchema("placement", IdType(), "Where on the page it is shown.", "corner", default="corner"),
        KeySchema("message", MessagesType(), "What the shopper reads.", '"{offer.price} for the next {offer.expires}."'),
    ),
)  # fmt: skip
VALID: Final = MappingSchema(
    "a window",
    (
        KeySchema("from", LocalTimeType(), "The first day or minute.", "2026-03-01"),
        KeySchema(
            "until",
            LocalTimeType(),
            "The last day, or the minute at which it is over.",
            "2026-03-31",
        ),
        KeySchema(
            "timezone", ZoneType(), "On whose clocks.", "Europe/Berlin", default="the policy's zone"
        ),
    ),
)
HOURS: Final = MappingSchema(
    "opening hours",
    (
        KeySchema("days", TextType(), "The weekdays.", "mon-fri", default="every day"),
        KeySchema("hours", TextType(), "From and to; an end before the start is on the next day.", "09:00-18:00", default="all day"),
    ),
    one_of=("days", "hours"),
)  # fmt: skip
PER_SHOPPER: Final = MappingSchema(
    "a limit per shopper",
    (
        KeySchema("count", CountType(least=1), "How often at most.", "2", required=True),
        KeySchema(
            "per", DurationType(least=SECOND), "In any such length of time.", "30d", required=True
        ),
    ),
)
LIMITS: Final = MappingSchema(
    "limits",
    (
        KeySchema("per_session", CountType(least=1), "Offers of this rule in one session.", "1"),
        KeySchema("per_shopper", PER_SHOPPER, "Offers of this rule to one shopper.", "{count: 2, per: 30d}"),
    ),
)  # fmt: skip
_SHARED: Final = (
    KeySchema("owner", TextType(), "Who answers for the rule.", "footwear@shop.example"),
    KeySchema("valid", VALID, "The days on which it is in force.", "{from: 2026-03-01, until: 2026-03-31}"),
    KeySchema("schedule", ListType(HOURS), "The hours of the week in which it is in force.", "{days: mon-fri, hours: 09:00-18:00}"),
    KeySchema("territories", ListType(TerritoryType()), "Where it is in force.", "[DE, AT]", default="everywhere"),
    KeySchema("mode", OneOfType(("live", "shadow", "trial")), "Offered; only recorded; or offered to a share.", "shadow", default="live"),
    KeySchema("share", PercentType(least=1), "The share of sessions that a trial speaks to.", "20%"),
    KeySchema("holdout", PercentType(most=9900), "The share of sessions that this rule leaves alone, to measure its effect.", "10%"),
    KeySchema("priority", CountType(most=1000), "The tier: the higher wins before anything is compared.", "10", default="0"),
    KeySchema("on_change", OneOfType(("keep", "drain", "withdraw")), "What becomes of standing offers when the rule is edited or paused.", "withdraw", default="keep"),
    KeySchema("campaign", IdType(), "Whose budget it spends.", "spring"),
    KeySchema("limits", LIMITS, "How often it may speak.", "{per_session: 1}"),
    KeySchema("offer", OFFER, "What is offered.", "{percent: 10%}"),
)  # fmt: skip
RULE: Final = MappingSchema(
    "a rule",
    (
        KeySchema("id", IdType(), "Its name in reports and tests.", "hesitating-over-shoes", required=True),
        _SHARED[0],
        KeySchema("note", TextType(), "Why it exists, for colleagues.", "We have plenty of these."),
        *_SHARED[1:4],
        KeySchema("moment", OneOfType(("rescue",)), "Only on a page where the shopper is leaving for good.", "rescue"),
        KeySchema("when", RawType("conditions"), "What must hold.", "[item.stock: {at_least: 5}]"),
        KeySchema("unless", RawType("conditions"), "None of this may hold.", "[item.on_sale: true]"),
        KeySchema("remedy", FlagType(), "Shows a voucher that support issued, not a discount of its own.", "true", default="false"),
        _SHARED[-1],
        *_SHARED[4:-1],
        KeySchema("force", FlagType(), "Offer even where silence is worth more.", "true", default="false"),
        KeySchema("paused", FlagType(), "Offers nothing until this is removed.", "true", default="false"),
        KeySchema("stacks_with", ListType(IdType()), "Rules, or campaigns, whose offers may stand beside this one.", "[free-socks]"),
    ),
)  # fmt: skip
DEFAULTS: Final = MappingSchema("defaults", _SHARED)
CAMPAIGN: Final = MappingSchema(
    "a campaign",
    (
        KeySchema("note", TextType(), "Why it exists, for colleagues.", "Spring clearance."),
        KeySchema("budget", AmountsType(least=1, beside=("count", "per", "pace", "timezone")), "How much its offers may cost, per currency.", "{EUR: 500.00, GBP: 500.00}"),
        KeySchema("count", CountType(least=1), "How many offers it may make.", "200"),
        KeySchema("per", OneOfType(("total", "day", "week", "month")), "For how long the budget is meant.", "week", default="total"),
        KeySchema("timezone", ZoneType(), "On whose clocks a day begins.", "Europe/Berlin", default="the policy's zone"),
        KeySchema("pace", OneOfType(("none", "even")), "Spent as it comes, or evenly over the day, week or month.", "even", default="none"),
    ),
    one_of=("budget", "count"),
)  # fmt: skip
SUPPRESS: Final = MappingSchema(
    "a suppress block",
    (
        KeySchema("id", IdType(), "Its name in reports.", "fragile-things", required=True),
        KeySchema("note", TextType(), "Why it exists, for colleagues.", "Broken glass angers people."),
        KeySchema("when", RawType("conditions"), "For which items and shoppers.", "[item.category: {under: glass}]", required=True),
        KeySchema("after", DurationType(least=SECOND), "At least this long after a let-down.", "120d", required=True),
    ),
)  # fmt: skip


def _times(*names: tuple[str, str]) -> tuple[KeySchema, ...]:
    return tuple(KeySchema(name, DurationType(), about, "10m") for name, about in names)


_TAINT: Final = MappingSchema(
    "a row of the suppression table",
    (
        KeySchema("scope", OneOfType(("variant", "product", "brand", "shop")), "How far it reaches.", "product"),
        KeySchema("after", DurationType(), "How long it lasts once it is over.", "120d"),
    ),
)  # fmt: skip
_TAINTS: Final = {
    "defect": "A case: defect, or not as described.",
    "wrong_item": "A case: the wrong item was sent.",
    "service": "A case: late or lost parcel, service, billing.",
    "brand": "A second complaint about one brand.",
    "review": "A bad review.",
    "return_fit": "A return because of fit or size.",
    "return_recent": "A return because of quality, or without a reason.",
    "delivery_late": "A parcel past its promised date.",
}
POLICY: Final = MappingSchema(
    "the policy",
    (
        KeySchema("holdout", PercentType(), "The share of shoppers who are never shown anything, so that the effect can be measured.", "10%"),
        KeySchema("arbitration", OneOfType(("tier", "expected_value")), "How one of several rules wins.", "expected_value"),
        KeySchema("prior", MappingSchema("the prior", (
            KeySchema("silence", PercentType(), "The share who buy though they are shown nothing.", "3%"),
            KeySchema("offer", PercentType(), "The share who buy when they see an offer.", "4%"),
            KeySchema("weight", CountType(most=1_000_000), "As many shoppers is this belief worth beside those of the log.", "200"),
        )), "What is believed before the shop's own log knows better; for `arbitration: expected_value`.", "{silence: 3%, offer: 4%, weight: 200}"),
        KeySchema("timezone", ZoneType(), "The shop's clocks.", "Europe/Berlin"),
        KeySchema("caps", MappingSchema("caps", (
            KeySchema("visible", CountType(least=1, most=10), "Offers to be seen at once.", "1"),
            KeySchema("per_session", CountType(), "Offers in one session.", "2"),
            KeySchema("per_shopper", PER_SHOPPER, "Offers to one shopper.", "{count: 4, per: 30d}"),
        )), "How often a shopper may be approached.", "{per_session: 2}"),
        KeySchema("rest", MappingSchema("rests", _times(
            ("dismissed_rule", "How long a dismissal rests the rule."),
            ("dismissed_product", "How long a dismissal rests the product."),
            ("expired_product", "How long an offer that was let pass rests the product."),
            ("withdrawn_product", "How long an offer that was taken back, for stock or for its rule, rests the product."),
            ("quiet", "How long a let-down rests everything."),
        )), "How long a shopper is left in peace.", "{dismissed_rule: 24h}"),
        KeySchema("moment", MappingSchema("the right moment", _times(
            ("engaged", "Engaged time on the item before anything is said."),
            ("since_input", "Time since the last key or click."),
        )), "When it is not too early to speak.", "{engaged: 30s}"),
        KeySchema("max_age", MappingSchema("feed ages", _times(
            ("stock", "The stock feed."), ("prices", "The price feed."),
            ("orders", "The order feed."), ("cases", "The support feed."),
        )), "How long a feed may be silent before its facts count as unknown.", "{stock: 15m}"),
        KeySchema("owned", MappingSchema("what is owned", (
            KeySchema("durable", DurationType(), "How long a durable thing is not offered again.", "365d"),
            KeySchema("consumable", PercentType(), "The part of its interval after which a consumable is due.", "80%"),
            KeySchema("price_regret", DurationType(), "How long no offer goes below a price paid.", "30d"),
        )), "How what was bought is left out.", "{durable: 365d}"),
        KeySchema("min_stock", CountType(), "Below this stock nothing is offered.", "2"),
        KeySchema("min_margin", PercentType(most=9900), "The least margin of every offer.", "10%"),
        KeySchema("max_total_discount", PercentType(), "The most below list price.", "50%"),
        KeySchema("accept_hold", DurationType(most=MAX_LIFE), "How long an accepted offer is kept.", "30m"),
        KeySchema("taints", MappingSchema("the suppression table", tuple(
            KeySchema(name, _TAINT, about, "{after: 120d}") for name, about in _TAINTS.items()
        )), "What a let-down suppresses; may only be tightened here.", "{defect: {after: 120d}}"),
        KeySchema("brand_window", DurationType(), "Two complaints on a brand within this are one too many; only longer.", "365d"),
        KeySchema("bought_window", DurationType(), "A case that names only a customer taints what was bought within this; only longer.", "365d"),
        KeySchema("bad_rating", CountType(least=1, most=5), "A review of so many stars or less is bad; only higher.", "3"),
        KeySchema("good_rating", CountType(least=1, most=5), "An edit to so many stars lifts it; only higher.", "5"),
    ),
)  # fmt: skip
FILE: Final = MappingSchema(
    "a rule file",
    (
        KeySchema("rules", SequenceType(RULE, "rules"), "When … offer … within …", "[]"),
        KeySchema("campaigns", NamedType(CAMPAIGN, "campaigns"), "Groups of rules with one budget.", "{spring: {budget: 500.00 EUR}}"),
        KeySchema("policy", POLICY, "Overrides of the shop's defaults.", "{holdout: 10%}"),
        KeySchema("lists", NamedType(RawType("list"), "lists"), "Values to be used as `$name`.", "{premium: [Velo, Nordek]}"),
        KeySchema("defaults", DEFAULTS, "What the rules of this file have in common.", "{territories: [DE]}"),
        KeySchema("suppress", SequenceType(SUPPRESS, "suppress blocks"), "Where the shop is stricter than its policy.", "[]"),
    ),
)  # fmt: skip
