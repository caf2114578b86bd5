"""The shapes of all JSON responses, from which the OpenAPI document is generated.

The responses are written elsewhere, each where its data is. `tests/unit/api/test_response_shapes.py`
decodes a real response of every endpoint by its shape, which has no place for another field.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from msgspec import UNSET, Struct, UnsetType, field

from tactful.api.audit_shapes import Acts
from tactful.api.code_shapes import CodePoolsShown, CodesImported, CodesWithdrawn
from tactful.api.connector_shapes import Connectors, DeliveriesRetried, Events
from tactful.api.explanation_shapes import Decisions, OfferShown, Shadows, Shape, Why
from tactful.api.pairing import PairingAnswer
from tactful.api.report_shapes import ReportShown, VariantsShown
from tactful.core.facts.fact_types import AnyFact
from tactful.core.facts.fact_values import CaseKind, KindStep, LinkStep
from tactful.core.redemption.answers import Cancelled, Redeemed, RedeemedTogether, Refunded
from tactful.core.values.money import Money
from tactful.runtime.services.ingest import IngestReport


class FactsPage(Shape, frozen=True, kw_only=True):
    """Facts in force of one kind."""

    facts: list[AnyFact]
    next: str | None
    """The value of `after` for the next page; null: this is the last one."""


class CustomerExport(Shape, frozen=True, kw_only=True):
    """Everything stored about a customer, as the ledger has it."""

    customer: str
    facts: list[dict[str, Any]]
    contact: dict[str, Any] | list[Any] | None
    acts: list[dict[str, Any]]
    sessions: list[Any]
    offers: list[dict[str, Any]]
    exposures: list[dict[str, Any]]
    redemptions: list[dict[str, Any]]
    decisions: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]


class ContactFactsShown(Shape, frozen=True, kw_only=True):
    """How many facts name a contact."""

    facts: dict[str, int]
    """Kind of fact → number of those that name no customer: an erasure deletes them."""
    named: int
    """The number of those that name a customer, with whom they are erased."""


class BudgetShown(Shape, frozen=True, kw_only=True):
    """The balance of a campaign."""

    campaign: str
    period: str
    currency: str | None
    unit: Literal["offers", "minor units"]
    limit: int
    reserved: int
    held: int
    """The part of `reserved` that orders hold, and have not paid yet."""
    settled: int


class Budgets(Shape, frozen=True, kw_only=True):
    """The balances of all campaigns with a limit."""

    budgets: list[BudgetShown]


class PublicPriceShown(Shape, frozen=True, kw_only=True):
    """A public price from an instant on."""

    since: str
    price: Money
    general_offer: bool | UnsetType = UNSET
    announced: bool | UnsetType = UNSET


class Prices(Shape, frozen=True, kw_only=True):
    """The public prices of an item, oldest first."""

    sku: str
    territory: str
    prices: list[PublicPriceShown]


class RuleShown(Shape, frozen=True, kw_only=True):
    """A rule and whether it runs."""

    rule: str
    state: Literal["running", "paused"]
    mode: str
    campaign: str | None


class ActivationShown(Shape, frozen=True, kw_only=True):
    """An activation of a rulebook."""

    version: str
    activated_at: str
    rolled_back: bool


class FindingShown(Shape, frozen=True, kw_only=True):
    """A finding in a rule file."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    message: str
    help: str
    severity: str | UnsetType = UNSET


class StopShown(Shape, frozen=True, kw_only=True):
    """A stop of all offers."""

    since: str
    by: str
    reason: str


class StopState(Shape, frozen=True, kw_only=True):
    """Whether all offers are stopped."""

    stop: StopShown | None


class RulebookShown(Shape, frozen=True, kw_only=True):
    """The active rulebook."""

    version: str
    activated_at: str | None
    timezone: str
    """IANA time zone of the shop."""
    rules: list[RuleShown]
    stop: StopShown | None
    """null: the offers are not stopped."""
    versions: list[ActivationShown]
    trouble: str | None
    refused: list[FindingShown]


class Reloaded(Shape, frozen=True, kw_only=True):
    """The outcome of a reload or rollback."""

    version: str
    outcome: str
    findings: list[FindingShown]


class RuleState(Shape, frozen=True, kw_only=True):
    """Whether a rule runs."""

    rule: str
    state: Literal["running", "paused"]


class PublicKey(Shape, frozen=True, kw_only=True):
    """A key of RFC 7517."""

    kty: str
    crv: str
    x: str
    kid: str
    alg: str
    use: str


class KeySet(Shape, frozen=True, kw_only=True):
    """The keys that verify tokens."""

    keys: list[PublicKey]


class FeedShown(Shape, frozen=True, kw_only=True):
    """The age of a feed, in seconds."""

    watched: bool
    age: int | None
    max_age: int | None
    stale: bool


class HealthShown(Shape, frozen=True, kw_only=True):
    """The health in one word, and its reasons for those who may see them."""

    status: Literal["ok", "degraded", "failing"]
    reasons: list[str] | UnsetType = UNSET
    reason: str | UnsetType | None = UNSET


class Readiness(HealthShown, frozen=True, kw_only=True):
    """The health and the state of the shop."""

    rulebook: str | UnsetType = UNSET
    rules: int | UnsetType = UNSET
    rules_trouble: str | UnsetType | None = UNSET
    refused_findings: int | UnsetType = UNSET
    sessions: int | UnsetType = UNSET
    feeds: dict[str, FeedShown] | UnsetType = UNSET
    unnamed_proxy: str | UnsetType | None = UNSET


class Version(Shape, frozen=True, kw_only=True):
    """The program and its version."""

    name: str
    version: str


class ClockShown(Shape, frozen=True, kw_only=True):
    """The instant of the test clock."""

    now: str


class AlertShown(Shape, frozen=True, kw_only=True):
    """Something that needs a person."""

    id: str
    kind: str
    subject: str
    state: str
    raised_at: str
    evidence: dict[str, str | int]
    meaning: str | UnsetType = UNSET
    remedy: str | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    acknowledged: dict[str, Any] | UnsetType = UNSET
    snoozed: dict[str, Any] | UnsetType = UNSET
    resolved: dict[str, Any] | UnsetType = UNSET


class CaseShown(Shape, frozen=True, kw_only=True):
    """A support case after a correction."""

    case: str
    kind: CaseKind
    kind_by: KindStep | None
    skus: list[str]
    order: str | None
    linked_by: LinkStep | None
    mapping: str | None
    """Lines for the mapping file of the help desk; null: it found the kind itself."""


class Alerts(Shape, frozen=True, kw_only=True):
    """Alerts, newest first."""

    alerts: list[AlertShown]
    timezone: str
    """IANA time zone of the shop."""


class DoctorRule(Shape, frozen=True, kw_only=True):
    """What one rule says about the item of a page."""

    rule: str
    outcome: str
    reasons: list[str]


class DoctorAnswer(Shape, frozen=True, kw_only=True):
    """Why the item of a page has no offer."""

    sku: str | None
    territory: str | None
    known: bool
    price: Money | None
    cost: bool
    available: int | None
    rulebook: str | None
    """Null: no item of the shop is known."""
    rules: list[DoctorRule]
    advice: list[str]


class ProblemDocument(Struct, frozen=True, kw_only=True):
    """A problem of RFC 9457. Some problems have further members, such as `findings`."""

    kind: str = field(name="type")
    title: str
    status: int
    code: str
    """Stable; `server/HTTP.md` lists the codes."""
    detail: str


class RedemptionShown(Shape, frozen=True, kw_only=True):
    """The present state of one use of an offer by an order."""

    redemption: str
    offer: str
    sku: str
    order: str
    """The id under which the order was redeemed."""
    also: list[str] | UnsetType = UNSET
    """The other ids of the order that a confirmation named."""
    attempt: int
    state: Literal["held", "redeemed", "cancelled"]
    lapsed: bool | UnsetType = UNSET
    """Whether a hold ended without a confirmation."""
    unit: Money
    qty: int
    saved: Money
    at: str
    until: str | None
    """When a held one lapses, or would have lapsed."""
    confirmed_at: str | None


class Redemptions(Shape, frozen=True, kw_only=True):
    """A page of redemptions, in the order in which they were made."""

    redemptions: list[RedemptionShown]
    next: str | None
    """The value of `after` for the next page; null: this is the last one."""


RESPONSES: Final[Mapping[tuple[str, str], Any]] = {
    ("POST", "/v1/facts"): IngestReport,
    ("GET", "/v1/facts"): FactsPage,
    ("GET", "/v1/customers/{id}/export"): CustomerExport,
    ("DELETE", "/v1/customers/{id}"): None,
    ("GET", "/v1/contacts/{hash}"): ContactFactsShown,
    ("DELETE", "/v1/contacts/{hash}"): None,
    ("POST", "/v1/pair"): PairingAnswer,
    ("POST", "/v1/redemptions"): Redeemed,
    ("GET", "/v1/redemptions"): Redemptions,
    ("POST", "/v1/redemptions/{order}/confirm"): Redeemed,
    ("POST", "/v1/redemptions/{order}/cancel"): Cancelled,
    ("POST", "/v1/redemptions/{order}/refund"): Refunded,
    ("GET", "/v1/offers/{id}"): OfferShown,
    ("GET", "/v1/why"): Why,
    ("GET", "/v1/decisions"): Decisions,
    ("GET", "/v1/budgets"): Budgets,
    ("GET", "/v1/shadow"): Shadows,
    ("GET", "/v1/prices/{sku}"): Prices,
    ("GET", "/v1/rulebook"): RulebookShown,
    ("GET", "/v1/acts"): Acts,
    ("POST", "/v1/rulebook/reload"): Reloaded,
    ("POST", "/v1/rulebook/rollback"): Reloaded,
    ("POST", "/v1/rulebook/stop"): StopState,
    ("POST", "/v1/rulebook/start"): StopState,
    ("POST", "/v1/rules/{id}/pause"): RuleState,
    ("POST", "/v1/rules/{id}/resume"): RuleState,
    ("GET", "/v1/report"): ReportShown,
    ("GET", "/v1/experiments/{id}/report"): VariantsShown,
    ("POST", "/v1/cases/{id}/correct"): CaseShown,
    ("GET", "/v1/codes"): CodePoolsShown,
    ("POST", "/v1/codes/{pool}"): CodesImported,
    ("DELETE", "/v1/codes/{pool}"): CodesWithdrawn,
    ("GET", "/v1/alerts"): Alerts,
    ("GET", "/v1/connectors"): Connectors,
    ("GET", "/v1/events"): Events,
    ("POST", "/v1/connectors/{connector}/retry"): DeliveriesRetried,
    ("POST", "/v1/alerts/{id}/acknowledge"): AlertShown,
    ("POST", "/v1/alerts/{id}/snooze"): AlertShown,
    ("POST", "/v1/alerts/{id}/resolve"): AlertShown,
    ("POST", "/v1/doctor"): DoctorAnswer,
    ("GET", "/.well-known/jwks.json"): KeySet,
    ("GET", "/healthz"): HealthShown,
    ("GET", "/readyz"): Readiness,
    ("GET", "/version"): Version,
    ("POST", "/v1/test/clock"): ClockShown,
}
"""(method, path) → the shape of its response; None: it has no body. The others are no JSON of this API."""

SECOND_RESPONSES: Final[Mapping[tuple[str, str], Any]] = {
    ("POST", "/v1/redemptions"): RedeemedTogether,
    ("POST", "/v1/redemptions/{order}/confirm"): RedeemedTogether,
}
"""(method, path) → the shape of its response where several offers are used together."""
