"""Which fields can a condition read? Each with its type, meaning, provenance and example.

The checker, the editor's schema, the explanations and the manual are all made from this table.
"""

import re
from collections.abc import Callable
from typing import Any, Final, Literal

from msgspec import Struct

from tactful.core.rules.rule import Provenance
from tactful.core.values.weekly_schedule import WEEKDAYS
from tactful.rulebook.fields import (
    customer_fields as customer,
)
from tactful.rulebook.fields import (
    item_fields as item,
)
from tactful.rulebook.fields import (
    session_fields as session,
)

FieldType = Literal[
    "text", "word", "path", "flag", "count", "share", "duration", "money", "instant", "any",
    "weekday", "clock", "date",
]  # fmt: skip

PROTECTED: Final = frozenset(
    [
        "age",
        "ages",
        "birth",
        "birthday",
        "birthdate",
        "born",
        "dob",
        "gender",
        "sex",
        "sexuality",
        "orientation",
        "race",
        "racial",
        "ethnic",
        "ethnicity",
        "nationality",
        "religion",
        "religious",
        "disability",
        "disabled",
        "pregnant",
        "pregnancy",
        "marital",
        "health",
        "genetic",
        "union",
    ]
)
"""Words in the name of an attribute that must not decide about a price."""


class Field(Struct, frozen=True):
    """One thing a condition can ask about. `about` finishes the sentence "… reads"."""

    name: str
    type: FieldType
    about: str
    example: str
    provenance: Provenance
    read: Callable[[Any], Any] | None = None
    """Scene → the value, or a tuple of them; None where it is not known."""
    read_since: Callable[[Any, int], Any] | None = None
    """(scene, instant) → the same, counting only what happened since."""
    read_named: Callable[[Any, str], Any] | None = None
    """(scene, name) → the same, for a field whose name ends in `.*`."""
    reached_at: Callable[[Any, int], int] | None = None
    """(scene, duration) → when the field will be that by the passing of time alone, or `WAITING`."""
    inline: str = ""
    """The same as `read`, as an expression of the scene `s`, where that is simple."""
    words: tuple[str, ...] = ()
    indexed: bool = False
    """Whether rules are found by it: it must cost little to read."""
    protected: bool = False
    several: bool = False
    """Whether it reads several values, of which one is enough."""


def _field(name: str, kind: FieldType, read: Any, about: str, example: str, **more: Any) -> Field:
    group, _, rest = name.partition(".")
    several = (
        kind == "path"
        or name == "customer.segment"
        or rest.startswith(("has_", "bought_", "returned_item"))
    )
    return Field(name, kind, about, example, _PROVENANCE[group], read, several=several, **more)


_PROVENANCE: Final[dict[str, Provenance]] = {
    "item": "contextual",
    "shop": "contextual",
    "time": "contextual",
    "session": "pseudonymous",
    "cart": "pseudonymous",
    "visit": "pseudonymous",
    "customer": "personal",
    "history": "personal",
}
_PAGES: Final = (
    "home", "category", "product", "search", "cart", "checkout", "payment", "account", "cancel",
    "other",
)  # fmt: skip

FIELDS: Final[dict[str, Field]] = {
    field.name: field
    for field in (
        _field("item.sku", "text", item.sku, "the variant in view", "RUN-42", indexed=True, inline="s.item.sku"),
        _field("item.product", "text", item.product, "its product", "aero-runner", indexed=True, inline="s.item.product_id"),
        _field("item.category", "path", item.categories, "its categories", "{under: shoes/running}", indexed=True, inline="(p.fact.categories if (p := s.item.product) else None)"),
        _field("item.brand", "text", item.brand, "its brand", "[Velo, Nordek]", indexed=True, inline="s.item.brand"),
        _field("item.title", "text", item.title, "its title", '{matches: "*waterproof*"}'),
        _field("item.attributes.*", "any", None, "one of its attributes", "red", read_named=item.attribute),
        _field("item.stock", "count", item.stock, "how many can be sold in the territory", "{at_least: 5}"),
        _field("item.stock_reported", "instant", item.stock_reported, "when its stock was last reported", "{within: 1h}"),
        _field("item.price", "money", item.price, "its public price", "{between: [{EUR: 20.00}, {EUR: 400.00}]}"),
        _field("item.list_price", "money", item.list_price, "its list price", "{at_least: 50.00 EUR}"),
        _field("item.target_price", "money", item.target_price, "the price its territory wants to reach", "{at_most: 99.00 EUR}"),
        _field("item.discount", "share", item.discount, "how far its price is below list", "{at_most: 20%}"),
        _field("item.on_sale", "flag", item.on_sale, "whether its price is below list", "true"),
        _field("item.price_since", "instant", item.price_since, "since when it has its price", "{before: 60d}"),
        _field("item.consumable", "flag", item.consumable, "whether it is used up and bought again", "true"),
        _field("item.is_bundle", "flag", item.is_bundle, "whether it is a bundle", "false"),
        _field("session.dwell", "duration", session.dwell, "the engaged time on the item", "{at_least: 30s}", reached_at=session.dwell_reached_at),
        _field("session.age", "duration", session.age, "how long the session has lasted", "{at_least: 5m}", reached_at=session.age_reached_at),
        _field("session.views", "count", session.views, "how many item pages were opened", "{at_least: 4}", inline="s.session.views"),
        _field("session.views_of_item", "count", session.views_of_item, "how often this item was opened", "{at_least: 2}"),
        _field("session.items_viewed", "count", session.items_viewed, "how many different items were opened", "{at_least: 3}"),
        _field("session.returned_to_item", "flag", session.returned_to_item, "whether the shopper came back to this item", "true"),
        _field("session.pages", "count", session.pages, "how many pages were opened", "{at_least: 6}", inline="s.session.pages"),
        _field("session.searches", "count", session.searches, "how many searches were made", "{at_least: 2}", inline="s.session.searches"),
        _field("session.compares", "count", session.compares, "how many comparisons were made", "{at_least: 1}", inline="s.session.compares"),
        _field("session.exits", "count", session.exits, "how often the shopper moved to leave", "{at_least: 1}", inline="s.session.exits"),
        _field("session.page", "word", session.page, "the kind of page that is open", "cart", words=_PAGES, indexed=True, inline="s.session.page"),
        _field("session.query", "text", session.query, "what was searched for", '{matches: "*trail*"}', inline="s.session.query"),
        _field("session.locale", "text", session.locale, "the language of the page", '{matches: "de*"}', inline="s.session.locale"),
        _field("session.consent", "word", session.consent, "what the shopper agreed to", "personal", words=("none", "anonymous", "personal"), inline="s.session.consent"),
        _field("cart.total", "money", session.cart_total, "the value of the cart", "{at_least: {EUR: 200.00}}"),
        _field("cart.items", "count", session.cart_items, "how many pieces are in the cart", "{at_least: 1}"),
        _field("cart.lines", "count", session.cart_lines, "how many different items are in the cart", "{at_least: 2}", inline="len(s.session.cart)"),
        _field("cart.quantity", "count", session.cart_quantity, "how many of this item are in the cart", "{at_most: 0}"),
        _field("cart.has_item", "text", session.cart_skus, "the SKUs in the cart", "RUN-42"),
        _field("cart.has_product", "text", session.cart_products, "the products in the cart", "aero-runner"),
        _field("cart.has_brand", "text", session.cart_brands, "the brands in the cart", "Velo"),
        _field("cart.has_category", "path", session.cart_categories, "the categories in the cart", "{under: shoes}"),
        _field("visit.source", "text", session.source, "the source of the visit", "newsletter", indexed=True, inline="s.session.visit.source"),
        _field("visit.campaign", "text", session.campaign, "the campaign of the visit", "spring-mail", indexed=True, inline="s.session.visit.campaign"),
        _field("visit.medium", "text", session.medium, "the medium of the visit", "email", indexed=True, inline="s.session.visit.medium"),
        _field("visit.referrer", "text", session.referrer, "the site that linked here", '{matches: "*.example"}', inline="s.session.visit.referrer"),
        _field("visit.link", "text", session.link, "the purpose of a signed link", "apology", indexed=True, inline="s.session.visit.link"),
        _field("customer.known", "flag", customer.known, "whether the identity was verified", "true"),
        _field("customer.tier", "text", customer.tier, "the loyalty tier", "gold"),
        _field("customer.segment", "text", customer.segments, "the segments", "runners"),
        _field("customer.orders", "count", None, "how many orders were placed", "{at_least: 1, within: 90d}", read_since=customer.orders),
        _field("customer.spent", "money", None, "how much was spent, in the local currency", "{at_least: {EUR: 300.00}, within: 365d}", read_since=customer.spent),
        _field("customer.last_order", "instant", customer.last_order, "when the last order was placed", "{before: 180d}"),
        _field("customer.attributes.*", "any", None, "one of the customer's attributes", "wholesale", read_named=customer.attribute),
        _field("customer.age", "count", customer.age, "the age", "{at_least: 18}", protected=True),
        _field("history.bought_item", "text", None, "the SKUs bought and kept", "RUN-42", read_since=customer.bought_skus),
        _field("history.bought_product", "text", None, "the products bought and kept", "aero-runner", read_since=customer.bought_products),
        _field("history.bought_brand", "text", None, "the brands bought and kept", "{is: Velo, within: 365d}", read_since=customer.bought_brands),
        _field("history.bought_category", "path", None, "the categories of what was bought and kept", "{under: shoes, within: 365d}", read_since=customer.bought_categories),
        _field("history.bought_this", "instant", customer.bought_this, "when this product was last bought", "{before: 72d}"),
        _field("history.returned_item", "text", None, "the SKUs sent back", "{not: RUN-42}", read_since=customer.returned_skus),
        _field("history.returns", "count", None, "how often something was sent back", "{at_most: 2, within: 365d}", read_since=customer.returns),
        _field("shop.territory", "text", item.territory, "the territory", "[DE, AT]", indexed=True, inline="s.territory"),
        _field("shop.currency", "text", item.currency, "the currency of the public price", "EUR"),
        _field("time.weekday", "weekday", None, "the day of the week in the rule's zone", "[sat, sun]", words=WEEKDAYS),
        _field("time.of_day", "clock", None, "the time of day in the rule's zone", '{between: ["18:00", "22:00"]}'),
        _field("time.date", "date", None, "the date in the rule's zone", "{between: [2026-12-01, 2026-12-24]}"),
    )
}  # fmt: skip


def find_field(name: str) -> tuple[Field, str] | None:
    """The field of that name, and the part of the name that stands for `*`."""
    field = FIELDS.get(name)
    if field is not None and not name.endswith("*"):
        return field, ""
    for prefix in ("item.attributes.", "customer.attributes."):
        if name.startswith(prefix) and len(name) > len(prefix) and not name.endswith("*"):
            return FIELDS[prefix + "*"], name.removeprefix(prefix)
    return None


def is_protected(field: Field, named: str) -> bool:
    """Whether a price must not depend on it."""
    words = re.split(r"[^a-z]+", named.lower())
    return field.protected or (field.provenance == "personal" and not PROTECTED.isdisjoint(words))
