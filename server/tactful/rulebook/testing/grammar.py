"""Which sections and keys does a file of tests beside the rules have?"""

from typing import Final, get_args

from tactful.core.session.signals import ActivityKind, Consent, PageKind
from tactful.core.values.calendar import DAY
from tactful.core.verdicts.reasons import Reason
from tactful.rulebook.language.mappings import Key, Named, Raw, Saving, Sequence, Shape
from tactful.rulebook.language.scalars import Count, Flag, Id, Kind, ListOf, OneOf, Text
from tactful.rulebook.language.units import (
    Amounts,
    Duration,
    LocalTime,
    Percent,
    Territory,
    Zone,
)

_AGO: Final = Duration(most=3660 * DAY)
_REASONS: Final = OneOf(tuple(Reason))
_RETURNS: Final = OneOf(("fit", "quality", "not_as_described", "changed_mind", "unknown"))
_CASES: Final = OneOf(
    ("defect", "not_as_described", "wrong_item", "late", "lost", "service", "billing", "question", "other")
)  # fmt: skip
_CONSENT: Final = OneOf(get_args(Consent))


def _by_sku(kind: Kind) -> Named:
    return Named(kind, "items", Text())


ITEM: Final = Shape(
    "an item",
    (
        Key("product", Text(), "Its product; without it, the SKU.", "aero-runner"),
        Key("title", Text(), "Its title.", "Aero Runner"),
        Key("brand", Text(), "Its brand.", "Velo"),
        Key("categories", ListOf(Text()), "Its category paths.", "[shoes/running]"),
        Key("components", ListOf(Text()), "The SKUs of a bundle.", "[BOOT-42, SOCK-3]"),
        Key("consumable", Duration(least=DAY), "After how long it is used up.", "90d"),
        Key("min_age", Count(most=120), "From which age it may be sold.", "18"),
        Key("attributes", Named(Text(), "attributes", Text()), "Its attributes.", "{colour: red}"),
        Key("price", Amounts(least=1), "Its public price.", "129.00 EUR"),
        Key("price_since", _AGO, "For how long it has had this price.", "200d", default="200d"),
        Key("list", Amounts(least=1), "Its list price.", "149.00 EUR"),
        Key("target", Amounts(least=1), "The price the territory wants to reach.", "99.00 EUR"),
        Key("minimum_advertised", Amounts(least=1), "The lowest price that may be shown.", "89.00 EUR"),
        Key("cost", Amounts(), "What it costs, net.", "52.00 EUR"),
        Key("stock", Count(), "How many can be sold.", "6"),
    ),
)  # fmt: skip
ORDER: Final = Shape(
    "an order",
    (
        Key("id", Text(), "Its id.", "o1"),
        Key("items", ListOf(Text()), "What was bought.", "[RUN-43]", required=True),
        Key("ago", _AGO, "How long ago.", "400d", default="0s"),
        Key("paid", Amounts(), "What each cost; without it, its price.", "99.00 EUR"),
        Key("status", OneOf(("placed", "shipped", "delivered", "cancelled")), "Where it is.", "shipped", default="delivered"),
        Key("late", _AGO, "For how long it is past its promised date.", "2d"),
    ),
)  # fmt: skip
CASE: Final = Shape(
    "a case",
    (
        Key("id", Text(), "Its id.", "k1"),
        Key("kind", _CASES, "What it is about.", "defect", required=True),
        Key("items", ListOf(Text()), "About which items.", "[RUN-43]"),
        Key("order", Text(), "About which order.", "o1"),
        Key("ago", _AGO, "How long ago it was opened.", "5d", default="0s"),
        Key("resolved", _AGO, "How long ago it was resolved; without it, it is open.", "1d"),
    ),
)
RETURN: Final = Shape(
    "a return",
    (
        Key("items", ListOf(Text()), "What went back.", "[RUN-42]", required=True),
        Key("order", Text(), "From which order.", "o1"),
        Key("reason", _RETURNS, "Why.", "fit", required=True),
        Key("ago", _AGO, "How long ago.", "10d", default="0s"),
    ),
)
REVIEW: Final = Shape(
    "a review",
    (
        Key("item", Text(), "Of which item.", "RUN-42", required=True),
        Key("rating", Count(least=1, most=5), "How many stars.", "2", required=True),
        Key("ago", _AGO, "How long ago.", "3d", default="0s"),
    ),
)
REMEDY: Final = Shape(
    "a remedy",
    (
        Key("value", Saving(), "What the voucher is worth.", "10.00 EUR", required=True),
        Key(
            "items", ListOf(Text()), "The items that it makes up for.", "[TRAIL-42]", required=True
        ),
        Key("expires", Duration(), "For how long it is good.", "30d", default="30d"),
    ),
)
CUSTOMER: Final = Shape(
    "a customer",
    (
        Key("tier", Text(), "Their tier.", "gold"),
        Key("segments", ListOf(Text()), "Their segments.", "[runners]"),
        Key("opted_out", Flag(), "Whether they want no offers.", "true"),
        Key("attributes", Named(Text(), "attributes", Text()), "Their attributes.", "{wholesale: true}"),
        Key("orders", Sequence(ORDER, "orders"), "What they bought.", "[{items: [RUN-43], ago: 400d}]"),
        Key("cases", Sequence(CASE, "cases"), "Their complaints.", "[{kind: defect, items: [RUN-43]}]"),
        Key("returns", Sequence(RETURN, "returns"), "What they sent back.", "[{items: [RUN-42], reason: fit}]"),
        Key("reviews", Sequence(REVIEW, "reviews"), "What they wrote.", "[{item: RUN-42, rating: 2}]"),
        Key("remedies", Sequence(REMEDY, "remedies"), "The vouchers they were given.", "[{value: 10.00 EUR, items: [RUN-42]}]"),
    ),
)  # fmt: skip
VISIT: Final = Shape(
    "a visit",
    tuple(
        Key(name, Text(), f"Its {name}.", "spring-mail")
        for name in ("source", "campaign", "medium", "referrer", "link")
    ),
)
TALLY: Final = Shape(
    "a count of shoppers",
    (
        Key("shoppers", Count(), "How many saw it, or were left alone.", "1000", required=True),
        Key("bought", Count(), "How many of them bought.", "75", required=True),
    ),
)
GIVEN: Final = Shape(
    "what is given",
    (
        Key("territory", Territory(), "Where the shopper is.", "DE", default="DE"),
        Key("locale", Text(), "The language of the page.", "de-DE"),
        Key("consent", _CONSENT, "What the shopper agreed to.", "anonymous", default="personal"),
        Key("gpc", Flag(), "Whether the browser sends Global Privacy Control.", "true"),
        Key("tax", Percent(most=10_000), "The tax that prices include.", "19%", default="prices are net"),
        Key("customer", Text(), "The verified customer; without it, the shopper is anonymous.", "c1"),
        Key("customers", Named(CUSTOMER, "customers", Text()), "Who is known.", "{c1: {tier: gold}}"),
        Key("visit", VISIT, "Where the visit came from.", "{campaign: spring-mail}"),
        Key("items", _by_sku(ITEM), "The catalogue.", "{RUN-42: {price: 129.00 EUR, stock: 6}}"),
        Key("spent", Named(Amounts(), "campaigns"), "What campaigns have spent already.", "{spring: 490.00 EUR}"),
        Key("log", _by_sku(Named(TALLY, "rules")), "What the shop's log says of an item: of rules by their id, and of `silence`.", "{RUN-42: {silence: {shoppers: 1000, bought: 60}}}"),
        Key("facts", Raw("facts"), "Other facts, in the shape of the facts API.", "[]"),
    ),
)  # fmt: skip
PAGE: Final = Shape(
    "a page",
    (
        Key("kind", OneOf(get_args(PageKind)), "Its kind.", "cancel", required=True),
        Key("query", Text(), "What was searched for.", "trail shoes"),
        Key("moment", OneOf(("rescue",)), "Whether the shopper is leaving for good.", "rescue"),
    ),
)
EXPECT: Final = Shape(
    "an expectation",
    (
        Key("offer", Text(), "The rule whose offer stands, or none.", "hesitating", default="not looked at"),
        Key("item", Text(), "For which item; without it, the one in view.", "RUN-42"),
        Key("price", Amounts(), "The offer's price.", "109.65 EUR"),
        Key("saves", Amounts(), "What it saves: on one of the item, or at most off the order or its shipping.", "19.35 EUR"),
        Key("message", Text(), "What the offer says.", "Only 109.65"),
        Key("because", _REASONS, "The first reason why the rule offers nothing.", "target.conditions"),
        Key("rule", Id(), "The rule whose reason is meant; needed where several are active.", "hesitating"),
        Key("withdrawn", _REASONS, "Why the last offer was taken back.", "complaint.open"),
    ),
)  # fmt: skip
STEP: Final = Shape(
    "a step",
    (
        Key("view", Text(), "The shopper opens an item.", "RUN-42"),
        Key("page", Raw("page"), "The shopper opens another page.", "cart"),
        Key("cart", _by_sku(Count(least=1, most=1_000_000)), "The cart is now this.", "{RUN-42: 1}"),
        Key("act", OneOf(get_args(ActivityKind)), "The shopper does something.", "compare"),
        Key("wait", Duration(least=1), "Time passes.", "35s"),
        Key("identify", Text(), "The shopper logs in.", "c1"),
        Key("logout", Flag(), "The shopper logs out.", "true"),
        Key("consent", _CONSENT, "The shopper's consent changes.", "anonymous"),
        Key("accept", Flag(), "The shopper accepts the offer.", "true"),
        Key("dismiss", Flag(), "The shopper dismisses the offer.", "true"),
        Key("stock", _by_sku(Count()), "The stock is now this.", "{RUN-42: 0}"),
        Key("price", _by_sku(Amounts(least=1)), "The public price is now this.", "{RUN-42: 119.00 EUR}"),
        Key("case", CASE, "The customer complains.", "{kind: defect, items: [RUN-43]}"),
        Key("resolve", Text(), "A case is resolved.", "k1"),
        Key("order", ORDER, "The customer buys elsewhere.", "{items: [RUN-42]}"),
        Key("return", RETURN, "The customer sends something back.", "{items: [RUN-42], reason: fit}"),
        Key("review", REVIEW, "The customer writes a review.", "{item: RUN-42, rating: 1}"),
        Key("silent", ListOf(OneOf(("stock", "prices", "orders", "cases"))), "Feeds that say nothing from now on.", "[stock]"),
        Key("expect", EXPECT, "What must hold now.", "{offer: none}"),
    ),
)  # fmt: skip
TEST: Final = Shape(
    "a test",
    (
        Key("name", Text(), "What it shows, as a sentence.", "someone who hesitates gets an offer", required=True),
        Key("at", LocalTime(), "When it begins.", "2026-03-10 12:00"),
        Key("given", GIVEN, "What is different from the file's `given`.", "{territory: AT}"),
        Key("steps", Sequence(STEP, "steps"), "What happens.", "[]", required=True),
    ),
)  # fmt: skip
TEST_FILE: Final = Shape(
    "a file of tests",
    (
        Key("rules", ListOf(Id()), "Only these rules are active in these tests.", "[hesitating]", default="all of the folder"),
        Key("at", LocalTime(), "When the tests begin.", "2026-03-10 12:00", default="2026-03-10 12:00"),
        Key("timezone", Zone(), "On whose clocks.", "Europe/Berlin", default="UTC"),
        Key("given", GIVEN, "What all tests of the file have in common.", "{territory: DE}"),
        Key("tests", Sequence(TEST, "tests"), "The tests.", "[]", required=True),
    ),
)  # fmt: skip
