"""The values of which facts consist, with their bounds, and the base of every fact."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

Id = Annotated[str, Meta(min_length=1, max_length=128)]
DiscountCode = Annotated[str, Meta(min_length=1, max_length=255)]
Text = Annotated[str, Meta(max_length=500)]
Url = Annotated[str, Meta(max_length=2048)]
Territory = Annotated[str, Meta(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$(?!\n)")]
Instant = Annotated[datetime, Meta(tz=True)]
Version = Annotated[int, Meta(ge=0, le=2**63 - 1)] | Instant
Quantity = Annotated[int, Meta(ge=1, le=1_000_000)]
UnitCount = Annotated[int, Meta(ge=0, le=1_000_000)]
Count = Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)]
BasisPoints = Annotated[int, Meta(ge=0, le=10_000)]
Attributes = dict[Annotated[str, Meta(max_length=64)], Text | int | bool]

CaseKind = Literal[
    "defect",
    "not_as_described",
    "wrong_item",
    "late",
    "lost",
    "service",
    "billing",
    "question",
    "other",
    "unknown",
]
LinkStep = Literal[
    "sku_field",
    "sku_tag",
    "order_field",
    "order_text",
    "customer",
    "contact",
    "agent",
]
"""How a help desk's connector found what a case is about, from the most to the least exact step."""
KindStep = Literal["field", "tag", "queue", "words", "none", "agent"]
"""How a help desk's connector found the kind of a case; `none`: nothing said it."""
FeedName = Literal["stock", "prices", "orders", "cases"]
Rate = Annotated[int, Meta(ge=0, le=100_000)]


class Fact(
    Struct,
    frozen=True,
    gc=False,
    kw_only=True,
    tag_field="type",
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """One report of a shop's system.

    Defaults are not written, so that a field that is added later does not change the spelling of
    the facts without it.
    """

    version: Version | None = None
    """Of two reports with one key, the higher version is in force; `None`: versioned by arrival."""
