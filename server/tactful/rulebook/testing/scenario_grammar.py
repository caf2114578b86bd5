"""The grammar of scenario files (`*.test.yaml`): every section and key, as mapping schemas."""

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
_REASONS: Final = OneOfType(tuple(Reason), "a reason code", "rules/reasons.md")
_RETURNS: Final = OneOfType(("fit", "quality", "not_as_described", "changed_mind", "unknown"))
_CASES: Final = OneOfType(
    ("defect", "not_as_described", "wrong_item", "late", "lost", "service", "billing", "question", "other", "unknown")
)  # fmt: skip
_CONSENT: Final = OneOfType(get_args(Consent))


def _by_sku(kind: ValueType) -> NamedType:
    return NamedType(kind, "items", TextType())


ITEM: Final = MappingSchema(
    "an item",
    (
        KeySchema("product", TextType(), "The product of the item. Without it, the SKU.", "aero-runner"),
        KeySchema("title", TextType(), "The title of the item.", "Aero Runner"),
        KeySchema("brand", TextType(), "The brand of the item.", "Velo"),
        KeySchema("categories", ListType(TextType()), "The category paths of the item.", "[shoes/running]"),
        KeySchema("components", ListType(TextType()), "The SKUs of the parts of a bundle.", "[BOOT-42, SOCK-3]"),
        KeySchema("consumable", DurationType(least=DAY), "The time after which a consumable product is used up.", "90d"),
        KeySchema("min_age", CountType(most=120), "The age from which a customer may buy the item, in years.", "18"),
        KeySchema("attributes", NamedType(TextType(), "attributes", TextType()), "The attributes of the product.", "{colour: red}"),
        KeySchema("price", AmountsType(least=1), "The public price of the item.", "129.00 EUR"),
        KeySchema("price_since", _AGO, "How long the item has had this price.", "200d", default="200d"),
        KeySchema("list", AmountsType(least=1), "The list price of the item.", "149.00 EUR"),
        KeySchema("target", AmountsType(least=1), "The price that the territory wants to reach.", "99.00 EUR"),
        KeySchema("minimum_advertised", AmountsType(least=1), "The lowest price that may be advertised.", "89.00 EUR"),
        KeySchema("cost", AmountsType(), "The cost of the item, net.", "52.00 EUR"),
        KeySchema("stock", CountType(), "The quantity that can be sold.", "6"),
    ),
)  # fmt: skip
ORDER: Final = MappingSchema(
    "an order",
    (
        KeySchema("id", TextType(), "The id, so that other entries and steps can name it.", "o1"),
        KeySchema("items", ListType(TextType()), "The SKUs that were bought.", "[RUN-43]", required=True),
        KeySchema("ago", _AGO, "How long ago it happened.", "400d", default="0s"),
        KeySchema("paid", AmountsType(), "The price paid for each piece. Without it, the price of the item.", "99.00 EUR"),
        KeySchema("status", OneOfType(("placed", "shipped", "delivered", "cancelled")), "The status of the order.", "shipped", default="delivered"),
        KeySchema("cancelled_by", OneOfType(("shop", "customer")), "Who cancelled the order.", "shop"),
        KeySchema("late", _AGO, "How long the parcel is past its promised date.", "2d"),
    ),
)  # fmt: skip
CASE: Final = MappingSchema(
    "a case",
    (
        KeySchema("id", TextType(), "The id, so that other entries and steps can name it.", "k1"),
        KeySchema("kind", _CASES, "The subject of the case.", "defect", required=True),
        KeySchema("items", ListType(TextType()), "The SKUs that the case is about.", "[RUN-43]"),
        KeySchema("order", TextType(), "The order that the case is about.", "o1"),
        KeySchema("ago", _AGO, "How long ago the case was opened.", "5d", default="0s"),
        KeySchema(
            "resolved",
            _AGO,
            "How long ago the case was resolved. Without it, the case is open.",
            "1d",
        ),
    ),
)
RETURN: Final = MappingSchema(
    "a return",
    (
        KeySchema(
            "items", ListType(TextType()), "The SKUs that were returned.", "[RUN-42]", required=True
        ),
        KeySchema("order", TextType(), "The order that they were returned from.", "o1"),
        KeySchema("reason", _RETURNS, "The reason of the return.", "fit", required=True),
        KeySchema("ago", _AGO, "How long ago it happened.", "10d", default="0s"),
    ),
)
REVIEW: Final = MappingSchema(
    "a review",
    (
        KeySchema("item", TextType(), "The SKU that the review is about.", "RUN-42", required=True),
        KeySchema("rating", CountType(least=1, most=5), "The number of stars.", "2", required=True),
        KeySchema("ago", _AGO, "How long ago it happened.", "3d", default="0s"),
    ),
)
REMEDY: Final = MappingSchema(
    "a remedy",
    (
        KeySchema(
            "value",
            SavingType(),
            "The value of the voucher: an amount, or a percentage.",
            "10.00 EUR",
            required=True,
        ),
        KeySchema(
            "items",
            ListType(TextType()),
            "The SKUs that the voucher compensates for.",
            "[TRAIL-42]",
            required=True,
        ),
        KeySchema(
            "expires", DurationType(), "How long the voucher is valid.", "30d", default="30d"
        ),
    ),
)
CUSTOMER: Final = MappingSchema(
    "a customer",
    (
        KeySchema("tier", TextType(), "The loyalty tier of the customer.", "gold"),
        KeySchema("segments", ListType(TextType()), "The segments of the customer.", "[runners]"),
        KeySchema("opted_out", FlagType(), "Whether the customer asked for no offers.", "true"),
        KeySchema("attributes", NamedType(TextType(), "attributes", TextType()), "The attributes of the customer.", "{wholesale: true}"),
        KeySchema("orders", SequenceType(ORDER, "orders"), "The orders of the customer.", "[{items: [RUN-43], ago: 400d}]"),
        KeySchema("cases", SequenceType(CASE, "cases"), "The support cases of the customer.", "[{kind: defect, items: [RUN-43]}]"),
        KeySchema("returns", SequenceType(RETURN, "returns"), "The returns of the customer.", "[{items: [RUN-42], reason: fit}]"),
        KeySchema("reviews", SequenceType(REVIEW, "reviews"), "The reviews of the customer.", "[{item: RUN-42, rating: 2}]"),
        KeySchema("remedies", SequenceType(REMEDY, "remedies"), "The vouchers of the customer.", "[{value: 10.00 EUR, items: [RUN-42]}]"),
    ),
)  # fmt: skip
VISIT: Final = MappingSchema(
    "a visit",
    (
        KeySchema("source", TextType(), "The source of the visit (`utm_source`).", "newsletter"),
        KeySchema(
            "campaign", TextType(), "The campaign of the visit (`utm_campaign`).", "spring-mail"
        ),
        KeySchema("medium", TextType(), "The medium of the visit (`utm_medium`).", "email"),
        KeySchema("referrer", TextType(), "The site that linked to the shop.", "blog.example"),
        KeySchema(
            "link", TextType(), "The purpose of the signed link that was followed.", "apology"
        ),
    ),
)
TALLY: Final = MappingSchema(
    "a count of shoppers",
    (
        KeySchema(
            "shoppers",
            CountType(),
            "How many shoppers saw an offer of the rule, or were shown no offer.",
            "1000",
            required=True,
        ),
        KeySchema("bought", CountType(), "How many of these shoppers bought.", "75", required=True),
    ),
)
GIVEN: Final = MappingSchema(
    "what is given",
    (
        KeySchema("territory", TerritoryType(), "The territory of the shopper.", "DE", default="DE"),
        KeySchema("locale", TextType(), "The language of the page.", "de-DE"),
        KeySchema("consent", _CONSENT, "The consent of the shopper.", "anonymous", default="personal"),
        KeySchema("gpc", FlagType(), "Whether the browser sends Global Privacy Control.", "true"),
        KeySchema("tax", PercentType(most=10_000), "The tax rate that prices include.", "19%", default="prices are net"),
        KeySchema("customer", TextType(), "The verified customer. Without it, the shopper is anonymous.", "c1"),
        KeySchema("customers", NamedType(CUSTOMER, "customers", TextType()), "The customers, by id.", "{c1: {tier: gold}}"),
        KeySchema("visit", VISIT, "The origin of the visit.", "{campaign: spring-mail}"),
        KeySchema("items", _by_sku(ITEM), "The items of the catalogue, by SKU.", "{RUN-42: {price: 129.00 EUR, stock: 6}}"),
        KeySchema("spent", NamedType(AmountsType(), "campaigns"), "The amounts that campaigns have spent already.", "{spring: 490.00 EUR}"),
        KeySchema("codes", NamedType(CountType(), "pools"), "How many discount codes are free, by pool.", "{spring-15: 0}", default="enough"),
        KeySchema("log", _by_sku(NamedType(TALLY, "rules")), "The conversions in the shop's log, by SKU: counts for rules by their id, and for no offer as `silence`.", "{RUN-42: {silence: {shoppers: 1000, bought: 60}}}"),
        KeySchema("facts", RawType("facts"), "Further facts, in the form of the facts API.", "[]"),
    ),
)  # fmt: skip
PAGE: Final = MappingSchema(
    "a page",
    (
        KeySchema(
            "kind", OneOfType(get_args(PageKind)), "The kind of the page.", "cancel", required=True
        ),
        KeySchema("query", TextType(), "The text of the search.", "trail shoes"),
        KeySchema(
            "moment",
            OneOfType(("rescue",)),
            "`rescue` on a page on which the shopper is leaving for good.",
            "rescue",
        ),
    ),
)
EXPECT: Final = MappingSchema(
    "an expectation",
    (
        KeySchema("offer", TextType(), "The id of the rule whose offer is shown, or `none`.", "hesitating", default="not looked at"),
        KeySchema("item", TextType(), "The SKU that the expectation is about. Without it, the item in view.", "RUN-42"),
        KeySchema("price", AmountsType(), "The price of one piece with the offer.", "109.65 EUR"),
        KeySchema("saves", AmountsType(), "The saving on one piece of the item, or the largest saving off the order or its shipping.", "19.35 EUR"),
        KeySchema("message", TextType(), "A text that the message of the offer contains.", "Only 109.65"),
        KeySchema("because", _REASONS, "The primary reason why the rule makes no offer.", "target.conditions"),
        KeySchema("rule", IdType(), "The id of the rule that `because` is about. Required if several rules are active.", "hesitating"),
        KeySchema("withdrawn", _REASONS, "The reason why the last offer was withdrawn.", "complaint.open"),
    ),
)  # fmt: skip
STEP: Final = MappingSchema(
    "a step",
    (
        KeySchema("view", TextType(), "The shopper opens an item.", "RUN-42"),
        KeySchema("page", RawType("page"), "The shopper opens another page.", "cart"),
        KeySchema("cart", _by_sku(CountType(least=1, most=1_000_000)), "The cart has this content from now on.", "{RUN-42: 1}"),
        KeySchema("act", OneOfType(get_args(ActivityKind)), "The shopper does something on the page.", "compare"),
        KeySchema("wait", DurationType(least=1), "Time passes.", "35s"),
        KeySchema("identify", TextType(), "The shopper logs in.", "c1"),
        KeySchema("logout", FlagType(), "The shopper logs out.", "true"),
        KeySchema("consent", _CONSENT, "The shopper's consent changes.", "anonymous"),
        KeySchema("accept", FlagType(), "The shopper accepts the offer.", "true"),
        KeySchema("dismiss", FlagType(), "The shopper dismisses the offer.", "true"),
        KeySchema("stock", _by_sku(CountType()), "The stock is this from now on.", "{RUN-42: 0}"),
        KeySchema("price", _by_sku(AmountsType(least=1)), "The public price is this from now on.", "{RUN-42: 119.00 EUR}"),
        KeySchema("case", CASE, "The customer opens a support case.", "{kind: defect, items: [RUN-43]}"),
        KeySchema("resolve", TextType(), "The case with this id is resolved.", "k1"),
        KeySchema("order", ORDER, "The customer places an order outside this session.", "{items: [RUN-42]}"),
        KeySchema("return", RETURN, "The customer returns something.", "{items: [RUN-42], reason: fit}"),
        KeySchema("review", REVIEW, "The customer writes a review.", "{item: RUN-42, rating: 1}"),
        KeySchema("silent", ListType(OneOfType(("stock", "prices", "orders", "cases"))), "The feeds that report nothing from now on.", "[stock]"),
        KeySchema("expect", EXPECT, "What must be true now.", "{offer: none}"),
    ),
)  # fmt: skip
TEST: Final = MappingSchema(
    "a test",
    (
        KeySchema("name", TextType(), "What the test shows, as a sentence.", "a hesitating shopper gets an offer", required=True),
        KeySchema("at", LocalTimeType(), "The time at which the test begins.", "2026-03-10 12:00"),
        KeySchema("given", GIVEN, "What differs from `given` of the file.", "{territory: AT}"),
        KeySchema("steps", SequenceType(STEP, "steps"), "The steps, in order.", "[]", required=True),
    ),
)  # fmt: skip
TEST_FILE: Final = MappingSchema(
    "a file of tests",
    (
        KeySchema("rules", ListType(IdType()), "The ids of the rules that are active in these tests.", "[hesitating]", default="all of the folder"),
        KeySchema("at", LocalTimeType(), "The time at which the tests begin.", "2026-03-10 12:00", default="2026-03-10 12:00"),
        KeySchema("timezone", ZoneType(), "The time zone of `at`.", "Europe/Berlin", default="UTC"),
        KeySchema("given", GIVEN, "The facts that all tests of the file share.", "{territory: DE}"),
        KeySchema("tests", SequenceType(TEST, "tests"), "The tests.", "[]", required=True),
    ),
)  # fmt: skip
