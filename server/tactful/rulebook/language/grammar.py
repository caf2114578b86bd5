"""The grammar of rule files: every section and key, as mapping schemas.

The texts are read by merchandisers: they are the tables of `rules/README.md` and the hints that an
editor shows. After a change, regenerate both (see `fields/field_registry.py`).
"""

from typing import Final

from tactful.core.values.allocation import LEVELS
from tactful.core.values.calendar import DAY, SECOND
from tactful.rulebook.language.mappings import (
    BareOrMapping,
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
    CurrencyType,
    DurationType,
    EndingType,
    LocalTimeType,
    PercentType,
    TerritoryType,
    ZoneType,
)

MAX_LIFE: Final = 14 * DAY
"""Longest life of an offer, in milliseconds.

A signing key still verifies tokens for 31 days after its rotation. The longest life is well below
that, so every offer can be verified until it ends.
"""

PRICE_MODES: Final = ("percent", "amount", "fixed", "to_target", "ladder", "gift")
"""The keys of an offer that make its price; exactly one is allowed (R219)."""

_PRICES: Final = (
    KeySchema("percent", PercentType(least=1), "The share that comes off the public price.", "15%"),
    KeySchema(
        "amount",
        AmountsType(least=1),
        "The amount that comes off the public price, per currency.",
        "{EUR: 10.00}",
    ),
    KeySchema(
        "fixed", AmountsType(least=1), "The price of the offer, per currency.", "{EUR: 99.00}"
    ),
    KeySchema(
        "to_target",
        FlagType(),
        "Whether the offer goes down to the target price of the territory.",
        "true",
    ),
)
STEP: Final = MappingSchema("a step of the ladder", _PRICES)
FLOOR: Final = MappingSchema(
    "a floor",
    (
        KeySchema("margin", PercentType(most=9900), "The least share of the net price that must remain as margin.", "20%"),
        KeySchema("markup", PercentType(most=100_000), "The least share of the cost that the net price adds to the cost: cost plus 25 % of the cost.", "25%"),
        KeySchema("minimum", AmountsType(least=1), "The lowest price of an offer, per currency.", "{EUR: 50.00}"),
        KeySchema("may_undercut_target", FlagType(), "Whether an offer may go below the target price of the territory.", "true", default="false"),
    ),
)  # fmt: skip
_FREE_SHIPPING: Final = "write `off_the: shipping`, `percent: 100%` and the most that it may cost, `at_most: {EUR: 6.90}`"
OFFER: Final = MappingSchema(
    "an offer",
    (
        *_PRICES,
        KeySchema("ladder", SequenceType(STEP, "steps"), "A list of price modes. Each further offer in the same session uses the next step.", "[{percent: 5%}, {percent: 8%}]"),
        KeySchema("gift", FlagType(), "Whether the item is free.", "true"),
        KeySchema("off_the", OneOfType(LEVELS), "What the percentage or amount comes off: the `item`, the `order` or its `shipping`.", "order", default="item"),
        KeySchema("at_most", AmountsType(least=1), "The upper bound of a percentage of the order or of its shipping, per currency.", "{EUR: 50.00}"),
        KeySchema("min_order", AmountsType(least=1), "The least total of the order's items at the checkout, per currency, for an offer on the order or its shipping.", "{EUR: 200.00}", default="the least `cart.total` that `when` asks for"),
        KeySchema("floor", FLOOR, "The lowest price that the rule allows.", "{margin: 20%}"),
        KeySchema("on_floor", OneOfType(("clamp", "withhold")), "What happens when the price would be below the floor: `clamp` offers the floor price, `withhold` offers nothing.", "withhold", default="clamp"),
        KeySchema("min_saving", SavingType(), "The least saving. An offer that saves less is not made.", "2.00 EUR"),
        KeySchema("ending", EndingType(), "The last two digits of the price. The price is lowered to the next one that ends so.", "95", default="the policy's `endings`"),
        KeySchema("max_qty", CountType(least=1, most=1000), "The largest quantity that may be bought at this price.", "3", default="1"),
        KeySchema("codes", IdType(), "The pool of single-use discount codes from which an accepted offer gets its code, for a checkout without a bridge.", "spring-15"),
        KeySchema("expires", DurationType(least=10 * SECOND, most=MAX_LIFE), "How long the offer is valid.", "15m", default="15m"),
        KeySchema("placement", IdType(), "Where on the page the offer is shown.", "corner", default="corner"),
        KeySchema("message", MessagesType(), "The text that the shopper reads: one text, or one per language.", '"{offer.price} for the next {offer.expires}."'),
    ),
    other_names={
        "free_shipping": _FREE_SHIPPING,
        "shipping": _FREE_SHIPPING,
        "discount": "write `percent: 15%` or `amount: {EUR: 10.00}`",
        "price": "write `fixed: {EUR: 99.00}`",
        "margin": "write `floor: {margin: 20%}`",
        "minimum": "write `floor: {minimum: {EUR: 50.00}}`",
    },
)  # fmt: skip
VALID: Final = MappingSchema(
    "a window",
    (
        KeySchema("from", LocalTimeType(), "The first day, or the first minute.", "2026-03-01"),
        KeySchema(
            "until",
            LocalTimeType(),
            "The last day, or the minute at which the window ends.",
            "2026-03-31",
        ),
        KeySchema(
            "timezone",
            ZoneType(),
            "The time zone of the window and of the schedule.",
            "Europe/Berlin",
            default="the policy's zone",
        ),
    ),
)
HOURS: Final = MappingSchema(
    "opening hours",
    (
        KeySchema("days", TextType(), "The days of the week.", "mon-fri", default="every day"),
        KeySchema("hours", TextType(), "The first and the last time of day. An end before the start is on the next day.", "09:00-18:00", default="all day"),
    ),
    one_of=("days", "hours"),
)  # fmt: skip
PER_SHOPPER: Final = MappingSchema(
    "a limit per shopper",
    (
        KeySchema("count", CountType(least=1), "The largest number of offers.", "2", required=True),
        KeySchema(
            "per",
            DurationType(least=SECOND),
            "The length of time in which offers are counted.",
            "30d",
            required=True,
        ),
    ),
)
LIMITS: Final = MappingSchema(
    "limits",
    (
        KeySchema("per_session", CountType(least=1), "The largest number of offers of this rule in one session.", "1"),
        KeySchema("per_shopper", PER_SHOPPER, "The largest number of offers of this rule to one shopper.", "{count: 2, per: 30d}"),
    ),
)  # fmt: skip
_SHARED: Final = (
    KeySchema("owner", TextType(), "The person or team that is responsible for the rule.", "footwear@shop.example"),
    KeySchema("valid", VALID, "The days on which the rule is valid.", "{from: 2026-03-01, until: 2026-03-31}"),
    KeySchema("schedule", ListType(HOURS), "The hours of the week in which the rule is valid.", "{days: mon-fri, hours: 09:00-18:00}"),
    KeySchema("territories", ListType(TerritoryType()), "The territories in which the rule is valid.", "[DE, AT]", default="everywhere"),
    KeySchema("mode", OneOfType(("live", "shadow", "trial")), "`live` makes offers, `shadow` only records them, `trial` makes them in a share of sessions.", "shadow", default="live"),
    KeySchema("share", PercentType(least=1), "The share of sessions in which a trial makes offers.", "20%"),
    KeySchema("holdout", PercentType(most=9900), "The share of sessions in which this rule makes no offers, so that its effect can be measured.", "10%"),
    KeySchema("priority", CountType(most=1000), "The tier of the rule. A rule of a higher tier wins before anything else is compared.", "10", default="0"),
    KeySchema("on_change", OneOfType(("keep", "drain", "withdraw")), "What happens to standing offers when the rule is edited or paused: `keep` them, let them `drain`, or `withdraw` them.", "withdraw", default="keep"),
    KeySchema("campaign", IdType(), "The campaign whose budget the offers spend.", "spring"),
    KeySchema("limits", LIMITS, "How many offers the rule may make.", "{per_session: 1}"),
    KeySchema("offer", OFFER, "The offer that the rule makes.", "{percent: 10%}"),
)  # fmt: skip
RULE: Final = MappingSchema(
    "a rule",
    (
        KeySchema("id", IdType(), "The name of the rule in reports and tests.", "hesitating-over-shoes", required=True),
        _SHARED[0],
        KeySchema("note", TextType(), "A note for colleagues: why this exists.", "We have plenty of these."),
        *_SHARED[1:4],
        KeySchema("moment", OneOfType(("rescue",)), "Restricts the rule to pages on which the shopper is leaving for good, such as a cancel page.", "rescue"),
        KeySchema("when", RawType("conditions"), "The conditions that must all hold.", "[item.stock: {at_least: 5}]"),
        KeySchema("unless", RawType("conditions"), "The conditions of which none may hold.", "[item.on_sale: true]"),
        KeySchema("remedy", FlagType(), "Whether the rule shows a voucher that support issued instead of a discount of its own.", "true", default="false"),
        _SHARED[-1],
        *_SHARED[4:-1],
        KeySchema("force", FlagType(), "Whether the rule makes offers even where making no offer earns more.", "true", default="false"),
        KeySchema("paused", FlagType(), "Whether the rule is stopped. It makes no offers until this is removed.", "true", default="false"),
        KeySchema("stacks_with", ListType(IdType()), "The rules or campaigns whose offers may stand beside an offer of this rule.", "[free-socks]"),
    ),
)  # fmt: skip
DEFAULTS: Final = MappingSchema("defaults", _SHARED)
CAMPAIGN: Final = MappingSchema(
    "a campaign",
    (
        KeySchema("note", TextType(), "A note for colleagues: why this exists.", "Spring clearance."),
        KeySchema("budget", AmountsType(least=1, siblings=("count", "per", "pace", "timezone")), "How much the offers of the campaign may cost, per currency.", "{EUR: 500.00, GBP: 500.00}"),
        KeySchema("count", CountType(least=1), "How many offers the campaign may make.", "200"),
        KeySchema("per", OneOfType(("total", "day", "week", "month")), "The period of the budget.", "week", default="total"),
        KeySchema("timezone", ZoneType(), "The time zone in which a day, a week or a month begins.", "Europe/Berlin", default="the policy's zone"),
        KeySchema("pace", OneOfType(("none", "even")), "Whether the budget is spent at any pace (`none`) or spread evenly over its period (`even`).", "even", default="none"),
    ),
    one_of=("budget", "count"),
)  # fmt: skip
SUPPRESS: Final = MappingSchema(
    "a suppress block",
    (
        KeySchema("id", IdType(), "The name of the block in reports.", "fragile-things", required=True),
        KeySchema("note", TextType(), "A note for colleagues: why this exists.", "Broken glass annoys customers for longer."),
        KeySchema("when", RawType("conditions"), "The items and shoppers that the block covers.", "[item.category: {under: glass}]", required=True),
        KeySchema("after", DurationType(least=SECOND), "The least time that suppression lasts after its cause is over.", "120d", required=True, missing="; `suppress` acts only after a complaint or another disappointment, use `exclude` to offer nothing at all"),
    ),
)  # fmt: skip


def _times(*names: tuple[str, str]) -> tuple[KeySchema, ...]:
    return tuple(KeySchema(name, DurationType(), about, "10m") for name, about in names)


_TAINT: Final = MappingSchema(
    "a row of the suppression table",
    (
        KeySchema("scope", OneOfType(("variant", "product", "brand", "shop")), "What is suppressed: the `variant`, the `product`, the `brand` or the whole `shop`.", "product"),
        KeySchema("after", DurationType(), "How long suppression lasts after its cause is over.", "120d"),
    ),
)  # fmt: skip
_TAINTS: Final = {
    "defect": "A support case about a defect, about an item that is not as described, or of unknown kind.",
    "wrong_item": "A support case about a wrong item.",
    "service": "A support case about a late or lost parcel, service or billing.",
    "brand": "A second complaint about the same brand.",
    "review": "A bad review of a product.",
    "return_fit": "A return because of fit or size.",
    "return_recent": "A return because of quality, or without a reason.",
    "delivery_late": "A parcel that is past its promised date.",
    "other": "A support case of another kind that names an item or an order.",
    "cancelled_by_shop": "An order that the shop cancelled.",
}
POLICY: Final = MappingSchema(
    "the policy",
    (
        KeySchema("holdout", PercentType(), "The share of shoppers who are shown no offers, so that the effect of offers can be measured.", "10%"),
        KeySchema("arbitration", OneOfType(("tier", "expected_value")), "How one of several rules wins: by `tier` and discount, or by `expected_value`.", "expected_value"),
        KeySchema("prior", MappingSchema("the prior", (
            KeySchema("silence", PercentType(), "The assumed share of shoppers who buy without an offer.", "3%"),
            KeySchema("offer", PercentType(), "The assumed share of shoppers who buy when they see an offer.", "4%"),
            KeySchema("weight", CountType(most=1_000_000), "The weight of these assumptions: they count as much as this number of shoppers in the log.", "200"),
        )), "The conversion rates that are assumed until the shop's own log has enough data. Used by `arbitration: expected_value`.", "{silence: 3%, offer: 4%, weight: 200}"),
        KeySchema("timezone", ZoneType(), "The time zone of the shop.", "Europe/Berlin"),
        KeySchema("caps", MappingSchema("caps", (
            KeySchema("visible", CountType(least=1, most=10), "The largest number of offers that are visible at once.", "1"),
            KeySchema("per_session", CountType(), "The largest number of offers in one session.", "2"),
            KeySchema("per_shopper", PER_SHOPPER, "The largest number of offers to one shopper.", "{count: 4, per: 30d}"),
        )), "How many offers a shopper may get.", "{per_session: 2}"),
        KeySchema("rest", MappingSchema("rests", _times(
            ("dismissed_rule", "The cooldown of a rule after the shopper dismissed its offer."),
            ("dismissed_product", "The cooldown of a product after the shopper dismissed an offer for it."),
            ("expired_product", "The cooldown of a product after an offer for it expired unused."),
            ("withdrawn_product", "The cooldown of a product after an offer for it was withdrawn because of stock or of its rule."),
            ("quiet", "The quiet period after an offer was withdrawn because of a complaint or another disappointment. No offers are made in it."),
        )), "The cooldowns after an offer has ended.", "{dismissed_rule: 24h}"),
        KeySchema("moment", MappingSchema("the right moment", _times(
            ("engaged", "The engaged time on the item before the first offer."),
            ("since_input", "The time since the last key press or click."),
        )), "The earliest moment for an offer.", "{engaged: 30s}"),
        KeySchema("max_age", MappingSchema("feed ages", _times(
            ("stock", "The largest age of the stock feed."), ("prices", "The largest age of the price feed."),
            ("orders", "The largest age of the order feed."), ("cases", "The largest age of the feed of support cases."),
        )), "How long a feed may be silent before its facts count as unknown.", "{stock: 15m}"),
        KeySchema("owned", MappingSchema("what is owned", (
            KeySchema("durable", DurationType(), "How long a durable product is not offered again after its purchase.", "365d"),
            KeySchema("consumable", PercentType(), "The share of its interval after which a consumable product may be offered again.", "80%"),
            KeySchema("price_regret", DurationType(), "How long after a purchase no offer goes below the price paid.", "30d"),
        )), "How products that the customer owns are left out.", "{durable: 365d}"),
        KeySchema("min_stock", CountType(), "The least stock. With less, an item is not offered.", "2"),
        KeySchema("min_margin", PercentType(most=9900), "The least margin of every offer, as a share of the net price.", "10%"),
        KeySchema("max_total_discount", PercentType(), "The largest discount from the list price.", "50%"),
        KeySchema("endings", NamedType(EndingType(), "endings by currency", CurrencyType()), "The last digits of prices per currency, for rules that name no `ending`.", "{EUR: 95, GBP: 99}"),
        KeySchema("rounding", AmountsType(least=1), "The step of prices per currency. A price is lowered to the next step, or raised where it would be below the floor.", "{CHF: 0.05}", default="`{CHF: 0.05}`"),
        KeySchema("max_claim", DurationType(), "How long a reduction shows what the price was, without a pause of 30 days. Afterwards its offers have no `was` and no percentage.", "30d"),
        KeySchema("accept_hold", DurationType(most=MAX_LIFE), "How long an accepted offer stays valid.", "30m"),
        KeySchema("countdown", OneOfType(("shown", "none")), "Whether offers show the time that is left.", "none"),
        KeySchema("remedies", MappingSchema("the rules about vouchers", (
            KeySchema("remainder", OneOfType(("keep", "lose")), "What becomes of the rest of a voucher that is worth more than its order: it stays a voucher, or is lost.", "lose", default="keep"),
        ), other_names=dict.fromkeys(("agent", "merchandiser"), "write it below [policy] in the settings file, tactful.toml: it limits what people may do")), "What becomes of vouchers.", "{remainder: lose}"),
        KeySchema("essential_time_limit", TextType(), "Why the time limit of offers is essential. With a reason, no shopper may ask for more time.", "The tickets are held for ten minutes."),
        KeySchema("taints", MappingSchema("the suppression table", tuple(
            KeySchema(name, _TAINT, about, "{after: 120d}") for name, about in _TAINTS.items()
        )), "What a complaint or another disappointment suppresses, and for how long. Rule files can only make it stricter.", "{defect: {after: 120d}}"),
        KeySchema("brand_window", DurationType(), "The time in which a second complaint about a brand suppresses the brand. Rule files can only make it longer.", "365d"),
        KeySchema("bought_window", DurationType(), "The time in which purchases are suppressed by a case that names a customer but no item. Rule files can only make it longer.", "365d"),
        KeySchema("bad_rating", CountType(least=1, most=5), "The number of stars up to which a review counts as bad. Rule files can only raise it.", "3"),
        KeySchema("good_rating", CountType(least=1, most=5), "The number of stars from which an edited review no longer counts as bad. Rule files can only raise it.", "5"),
    ),
    other_names={
        **dict.fromkeys(
            ("language", "harm", "trial", "correction_within"),
            "write it below [policy] in the settings file, tactful.toml: it is a setting of the shop",
        ),
        "exclude": "write `exclude:` beside `rules:`, not below `policy:`",
    },
)  # fmt: skip
EXCLUDE: Final = MappingSchema(
    "an exclusion",
    (
        KeySchema("id", IdType(), "The name of the exclusion in reports.", "new-collection", default="made from its content"),
        KeySchema("note", TextType(), "A note for colleagues: why nothing is offered here.", "The publisher binds the price.", required=True),
        KeySchema("owner", TextType(), "The person or team that is responsible for the exclusion.", "books@shop.example", required=True),
        KeySchema("skus", ListType(TextType()), "The SKUs.", "[GIFT-50, GIFT-100]"),
        KeySchema("products", ListType(TextType()), "The products, with all their variants.", "[gift-card]"),
        KeySchema("categories", ListType(TextType()), "The category paths, with everything under them. Upper and lower case make no difference.", "[books, shoes/new]"),
        KeySchema("brands", ListType(TextType()), "The brands. Upper and lower case make no difference.", "[Velo]"),
        KeySchema("segments", ListType(TextType()), "The segments of verified customers. Upper and lower case make no difference.", "[wholesale]"),
        KeySchema("territories", ListType(TerritoryType()), "The territories. A country includes its subdivisions.", "[DE, US-NY]"),
        KeySchema("valid", VALID, "The days on which nothing is offered.", "{from: 2026-11-01, until: 2026-12-31}", default="always"),
    ),
    one_of=("skus", "products", "categories", "brands", "segments", "territories", "valid"),
)  # fmt: skip
VARIANT: Final = MappingSchema(
    "a variant",
    (
        KeySchema("rule", IdType(), "The rule.", "ten-off-boots", required=True),
        KeySchema("share", PercentType(least=1), "The share of shoppers who may get offers of this rule.", "45%", default="an equal part of what the others leave"),
    ),
)  # fmt: skip
EXPERIMENT: Final = MappingSchema(
    "an experiment",
    (
        KeySchema("id", IdType(), "The name of the experiment in reports. It decides which shopper gets which rule.", "boots-ten-or-fifteen", required=True),
        KeySchema("note", TextType(), "A note for colleagues: what is to be learnt.", "Does 15 % earn more than 10 %?"),
        KeySchema("variants", SequenceType(VARIANT, "variants"), "The rules that are compared. Shoppers beyond their shares are held out.", "[{rule: ten-off-boots}, {rule: fifteen-off-boots}]", required=True),
    ),
)  # fmt: skip
PROVENANCES: Final = ("contextual", "aggregate", "pseudonymous", "personal")
FORBID: Final = MappingSchema(
    "a ban of inputs",
    (
        KeySchema("inputs", ListType(OneOfType(PROVENANCES)), "The kinds of data that rules must not read there.", "[personal, pseudonymous]", required=True),
        KeySchema("from", LocalTimeType(), "The first day, or the first minute, in the time zone of the policy.", "2026-07-01", default="at once"),
        KeySchema("except", ListType(OneOfType(("loyalty", "group", "remedy"))), "The legal bases on which an input may still be read: `loyalty` (`customer.tier`), `group` (`customer.segments`), `remedy` (a voucher that support issued).", "[loyalty]"),
    ),
)  # fmt: skip
FILE: Final = MappingSchema(
    "a rule file",
    (
        KeySchema("rules", SequenceType(RULE, "rules"), "The rules: when to offer what, and within which limits.", "[]"),
        KeySchema("experiment", EXPERIMENT, "Rules that are compared with each other, each for its share of shoppers.", "{id: boots, variants: [{rule: ten-off-boots}, {rule: fifteen-off-boots}]}"),
        KeySchema("campaigns", NamedType(CAMPAIGN, "campaigns"), "Groups of rules that share a budget.", "{spring: {budget: 500.00 EUR}}"),
        KeySchema("policy", POLICY, "Settings that replace the shop's defaults.", "{holdout: 10%}"),
        KeySchema("lists", NamedType(RawType("list"), "lists"), "Lists of values that conditions refer to as `$name`.", "{premium: [Velo, Nordek]}"),
        KeySchema("defaults", DEFAULTS, "Keys that all rules of this file share.", "{territories: [DE]}"),
        KeySchema("suppress", SequenceType(SUPPRESS, "suppress blocks"), "Items and shoppers for which suppression after a complaint lasts longer than in the policy. To offer nothing at all on an item, use `exclude`.", "[]"),
        KeySchema("exclude", SequenceType(EXCLUDE, "exclusions"), "What no rule makes offers on. All keys of an exclusion must match, each with one of its values.", "[{brands: [Velo], note: The price is bound., owner: books}]"),
        KeySchema("forbid_inputs", NamedType(BareOrMapping(FORBID, "inputs"), "bans of inputs", TerritoryType()), "The kinds of data that no rule may read in a territory, from a day on.", "{US-NY: {inputs: [personal], from: 2026-07-01}}"),
    ),
)  # fmt: skip
