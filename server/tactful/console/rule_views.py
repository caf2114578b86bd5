"""The rules as pages show them: title, state, what became of offers, what is wrong."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from tactful.core.offers.offer import OfferState
from tactful.core.rules.rule import NEVER, NOW, Rule
from tactful.core.values.money import BP
from tactful.core.values.phrases import Phrase, counted_phrase, phrase
from tactful.rulebook.language.units import format_percent
from tactful.runtime.ports.ledger_rows import RuleStepRow
from tactful.runtime.ports.operator_actions import ActionFilter, OperatorAction
from tactful.runtime.shop import Shop

MANY_DISMISSED: Final = 0.4
"""The share of dismissed offers from which a rule is not healthy."""
LEAST_SHOWN: Final = 20
"""Offers that were shown before a share of them says something."""


class RuleCounts(Struct, frozen=True):
    """What became of the offers of a rule since it means what it means now."""

    offered: int = 0
    shown: int = 0
    accepted: int = 0
    redeemed: int = 0
    dismissed: int = 0


class RuleView(Struct, frozen=True):
    """A rule of the active rulebook."""

    id: str
    title: str
    """Its note, or its id."""
    owner: str
    mode: str
    campaign: str | None
    paused_by: str | None
    """`file` or `person`; `None` if the rule is not paused."""
    state: Phrase
    is_running: bool
    counts: RuleCounts
    problems: tuple[str, ...]
    """What is wrong with it, in sentences; empty: it is healthy."""


async def rule_views(shop: Shop, notes: Mapping[str, str]) -> list[RuleView]:
    """Return the rules of the active rulebook, by id.

    Args:
        shop: The shop.
        notes: Rule → the note of its file.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    active = shop.state.active_rulebook.current
    counts = counts_of(await shop.ledger.rule_steps(), active.rules)
    alerts = shop.alerts.unresolved()
    now = shop.clock.now()
    found = []
    for _, rule in sorted(active.rules.items()):
        by = "file" if rule.paused else "person" if rule.id in active.paused else None
        made = counts.get(rule.id, RuleCounts())
        kinds = [one.kind for one in alerts if one.subject == rule.id]
        found.append(
            RuleView(
                id=rule.id,
                title=notes.get(rule.id) or rule.id,
                owner=rule.owner,
                mode=rule.mode,
                campaign=rule.campaign,
                paused_by=by,
                state=state_of(rule, by, now),
                is_running=by is None and rule.starts <= now < rule.ends,
                counts=made,
                problems=tuple(problems_of(made, kinds)),
            )
        )
    return found


async def pauses_of(shop: Shop) -> Mapping[str, OperatorAction]:
    """Return rule → the action that paused it last, for the rules that a person paused.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    found: dict[str, OperatorAction] = {}
    for rule in shop.state.active_rulebook.current.paused:
        wanted = ActionFilter(act="rule.paused", subject=rule)
        for entry in await shop.ledger.audit_entries(wanted, limit=1):
            found[rule] = entry.action
    return found


def counts_of(rows: Sequence[RuleStepRow], rules: Mapping[str, Rule]) -> dict[str, RuleCounts]:
    """Return rule → what became of its offers; those of an earlier meaning are left out."""
    sums: dict[str, dict[OfferState, int]] = {}
    for row in rows:
        rule = rules.get(row.rule)
        if rule is not None and rule.digest == row.digest:
            states = sums.setdefault(row.rule, {})
            states[row.state] = states.get(row.state, 0) + row.count
    return {
        rule: RuleCounts(
            states.get(OfferState.PUSHED, 0),
            states.get(OfferState.SHOWN, 0),
            states.get(OfferState.ACCEPTED, 0),
            states.get(OfferState.REDEEMED, 0),
            states.get(OfferState.DECLINED, 0),
        )
        for rule, states in sums.items()
    }


def state_of(rule: Rule, paused_by: str | None, now: int) -> Phrase:
    """Return whether a rule runs, in words; `now`: milliseconds since the Unix epoch, UTC."""
    if paused_by == "file":
        return phrase("paused by its file")
    if paused_by:
        return phrase("paused")
    if rule.starts != NOW and now < rule.starts:
        return phrase("has not begun")
    if rule.ends != NEVER and now >= rule.ends:
        return phrase("has ended")
    if rule.mode == "trial":
        return phrase("trial, {share} of the shoppers", share=format_percent(rule.share_bp))
    if rule.mode == "shadow":
        return phrase("only computed, never shown")
    if rule.share_bp < BP:
        return phrase("active for {share} of the shoppers", share=format_percent(rule.share_bp))
    return phrase("active")


def problems_of(counts: RuleCounts, alerts: Sequence[str]) -> list[str]:
    """Return what is wrong with a rule, in sentences.

    Args:
        counts: What became of its offers.
        alerts: The kinds of the unresolved alerts about it.
    """
    found: list[str] = []
    if alerts:
        found.append(
            counted_phrase(
                len(alerts),
                "An alert is open: {kinds}.",
                "{n} alerts are open: {kinds}.",
                kinds=", ".join(alerts),
            )
        )
    if counts.offered == 0:
        found.append(phrase("It has made no offer in its present form."))
    if counts.shown >= LEAST_SHOWN and counts.dismissed > MANY_DISMISSED * counts.shown:
        share = f"{100 * counts.dismissed // counts.shown} %"
        found.append(phrase("Shoppers dismiss {share} of its offers.", share=share))
    return found
