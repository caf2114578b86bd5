"""Operator actions on rules, offers and facts; each is entered into the audit log."""

import unicodedata
from collections.abc import Coroutine
from typing import Any, Final, Literal

import msgspec
import structlog

from tactful.core.facts import fact_codec
from tactful.core.offers.offer import OfferState
from tactful.core.session.signals import OfferRevoked
from tactful.core.values.calendar import format_rfc3339
from tactful.core.values.money import Money
from tactful.runtime.audit_changes import (
    NO_CHANGE,
    ActionChange,
    change,
    changed,
    fact_change,
    present_role,
)
from tactful.runtime.ports.alert_store import Alert
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
    freed = Money(found.hold, found.currency) if found.hold else None
    await record_action(
        shop,
        "offer.revoked",
        operator,
        offer,
        change({"state": found.state.value}, {"state": after.state.value}, freed),
        detail=reason,
        customer=found.customer,
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
    kind, encoded = str(fact["type"]), msgspec.json.encode(fact)
    subject = str(fact.get(kind, ""))
    known = [one for one in await shop.ledger.fact_versions(kind, subject) if one.ended is None]
    before = fact_codec.decode_stored(known[-1].body) if known else None
    report = await shop.ingest.ingest([encoded])
    if report.accepted:
        await record_action(
            shop,
            "fact.stated",
            operator,
            subject,
            fact_change(before, fact_codec.decode(encoded)),
            detail=detail or kind,
            customer=fact.get("customer"),
        )
    return report


async def pause_rule(shop: Shop, rule: str, operator: str, *, paused: bool) -> bool:
    """Pause a rule or let it run again; return whether there is such a rule.

    Raises:
        LedgerError: The change is not recorded.
    """
    was_paused = rule in shop.state.active_rulebook.current.paused
    done = await shop.rulebooks.pause(rule, paused=paused)
    if done:
        await record_action(
            shop,
            "rule.paused" if paused else "rule.resumed",
            operator,
            rule,
            changed("state", _rule_state(was_paused), _rule_state(paused)),
        )
    return done


def _rule_state(paused: bool) -> str:
    return "paused" if paused else "running"


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
        await record_action(
            shop,
            "offers.stopped",
            operator,
            "offers",
            changed("offers", "made", "stopped"),
            detail=reason,
        )
    return done


async def start_offers(shop: Shop, operator: str) -> bool:
    """End the stop of all offers; return False if they are not stopped.

    Raises:
        LedgerError: The end is not recorded.
    """
    done = await shop.rulebooks.start_offers()
    if done:
        await record_action(
            shop, "offers.started", operator, "offers", changed("offers", "stopped", "made")
        )
    return done


async def reload_rules(shop: Shop, operator: str, *, cause: str = "") -> ReloadResult:
    """Read the rule files again.

    Args:
        shop: The shop.
        operator: Name of the operator, for the audit log.
        cause: Why, if the operator did something else before, such as `first-offer.yaml added`.

    Raises:
        LedgerError: The new version is not recorded; the old one stays active.
    """
    before = shop.state.active_rulebook.current.version
    done = await shop.rulebooks.reload()
    await record_action(
        shop,
        "rulebook.reloaded",
        operator,
        done.version,
        changed("rulebook", before, done.version),
        detail=f"{cause}: {done.outcome}" if cause else done.outcome,
    )
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
    before = shop.state.active_rulebook.current.version
    done = await shop.rulebooks.rollback(version)
    if done is not None:
        await record_action(
            shop,
            "rulebook.rolled_back",
            operator,
            done.version,
            changed("rulebook", before, done.version),
        )
    return done


async def acknowledge_alert(shop: Shop, alert: str, operator: str) -> Alert:
    """Acknowledge an alert.

    Raises:
        UnknownAlertError: No unresolved alert has the id.
        LedgerError: The change is not recorded.
    """
    return await _change_alert(
        shop, alert, operator, "alert.acknowledged", shop.alerts.acknowledge(alert, operator)
    )


async def snooze_alert(shop: Shop, alert: str, until: int, operator: str) -> Alert:
    """Let an alert rest until an instant (ms since the Unix epoch, UTC); see `acknowledge_alert`."""
    return await _change_alert(
        shop, alert, operator, "alert.snoozed", shop.alerts.snooze(alert, until, operator)
    )


async def resolve_alert(shop: Shop, alert: str, operator: str) -> Alert:
    """Close an alert whose cause is gone; see `acknowledge_alert`.

    Raises:
        CausePresentError: Its cause is still there.
    """
    return await _change_alert(
        shop, alert, operator, "alert.resolved", shop.alerts.resolve(alert, operator)
    )


async def _change_alert(
    shop: Shop, alert: str, operator: str, act: ActionKind, work: Coroutine[Any, Any, Alert]
) -> Alert:
    before = next((one for one in shop.alerts.unresolved() if one.id == alert), None)
    done = await work
    await record_action(
        shop,
        act,
        operator,
        alert,
        change(_alert_values(before, shop), _alert_values(done, shop)),
        detail=f"{done.kind} {done.subject}".strip(),
    )
    return done


def _alert_values(alert: Alert | None, shop: Shop) -> dict[str, str]:
    if alert is None:
        return {}
    values: dict[str, str] = {"state": alert.state(shop.clock.now())}
    if alert.snoozed:
        values["until"] = format_rfc3339(alert.snoozed.until)
    return values


async def forget_customer(shop: Shop, customer: str, operator: str) -> int:
    """Erase a customer (GDPR, Article 17); see `Shop.forget`. The audit log has the alias only.

    Raises:
        LedgerError: The erasure is not complete; repeat it.
    """
    touched = await shop.forget(customer)
    await record_action(shop, "customer.erased", operator, customer, NO_CHANGE, customer=customer)
    return touched


async def forget_contact(shop: Shop, value_hash: str, operator: str) -> int:
    """Erase a shopper of whom only a contact is known; see `Shop.forget_contact`.

    Raises:
        LedgerError: The erasure is not complete; repeat it.
    """
    touched = await shop.forget_contact(value_hash)
    await record_action(shop, "contact.erased", operator, "contact", NO_CHANGE)
    return touched


async def record_action(
    shop: Shop,
    act: ActionKind,
    operator: str,
    subject: str,
    made: ActionChange,
    *,
    detail: str = "",
    customer: str | None = None,
) -> None:
    """Enter an action into the audit log, and into the log file without personal data.

    Args:
        shop: The shop.
        act: What was done.
        operator: Name of the operator.
        subject: The id of what was changed.
        made: What the action changed.
        detail: The operator's reason, or more about the action, without personal data.
        customer: The customer whom it concerns.

    Raises:
        LedgerError: The action is not recorded.
    """
    action = OperatorAction(
        at=shop.clock.now(),
        who=operator,
        act=act,
        subject=subject,
        detail=detail,
        customer=customer,
        role=present_role(),
        before=made.before,
        after=made.after,
        amount=made.amount.amount if made.amount else None,
        currency=made.amount.currency if made.amount else None,
    )
    await shop.ledger.record_operator_action(action)
    is_personal = act in {"case.corrected", "customer.erased", "fact.stated"}
    log.info(act, who=operator, subject="" if is_personal else subject, detail=detail)
