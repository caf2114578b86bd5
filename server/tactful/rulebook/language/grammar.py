"""Which sections and keys does a rule file have?"""

from typing import Final

from tactful.core.values.allocation import LEVELS
from tactful.core.values.calendar import DAY, SECOND
from tactful.rulebook.language.mappings import Key, Messages, Named, Raw, Saving, Sequence, Shape
from tactful.rulebook.language.scalars import Count, Flag, Id, ListOf, OneOf, Text
from tactful.rulebook.language.units import (
    Amounts,
    Duration,
    LocalTime,
    Percent,
    Territory,
    Zone,
)

MAX_LIFE: Final = 14 * DAY
"""No promise outlives this: well below the 31 days for which a key that was rotated still verifies."""

PRICE_MODES: Final = ("percent", "amount", "fixed", "to_target", "ladder", "gift")

_PRICES: Final = (
    Key("percent", Percent(least=1), "This share off the public price.", "15%"),
    Key("amount", Amounts(least=1), "This much off, per currency.", "{EUR: 10.00}"),
    Key("fixed", Amounts(least=1), "This price, per currency.", "{EUR: 99.00}"),
    Key("to_target", Flag(), "Down to the price that the territory wants to reach.", "true"),
)
STEP: Final = Shape("a step of the ladder", _PRICES)
FLOOR: Final = Shape(
    "a floor",
    (
        Key("margin", Percent(most=9900), "At least this share of the net price is margin.", "20%"),
        Key("minimum", Amounts(least=1), "No offer is below this price.", "{EUR: 50.00}"),
        Key("may_undercut_target", Flag(), "May the offer go below the territory's target price?", "true", default="false"),
    ),
)  # fmt: skip
OFFER: Final = Shape(
    "an offer",
    (
        *_PRICES,
        Key("ladder", Sequence(STEP, "steps"), "A step for each later offer in the same session.", "[{percent: 5%}, {percent: 8%}]"),
        Key("gift", Flag(), "The item for nothing.", "true"),
        Key("off_the", OneOf(LEVELS), "What the percentage or the amount comes off.", "order", default="item"),
        Key("at_most", Amounts(least=1), "The most that a percentage of the order, or of its shipping, comes to.", "{EUR: 50.00}"),
        Key("floor", FLOOR, "How low the price may go.", "{margin: 20%}"),
        Key("on_floor", OneOf(("clamp", "withhold")), "At the floor: offer the floor price, or nothing.", "withhold", default="clamp"),
        Key("min_saving", Saving(), "Less than this is not worth an offer.", "2.00 EUR"),
        Key("ending", Count(most=99), "The last two digits of the price, reached downwards.", "95"),
        Key("max_qty", Count(least=1, most=1000), "How many may be bought at this price.", "3", default="1"),
        Key("expires", Duration(least=10 * SECOND, most=MAX_LIFE), "How long the offer stands.", "15m", default="15m"),
        Key("placement", Id(), "Where on the page it is shown.", "corner", default="corner"),
        Key("message", Messages(), "What the shopper reads.", '"{offer.price} for the next {offer.expires}."'),
    ),
)  # fmt: skip
VALID: Final = Shape(
    "a window",
    (
        Key("from", LocalTime(), "The first day or minute.", "2026-03-01"),
        Key("until", LocalTime(), "The last day, or the minute at which it is over.", "2026-03-31"),
        Key("timezone", Zone(), "On whose clocks.", "Europe/Berlin", default="the policy's zone"),
    ),
)
HOURS: Final = Shape(
    "opening hours",
    (
        Key("days", Text(), "The weekdays.", "mon-fri", default="every day"),
        Key("hours", Text(), "From and to; an end before the start is on the next day.", "09:00-18:00", default="all day"),
    ),
    one_of=("days", "hours"),
)  # fmt: skip
PER_SHOPPER: Final = Shape(
    "a limit per shopper",
    (
        Key("count", Count(least=1), "How often at most.", "2", required=True),
        Key("per", Duration(least=SECOND), "In any such length of time.", "30d", required=True),
    ),
)
LIMITS: Final = Shape(
    "limits",
    (
        Key("per_session", Count(least=1), "Offers of this rule in one session.", "1"),
        Key("per_shopper", PER_SHOPPER, "Offers of this rule to one shopper.", "{count: 2, per: 30d}"),
    ),
)  # fmt: skip
_SHARED: Final = (
    Key("owner", Text(), "Who answers for the rule.", "footwear@shop.example"),
    Key("valid", VALID, "The days on which it is in force.", "{from: 2026-03-01, until: 2026-03-31}"),
    Key("schedule", ListOf(HOURS), "The hours of the week in which it is in force.", "{days: mon-fri, hours: 09:00-18:00}"),
    Key("territories", ListOf(Territory()), "Where it is in force.", "[DE, AT]", default="everywhere"),
    Key("mode", OneOf(("live", "shadow", "trial")), "Offered; only recorded; or offered to a share.", "shadow", default="live"),
    Key("share", Percent(least=1), "The share of sessions that a trial speaks to.", "20%"),
    Key("holdout", Percent(most=9900), "The share of sessions that this rule leaves alone, to measure its effect.", "10%"),
    Key("priority", Count(most=1000), "The tier: the higher wins before anything is compared.", "10", default="0"),
    Key("on_change", OneOf(("keep", "drain", "withdraw")), "What becomes of standing offers when the rule is edited or paused.", "withdraw", default="keep"),
    Key("campaign", Id(), "Whose budget it spends.", "spring"),
    Key("limits", LIMITS, "How often it may speak.", "{per_session: 1}"),
    Key("offer", OFFER, "What is offered.", "{percent: 10%}"),
)  # fmt: skip
RULE: Final = Shape(
    "a rule",
    (
        Key("id", Id(), "Its name in reports and tests.", "hesitating-over-shoes", required=True),
        _SHARED[0],
        Key("note", Text(), "Why it exists, for colleagues.", "We have plenty of these."),
        *_SHARED[1:4],
        Key("moment", OneOf(("rescue",)), "Only on a page where the shopper is leaving for good.", "rescue"),
        Key("when", Raw("conditions"), "What must hold.", "[item.stock: {at_least: 5}]"),
        Key("unless", Raw("conditions"), "None of this may hold.", "[item.on_sale: true]"),
        Key("remedy", Flag(), "Shows a voucher that support issued, not a discount of its own.", "true", default="false"),
        _SHARED[-1],
        *_SHARED[4:-1],
        Key("force", Flag(), "Offer even where silence is worth more.", "true", default="false"),
        Key("paused", Flag(), "Offers nothing until this is removed.", "true", default="false"),
        Key("stacks_with", ListOf(Id()), "Rules, or campaigns, whose offers may stand beside this one.", "[free-socks]"),
    ),
)  # fmt: skip
DEFAULTS: Final = Shape("defaults", _SHARED)
CAMPAIGN: Final = Shape(
    "a campaign",
    (
        Key("note", Text(), "Why it exists, for colleagues.", "Spring clearance."),
        Key("budget", Amounts(least=1, beside=("count", "per", "pace", "timezone")), "How much its offers may cost, per currency.", "{EUR: 500.00, GBP: 500.00}"),
        Key("count", Count(least=1), "How many offers it may make.", "200"),
        Key("per", OneOf(("total", "day", "week", "month")), "For how long the budget is meant.", "week", default="total"),
        Key("timezone", Zone(), "On whose clocks a day begins.", "Europe/Berlin", default="the policy's zone"),
        Key("pace", OneOf(("none", "even")), "Spent as it comes, or evenly over the day, week or month.", "even", default="none"),
    ),
    one_of=("budget", "count"),
)  # fmt: skip
SUPPRESS: Final = Shape(
    "a suppress block",
    (
        Key("id", Id(), "Its name in reports.", "fragile-things", required=True),
        Key("note", Text(), "Why it exists, for colleagues.", "Broken glass angers people."),
        Key("when", Raw("conditions"), "For which items and shoppers.", "[item.category: {under: glass}]", required=True),
        Key("after", Duration(least=SECOND), "At least this long after a let-down.", "120d", required=True),
    ),
)  # fmt: skip


def _times(*names: tuple[str, str]) -> tuple[Key, ...]:
    return tuple(Key(name, Duration(), about, "10m") for name, about in names)


_TAINT: Final = Shape(
    "a row of the suppression table",
    (
        Key("scope", OneOf(("variant", "product", "brand", "shop")), "How far it reaches.", "product"),
        Key("after", Duration(), "How long it lasts once it is over.", "120d"),
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
POLICY: Final = Shape(
    "the policy",
    (
        Key("holdout", Percent(), "The share of shoppers who are never shown anything, so that the effect can be measured.", "10%"),
        Key("arbitration", OneOf(("tier", "expected_value")), "How one of several rules wins.", "expected_value"),
        Key("prior", Shape("the prior", (
            Key("silence", Percent(), "The share who buy though they are shown nothing.", "3%"),
            Key("offer", Percent(), "The share who buy when they see an offer.", "4%"),
            Key("weight", Count(most=1_000_000), "As many shoppers is this belief worth beside those of the log.", "200"),
        )), "What is believed before the shop's own log knows better; for `arbitration: expected_value`.", "{silence: 3%, offer: 4%, weight: 200}"),
        Key("timezone", Zone(), "The shop's clocks.", "Europe/Berlin"),
        Key("caps", Shape("caps", (
            Key("visible", Count(least=1, most=10), "Offers to be seen at once.", "1"),
            Key("per_session", Count(), "Offers in one session.", "2"),
            Key("per_shopper", PER_SHOPPER, "Offers to one shopper.", "{count: 4, per: 30d}"),
        )), "How often a shopper may be approached.", "{per_session: 2}"),
        Key("rest", Shape("rests", _times(
            ("dismissed_rule", "How long a dismissal rests the rule."),
            ("dismissed_product", "How long a dismissal rests the product."),
            ("expired_product", "How long an offer that was let pass rests the product."),
            ("withdrawn_product", "How long an offer that was taken back, for stock or for its rule, rests the product."),
            ("quiet", "How long a let-down rests everything."),
        )), "How long a shopper is left in peace.", "{dismissed_rule: 24h}"),
        Key("moment", Shape("the right moment", _times(
            ("engaged", "Engaged time on the item before anything is said."),
            ("since_input", "Time since the last key or click."),
        )), "When it is not too early to speak.", "{engaged: 30s}"),
        Key("max_age", Shape("feed ages", _times(
            ("stock", "The stock feed."), ("prices", "The price feed."),
            ("orders", "The order feed."), ("cases", "The support feed."),
        )), "How long a feed may be silent before its facts count as unknown.", "{stock: 15m}"),
        Key("owned", Shape("what is owned", (
            Key("durable", Duration(), "How long a durable thing is not offered again.", "365d"),
            Key("consumable", Percent(), "The part of its interval after which a consumable is due.", "80%"),
            Key("price_regret", Duration(), "How long no offer goes below a price paid.", "30d"),
        )), "How what was bought is left out.", "{durable: 365d}"),
        Key("min_stock", Count(), "Below this stock nothing is offered.", "2"),
        Key("min_margin", Percent(most=9900), "The least margin of every offer.", "10%"),
        Key("max_total_discount", Percent(), "The most below list price.", "50%"),
        Key("accept_hold", Duration(most=MAX_LIFE), "How long an accepted offer is kept.", "30m"),
        Key("taints", Shape("the suppression table", tuple(
            Key(name, _TAINT, about, "{after: 120d}") for name, about in _TAINTS.items()
        )), "What a let-down suppresses; may only be tightened here.", "{defect: {after: 120d}}"),
        Key("brand_window", Duration(), "Two complaints on a brand within this are one too many; only longer.", "365d"),
        Key("bought_window", Duration(), "A case that names only a customer taints what was bought within this; only longer.", "365d"),
        Key("bad_rating", Count(least=1, most=5), "A review of so many stars or less is bad; only higher.", "3"),
        Key("good_rating", Count(least=1, most=5), "An edit to so many stars lifts it; only higher.", "5"),
    ),
)  # fmt: skip
FILE: Final = Shape(
    "a rule file",
    (
        Key("rules", Sequence(RULE, "rules"), "When … offer … within …", "[]"),
        Key("campaigns", Named(CAMPAIGN, "campaigns"), "Groups of rules with one budget.", "{spring: {budget: 500.00 EUR}}"),
        Key("policy", POLICY, "Overrides of the shop's defaults.", "{holdout: 10%}"),
        Key("lists", Named(Raw("list"), "lists"), "Values to be used as `$name`.", "{premium: [Velo, Nordek]}"),
        Key("defaults", DEFAULTS, "What the rules of this file have in common.", "{territories: [DE]}"),
        Key("suppress", Sequence(SUPPRESS, "suppress blocks"), "Where the shop is stricter than its policy.", "[]"),
    ),
)  # fmt: skip
