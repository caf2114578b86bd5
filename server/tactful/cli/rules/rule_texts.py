"""Texts that `tactful rules check` and `explain` print about a compiled rulebook."""

import time
from collections.abc import Iterator, Mapping

from tactful.config.policy_settings import POLICY_SETTINGS, format_value
from tactful.core.facts.item import Item
from tactful.core.rules.policy import Policy
from tactful.rulebook.authoring.describe import (
    describe_prohibitions,
    describe_suppress,
    describe_window,
)
from tactful.rulebook.authoring.rule_break_even import (
    break_evens,
    describe_break_evens,
    describe_typical,
)
from tactful.rulebook.compilation.builder import window_of
from tactful.rulebook.compiler import CompiledRulebook


def window_lines(found: CompiledRulebook) -> Iterator[str]:
    """Yield the window of each rule and exclusion in UTC, where it has one."""
    for what, dated in (("rule", found.files.rules), ("exclusion", found.files.exclusions)):
        for one in dated:
            if one.get("valid"):
                window = describe_window(*window_of(one, found.policy))
                yield f"{what} '{one.id}' is valid {window}"


def rule_break_even(found: CompiledRulebook, rule: str, catalogue: Mapping[str, Item]) -> list[str]:
    """Return how many more buyers a rule needs, at its items' margins or else at typical ones."""
    built = found.rulebook.rules.get(rule) if found.rulebook else None
    if built is None:
        return []
    now = time.time_ns() // 1_000_000
    known = describe_break_evens(*break_evens(built, found.policy, catalogue, now))
    return known or [line for line in [describe_typical(built.price)] if line]


def break_even_lines(found: CompiledRulebook, catalogue: Mapping[str, Item]) -> Iterator[str]:
    """Yield how many more buyers each rule needs at the margins of the items that it is for."""
    now = time.time_ns() // 1_000_000
    for id_, rule in sorted(found.rulebook.rules.items()) if found.rulebook else ():
        for line in describe_break_evens(*break_evens(rule, found.policy, catalogue, now)):
            yield f"{id_}: {line}."


def common_lines(found: CompiledRulebook) -> list[str]:
    """Return what applies to every rule: prohibitions, suppress blocks and the shop's own policy."""
    lines = describe_prohibitions(found.rulebook) if found.rulebook else []
    lines += [describe_suppress(one) for one in found.files.suppress]
    lines += [
        f"policy: {one.name} is {format_value(found.policy, one)}"
        for one in POLICY_SETTINGS
        if format_value(found.policy, one) != format_value(Policy(), one)
    ]
    return lines
