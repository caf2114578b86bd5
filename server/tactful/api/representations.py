"""JSON representations of offers, verdicts and explanations for the shop's own systems."""

from functools import cache
from typing import Any

import msgspec

from tactful.core.evidence import Evidence, InputRead
from tactful.core.offers.offer import Offer
from tactful.core.redemption.applied_offers import use_answer
from tactful.core.values.calendar import format_rfc3339
from tactful.core.verdicts.counterfactuals import as_plain_value, change_text, needed_value
from tactful.core.verdicts.verdict import Finding, Verdict
from tactful.runtime.ports.ledger_rows import StoredRedemption
from tactful.runtime.services.explanations import Explanation


def money(amount: int | None, currency: str) -> dict[str, Any] | None:
    """Return an amount in minor units with its currency, or `None`."""
    return None if amount is None else {"amount": amount, "currency": currency}


def when(at: int | None) -> str | None:
    """Return an instant (milliseconds since the Unix epoch, UTC) in RFC 3339, or `None`."""
    return None if at is None else format_rfc3339(at)


def offer(one: Offer) -> dict[str, Any]:
    """Return all fields of an offer."""
    off = one.order_deduction
    return {
        "id": one.id,
        "state": one.state.value,
        "sku": one.sku,
        "product": one.product,
        "territory": one.territory,
        "price": money(one.unit, one.currency),
        "public": money(one.public, one.currency),
        "level": one.level,
        "at_most": money(off.at_most, one.currency) if off else None,
        "percent_bp": off.percent_bp if off else None,
        "was": money(one.was, one.currency),
        "percent": one.percent,
        "max_qty": one.max_qty,
        "qty": one.qty,
        "hold": money(one.hold, one.currency),
        "session": one.session,
        "customer": one.customer,
        **({"parked": True} if one.parked else {}),
        **({"pool": one.pool} if one.pool else {}),
        # Until the acceptance the code may still go to another shopper.
        **({"code": one.code} if one.code and one.was_accepted else {}),
        "rule": one.rule,
        "campaign": one.campaign,
        "rulebook": one.rulebook,
        "issued_at": when(one.issued_at),
        "ends_at": when(one.ends_at),
        "accept_until": when(one.accept_until),
        "title": one.title,
        "message": one.message,
        "placement": one.placement,
        "disclosure": one.disclosure,
        "notes": list(one.notes),
        "seq": one.seq,
    }


def redemption(one: StoredRedemption) -> dict[str, Any]:
    """Return the present state of a redemption."""
    row, currency = one.row, one.offer.currency
    answer = use_answer(one.offer, row)
    return {
        "redemption": row.id,
        "offer": row.offer,
        "sku": one.offer.sku,
        "order": row.order,
        **({"also": list(one.also)} if one.also else {}),
        "attempt": row.attempt,
        "state": "cancelled" if row.status == "lapsed" else row.status,
        **({"lapsed": True} if row.status == "lapsed" else {}),
        "unit": money(answer.unit.amount, currency),
        "qty": answer.qty,
        "saved": money(row.granted, currency),
        "at": when(row.at),
        "until": when(row.until),
        "confirmed_at": when(row.confirmed_at),
    }


def explanation(found: Explanation) -> dict[str, Any]:
    """Return the response of `GET /v1/why`."""
    shown: dict[str, Any] = {"sku": found.sku}
    if found.session:
        shown["session"] = found.session
    if found.customer:
        shown["customer"] = found.customer
    shown |= {
        "at": when(found.at),
        "timezone": found.timezone,
        "rulebook": found.rulebook,
        "rules": [
            verdict(one, found.at, found.currency)
            | shown_evidence(found.evidence.get(one.rule), found.at)
            | _decided(found.decided_at.get(one.rule))
            for one in found.verdicts
        ],
        "offers": [offer(one) for one in found.offers],
    }
    return shown | _engines(found)


def _decided(at: int | None) -> dict[str, str]:
    """Return when a verdict was recorded, where it is shown as recorded."""
    return {} if at is None else {"decided_at": format_rfc3339(at)}


def _engines(found: Explanation | Evidence) -> dict[str, str]:
    """Return which engine recorded what is shown, or computed again what another one decided."""
    names = {"recorded_by": found.recorded_by, "recomputed_by": found.recomputed_by}
    return {name: engine for name, engine in names.items() if engine}


def shown_evidence(found: Evidence | None, now: int, steps: str = "price") -> dict[str, Any]:
    """Return what a verdict or an offer rests on; empty where it is not known.

    Args:
        found: The evidence.
        now: The instant at which ages are counted, milliseconds since the Unix epoch, UTC.
        steps: The name of the price steps. An offer has a `price` already, so its steps are
            `price_steps`.
    """
    if found is None:
        return {}
    known = {
        "inputs": [_input(one, now) for one in found.inputs],
        "conditions": [
            {
                "field": one.field,
                "actual": one.actual,
                "needed": one.needed,
                "holds_from": when(one.holds_from),
            }
            for one in found.conditions
        ],
    }
    return {
        **({} if found.recorded_by else known),
        steps: [
            {"step": one.step, "amount": one.amount, "currency": found.currency}
            for one in found.price
        ],
        "lost": [{"rule": one.rule, "reason": one.reason} for one in found.lost],
        **_engines(found),
    }


def _input(one: InputRead, now: int) -> dict[str, Any]:
    return {
        "fact": one.fact,
        "id": one.id,
        "version": one.version,
        "age": None if one.at is None else max(0, now - one.at) // 1000,
        "provenance": one.provenance,
        "value": msgspec.to_builtins(one.value),
    }


def verdict(one: Verdict, now: int, currency: str | None) -> dict[str, Any]:
    """Return one rule's outcome, its primary reason and all failed gates.

    Args:
        one: The verdict.
        now: The instant at which ages are counted, milliseconds since the Unix epoch, UTC.
        currency: ISO 4217 code of the item's public price; None: it has none.
    """
    shown: dict[str, Any] = {"rule": one.rule, "outcome": one.outcome}
    if one.reason:
        shown["reason"] = one.reason.value
    shown["gates"] = [finding(gate, now, currency) for gate in one.findings]
    if one.notes:
        shown["notes"] = list(one.notes)
    if one.value:
        shown["value"] = one.value
    return shown


def finding(one: Finding, now: int, currency: str | None) -> dict[str, Any]:
    """Return a failed gate: the actual value, the needed one, its age (s) and what would change it.

    The parameters are those of `verdict`.
    """
    shown: dict[str, Any] = {
        "reason": one.reason.value,
        "actual": msgspec.to_builtins(as_plain_value(one.reason, one.actual, currency)),
        "needed": msgspec.to_builtins(needed_value(one, currency)),
    }
    if one.at is not None:
        shown["age"] = max(0, now - one.at) // 1000
    shown["change"] = change_text(one)
    return shown


def export(value: Any, name: str = "") -> Any:
    """Return stored rows of a customer with all instants in RFC 3339; `name` is the field's name."""
    kind = type(value)
    if kind is dict:
        # The usual row is flat: a call for each field would take most of an export's time.
        return {
            key: export(one, key) if type(one) in _CONVERTED else one for key, one in value.items()
        }
    if kind is list:
        return [export(one) for one in value]
    return when(value) if kind is int and _names_instant(name) else value


@cache
def _names_instant(name: str) -> bool:
    return name in INSTANTS or name.endswith(("_at", "_until"))


_CONVERTED = frozenset({dict, list, int})
"""Types of values that an export may have to convert."""
INSTANTS = frozenset({"at", "ended", "since", "until"})
"""Stored fields that hold an instant and do not end in `_at` or `_until`."""
