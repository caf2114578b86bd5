"""Can the conditions of a rule ever hold together, and is there a rule that always comes first?"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.compilation.builder import canonical, window_of
from tactful.rulebook.language.conditions import Comparison, ConditionTree
from tactful.rulebook.language.rule_files import ParsedFiles, ParsedRule, level_of
from tactful.rulebook.language.stacking import stacking_partners
from tactful.rulebook.source.diagnostics import Findings

_NUMBERS: Final = frozenset({"count", "share", "duration", "clock"})


def conjuncts(tree: ConditionTree | None) -> Iterator[Comparison]:
    """The comparisons that all must hold."""
    if isinstance(tree, Comparison):
        yield tree
    elif tree is not None and (tree.kind == "all" or (tree.kind == "any" and len(tree.parts) == 1)):
        for part in tree.parts:
            yield from conjuncts(part)


def impossible_ranges(texts: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """R301."""
    trees = [tree for rule in texts.rules for tree in rule.comparisons]
    for test in trees:
        if test.op == "between" and _is_empty(*test.value):
            low, high = test.node.items
            message = f"nothing is at least {low.text or 'that'} and at most {high.text or 'that'}"
            findings.add("R301", test.node, message, "put the lower value first")


def _is_empty(low: Any, high: Any) -> bool:
    if isinstance(low, dict):
        return not any(code in high and low[code] <= high[code] for code in low)
    return bool(low > high)


class FieldBounds(Struct):
    """What the conditions of a rule leave of one field."""

    low: Any = None
    high: Any = None
    words: frozenset[Any] | None = None


def contradictions(texts: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """R302."""
    for text in texts.rules:
        left: dict[Any, FieldBounds] = {}
        for test in conjuncts(text.when):
            key = (test.name, test.window)
            if _contradicts(test, left.setdefault(key, FieldBounds())):
                message = f"no '{test.name}' meets this and what is asked of it above"
                findings.add("R302", test.node, message, "remove one of the two conditions")
                del left[key]
        _check_unless(text, findings)


def _contradicts(test: Comparison, bounds: FieldBounds) -> bool:
    if test.field.type in _NUMBERS and test.op in {"at_least", "at_most", "between"}:
        low, high = test.value if test.op == "between" else (test.value, test.value)
        if test.op != "at_most":
            bounds.low = low if bounds.low is None else max(low, bounds.low)
        if test.op != "at_least":
            bounds.high = high if bounds.high is None else min(high, bounds.high)
    elif test.op == "in" and not test.field.several and test.field.type != "money":
        words = frozenset(test.value)
        bounds.words = words if bounds.words is None else words & bounds.words
    elif test.op == "not" and bounds.words is not None:
        bounds.words -= frozenset(test.value)
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


def _check_unless(text: ParsedRule, findings: Findings) -> None:
    wanted = {_key(test) for test in conjuncts(text.when)}
    for part in text.unless.parts if text.unless else ():
        if isinstance(part, Comparison) and _key(part) in wanted:
            message = f"the rule demands '{part.text}' and forbids it"
            findings.add("R302", part.node, message, "remove one of the two conditions")


class RuleScope(Struct, frozen=True):
    """When a rule applies, comparable with another's."""

    text: ParsedRule
    parts: frozenset[bytes]
    territories: frozenset[str]
    starts: int
    ends: int
    beside: frozenset[str]
    """The rules that it names to stack with."""


def shadowed_rules(texts: ParsedFiles, world: CheckContext, findings: Findings) -> None:
    """R303."""
    named = stacking_partners(texts)
    scopes = [_scope(text, world, named[text.id]) for text in texts.rules]
    common = Counter(part for scope in scopes for part in scope.parts)
    rarest: dict[bytes | None, list[RuleScope]] = {}
    for scope in filter(_always_speaks, scopes):
        key = min(scope.parts, key=lambda part: (common[part], part), default=None)
        rarest.setdefault(key, []).append(scope)
    for scope in scopes:
        candidates = (one for part in (*scope.parts, None) for one in rarest.get(part, ()))
        winner = next((one for one in candidates if _beats(one, scope)), None)
        if winner:
            message = f"'{winner.text.id}' always comes first: it asks for no more and has a higher priority"
            help_text = f"narrow '{winner.text.id}', raise this rule's priority, or remove it"
            findings.add("R303", scope.text.id_node, message, help_text)


def _scope(text: ParsedRule, world: CheckContext, beside: frozenset[str]) -> RuleScope:
    starts, ends = window_of(text, world.policy)
    parts = [("when", part) for part in text.when.parts] if text.when else []
    parts += [("unless", part) for part in text.unless.parts] if text.unless else []
    keys = {
        msgspec.json.encode([kind, canonical(part)], order="deterministic") for kind, part in parts
    }
    where = frozenset(text.get("territories") or ())
    return RuleScope(text, frozenset(keys), where, starts, ends, beside)


def _always_speaks(scope: RuleScope) -> bool:
    """Whether nothing but its conditions and window keeps a rule from winning."""
    text = scope.text
    held_back = ("schedule", "limits", "campaign", "share", "holdout", "paused", "moment", "remedy")
    return (text.get("mode") or "live") == "live" and not any(text.get(name) for name in held_back)


def _beats(one: RuleScope, other: RuleScope) -> bool:
    return (
        (one.text.get("priority") or 0) > (other.text.get("priority") or 0)
        and one.parts <= other.parts
        and (
            not one.territories
            or (bool(other.territories) and other.territories <= one.territories)
        )
        and one.starts <= other.starts
        and other.ends <= one.ends
        and not other.text.get("moment")
        and not other.text.get("remedy")
        and not _go_together(one, other)
    )


def _go_together(one: RuleScope, other: RuleScope) -> bool:
    """What comes off something else has its turn once the winner was accepted."""
    levels = {level_of(scope.text.get("offer") or scope.text.block) for scope in (one, other)}
    return len(levels) > 1 and one.text.id in other.beside and other.text.id in one.beside


def _key(test: Comparison) -> bytes:
    return msgspec.json.encode(canonical(test), order="deterministic")
