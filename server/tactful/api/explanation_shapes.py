"""The shapes of offers, of their decisions, and of explanations."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from tactful.core.values.money import Money


class Shape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A JSON object. Instants are texts in RFC 3339; an unset field is absent."""


class InputShown(Shape, frozen=True, kw_only=True):
    """A fact that a decision read."""

    fact: str
    id: str
    version: int | str | None
    age: int | None
    """Seconds since it was reported."""
    provenance: str
    value: Any


class ConditionShown(Shape, frozen=True, kw_only=True):
    """A condition that held."""

    field: str
    actual: Any
    needed: Any
    holds_from: str | None


class PriceStepShown(Shape, frozen=True, kw_only=True):
    """A step of a price, in minor units."""

    step: str
    amount: int
    currency: str | None


class LostShown(Shape, frozen=True, kw_only=True):
    """A rule that lost the arbitration."""

    rule: str
    reason: str


class _Evidence(Shape, frozen=True, kw_only=True):
    inputs: list[InputShown] | UnsetType = UNSET
    conditions: list[ConditionShown] | UnsetType = UNSET
    lost: list[LostShown] | UnsetType = UNSET
    recomputed_by: str | UnsetType = UNSET
    """The version of the present engine, where another one decided."""
    recorded_by: str | UnsetType = UNSET
    """The version of the engine whose record is shown."""


class _OfferEvidence(_Evidence, frozen=True, kw_only=True):
    price_steps: list[PriceStepShown] | UnsetType = UNSET


class OfferShown(_OfferEvidence, frozen=True, kw_only=True):
    """An offer in its present state."""

    id: str
    state: str
    sku: str
    product: str
    territory: str
    price: Money
    public: Money
    level: str | None
    at_most: Money | None
    percent_bp: int | None
    was: Money | None
    percent: int | None
    max_qty: int
    qty: int
    hold: Money
    session: str
    customer: str | None
    parked: bool | UnsetType = UNSET
    pool: str | UnsetType = UNSET
    """The pool of discount codes that the offer draws on."""
    code: str | UnsetType = UNSET
    """The discount code that the shopper knows since the acceptance."""
    rule: str
    campaign: str | None
    rulebook: str
    issued_at: str
    ends_at: str
    accept_until: str | None
    title: str
    message: str
    placement: str
    disclosure: str | None
    notes: list[str]
    seq: int
    orders: list[str] | UnsetType = UNSET
    """The orders that have used the offer and did not give it back."""


class GateShown(Shape, frozen=True, kw_only=True):
    """A gate that withholds an offer."""

    reason: str
    actual: Any
    needed: Any
    age: int | UnsetType = UNSET
    """Seconds since the input was reported."""
    change: str
    """What would change the answer."""


class VerdictShown(_Evidence, frozen=True, kw_only=True):
    """What became of one rule for the item."""

    rule: str
    outcome: str
    reason: str | UnsetType = UNSET
    gates: list[GateShown]
    notes: list[str] | UnsetType = UNSET
    value: dict[str, Any] | UnsetType = UNSET
    decided_at: str | UnsetType = UNSET
    """When the verdict was recorded, where it is shown as recorded."""
    price: list[PriceStepShown] | UnsetType = UNSET


class Why(Shape, frozen=True, kw_only=True):
    """Why each rule offers an item or not."""

    sku: str
    session: str | UnsetType = UNSET
    customer: str | UnsetType = UNSET
    at: str
    timezone: str
    """IANA time zone of the shop."""
    rulebook: str
    rules: list[VerdictShown]
    offers: list[OfferShown]
    recomputed_by: str | UnsetType = UNSET
    """The version of the present engine, where another one decided."""
    recorded_by: str | UnsetType = UNSET
    """The version of the engine whose record is shown."""


class DecisionShown(_OfferEvidence, frozen=True, kw_only=True):
    """A step of an offer."""

    at: str
    seq: int
    to: str
    reason: str | None
    offer: str
    sku: str
    territory: str
    price: Money
    rule: str
    campaign: str | None
    rulebook: str
    session: str
    customer: str | None
    notes: list[str]


class Decisions(Shape, frozen=True, kw_only=True):
    """Steps of offers, newest first."""

    decisions: list[DecisionShown]


class ShadowSum(Shape, frozen=True, kw_only=True):
    """What a rule in shadow mode would have offered in one currency."""

    rule: str
    decisions: int
    """Offers that would have been made: one for each session and item."""
    shoppers: int
    items: int
    public: Money
    """The sum of the public prices."""
    discount: Money
    """The sum of what one unit of each would have saved at most."""
    first: str
    last: str


class ShadowOffer(Shape, frozen=True, kw_only=True):
    """An offer that a rule in shadow mode would have made."""

    offer: str
    at: str
    session: str
    customer: str | None
    sku: str
    territory: str
    public: Money
    price: Money
    discount: Money
    notes: list[str]


class Shadows(Shape, frozen=True, kw_only=True):
    """What rules in shadow mode would have offered in a window."""

    since: str
    until: str
    timezone: str
    """IANA time zone of the shop."""
    rules: list[ShadowSum]
    offers: list[ShadowOffer] | UnsetType = UNSET
    """The latest 200 of the rule that was asked for."""
