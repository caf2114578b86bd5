"""Checks for conditions that cannot hold and for rules that never win (R301, R302, R303)."""

from collections import Counter
from typing import Any, Final

import msgspec
from msgspec import Struct

from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.compilation.builder import canonical, window_of
from tactful.rulebook.language.conditions import Comparison, conjuncts
from tactful.rulebook.language.rule_files import ParsedFiles, ParsedRule, level_of
from tactful.rulebook.language.stacking import stacking_partners
from tactful.rulebook.source.diagnostics import Findings

_NUMBERS: Final = frozenset({"count", "share", "duration", "clock"})


def impossible_ranges(files: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """Report R301: a `between` whose lower value is above its higher one."""
    for comparison in (each for rule in files.rules for each in rule.comparisons):
        if comparison.op == "between" and _is_empty(*comparison.value):
            low, high = comparison.node.items
            lowest, highest = low.text or "the first value", high.text or "the second"
            message = f"no value is at least {lowest} and at most {highest}"
            findings.add("R301", comparison.node, message, "write the lower value first")


def _is_empty(low: Any, high: Any) -> bool:
    if isinstance(low, dict):
        return not any(code in high and low[code] <= high[code] for code in low)
    return bool(low > high)


class FieldBounds(Struct):
    """The values of one field that the conditions read so far allow."""

    low: Any = None
    """Lowest allowed value; None: unbounded."""
    high: Any = None
    """Highest allowed value; None: unbounded."""
    words: frozenset[Any] | None = None
    """The allowed values, where they are listed; None: not listed."""


def contradictions(files: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """Report R302: conditions of one rule that cannot hold together.

    The second of two conflicting conditions is reported. The bounds of the field are then cleared,
    so that a third condition is not reported because of the first conflict.
    """
    for rule in files.rules:
        allowed: dict[Any, FieldBounds] = {}
        for comparison in conjuncts(rule.when):
            if comparison.op == "between" and _is_empty(*comparison.value):
                continue  # R301 reports it; no earlier condition is the cause.
            key = (comparison.name, comparison.window)
            if _contradicts(comparison, allowed.setdefault(key, FieldBounds())):
                message = f"this contradicts an earlier condition on '{comparison.name}'"
                findings.add("R302", comparison.node, message, "remove one of the two conditions")
                del allowed[key]
        _check_unless(rule, findings)


def _contradicts(comparison: Comparison, bounds: FieldBounds) -> bool:
    """Narrow the bounds by a comparison, and return whether no value is left."""
    if comparison.field.type in _NUMBERS and comparison.op in {"at_least", "at_most", "between"}:
        low, high = (
            comparison.value if comparison.op == "between" else (comparison.value, comparison.value)
        )
        if comparison.op != "at_most":
            bounds.low = low if bounds.low is None else max(low, bounds.low)
        if comparison.op != "at_least":
            bounds.high = high if bounds.high is None else min(high, bounds.high)
    elif (
        comparison.op == "in" and not comparison.field.several and comparison.field.type != "money"
    ):
        words = frozenset(comparison.comparable_value)
        bounds.words = words if bounds.words is None else words & bounds.words
    elif comparison.op == "not" and bounds.words is not None:
        bounds.words -= frozenset(comparison.comparable_value)
    return _is_void(bounds)


def _is_void(bounds: FieldBounds) -> bool:
    low, high, words = bounds.low, bounds.high, bounds.words
    if words is not None and (low is not None or high is not None):
        words = frozenset(
            word
            for word in words
            if (low is None or word >= low) and (high is None or word <= high)
        )
    return words == frozenset() or (low is not None and high is not None and low > high)


def _check_unless(rule: ParsedRule, findings: Findings) -> None:
    required = {_key(comparison) for comparison in conjuncts(rule.when)}
    for part in rule.unless.parts if rule.unless else ():
        if isinstance(part, Comparison) and _key(part) in required:
            message = f"'{part.text}' is required under `when` and excluded under `unless`"
            findings.add("R302", part.node, message, "remove one of the two conditions")


class RuleScope(Struct, frozen=True):
    """When a rule applies, in a form that can be compared with another rule."""

    rule: ParsedRule
    parts: frozenset[bytes]
    """The canonical form of each condition, as JSON."""
    territories: frozenset[str]
    """Empty: everywhere."""
    starts: int
    """First instant, in milliseconds since the Unix epoch, UTC."""
    ends: int
    """First instant that is outside the window."""
    partners: frozenset[str]
    """Ids of the rules that this rule names under `stacks_with`."""


def shadowed_rules(files: ParsedFiles, context: CheckContext, findings: Findings) -> None:
    """Report R303: a rule that another rule with a higher priority always beats.

    A rule can only beat rules that have all its conditions. Each candidate is therefore filed under
    its rarest condition, which keeps the time linear in the number of rules.
    """
    partners = stacking_partners(files)
    scopes = [_scope(rule, context, partners[rule.id]) for rule in files.rules]
    common = Counter(part for scope in scopes for part in scope.parts)
    rarest: dict[bytes | None, list[RuleScope]] = {}
    for scope in filter(_is_unrestricted, scopes):
        key = min(scope.parts, key=lambda part: (common[part], part), default=None)
        rarest.setdefault(key, []).append(scope)
    for scope in scopes:
        candidates = (other for part in (*scope.parts, None) for other in rarest.get(part, ()))
        winner = next((other for other in candidates if _beats(other, scope)), None)
        if winner:
            name = winner.rule.id
            message = f"'{name}' always wins: it has no further condition and a higher priority"
            help_text = f"narrow '{name}', raise this rule's priority, or remove this rule"
            findings.add("R303", scope.rule.id_node, message, help_text)


def _scope(rule: ParsedRule, context: CheckContext, partners: frozenset[str]) -> RuleScope:
    starts, ends = window_of(rule, context.policy)
    parts = [("when", part) for part in rule.when.parts] if rule.when else []
    parts += [("unless", part) for part in rule.unless.parts] if rule.unless else []
    keys = {
        msgspec.json.encode([kind, canonical(part)], order="deterministic") for kind, part in parts
    }
    where = frozenset(rule.get("territories") or ())
    return RuleScope(rule, frozenset(keys), where, starts, ends, partners)


def _is_unrestricted(scope: RuleScope) -> bool:
    """Return whether the rule is limited by nothing but conditions, territories and window."""
    rule = scope.rule
    held_back = ("schedule", "limits", "campaign", "share", "holdout", "paused", "moment", "remedy")
    return (rule.get("mode") or "live") == "live" and not any(rule.get(name) for name in held_back)


def _beats(one: RuleScope, other: RuleScope) -> bool:
    """Return whether `one` applies and has a higher priority wherever `other` applies."""
    return (
        (one.rule.get("priority") or 0) > (other.rule.get("priority") or 0)
        and one.parts <= other.parts
        and (
            not one.territories
            or (bool(other.territories) and other.territories <= one.territories)
        )
        and one.starts <= other.starts
        and other.ends <= one.ends
        and not other.rule.get("moment")
        and not other.rule.get("remedy")
        and not _can_stack(one, other)
    )


def _can_stack(one: RuleScope, other: RuleScope) -> bool:
    """Return whether both offers can stand together.

    An offer of another level (item, order, shipping) can follow once the winner was accepted.
    """
    levels = {level_of(scope.rule.get("offer") or scope.rule.block) for scope in (one, other)}
    return len(levels) > 1 and one.rule.id in other.partners and other.rule.id in one.partners


def _key(comparison: Comparison) -> bytes:
    return msgspec.json.encode(canonical(comparison), order="deterministic")
