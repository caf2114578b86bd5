"""What does a rule, campaign or suppress block that passed the checker mean to the decision?"""

import hashlib
from typing import Any, Final

import msgspec
from msgspec import structs

from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import (
    NEVER,
    NOW,
    All,
    Campaign,
    Clause,
    Condition,
    FrequencyLimit,
    PriceTerms,
    Provenance,
    Rule,
    SuppressRule,
)
from tactful.core.values import calendar
from tactful.core.values.money import BP
from tactful.rulebook.compilation.codegen import generate_function
from tactful.rulebook.compilation.predicates import build_condition, reads_customer
from tactful.rulebook.compilation.timetables import schedule_hours, weekly_state
from tactful.rulebook.language.conditions import Comparison, ConditionTree
from tactful.rulebook.language.grammar import PRICE_MODES
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.language.rule_files import (
    ParsedCampaign,
    ParsedRule,
    ParsedSuppressRule,
    level_of,
)

RESCUE_CLAUSE: Final = Clause(
    field="moment",
    op="is",
    value="rescue",
    read=lambda scene: "rescue" if scene.session.rescue else "none",
    provenance="contextual",
    holds_from=lambda scene: NOW if scene.session.rescue else NEVER,
    text="moment: rescue",
)
"""A page on which the shopper is leaving for good."""


def zone_of(text: ParsedRule, policy: Policy) -> str:
    """On whose clocks a rule lives."""
    zone: str = text.get("valid", "timezone") or policy.timezone
    return zone


def window_of(text: ParsedRule, policy: Policy) -> tuple[int, int]:
    """The half-open window of a rule."""
    zone = zone_of(text, policy)
    first, last = text.get("valid", "from"), text.get("valid", "until")
    return (
        calendar.local_instant(first, zone, end=False) if first else NOW,
        calendar.local_instant(last, zone, end=True) if last else NEVER,
    )


def build_rule(text: ParsedRule, policy: Policy, stacks_with: frozenset[str]) -> Rule:
    """The rule as the decision reads it."""
    zone = zone_of(text, policy)
    condition = _condition(text, zone)
    starts, ends = window_of(text, policy)
    hours = tuple(
        schedule_hours(entry.get("days"), entry.get("hours"))
        for entry in text.get("schedule") or ()
    )
    offer = text.get("offer") or ParsedMapping(text.block.node)
    price = price_terms(text)
    rule = Rule(
        id=text.id,
        price=price,
        holds_from=generate_function(condition),
        condition=condition,
        holds_from_if_identified=generate_function(condition, known=True)
        if reads_customer(condition)
        else None,
        provenance=_provenance(text, price),
        territories=frozenset(text.get("territories") or ()),
        starts=starts,
        ends=ends,
        schedule=weekly_state(zone, hours) if hours else None,
        priority=text.get("priority") or 0,
        force=bool(text.get("force")),
        mode=text.get("mode") or "live",
        share_bp=share_of(text),
        paused=bool(text.get("paused")),
        moment=text.get("moment"),
        on_change=text.get("on_change") or "keep",
        remedy=bool(text.get("remedy")),
        campaign=text.get("campaign"),
        per_session=text.get("limits", "per_session"),
        per_shopper=_limit(text.get("limits", "per_shopper")),
        stacks_with=stacks_with,
        expires=offer.get("expires", 15 * calendar.MINUTE),
        max_qty=offer.get("max_qty", 1) if price.level == "item" else 1,
        placement=offer.get("placement", "corner"),
        messages=offer.get("message", {}),
    )
    return structs.replace(rule, digest=digest(_meaning(rule, text, zone)))


def price_terms(text: ParsedRule) -> PriceTerms:
    """How the price of a rule's offer is made, or what comes off the order or its shipping."""
    offer = text.get("offer") or ParsedMapping(text.block.node)
    step = _mode(offer)
    if text.get("remedy"):
        made = any(mode in offer.values for mode in PRICE_MODES)
        return _floored(offer, step if made else PriceTerms("remedy"))
    level = level_of(offer)
    if level == "item":
        return _floored(offer, step)
    step = structs.replace(step, level=level, at_most=offer.get("at_most", {}))
    if level == "shipping":
        return step
    return structs.replace(_floored(offer, step), on_floor="withhold", ending=None)


def _floored(offer: ParsedMapping, step: PriceTerms) -> PriceTerms:
    saving = offer.get("min_saving", {})
    floor = offer.get("floor") or ParsedMapping(offer.node)
    return structs.replace(
        step,
        margin_bp=floor.get("margin"),
        minimum=floor.get("minimum", {}),
        may_undercut_target=floor.get("may_undercut_target", False),
        on_floor=offer.get("on_floor", "clamp"),
        min_saving=saving if isinstance(saving, dict) else {},
        min_saving_bp=saving if isinstance(saving, int) else 0,
        ending=offer.get("ending"),
    )


def _mode(offer: ParsedMapping) -> PriceTerms:
    mode: Any = next((name for name in PRICE_MODES if name in offer.values), "percent")
    value = offer.get(mode)
    match mode:
        case "percent":
            return PriceTerms("percent", percent_bp=value or 0)
        case "amount" | "fixed":
            return PriceTerms(mode, amounts=value)
        case "ladder":
            return PriceTerms("ladder", ladder=tuple(_mode(step) for step in value))
        case _:
            return PriceTerms(mode)


def share_of(text: ParsedRule) -> int:
    """The share of sessions that a rule speaks to, in basis points."""
    share, holdout = text.get("share") or BP, text.get("holdout") or 0
    return int(share * (BP - holdout) // BP)


def build_campaign(text: ParsedCampaign, policy: Policy) -> Campaign:
    """The campaign as the decision reads it."""
    block = text.block
    return Campaign(
        id=text.id,
        money=block.get("budget", {}),
        count=block.get("count"),
        per=block.get("per", "total"),
        timezone=block.get("timezone", policy.timezone),
        pace=block.get("pace", "none"),
    )


def build_suppress_rule(text: ParsedSuppressRule, policy: Policy) -> SuppressRule:
    """A suppress block as the decision reads it."""
    condition = build_condition(text.when, policy.timezone)
    return SuppressRule(
        text.id, generate_function(condition), condition, text.block.get("after", 0)
    )


def digest(meaning: Any) -> str:
    """A short name for exactly this meaning."""
    encoded = msgspec.json.encode(meaning, order="deterministic")
    return hashlib.sha256(encoded).hexdigest()[:16]


def canonical(tree: ConditionTree | None) -> Any:
    """A condition without its spelling: order and repetition do not matter, nor `is` or `in`."""
    if tree is None:
        return None
    if isinstance(tree, Comparison):
        value = tree.value
        if tree.op in {"in", "not", "under", "matches"}:
            value = sorted(
                {msgspec.json.encode(one, order="deterministic").decode() for one in value}
            )
        return [tree.name, tree.op, value, tree.window]
    parts = {
        msgspec.json.encode(canonical(part), order="deterministic").decode() for part in tree.parts
    }
    return [tree.kind, sorted(parts)]


def _condition(text: ParsedRule, zone: str) -> Condition:
    """The moment, `when` and none of `unless`, all of which must hold."""
    parts: list[Condition] = [RESCUE_CLAUSE] if text.get("moment") else []
    if text.when:
        parts += [build_condition(part, zone) for part in text.when.parts]
    if text.unless:
        parts.append(build_condition(text.unless, zone))
    return All(tuple(parts))


def _provenance(text: ParsedRule, price: PriceTerms) -> frozenset[Provenance]:
    found: set[Provenance] = {test.field.provenance for test in text.comparisons} | {"contextual"}
    if price.mode == "ladder":
        found.add("pseudonymous")  # the step depends on what this session was offered
    if text.get("remedy"):
        found.add("personal")
    return frozenset(found)


def _limit(block: ParsedMapping | None) -> FrequencyLimit | None:
    return FrequencyLimit(block.get("count"), block.get("per")) if block else None


_CALLABLES: Final = ("holds_from", "condition", "holds_from_if_identified", "schedule", "digest")


def _meaning(rule: Rule, text: ParsedRule, zone: str) -> Any:
    """Everything that a decision could tell apart, in an order that does not depend on the file."""
    plain = {name: value for name, value in structs.asdict(rule).items() if name not in _CALLABLES}
    sets = {
        name: sorted(getattr(rule, name)) for name in ("provenance", "territories", "stacks_with")
    }
    hours = sorted(
        {(e.get("days") or "", e.get("hours") or "") for e in text.get("schedule") or ()}
    )
    clocks = zone if hours or any(_reads_clock(test) for test in text.comparisons) else None
    return [plain | sets, canonical(text.when), canonical(text.unless), hours, clocks]


def _reads_clock(test: Comparison) -> bool:
    """Whether a comparison depends on whose clocks are meant."""
    since = test.op == "since" or (test.window is not None and test.window[0] == "since")
    return since or test.field.type in {"weekday", "clock", "date"}
