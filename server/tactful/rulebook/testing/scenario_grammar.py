"""Which sections and keys does a file of tests beside the rules have?"""

from typing import Final, get_args

from tactful.core.session.signals import ActivityKind, Consent, PageKind
from tactful.core.values.calendar import DAY
from tactful.core.verdicts.reasons import Reason
from tactful.rulebook.language.mappings import (
    KeySchema,
    MappingSchema,
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
    ValueType,
)
from tactful.rulebook.language.units import (
    AmountsType,
    DurationType,
    LocalTimeType,
    PercentType,
    TerritoryType,
    ZoneType,
)

_AGO: Final = DurationType(most=3660 * DAY)
_REASONS: Final = OneOfType(tuple(Reason))
_RETURNS: Final = OneOfType(("fit", "quality", "not_as_described", "changed_mind", "unknown"))
_CASES: Final = OneOfType(
    ("defect", "not_as_described", "wrong_item", "late", "lost", "service", "billing", "question", "other")
)  # fmt: skip
_CONSENT: Final = OneOfType(get_args(Consent))


def _by_sku(kind: ValueType) -> NamedType:
    return NamedType(kind, "items", TextType())


ITEM: Final = MappingSchema(
    "an item",
    (
        KeySchema("product", TextType(), "Its product; without it, the SKU.", "aero-runner"),
        KeySchema("title", TextType(), "Its title.", "Aero Runner"),
        KeySchema("brand", TextType(), "Its brand.", "Velo"),
        KeySchema("categories", ListType(TextType()), "Its category paths.", "[shoes/running]"),
        KeySchema("components", ListType(TextType()), "The SKUs of a bundle.", "[BOOT-42, SOCK-3]"),
        KeySchema("consumable", DurationType(least=DAY), "After how long it is used up.", "90d"),
        KeySchema("min_age", CountType(most=120), "From which age it may be sold.", "18"),
        KeySchema("attributes", NamedType(TextType(), "attributes", TextType()), "Its attributes.", "{colour: red}"),
        KeySchema("price", AmountsType(least=1), "Its public price.", "129.00 EUR"),
        KeySchema("price_since", _AGO, "For how long it has had this price.", "200d", default="200d"),
        KeySchema("list", AmountsType(least=1), "Its list price.", "149.00 EUR"),
        KeySchema("target", AmountsType(least=1), "The price the territory wants to reach.", "99.00 EUR"),
        KeySchema("minimum_advertised", AmountsType(least=1), "The lowest price that may be shown.", "89.00 EUR"),
        KeySchema("cost", AmountsType(), "What it costs, net.", "52.00 EUR"),
        KeySchema("stock", CountType(), "How many can be sold.", "6"),
    ),
)  # fmt: skip
ORDER: Final = MappingSchema(
    "an order",
    (
        KeySchema("id", TextType(), "Its id.", "o1"),
        KeySchema("items", ListType(TextType()), "What was bought.", "[RUN-43]", required=True),
        KeySchema("ago", _AGO, "How long ago.", "400d", default="0s"),
        KeySchema("paid", AmountsType(), "What each cost; without it, its price.", "99.00 EUR"),
        KeySchema("status", OneOfType(("placed", "shipped", "delivered", "cancelled")), "Where it is.", "shipped", default="delivered"),
        KeySchema("late", _AGO, "For how long it is past its promised date.", "2d"),
    ),
)  # fmt: skip
CASE: Final = MappingSchema(
    "a case",
    (
        KeySchema("id", TextType(), "Its id.", "k1"),
        KeySchema("kind", _CASES, "What it is about.", "defect", required=True),
        KeySchema("items", ListType(TextType()), "About which items.", "[RUN-43]"),
        KeySchema("order", TextType(), "About which order.", "o1"),
        KeySchema("ago", _AGO, "How long ago it was opened.", "5d", default="0s"),
        KeySchema("resolved", _AGO, "How long ago it was resolved; without it, it is open.", "1d"),
    ),
)
RETURN: Final = MappingSchema(
    "a return",
    (
        KeySchema("items", ListType(TextType()), "What went back.", "[RUN-42]", required=True),
        KeySchema("order", TextType(), "From which order.", "o1"),
        KeySchema("reason", _RETURNS, "Why.", "fit", required=True),
        KeySchema("ago", _AGO, "How long ago.", "10d", default="0s"),
    ),
)
REVIEW: Final = MappingSchema(
    "a review",
    (
        KeySchema("item", TextType(), "Of which item.", "RUN-42", required=True),
        KeySchema("rating", CountType(least=1, most=5), "How many stars.", "2", required=True),
        KeySchema("ago", _AGO, "How long ago.", "3d", default="0s"),
    ),
)
REMEDY: Final = MappingSchema(
    "a remedy",
    (
        KeySchema("value", SavingType(), "What the voucher is worth.", "10.00 EUR", required=True),
        KeySchema(
            "items",
            ListType(TextType()),
            "The items that it makes up for.",
            "[TRAIL-42]",
            required=True,
        ),
        KeySchema("expires", DurationType(), "For how long it is good.", "30d", default="30d"),
    ),
)
CUSTOMER: Final = MappingSchema(
    "a customer",
    (
        KeySchema("tier", TextType(), "Their tier.", "gold"),
        KeySchema("segments", ListType(TextType()), "Their segments.", "[runners]"),
        KeySchema("opted_out", FlagType(), "Whether they want no offers.", "true"),
        KeySchema("attributes", NamedType(TextType(), "attributes", TextType()), "Their attributes.", "{wholesale: true}"),
        KeySchema("orders", SequenceType(ORDER, "orders"), "What they bought.", "[{items: [RUN-43], ago: 400d}]"),
        KeySchema("cases", SequenceType(CASE, "cases"), "Their complaints.", "[{kind: defect, items: [RUN-43]}]"),
        KeySchema("returns", SequenceType(RETURN, "returns"), "What they sent back.", "[{items: [RUN-42], reason: fit}]"),
        KeySchema("reviews", SequenceType(REVIEW, "reviews"), "What they wrote.", "[{item: RUN-42, rating: 2}]"),
        KeySchema("remedies", SequenceType(REMEDY, "remedies"), "The vouchers they were given.", "[{value: 10.00 EUR, items: [RUN-42]}]"),
    ),
)  # fmt: skip
VISIT: Final = MappingSchema(
    "a visit",
    tuple(
        KeySchema(name, TextType(), f"Its {name}.", "spring-mail")
        for name in ("source", "campaign", "medium", "referrer", "link")
    ),
)
TALLY: Final = MappingSchema(
    "a count of shoppers",
    (
        KeySchema(
            "shoppers", CountType(), "How many saw it, or were left alone.", "1000", required=True
        ),
        KeySchema("bought", CountType(), "How many of them bought.", "75", required=True),
    ),
)
GIVEN: Final = MappingSchema(
    "what is given",
    (
        KeySchema("territory", TerritoryType(), "Where the shopper is.", "DE", default="DE"),
        KeySchema("locale", TextType(), "The language of the page.", "de-DE"),
        KeySchema("consent", _CONSENT, "What the shopper agreed to.", "anonymous", default="personal"),
        KeySchema("gpc", FlagType(), "Whether the browser sends Global Privacy Control.", "true"),
        KeySchema("tax", PercentType(most=10_000), "The tax that prices include.", "19%", default="prices are net"),
        KeySchema("customer", TextType(), "The verified customer; without it, the shopper is anonymous.", "c1"),
        KeySchema("customers", NamedType(CUSTOMER, "customers", TextType()), "Who is known.", "{c1: {tier: gold}}"),
        KeySchema("visit", VISIT, "Where the visit came from.", "{campaign: spring-mail}"),
        KeySchema("items", _by_sku(ITEM), "The catalogue.", "{RUN-42: {price: 129.00 EUR, stock: 6}}"),
        KeySchema("spent", NamedType(AmountsType(), "campaigns"), "What campaigns have spent already.", "{spring: 490.00 EUR}"),
        KeySchema("log", _by_sku(NamedType(TALLY, "rules")), "What the shop's log says of an item: of rules by their id, and of `silence`.", "{RUN-42: {silence: {shoppers: 1000, bought: 60}}}"),
        KeySchema("facts", RawType("facts"), "Other facts, in the shape of the facts API.", "[]"),
    ),
)  # fmt: skip
PAGE: Final = MappingSchema(
    "a page",
    (
        KeySchema("kind", OneOfType(get_args(PageKind)), "Its kind.", "cancel", required=True),
        KeySchema("query", TextType(), "What was searched for.", "trail shoes"),
        KeySchema(
            "moment", OneOfType(("rescue",)), "Whether the shopper is leaving for good.", "rescue"
        ),
    ),
)
EXPECT: Final = MappingSchema(
    "an expectation",
    (
        KeySchema("offer", TextType(), "The rule whose offer stands, or none.", "hesitating", default="not looked at"),
        KeySchema("item", TextType(), "For which item; without it, the one in view.", "RUN-42"),
        KeySchema("price", AmountsType(), "The offer's price.", "109.65 EUR"),
        KeySchema("saves", AmountsType(), "What it saves: on one of the item, or at most off the order or its shipping.", "19.35 EUR"),
        KeySchema("message", TextType(), "What the offer says.", "Only 109.65"),
        KeySchema("because", _REASONS, "The first reason why the rule offers nothing.", "target.conditions"),
        KeySchema("rule", IdType(), "The rule whose reason is meant; needed where several are active.", "hesitating"),
        KeySchema("withdrawn", _REASONS, "Why the last offer was taken back.", "complaint.open"),
    ),
)  # fmt: skip
STEP: Final = MappingSchema(
    "a step",
    (
        KeySchema("view", TextType(), "The shopper opens an item.", "RUN-42"),
        KeySchema("page", RawType("page"), "The shopper opens another page.", "cart"),
        KeySchema("cart", _by_sku(CountType(least=1, most=1_000_000)), "The cart is now this.", "{RUN-42: 1}"),
        KeySchema("act", OneOfType(get_args(ActivityKind)), "The shopper does something.", "compare"),
        KeySchema("wait", DurationType(least=1), "Time passes.", "35s"),
        KeySchema("identify", TextType(), "The shopper logs in.", "c1"),
        KeySchema("logout", FlagType(), "The shopper logs out.", "true"),
        KeySchema("consent", _CONSENT, "The shopper's consent changes.", "anonymous"),
        KeySchema("accept", FlagType(), "The shopper accepts the offer.", "true"),
        KeySchema("dismiss", FlagType(), "The shopper dismisses the offer.", "true"),
        KeySchema("stock", _by_sku(CountType()), "The stock is now this.", "{RUN-42: 0}"),
        KeySchema("price", _by_sku(AmountsType(least=1)), "The public price is now this.", "{RUN-42: 119.00 EUR}"),
        KeySchema("case", CASE, "The customer complains.", "{kind: defect, items: [RUN-43]}"),
        KeySchema("resolve", TextType(), "A case is resolved.", "k1"),
        KeySchema("order", ORDER, "The customer buys elsewhere.", "{items: [RUN-42]}"),
        KeySchema("return", RETURN, "The customer sends something back.", "{items: [RUN-42], reason: fit}"),
        KeySchema("review", REVIEW, "The customer writes a review.", "{item: RUN-42, rating: 1}"),
        KeySchema("silent", ListType(OneOfType(("stock", "prices", "orders", "cases"))), "Feeds that say nothing from now on.", "[stock]"),
        KeySchema("expect", EXPECT, "What must hold now.", "{offer: none}"),
    ),
)  # fmt: skip
TEST: Final = MappingSchema(
    "a test",
    (
        KeySchema("name", TextType(), "What it shows, as a sentence.", "someone who hesitates gets an offer", required=True),
        KeySchema("at", LocalTimeType(), "When it begins.", "2026-03-10 12:00"),
        KeySchema("given", GIVEN, "What is different from the file's `given`.", "{territory: AT}"),
        KeySchema("steps", SequenceType(STEP, "steps"), "What happens.", "[]", required=True),
    ),
)  # fmt: skip
TEST_FILE: Final = MappingSchema(
    "a file of tests",
    (
        KeySchema("rules", ListType(IdType()), "Only these rules are active in these tests.", "[hesitating]", default="all of the folder"),
        KeySchema("at", LocalTimeType(), "When the tests begin.", "2026-03-10 12:00", default="2026-03-10 12:00"),
        KeySchema("timezone", ZoneType(), "On whose clocks.", "Europe/Berlin", default="UTC"),
        KeySchema("given", GIVEN, "What all tests of the file have in common.", "{territory: DE}"),
        KeySchema("tests", SequenceType(TEST, "tests"), "The tests.", "[]", required=True),
    ),
)  # fmt: skip
