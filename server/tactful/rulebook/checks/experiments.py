"""Check of experiments: their rules must be for the same shoppers at the same instants."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from tactful.core.rules.policy import Policy
from tactful.core.values.money import BP
from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.compilation.builder import canonical, window_of, zone_of
from tactful.rulebook.language.rule_files import (
    ParsedExperiment,
    ParsedFiles,
    ParsedRule,
    ParsedVariant,
)
from tactful.rulebook.source.diagnostics import Findings, Span

_Read = Callable[[ParsedRule, Policy], Any]


def _hours(rule: ParsedRule, policy: Policy) -> tuple[Any, str | None]:
    hours = sorted(
        (entry.get("days") or "", entry.get("hours") or "") for entry in rule.get("schedule") or ()
    )
    return hours, zone_of(rule, policy) if hours else None


_ALIKE: Final[dict[str, _Read]] = {
    "when": lambda rule, _: canonical(rule.when),
    "unless": lambda rule, _: canonical(rule.unless),
    "territories": lambda rule, _: sorted(rule.get("territories") or ()),
    "valid": window_of,
    "schedule": _hours,
    "moment": lambda rule, _: rule.get("moment"),
    "priority": lambda rule, _: rule.get("priority") or 0,
    "mode": lambda rule, _: rule.get("mode") or "live",
}
"""Key → how its meaning is read: both rules must mean the same, or they would be for other shoppers."""


def unlike_variants(files: ParsedFiles, context: CheckContext, findings: Findings) -> None:
    """Report R323: an experiment whose rules cannot be compared."""
    rules = {rule.id: rule for rule in files.rules}
    taken: dict[str, str] = {}
    for experiment in files.experiments:
        where = experiment.block.span_of("variants")
        for message, help_text in _wrong_shares(experiment):
            findings.add("R323", where, message, help_text)
        known = [one for one in experiment.variants if one.rule in rules]
        for variant in known:
            for span, message, help_text in _wrong_rule(variant, rules[variant.rule]):
                findings.add("R323", span, message, help_text)
            other = taken.setdefault(variant.rule, experiment.id)
            if other != experiment.id:
                message = f"the rule '{variant.rule}' is already in the experiment '{other}'"
                findings.add("R323", variant.node, message, "remove it from one of them")
        for variant in known[1:]:
            first, rule = rules[known[0].rule], rules[variant.rule]
            for key, read in _ALIKE.items():
                if read(first, context.policy) != read(rule, context.policy):
                    message = f"'{rule.id}' has another `{key}` than '{first.id}'"
                    help_text = "let the rules differ in their offers only, so that they are for the same shoppers"
                    findings.add("R323", variant.node, message, help_text)


def _wrong_shares(experiment: ParsedExperiment) -> Iterator[tuple[str, str]]:
    names = [one.rule for one in experiment.variants]
    shares = [one.share_bp for one in experiment.variants]
    if len({*names}) < len(names):
        yield "a rule is named twice", "name each rule once"
    if len(names) < 2:
        yield (
            "this experiment compares fewer than two rules",
            "name another rule, or write `holdout: 50%` to compare one rule with nothing",
        )
    elif sum(shares) > BP:
        yield "the shares are more than 100 % together", "lower a share"
    elif min(shares) == 0:
        yield "the other shares leave nothing for a rule without one", "lower a share"


def _wrong_rule(variant: ParsedVariant, rule: ParsedRule) -> Iterator[tuple[Span, str, str]]:
    for key in ("share", "holdout"):
        if rule.get(key) is not None:
            message = f"'{rule.id}' has a `{key}` of its own"
            yield rule.block.span_of(key), message, "write the share in the experiment"
    if rule.get("mode") == "shadow":
        yield variant.node, f"'{rule.id}' is in shadow mode", "write `mode: live` or `mode: trial`"
    if rule.get("remedy"):
        message = f"'{rule.id}' shows vouchers, which are owed"
        yield variant.node, message, "remove it from the experiment"
