"""Builds rules, campaigns and suppress rules from parsed files that passed the checks.

Everything that a decision reads is resolved here: defaults, time zones, units. The digest of a rule
depends on its meaning, not on its spelling.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import structs

from tactful.core.facts.checks.normal_forms import category_path, trimmed
from tactful.core.rules.policy import Policy, ShopExclusion
from tactful.core.rules.rule import (
    NEVER,
    NOW,
    All,
    Campaign,
    Clause,
    Condition,
    Exclusion,
    Experiment,
    FrequencyLimit,
    InputBan,
    PriceTerms,
    Provenance,
    Rule,
    SuppressRule,
)
from tactful.core.values import calendar
from tactful.core.values.money import BP
from tactful.rulebook.compilation.codegen import generate_function
from tactful.rulebook.compilation.meaning_digest import digest, meaningful_fields
from tactful.rulebook.compilation.predicates import build_condition, reads_customer
from tactful.rulebook.compilation.timetables import schedule_hours, weekly_state
from tactful.rulebook.language.conditions import Comparison, ConditionTree
from tactful.rulebook.language.grammar import PRICE_MODES
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.language.rule_files import (
    EXCLUDABLE,
    ParsedCampaign,
    ParsedExclusion,
    ParsedExperiment,
    ParsedInputBan,
    ParsedRule,
    ParsedSuppressRule,
    level_of,
)

TRIAL_SHARE_BP: Final = 5000
"""Share of sessions that a trial includes which names none, in basis points: one tenth."""
TRIAL_LENGTH: Final = 14 * calendar.DAY
"""Duration of a trial without an end, in milliseconds."""

RESCUE_CLAUSE: Final = Clause(
    field="moment",
    op="is",
    value="rescue",
    read=lambda scene: "rescue" if scene.session.rescue else "none",
    provenance="contextual",
    holds_from=lambda scene: NOW if scene.session.rescue else NEVER,
    text="moment: rescue",
)
"""The clause of `moment: rescue`: the page is for cancelling, unsubscribing or returning."""


def zone_of(parsed: ParsedRule | ParsedExclusion, policy: Policy) -> str:
    """Return the IANA time zone of the dates and hours of a rule or exclusion."""
    zone: str = parsed.get("valid", "timezone") or policy.timezone
    return zone


def window_of(parsed: ParsedRule | ParsedExclusion, policy: Policy) -> tuple[int, int]:
    """Return the half-open window of a rule or exclusion, in milliseconds since the Unix epoch, UTC.

    Without `from` it begins at `NOW`, without `until` it ends at `NEVER`.
    """
    zone = zone_of(parsed, policy)
    first, last = parsed.get("valid", "from"), parsed.get("valid", "until")
    return (
        calendar.local_instant(first, zone, end=False) if first else NOW,
        calendar.local_instant(last, zone, end=True) if last else NEVER,
    )


def trial_end(parsed: ParsedRule, policy: Policy, since: int) -> int:
    """Return the end of a trial, in milliseconds since the Unix epoch, UTC.

    It does not depend on the start of the rule's window, which could be moved again and again.

    Args:
        parsed: a rule in `mode: trial`.
        policy: the active policy, for the longest trial.
        since: the first activation of the rule as a trial, in milliseconds since the Unix epoch.
    """
    ends = window_of(parsed, policy)[1]
    longest = policy.trial.length
    return min(ends, since + (min(TRIAL_LENGTH, longest) if ends == NEVER else longest))


def build_rule(parsed: ParsedRule, policy: Policy, stacks_with: frozenset[str]) -> Rule:
    """Return a parsed rule as a decision reads it.

    Args:
        parsed: a rule of files without errors.
        policy: the active policy; its time zone is the default.
        stacks_with: ids of the rules whose offers may stand beside this one.
    """
    zone = zone_of(parsed, policy)
    condition = _condition(parsed, zone)
    starts, ends = window_of(parsed, policy)
    hours = tuple(
        schedule_hours(entry.get("days"), entry.get("hours"))
        for entry in parsed.get("schedule") or ()
    )
    offer = parsed.get("offer") or ParsedMapping(parsed.block.node)
    price = price_terms(parsed)
    rule = Rule(
        id=parsed.id,
        price=price,
        holds_from=generate_function(condition),
        condition=condition,
        holds_from_if_identified=generate_function(condition, identified=True)
        if reads_customer(condition)
        else None,
        provenance=_provenance(parsed, price),
        territories=frozenset(parsed.get("territories") or ()),
        starts=starts,
        ends=ends,
        schedule=weekly_state(zone, hours) if hours else None,
        priority=parsed.get("priority") or 0,
        force=bool(parsed.get("force")),
        mode=parsed.get("mode") or "live",
        share_bp=share_of(parsed, policy),
        paused=bool(parsed.get("paused")),
        moment=parsed.get("moment"),
        on_change=parsed.get("on_change") or "keep",
        remedy=bool(parsed.get("remedy")),
        campaign=parsed.get("campaign"),
        per_session=parsed.get("limits", "per_session"),
        per_shopper=_limit(parsed.get("limits", "per_shopper")),
        stacks_with=stacks_with,
        expires=offer.get("expires", 15 * calendar.MINUTE),
        max_qty=offer.get("max_qty", 1) if price.level == "item" else 1,
        codes=offer.get("codes"),
        placement=offer.get("placement", "corner"),
        messages=offer.get("message", {}),
        owner=parsed.get("owner") or "",
    )
    return structs.replace(rule, digest=digest(_meaning(rule, parsed, zone)))


def price_terms(parsed: ParsedRule) -> PriceTerms:
    """Return the price terms of a rule's offer, or its deduction from the order or shipping."""
    offer = parsed.get("offer") or ParsedMapping(parsed.block.node)
    step = _price_mode(offer)
    if parsed.get("remedy"):
        made = any(mode in offer.values for mode in PRICE_MODES)
        return _with_floor(offer, step if made else PriceTerms("remedy"))
    level = level_of(offer)
    if level == "item":
        return _with_floor(offer, step)
    step = structs.replace(
        step,
        level=level,
        at_most=offer.get("at_most", {}),
        min_order=offer.get("min_order", {}),
    )
    if level == "shipping":
        return step
    return structs.replace(_with_floor(offer, step), on_floor="withhold", ending=None)


def _with_floor(offer: ParsedMapping, step: PriceTerms) -> PriceTerms:
    """Return the terms with the floor, the least saving and the ending of the offer."""
    saving = offer.get("min_saving", {})
    floor = offer.get("floor") or ParsedMapping(offer.node)
    return structs.replace(
        step,
        margin_bp=floor.get("margin"),
        markup_bp=floor.get("markup"),
        minimum=floor.get("minimum", {}),
        may_undercut_target=floor.get("may_undercut_target", False),
        on_floor=offer.get("on_floor", "clamp"),
        min_saving=saving if isinstance(saving, dict) else {},
        min_saving_bp=saving if isinstance(saving, int) else 0,
        ending=offer.get("ending"),
    )


def _price_mode(offer: ParsedMapping) -> PriceTerms:
    """Return the terms of the price mode of an offer, or of a step of a ladder."""
    mode: Any = next((name for name in PRICE_MODES if name in offer.values), "percent")
    value = offer.get(mode)
    match mode:
        case "percent":
            return PriceTerms("percent", percent_bp=value or 0)
        case "amount" | "fixed":
            return PriceTerms(mode, amounts=value)
        case "ladder":
            return PriceTerms("ladder", ladder=tuple(_price_mode(step) for step in value))
        case _:
            return PriceTerms(mode)


def trial_share(parsed: ParsedRule, policy: Policy) -> int:
    """Return the share of sessions of a trial without its own hold-out, in basis points.

    Without a share it is half: groups of the same size give an answer soonest.
    """
    return int(parsed.get("share") or min(TRIAL_SHARE_BP, policy.trial.share_bp))


def share_of(parsed: ParsedRule, policy: Policy) -> int:
    """Return the share of sessions to which a rule applies, in basis points."""
    without = trial_share(parsed, policy) if parsed.get("mode") == "trial" else BP
    share, holdout = parsed.get("share") or without, parsed.get("holdout") or 0
    return int(share * (BP - holdout) // BP)


def build_campaign(parsed: ParsedCampaign, policy: Policy) -> Campaign:
    """Return a campaign as a decision reads it; `policy` gives the default time zone."""
    block = parsed.block
    return Campaign(
        id=parsed.id,
        money=block.get("budget", {}),
        count=block.get("count"),
        per=block.get("per", "total"),
        timezone=block.get("timezone", policy.timezone),
        pace=block.get("pace", "none"),
    )


def build_suppress_rule(parsed: ParsedSuppressRule, policy: Policy) -> SuppressRule:
    """Return a suppress block as a decision reads it; `policy` gives the time zone."""
    condition = build_condition(parsed.when, policy.timezone)
    return SuppressRule(
        parsed.id, generate_function(condition), condition, parsed.block.get("after", 0)
    )


def build_exclusion(parsed: ParsedExclusion, policy: Policy) -> Exclusion:
    """Return an exclusion as a decision reads it; `policy` gives the default time zone."""
    starts, ends = window_of(parsed, policy)
    note, owner = parsed.block.get("note", ""), parsed.block.get("owner", "")
    return _exclusion(parsed.id, note, owner, parsed.values, starts, ends)


def build_shop_exclusion(one: ShopExclusion) -> Exclusion:
    """Return an exclusion of the shop's configuration as a decision reads it."""
    starts = NOW if one.starts is None else one.starts
    ends = NEVER if one.ends is None else one.ends
    return _exclusion(one.id, one.note, one.owner, one.keys, starts, ends)


def _exclusion(
    id_: str, note: str, owner: str, values: Mapping[str, tuple[str, ...]], starts: int, ends: int
) -> Exclusion:
    exact = {name: frozenset(values.get(name, ())) for name in EXCLUDABLE}
    normal = {"brands": trimmed, "categories": category_path, "segments": trimmed}
    folded = {
        name: frozenset(form(text).casefold() for text in exact[name])
        for name, form in normal.items()
    }
    made = Exclusion(id=id_, note=note, owner=owner, starts=starts, ends=ends, **(exact | folded))
    return made if made.id else structs.replace(made, id=f"exclusion-{digest(made)[:6]}")


def build_experiment(parsed: ParsedExperiment, digests: Mapping[str, str]) -> Experiment:
    """Return an experiment as a decision reads it.

    Args:
        parsed: an experiment of files without errors.
        digests: rule id → digest of the rule's meaning.
    """
    variants = tuple(sorted((one.rule, one.share_bp) for one in parsed.variants))
    compared = [parsed.id, [(rule, digests[rule], share) for rule, share in variants]]
    return Experiment(parsed.id, digest(compared), variants)


def build_input_ban(parsed: ParsedInputBan, policy: Policy) -> InputBan:
    """Return a ban of inputs as a decision reads it; `policy` gives the time zone of its start."""
    return InputBan(
        territory=parsed.territory,
        inputs=frozenset(parsed.block.get("inputs", ())),
        starts=ban_start(parsed, policy),
        legal_bases=frozenset(parsed.block.get("except", ())),
    )


def ban_start(parsed: ParsedInputBan, policy: Policy) -> int:
    """Return the start of a ban, in milliseconds since the Unix epoch, UTC; `NOW` without one."""
    first = parsed.block.get("from")
    return calendar.local_instant(first, policy.timezone, end=False) if first else NOW


def canonical(tree: ConditionTree | None) -> Any:
    """Return a condition as plain data that does not depend on its spelling.

    Order, repetition and the choice between `is` and `in` make no difference.
    """
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


def _condition(parsed: ParsedRule, zone: str) -> Condition:
    """Return the condition of a rule: the moment, `when`, and none of `unless`."""
    parts: list[Condition] = [RESCUE_CLAUSE] if parsed.get("moment") else []
    if parsed.when:
        parts += [build_condition(part, zone) for part in parsed.when.parts]
    if parsed.unless:
        parts.append(build_condition(parsed.unless, zone))
    return All(tuple(parts))


def _provenance(parsed: ParsedRule, price: PriceTerms) -> frozenset[Provenance]:
    found: set[Provenance] = {comparison.field.provenance for comparison in parsed.comparisons} | {
        "contextual"
    }
    if price.mode == "ladder":
        # The step of a ladder depends on what this session was offered before.
        found.add("pseudonymous")
    if parsed.get("remedy"):
        found.add("personal")
    return frozenset(found)


def _limit(block: ParsedMapping | None) -> FrequencyLimit | None:
    return FrequencyLimit(block.get("count"), block.get("per")) if block else None


_NOT_IN_MEANING: Final = (
    "holds_from",
    "condition",
    "holds_from_if_identified",
    "schedule",
    "digest",
    "owner",
    "experiment",
)


def _meaning(rule: Rule, parsed: ParsedRule, zone: str) -> Any:
    """Return everything that can change a decision, in an order independent of the file."""
    plain = {
        name: getattr(rule, name) for name in meaningful_fields(rule) if name not in _NOT_IN_MEANING
    }
    sets = {
        name: sorted(getattr(rule, name)) for name in ("provenance", "territories", "stacks_with")
    }
    hours = sorted(
        {(e.get("days") or "", e.get("hours") or "") for e in parsed.get("schedule") or ()}
    )
    clocks = (
        zone
        if hours or any(_reads_clock(comparison) for comparison in parsed.comparisons)
        else None
    )
    return [plain | sets, canonical(parsed.when), canonical(parsed.unless), hours, clocks]


def _reads_clock(comparison: Comparison) -> bool:
    """Return whether the result of a comparison depends on the time zone of the rule."""
    since = comparison.op == "since" or (
        comparison.window is not None and comparison.window[0] == "since"
    )
    return since or comparison.field.type in {"weekday", "clock", "date"}
