"""Checks of what offers claim about a price, and for how long the claim is true.

A reduction that has applied for longer than `policy.max_claim` is the regular price (Directive 98/6/EC,
article 6a; server/SEMANTICS.md, section 9, rule 4). The server then leaves out "was" and the percentage
by itself. It cannot leave out what the message of a rule says.
"""

import re
from collections.abc import Iterator
from typing import Final

from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NEVER, NOW
from tactful.core.values.calendar import DAY, format_duration, to_local
from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.compilation.builder import window_of, zone_of
from tactful.rulebook.language.rule_files import ParsedFiles, ParsedRule, level_of
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.tree import Node

SLACK: Final = DAY
"""How much longer than `max_claim` a dated window may be: calendar months have up to 31 days."""
_SAVING: Final = "{offer.saved}"
_PERCENTAGE: Final = re.compile(r"(?<![\d.,])(\d+)(?:[.,]0+)?[\s\u00a0\u202f]?(?:%|percent\b)")


def claims_prior_price(rule: ParsedRule) -> bool:
    """Return whether the offers of a rule show "was" and a percentage at all."""
    offer = rule.get("offer")
    if not offer or rule.get("remedy") or rule.get("mode") == "shadow":
        return False
    return level_of(offer) != "shipping"


def may_outlast_claim(rule: ParsedRule, policy: Policy) -> bool:
    """Return whether the window of a rule is longer than `max_claim`, or has no end."""
    starts, ends = window_of(rule, policy)
    return starts == NOW or ends == NEVER or ends - starts > policy.max_claim


def outlived_claims(files: ParsedFiles, context: CheckContext, findings: Findings) -> None:
    """Report R322: a dated window or a message that claims a reduction for too long."""
    longest = format_duration(context.policy.max_claim)
    for rule in files.rules:
        if not claims_prior_price(rule):
            continue
        last = _last_day_of_claim(rule, context)
        if last is not None:
            message = (
                f"from {last} on, the offers of '{rule.id}' may have no \"was\" and no percentage: "
                f"`policy.max_claim` is {longest}"
            )
            help_text = f"end the rule by {last}, and let 30 days pass before it goes on"
            findings.add("R322", rule.get("valid").span_of("until"), message, help_text)
        if may_outlast_claim(rule, context.policy):
            for words, node in _claiming_messages(rule):
                message = (
                    f"the message still says '{words}' when the claim has ended: "
                    f"`policy.max_claim` is {longest}"
                )
                help_text = f"write {{offer.price}} instead, or limit `valid` to {longest}"
                findings.add("R322", node, message, help_text)


def _last_day_of_claim(rule: ParsedRule, context: CheckContext) -> str | None:
    """Return the local day on which the claim of a dated rule ends; None: the rule ends before."""
    starts, ends = window_of(rule, context.policy)
    if starts == NOW or ends == NEVER or ends - starts <= context.policy.max_claim + SLACK:
        return None
    ended = starts + context.policy.max_claim
    return to_local(ended, zone_of(rule, context.policy)).date().isoformat()


def _claiming_messages(rule: ParsedRule) -> Iterator[tuple[str, Node]]:
    """Yield what a rule's messages claim, with the node of the text.

    An offer on the order names the most that it takes off, which is no reduction of an item's price.
    """
    offer = rule.get("offer")
    node = offer.nodes.get("message")
    if node is None or level_of(offer) != "item":
        return
    own = (offer.get("percent") or 0) // 100
    for value in [value for _, value in node.pairs] or [node]:
        found = _PERCENTAGE.search(value.text)
        if _SAVING in value.text:
            yield _SAVING, value
        elif found and int(found[1]) == own:
            yield found[0], value
