"""Builders of core values with plain defaults for everything that a test does not name.

Instants are milliseconds since the Unix epoch, as in the core; amounts are minor units.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import structs

from tactful.core.context import Context, Scene
from tactful.core.facts import fact_types as facts
from tactful.core.facts.fact_types import ReportedFact
from tactful.core.facts.item import Item
from tactful.core.offers.offer import Offer
from tactful.core.rules.condition_evaluation import clauses, holds_from
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import (
    NEEDS_ACTIVITY,
    NEVER,
    NOW,
    All,
    AnyOf,
    Campaign,
    Clause,
    Condition,
    PriceTerms,
    Provenance,
    Rule,
    Rulebook,
)
from tactful.core.session.session import Session, Tab
from tactful.core.session.signals import Signal, TimerFired
from tactful.core.values.calendar import DAY, HOUR, MINUTE, SECOND
from tactful.core.values.money import Money

__all__ = ["DAY", "HOUR", "MINUTE", "SECOND", "T0"]

T0 = facts.ms(datetime(2026, 3, 10, 12, tzinfo=UTC))
"""The present of the scenarios, a Tuesday."""
LONG_AGO = T0 - 200 * DAY
CURRENCY = {"DE": "EUR", "AT": "EUR", "GB": "GBP", "US-NY": "USD"}


def when(at: int) -> datetime:
    """Return an instant as facts carry it."""
    return datetime.fromtimestamp(at / 1000, UTC)


def _maybe(at: int | None) -> datetime | None:
    return None if at is None else when(at)


def kept(fact: Any, at: int = LONG_AGO) -> ReportedFact[Any]:
    """Return a fact with the instant of its report."""
    return ReportedFact(fact, at)


# facts


def product(sku: str = "RUN-42", product: str = "run", **fields: Any) -> facts.Product:
    fields.setdefault("title", sku)
    return facts.Product(sku=sku, product=product, **fields)


def price(
    sku: str = "RUN-42", amount: int = 12900, territory: str = "DE", **fields: Any
) -> facts.Price:
    currency = fields.pop("currency", CURRENCY.get(territory, "EUR"))
    for bound in ("list", "target", "minimum_advertised"):
        if isinstance(fields.get(bound), int):
            fields[bound] = Money(fields[bound], currency)
    fields.setdefault("tax_included", not territory.startswith("US"))
    fields.setdefault("tax_rate_bp", {"GB": 2000}.get(territory, 1900))
    if isinstance(fields.get("since"), int):
        fields["since"] = when(fields["since"])
    return facts.Price(sku=sku, territory=territory, price=Money(amount, currency), **fields)


def cost(
    sku: str = "RUN-42", amount: int = 5200, territory: str | None = None, **fields: Any
) -> facts.Cost:
    currency = fields.pop("currency", CURRENCY.get(territory or "", "EUR"))
    return facts.Cost(sku=sku, cost=Money(amount, currency), territory=territory, **fields)


def stock(
    sku: str = "RUN-42", available: int | None = 6, territory: str = "DE", **fields: Any
) -> facts.Stock:
    return facts.Stock(sku=sku, territory=territory, available=available, **fields)


def line(sku: str = "RUN-42", qty: int = 1, unit: int = 12900, **fields: Any) -> facts.OrderLine:
    return facts.OrderLine(sku, qty, Money(unit, fields.pop("currency", "EUR")), **fields)


def order(
    order: str = "o1",
    *lines: facts.OrderLine | str,
    customer: str | None = "c1",
    placed_at: int = T0 - 30 * DAY,
    status: str = "delivered",
    promised_by: int | None = None,
    delivered_at: int | None = None,
    **fields: Any,
) -> facts.Order:
    fields.setdefault("territory", "DE")
    return facts.Order(
        order=order,
        customer=customer,
        placed_at=when(placed_at),
        status=status,  # type: ignore[arg-type]
        promised_by=_maybe(promised_by),
        delivered_at=_maybe(delivered_at),
        lines=tuple(line(one) if isinstance(one, str) else one for one in lines),
        **fields,
    )


def returned(
    return_: str = "r1",
    *lines: tuple[str, str] | tuple[str, str, int],
    customer: str | None = "c1",
    at: int = T0 - DAY,
    status: str = "received",
    **fields: Any,
) -> facts.Return:
    """Return a return; `lines` are (SKU, reason) or (SKU, reason, quantity)."""
    return facts.Return(
        return_=return_,
        customer=customer,
        at=when(at),
        status=status,  # type: ignore[arg-type]
        lines=tuple(
            facts.ReturnLine(one[0], one[2] if len(one) > 2 else 1, one[1])  # type: ignore[arg-type]
            for one in lines
        ),
        **fields,
    )


def case(
    case: str = "k1",
    kind: str = "defect",
    status: str = "open",
    *,
    customer: str | None = "c1",
    opened_at: int = T0 - DAY,
    resolved_at: int | None = None,
    skus: Iterable[str] = (),
    **fields: Any,
) -> facts.Case:
    return facts.Case(
        case=case,
        kind=kind,  # type: ignore[arg-type]
        status=status,  # type: ignore[arg-type]
        customer=customer,
        opened_at=when(opened_at),
        resolved_at=_maybe(resolved_at),
        skus=tuple(skus),
        **fields,
    )


def review(
    review: str = "v1", sku: str = "RUN-42", rating: int = 1, *, at: int = T0 - DAY, **fields: Any
) -> facts.Review:
    fields.setdefault("customer", "c1")
    return facts.Review(review=review, sku=sku, rating=rating, at=when(at), **fields)


def recall(recall: str = "x1", status: str = "active", **fields: Any) -> facts.Recall:
    return facts.Recall(recall=recall, status=status, **fields)  # type: ignore[arg-type]


def objection(objection: str = "n1", customer: str = "c1", **fields: Any) -> facts.Objection:
    until = _maybe(fields.pop("until", None))
    return facts.Objection(objection=objection, customer=customer, until=until, **fields)


def customer(customer: str = "c1", **fields: Any) -> facts.Customer:
    return facts.Customer(customer=customer, **fields)


def remedy(
    remedy: str = "m1",
    *,
    amount: int = 1000,
    currency: str = "EUR",
    expires_at: int = T0 + 30 * DAY,
    **fields: Any,
) -> facts.Remedy:
    cause = {name: fields.pop(name) for name in ("case", "order", "skus") if name in fields}
    fields.setdefault("customer", "c1")
    return facts.Remedy(
        remedy=remedy,
        value=facts.RemedyValue(amount=amount, currency=currency),
        cause=facts.RemedyCause(**cause),
        expires_at=when(expires_at),
        **fields,
    )


def clause(
    field: str,
    read: Callable[[Any], Any],
    holds: Callable[[Any], bool],
    *,
    provenance: Provenance = "contextual",
    text: str = "",
) -> Clause:
    """Return a clause that holds or not; an unknown value never holds."""

    def holds_at(scene: Any) -> int:
        value = read(scene)
        return NOW if value is not None and holds(value) else NEVER

    return Clause(field, "is", None, read, provenance, holds_at, text=text or field)


def category(under: str) -> Clause:
    """`item.category: {under: …}`."""

    def inside(categories: Iterable[str]) -> bool:
        return any(one == under or one.startswith(under + "/") for one in categories)

    def read(scene: Scene) -> tuple[str, ...] | None:
        return scene.product.categories if scene.product else None

    return clause("item.category", read, inside, text=f"item.category: {{under: {under}}}")


def stock_at_least(count: int) -> Clause:
    """`item.stock: {at_least: …}`."""
    return clause("item.stock", lambda scene: scene.available, lambda n: n >= count)


def dwell(duration: int) -> Clause:
    """`session.dwell: {at_least: …}`, which time makes hold while the page can be seen."""

    def holds_at(scene: Scene) -> int:
        here = scene.session.focus == scene.item.sku
        at = scene.session.dwell_reaches(duration) if here else NEEDS_ACTIVITY
        return at if at > scene.now else NOW

    def read(scene: Scene) -> int:
        return scene.session.dwell(scene.now)

    text = f"session.dwell: {{at_least: {duration // SECOND}s}}"
    return Clause("session.dwell", "at_least", duration, read, "pseudonymous", holds_at, True, text)


def _own_orders(scene: Scene) -> int | None:
    history = scene.history
    if history is None:
        return None
    return sum(kept.fact.customer == history.customer for kept in history.orders)


def orders_at_least(count: int) -> Clause:
    """`customer.orders: {at_least: …}`, which only a verified customer can fulfil."""
    return clause(
        "customer.orders",
        _own_orders,
        lambda n: n >= count,
        provenance="personal",
    )


RESCUE = clause("moment", lambda scene: scene.session.rescue, lambda now: now)
"""The clause that `moment: rescue` adds to a rule."""


def personal_taken_for_granted(condition: Condition) -> Condition:
    """Return the condition as it would be if all personal clauses held."""
    match condition:
        case Clause(provenance="personal"):
            return All(())
        case All(parts):
            return All(tuple(personal_taken_for_granted(part) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(personal_taken_for_granted(part) for part in parts))
        case _:
            return condition


def rule(id: str = "R1", *conditions: Condition, percent: int = 15, **fields: Any) -> Rule:  # noqa: A002
    """Return a rule without a rule file: all `conditions` must hold; `percent` comes off."""
    moment = (RESCUE,) if fields.get("moment") else ()
    condition = All((*moment, *conditions))
    provenance = frozenset(one.provenance for one in clauses(condition))
    if "personal" in provenance:
        granted = personal_taken_for_granted(condition)
        fields.setdefault("holds_from_if_identified", lambda scene: holds_from(granted, scene))
    fields.setdefault("price", PriceTerms("percent", percent_bp=percent * 100))
    fields.setdefault("digest", id)
    return Rule(
        id=id,
        holds_from=lambda scene: holds_from(condition, scene),
        condition=condition,
        provenance=provenance or frozenset({"contextual"}),
        **fields,
    )


class EveryRule:
    """An index that returns every rule for every item."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(sorted(rules, key=lambda one: one.id))

    def for_item(self, scene: Any) -> tuple[Rule, ...]:  # noqa: ARG002 - every rule is returned
        return self._rules


def rulebook(*rules: Rule, **fields: Any) -> Rulebook:
    campaigns = {one.id: one for one in fields.pop("campaigns", ())}
    fields.setdefault("version", "v1")
    index = EveryRule(rules)
    return Rulebook(
        rules={one.id: one for one in rules}, index=index, campaigns=campaigns, **fields
    )


def campaign(id: str = "C", **money: int) -> Campaign:  # noqa: A002
    """Return a campaign with a total budget: `campaign("C", EUR=50_000)`."""
    return Campaign(id, money)


# the inputs of a decision


def item(sku: str = "RUN-42", **fields: Any) -> Item:
    """Return an SKU that can be sold in DE: 129.00 EUR, cost 52.00 EUR, six units."""
    fields.setdefault("product", kept(product(sku)))
    fields.setdefault("prices", {"DE": kept(price(sku))})
    fields.setdefault("costs", {"EUR": kept(cost(sku))})
    fields.setdefault("stock", {"DE": (kept(stock(sku)),)})
    return Item(sku=sku, **fields)


def session(id: str = "s1", **fields: Any) -> Session:  # noqa: A002
    """Return the session of a shopper in DE who has viewed RUN-42 for a minute without input."""
    fields.setdefault("shopper", f"anon-{id}")
    fields.setdefault("created_at", T0 - 5 * MINUTE)
    fields.setdefault("consent", "anonymous")
    fields.setdefault("territory", "DE")
    fields.setdefault("tabs", (Tab(1),))
    fields.setdefault("page", "product")
    fields.setdefault("focus", "RUN-42")
    fields.setdefault("running_since", T0 - MINUTE)
    fields.setdefault("last_input", T0 - MINUTE)
    return Session(id=id, **fields)


def context(
    *rules: Rule,
    signal: Signal | None = None,
    items: Iterable[Item] | None = None,
    policy: Policy | None = None,
    **fields: Any,
) -> Context:
    """Return a context in which no gate withholds `rules`, unless `fields` say otherwise."""
    fields.setdefault("now", T0)
    fields.setdefault("session", session())
    fields.setdefault("rulebook", rulebook(*rules, policy=policy or Policy()))
    known: Mapping[str, Item] = {one.sku: one for one in ((item(),) if items is None else items)}
    return Context(signal=signal or TimerFired(), items=known, **fields)


def scene(**fields: Any) -> Scene:
    """Return RUN-42 in front of the shopper of `session`."""
    fields.setdefault("now", T0)
    fields.setdefault("session", session())
    fields.setdefault("item", item())
    fields.setdefault("territory", fields["session"].territory)
    return Scene(**fields)


def offer(id: str = "of1", **fields: Any) -> Offer:  # noqa: A002
    """Return an offer of RUN-42 at 15 % off, pushed a minute ago."""
    standard: dict[str, Any] = {
        "session": "s1",
        "rule": "R1",
        "rulebook": "v1",
        "sku": "RUN-42",
        "product": "run",
        "territory": "DE",
        "currency": "EUR",
        "unit": 10965,
        "public": 12900,
        "since": T0 - MINUTE,
        "issued_at": T0 - MINUTE,
        "ends_at": T0 + 14 * MINUTE,
        "hold": 1935,
    }
    return Offer(id=id, **(standard | fields))


def but(struct: Any, **changes: Any) -> Any:
    """Return a copy with some fields changed."""
    return structs.replace(struct, **changes)
