"""What may a person at the shop do to rules and promises? Each act is kept with who did it."""

from typing import Any, Literal

import msgspec
import structlog

from tactful.core.offers.offer import OfferState
from tactful.core.session.signals import OfferRevoked
from tactful.runtime.ports.operator_actions import ActionKind, OperatorAction
from tactful.runtime.services.ingest import IngestReport
from tactful.runtime.services.rulebook_manager import ReloadResult
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import LiveSession

log = structlog.get_logger("tactful.operator")

RevocationReason = Literal["price.error", "fraud"]
Revocation = Literal["revoked", "ended", "unknown"]


async def revoke(shop: Shop, offer: str, reason: RevocationReason, who: str) -> Revocation:
    """End an offer, accepted or not; `ended`: it does not stand any more. Durable on return."""
    await shop.ledger.flush()
    found = await shop.ledger.offer(offer)
    if found is None:
        return "unknown"
    live = await _session(shop, found.session)
    if not found.standing or live is None:
        return "ended"
    shop.turns.submit(live, OfferRevoked(offer, reason, who))
    await shop.turns.wait_until_idle()
    await shop.ledger.flush()
    after = await shop.ledger.offer(offer)
    if after is None or after.state is not OfferState.WITHDRAWN:
        return "ended"  # a checkout was faster
    await _keep(shop, "offer.revoked", who, offer, detail=reason, customer=found.customer)
    return "revoked"


async def _session(shop: Shop, session: str) -> LiveSession | None:
    """The session that holds an offer, brought back if it is not in memory."""
    live = shop.state.registry.by_id.get(session)
    if live is not None:
        return live
    saved = await shop.ledger.session(session)
    return shop.lifecycle.restore(saved) if saved else None


async def state_fact(shop: Shop, fact: dict[str, Any], who: str) -> IngestReport:
    """Take in a fact that a person states, such as a remedy or a recall."""
    done = await shop.ingest.ingest([msgspec.json.encode(fact)])
    if done.accepted:
        kind = str(fact["type"])
        customer = fact.get("customer")
        await _keep(shop, "fact.stated", who, str(fact[kind]), detail=kind, customer=customer)
    return done


async def pause(shop: Shop, rule: str, who: str, *, paused: bool) -> bool:
    """Pause a rule, or let it run again; whether there is such a rule."""
    done = await shop.rulebooks.pause(rule, paused=paused)
    if done:
        await _keep(shop, "rule.paused" if paused else "rule.resumed", who, rule)
    return done


async def reload(shop: Shop, who: str) -> ReloadResult:
    """Read the rule files again."""
    done = await shop.rulebooks.reload()
    await _keep(shop, "rulebook.reloaded", who, done.version, detail=done.outcome)
    return done


async def rollback(shop: Shop, who: str) -> ReloadResult | None:
    """Go back to the rulebook from before; None: there is none."""
    done = await shop.rulebooks.rollback()
    if done is not None:
        await _keep(shop, "rulebook.rolled_back", who, done.version)
    return done


async def _keep(
    shop: Shop,
    act: ActionKind,
    who: str,
    subject: str,
    *,
    detail: str = "",
    customer: str | None = None,
) -> None:
    """Into the audit, and into the log without what could name a customer."""
    made = OperatorAction(
        at=shop.clock.now(), who=who, act=act, subject=subject, detail=detail, customer=customer
    )
    await shop.ledger.record_operator_action(made)
    log.info(act, who=who, subject="" if act == "fact.stated" else subject, detail=detail)
