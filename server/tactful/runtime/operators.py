"""Operator actions on rules, offers and facts; each is entered into the audit log."""

import unicodedata
from typing import Any, Final, Literal

import msgspec
import structlog

from tactful.core.offers.offer import OfferState
from tactful.core.session.signals import OfferRevoked
from tactful.runtime.ports.operator_actions import ActionKind, OperatorAction
from tactful.runtime.ports.rulebook_store import OffersStop
from tactful.runtime.services.ingest import IngestReport
from tactful.runtime.services.rulebook_manager import ReloadResult
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import LiveSession

log = structlog.get_logger("tactful.operator")

RESERVED_NAMES: Final = frozenset({"tactful", "server key"})
"""Names in the audit log that stand for the server itself, and for a client without a name."""

SYSTEM_PREFIX: Final = "token "
"""Beginning of the names that stand for tokens in the audit log; the name of the token follows."""

_RESERVED_LETTERS: Final = frozenset(name.replace(" ", "") for name in RESERVED_NAMES)
_LOOKS_LIKE: Final = str.maketrans(
    "асеукѕтгυνκετ" + "ᴛᴀᴄꜰᴜʟꜱᴇʀᴠᴋʏ" + "1|", "aceykstruvket" + "tacfulservky" + "ll"
)
"""Letters in lower case and signs → the Latin letters of reserved names for which they are read."""

RevocationReason = Literal["price.error", "fraud", "customer.asked"]
"""The reasons for which an operator may end an offer that a shopper has accepted."""
RevocationOutcome = Literal["revoked", "ended", "unknown"]


def is_reserved(name: str) -> bool:
    """Return whether an operator's name reads like one that the audit log uses itself."""
    plain = unicodedata.normalize("NFKD", name).casefold().translate(_LOOKS_LIKE)
    first = "".join(one if one.isalnum() else " " for one in plain).split()[:1]
    return (
        first == [SYSTEM_PREFIX.strip()] or "".join(filter(str.isalnum, plain)) in _RESERVED_LETTERS
    )


async def revoke_offer(
    shop: Shop, offer: str, reason: RevocationReason, operator: str
) -> RevocationOutcome:
    """End an offer, whether or not it is accepted; the end is durable on return.

    Args:
        shop: The shop that made the offer.
        offer: Id of the offer.
        reason: Why the offer is revoked.
        operator: Name of the operator, for the audit log.

    Returns:
        `ended` if the offer was not standing any more, `unknown` if there is no such offer.

    Raises:
        LedgerError: The ledger cannot be read or written; the offer may or may not have ended.
    """
    await shop.ledger.flush()
    found = await shop.ledger.offer(offer)
    if found is None:
        return "unknown"
    live = await _session_of(shop, found.session)
    if not found.standing or live is None:
        return "ended"
    shop.turns.submit(live, OfferRevoked(offer, reason, operator))
    await shop.turns.wait_until_idle()
    await shop.ledger.flush()
    after = await shop.ledger.offer(offer)
    if after is None or after.state is not OfferState.WITHDRAWN:
        # A checkout redeemed the offer first.
        return "ended"
    await record_action(
        shop, "offer.revoked", operator, offer, detail=reason, customer=found.customer
    )
    return "revoked"


async def _session_of(shop: Shop, session: str) -> LiveSession | None:
    """Return a session, restored from the ledger if it is not in memory."""
    live = shop.state.registry.by_id.get(session)
    if live is not None:
        return live
    saved = await shop.ledger.session(session)
    if saved is not None:
        # Another process may have it in memory; from now on its writes are refused.
        saved = await shop.ledger.claim_session(saved.resume) or saved
    return shop.lifecycle.restore(saved) if saved else None


async def state_fact(
    shop: Shop, fact: dict[str, Any], operator: str, *, detail: str = ""
) -> IngestReport:
    """Ingest a fact that an operator states, such as a remedy or a recall.

    Args:
        shop: The shop.
        fact: The fact as JSON values.
        operator: Name of the operator, for the audit log.
        detail: What the audit log says of the fact, without personal data; empty: its type.

    Raises:
        LedgerError: The fact is not recorded.
    """
    report = await shop.ingest.ingest([msgspec.json.encode(fact)])
    if report.accepted:
        kind = str(fact["type"])
        customer = fact.get("customer")
        await record_action(
            shop, "fact.stated", operator, str(fact[kind]), detail=detail or kind, customer=customer
        )
    return report


async def pause_rule(shop: Shop, rule: str, operator: str, *, paused: bool) -> bool:
    """Pause a rule or let it run again; return whether there is such a rule.

    Raises:
        LedgerError: The change is not recorded.
    """
    done = await shop.rulebooks.pause(rule, paused=paused)
    if done:
        await record_action(shop, "rule.paused" if paused else "rule.resumed", operator, rule)
    return done


async def stop_offers(shop: Shop, operator: str, reason: str) -> bool:
    """Stop all offers of the shop, in every process that serves it; return False if they are stopped.

    Standing offers are withdrawn. An accepted offer keeps its promise.

    Args:
        shop: The shop.
        operator: Name of the operator, for the audit log and the alert.
        reason: Why, for both.

    Raises:
        LedgerError: The stop is not recorded.
    """
    done = await shop.rulebooks.stop_offers(OffersStop(shop.clock.now(), operator, reason))
    if done:
        await record_action(shop, "offers.stopped", operator, "offers", detail=reason)
    return done


async def start_offers(shop: Shop, operator: str) -> bool:
    """End the stop of all offers; return False if they are not stopped.

    Raises:
        LedgerError: The end is not recorded.
    """
    done = await shop.rulebooks.start_offers()
    if done:
        await record_action(shop, "offers.started", operator, "offers")
    return done


async def reload_rules(shop: Shop, operator: str) -> ReloadResult:
    """Read the rule files again.

    Raises:
        LedgerError: The new version is not recorded; the old one stays active.
    """
    done = await shop.rulebooks.reload()
    await record_action(shop, "rulebook.reloaded", operator, done.version, detail=done.outcome)
    return done


async def roll_back_rules(
    shop: Shop, operator: str, version: str | None = None
) -> ReloadResult | None:
    """Go back to a rulebook that was active once; None: there is no such rulebook.

    Args:
        shop: The shop.
        operator: Name of the operator, for the audit log.
        version: See `RulebookManager.rollback`.

    Raises:
        LedgerError: The change is not recorded; the active version stays.
    """
    done = await shop.rulebooks.rollback(version)
    if done is not None:
        await record_action(shop, "rulebook.rolled_back", operator, done.version)
    return done


async def record_action(
    shop: Shop,
    act: ActionKind,
    operator: str,
    subject: str,
    *,
    detail: str = "",
    customer: str | None = None,
) -> None:
    """Enter an action into the audit log, and into the log file without personal data."""
    action = OperatorAction(
        at=shop.clock.now(),
        who=operator,
        act=act,
        subject=subject,
        detail=detail,
        customer=customer,
    )
    await shop.ledger.record_operator_action(action)
    is_personal = act in {"case.corrected", "fact.stated"}
    log.info(act, who=operator, subject="" if is_personal else subject, detail=detail)
