"""Registry of the fields that a condition can read.

The checker, the JSON Schema, the explanations and the manual are all generated from this table. A
new field needs a reader function in `item_fields.py`, `session_fields.py` or `customer_fields.py`
and a row here. Add the field to the table in `tests/unit/rulebook/fields/test_field_registry.py`
too; that test fails for a field without a row. Then regenerate the manual and the schema:

    .venv/bin/python tests/manuals/test_rules_manual.py
    tactful rules schema --write rules/schema/rules.schema.json
"""

import re
from collections.abc import Callable
from typing import Any, Final, Literal

from msgspec import Struct

from tactful.core.facts.checks.normal_forms import category_path
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
"""Type of a field; `OPERATORS` in `language/conditions.py` has the comparisons of each."""

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
"""Words in the name of a customer's attribute on which a price must not depend.

They cover the grounds of discrimination of Article 21 of the Charter of Fundamental Rights of the
European Union, and the special categories of personal data of Article 9 GDPR.
"""


class Field(Struct, frozen=True):
    """One field. Exactly one of the functions `read`, `read_since` and `read_named` is set.

    Fields of `time.*` have none: they are read from the clock. Instants are milliseconds since the
    Unix epoch, UTC.
    """

    name: str
    """`group.name`; the group decides the provenance. `.*` stands for any attribute."""
    type: FieldType
    about: str
    """A noun phrase, or "whether …" for a flag."""
    example: str
    """A value or comparison as it is written after `name:` in a rule file."""
    provenance: Provenance
    """Which kind of data the field reads."""
    read: Callable[[Any], Any] | None = None
    """Scene → the value, or a tuple of values; None where it is not known."""
    read_since: Callable[[Any, int], Any] | None = None
    """(scene, instant) → the value, counting only what happened since the instant."""
    read_named: Callable[[Any, str], Any] | None = None
    """(scene, name of the attribute) → the value, for a field whose name ends in `.*`."""
    reached_at: Callable[[Any, int], int] | None = None
    """(scene, duration in milliseconds) → the instant at which the field reaches it by itself.

    `NEEDS_ACTIVITY` where no clock runs towards it.
    """
    inline: str = ""
    """The same as `read`, as a Python expression of the scene `s`; saves a call per evaluation."""
    words: tuple[str, ...] = ()
    """The allowed values of a field of type `word` or `weekday`."""
    indexed: bool = False
    """Whether the rule index uses the field; reading it must cost little."""
    protected: bool = False
    """Whether no rule may use it (R311)."""
    several: bool = False
    """Whether it reads several values, of which one must match."""
    exact: bool = False
    """Whether upper and lower case make a difference, as in ids."""

    @property
    def ignores_case(self) -> bool:
        """Whether upper and lower case make no difference."""
        return self.type in {"text", "path", "any"} and not self.exact

    def comparable(self, text: str) -> str:
        """Return a text of a rule file in the form in which the field is compared."""
        if self.type == "path":
            text = category_path(text)
        return text.casefold() if self.ignores_case else text


def _field(name: str, kind: FieldType, read: Any, about: str, example: str, **more: Any) -> Field:
    """Return a field; its group decides the provenance, and paths always have several values."""
    several = more.pop("several", kind == "path")
    provenance = _PROVENANCE[name.partition(".")[0]]
    return Field(name, kind, about, example, provenance, read, several=several, **more)


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
        _field("item.sku", "text", item.sku, "the SKU of the item in view", "RUN-42", indexed=True, inline="s.item.sku", exact=True),
        _field("item.product", "text", item.product, "the product of the item", "aero-runner", indexed=True, inline="s.item.product_id", exact=True),
        _field("item.category", "path", item.categories, "the categories of the item", "{under: shoes/running}", indexed=True, inline="(p.fact.categories if (p := s.item.product) else None)"),
        _field("item.brand", "text", item.brand, "the brand of the item", "[Velo, Nordek]", indexed=True, inline="s.item.brand"),
        _field("item.title", "text", item.title, "the title of the item", '{matches: "*waterproof*"}'),
        _field("item.attributes.*", "any", None, "an attribute of the product", "red", read_named=item.attribute),
        _field("item.stock", "count", item.stock, "the quantity that can be sold in the territory", "{at_least: 5}"),
        _field("item.stock_reported", "instant", item.stock_reported, "the last report of the item's stock", "{within: 1h}"),
        _field("item.price", "money", item.price, "the public price of the item", "{between: [{EUR: 20.00}, {EUR: 400.00}]}"),
        _field("item.list_price", "money", item.list_price, "the list price of the item, or its public price without one", "{at_least: 50.00 EUR}"),
        _field("item.target_price", "money", item.target_price, "the price that the territory wants to reach", "{at_most: 99.00 EUR}"),
        _field("item.discount", "share", item.discount, "the share by which the public price is below the list price", "{at_most: 20%}"),
        _field("item.on_sale", "flag", item.on_sale, "whether the public price is below the list price", "true"),
        _field("item.price_since", "instant", item.price_since, "the last change of the public price", "{before: 60d}"),
        _field("item.consumable", "flag", item.consumable, "whether the product is used up and bought again", "true"),
        _field("item.is_bundle", "flag", item.is_bundle, "whether the item is a bundle", "false"),
        _field("session.dwell", "duration", session.dwell, "the engaged time on the item", "{at_least: 30s}", reached_at=session.dwell_reached_at),
        _field("session.age", "duration", session.age, "the time since the session began", "{at_least: 5m}", reached_at=session.age_reached_at),
        _field("session.views", "count", session.views, "the number of item pages opened", "{at_least: 4}", inline="s.session.views"),
        _field("session.views_of_item", "count", session.views_of_item, "the number of times that this item was opened", "{at_least: 2}"),
        _field("session.items_viewed", "count", session.items_viewed, "the number of different items opened", "{at_least: 3}"),
        _field("session.returned_to_item", "flag", session.returned_to_item, "whether the shopper came back to this item", "true"),
        _field("session.pages", "count", session.pages, "the number of pages opened", "{at_least: 6}", inline="s.session.pages"),
        _field("session.searches", "count", session.searches, "the number of searches", "{at_least: 2}", inline="s.session.searches"),
        _field("session.compares", "count", session.compares, "the number of comparisons", "{at_least: 1}", inline="s.session.compares"),
        _field("session.exits", "count", session.exits, "the number of times that the shopper moved to leave the page", "{at_least: 1}", inline="s.session.exits"),
        _field("session.page", "word", session.page, "the kind of the open page", "cart", words=_PAGES, indexed=True, inline="s.session.page"),
        _field("session.query", "text", session.query, "the text of the search", '{matches: "*trail*"}', inline="s.session.query"),
        _field("session.locale", "text", session.locale, "the language of the page", '{matches: "de*"}', inline="s.session.locale"),
        _field("session.consent", "word", session.consent, "the consent of the shopper", "personal", words=("none", "anonymous", "personal"), inline="s.session.consent"),
        _field("cart.total", "money", session.cart_total, "the value of the cart at public prices", "{at_least: {EUR: 200.00}}"),
        _field("cart.items", "count", session.cart_items, "the number of pieces in the cart", "{at_least: 1}"),
        _field("cart.lines", "count", session.cart_lines, "the number of different items in the cart", "{at_least: 2}", inline="len(s.session.cart)"),
        _field("cart.quantity", "count", session.cart_quantity, "the number of pieces of this item in the cart", "{at_most: 0}"),
        _field("cart.has_item", "text", session.cart_skus, "the SKUs in the cart", "RUN-42", several=True, exact=True),
        _field("cart.has_product", "text", session.cart_products, "the products in the cart", "aero-runner", several=True, exact=True),
        _field("cart.has_brand", "text", session.cart_brands, "the brands in the cart", "Velo", several=True),
        _field("cart.has_category", "path", session.cart_categories, "the categories in the cart", "{under: shoes}"),
        _field("visit.source", "text", session.source, "the source of the visit", "newsletter", indexed=True, inline="s.session.visit.source"),
        _field("visit.campaign", "text", session.campaign, "the campaign of the visit", "spring-mail", indexed=True, inline="s.session.visit.campaign"),
        _field("visit.medium", "text", session.medium, "the medium of the visit", "email", indexed=True, inline="s.session.visit.medium"),
        _field("visit.referrer", "text", session.referrer, "the site that linked to the shop", '{matches: "*.example"}', inline="s.session.visit.referrer"),
        _field("visit.link", "text", session.link, "the purpose of a signed link", "apology", indexed=True, inline="s.session.visit.link"),
        _field("customer.known", "flag", customer.known, "whether the customer's identity is verified", "true"),
        _field("customer.tier", "text", customer.tier, "the loyalty tier of the customer", "gold"),
        _field("customer.segment", "text", customer.segments, "the segments of the customer", "runners", several=True),
        _field("customer.orders", "count", None, "the number of orders that were placed and not cancelled", "{at_least: 1, within: 90d}", read_since=customer.orders),
        _field("customer.spent", "money", None, "the amount spent, in the currency of the public price", "{at_least: {EUR: 300.00}, within: 365d}", read_since=customer.spent),
        _field("customer.last_order", "instant", customer.last_order, "the last order of the customer", "{before: 180d}"),
        _field("customer.attributes.*", "any", None, "an attribute of the customer", "wholesale", read_named=customer.attribute),
        _field("customer.age", "count", customer.age, "the age of the customer", "{at_least: 18}", protected=True),
        _field("history.bought_item", "text", None, "the SKUs bought and kept", "RUN-42", read_since=customer.bought_skus, several=True, exact=True),
        _field("history.bought_product", "text", None, "the products bought and kept", "aero-runner", read_since=customer.bought_products, several=True, exact=True),
        _field("history.bought_brand", "text", None, "the brands bought and kept", "{is: Velo, within: 365d}", read_since=customer.bought_brands, several=True),
        _field("history.bought_category", "path", None, "the categories bought and kept", "{under: shoes, within: 365d}", read_since=customer.bought_categories),
        _field("history.bought_this", "instant", customer.bought_this, "the last purchase of this product", "{before: 72d}", several=True),
        _field("history.returned_item", "text", None, "the SKUs returned", "{not: RUN-42}", read_since=customer.returned_skus, several=True, exact=True),
        _field("history.returns", "count", None, "the number of returns", "{at_most: 2, within: 365d}", read_since=customer.returns),
        _field("shop.territory", "text", item.territory, "the territory of the shopper", "[DE, AT]", indexed=True, inline="s.territory"),
        _field("shop.currency", "text", item.currency, "the currency of the public price", "EUR"),
        _field("time.weekday", "weekday", None, "the weekday in the rule's time zone", "[sat, sun]", words=WEEKDAYS),
        _field("time.of_day", "clock", None, "the time of day in the rule's time zone", '{between: ["18:00", "22:00"]}'),
        _field("time.date", "date", None, "the date in the rule's time zone", "{between: [2026-12-01, 2026-12-24]}"),
    )
}  # fmt: skip
"""Name → field, in the order of the manual."""


def find_field(name: str) -> tuple[Field, str] | None:
    """Return the field of a name and the name of the attribute, or None for an unknown name.

    The attribute is "" for a field whose name has no `*`.
    """
    field = FIELDS.get(name)
    if field is not None and not name.endswith("*"):
        return field, ""
    for prefix in ("item.attributes.", "customer.attributes."):
        if name.startswith(prefix) and len(name) > len(prefix) and not name.endswith("*"):
            return FIELDS[prefix + "*"], name.removeprefix(prefix)
    return None


def is_protected(field: Field, name: str) -> bool:
    """Return whether a price must not depend on a field.

    Args:
        field: the field.
        name: its name as the rule file writes it, with the name of the attribute.
    """
    words = re.split(r"[^a-z]+", name.lower())
    return field.protected or (field.provenance == "personal" and not PROTECTED.isdisjoint(words))
