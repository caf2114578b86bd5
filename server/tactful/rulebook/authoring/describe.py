"""Explanations of rules in plain words, for readers who do not write rule files."""

from collections.abc import Iterator
from typing import Any, Final

from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NEVER, NOW, Exclusion, InputBan, Rulebook
from tactful.core.values.calendar import format_duration, format_rfc3339
from tactful.rulebook.checks.claims import claims_prior_price, may_outlast_claim
from tactful.rulebook.compilation.builder import (
    TRIAL_LENGTH,
    trial_share,
    window_of,
    zone_of,
)
from tactful.rulebook.fields.field_registry import FIELDS
from tactful.rulebook.language.conditions import Comparison, ConditionGroup, ConditionTree, spelled
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.language.rule_files import (
    EXCLUDABLE,
    ParsedFiles,
    ParsedRule,
    ParsedSuppressRule,
    level_of,
)
from tactful.rulebook.language.units import format_amounts, format_percent
from tactful.rulebook.source.tree import Node

_GROUPS: Final = {
    "all": "all of these hold:",
    "any": "at least one of these holds:",
    "none": "none of these holds:",
}
_SINGULAR: Final = {
    "sku": "SKU",
    "skus": "SKUs",
    "categorie": "category",
    "territorie": "territory",
}
"""Key of an exclusion without its last letter, or whole → its name in a sentence."""
_READS: Final = {
    "pseudonymous": "what happens in the session",
    "personal": "what the shop knows about a verified customer",
}


def describe_rule(rule: ParsedRule, files: ParsedFiles, policy: Policy) -> str:
    """Return a rule as a few lines of plain English.

    Args:
        rule: the rule.
        files: the files that it is from; its campaign is looked up there.
        policy: the active policy; its time zone and its endings are the defaults.
    """
    lines = [rule.id]
    in_experiment = files.variant_share(rule.id) is not None
    if rule.get("note"):
        lines.append(f"  {rule.get('note')}")
    lines += [f"  {line}" for line in _places(rule, policy, in_experiment=in_experiment)]
    lines += [f"  {line}" for line in _experiments(rule, files)]
    lines += _conditions(rule)
    lines += [f"  {line}" for line in _offers(rule, policy)]
    lines += [f"  {line}" for line in _claims(rule, policy)]
    lines += [f"  {line}" for line in _limits(rule, files)]
    reads = sorted({comparison.field.provenance for comparison in rule.comparisons} & set(_READS))
    if reads:
        lines.append(f"  It reads {' and '.join(_READS[kind] for kind in reads)}.")
    return "\n".join(lines) + "\n"


def _experiments(rule: ParsedRule, files: ParsedFiles) -> Iterator[str]:
    """Yield for which shoppers the rule is, where an experiment compares it with others."""
    for experiment in files.experiments:
        shares = {one.rule: one.share_bp for one in experiment.variants}
        share = shares.pop(rule.id, None)
        if share is not None:
            yield (
                f"for {format_percent(share)} of the shoppers, in the experiment '{experiment.id}'"
                f" against {_listed(sorted(shares))}"
            )


def _places(rule: ParsedRule, policy: Policy, *, in_experiment: bool) -> Iterator[str]:
    """Yield where and when the rule applies, and in which mode."""
    where = rule.get("territories")
    yield f"In {_listed(where)}" if where else "Everywhere"
    valid = rule.get("valid")
    if valid:
        first, last = valid.get("from"), valid.get("until")
        zone = f" ({zone_of(rule, policy)}; {describe_window(*window_of(rule, policy))})"
        since = f"from {first} " if first else ""
        until = f"until {last} " if last else ""
        yield f"{since}{until}".strip() + zone
    for entry in rule.get("schedule") or ():
        yield f"on {entry.get('days', 'every day')}, {entry.get('hours', 'all day')} ({zone_of(rule, policy)})"
    if rule.get("moment"):
        yield "only on pages on which the shopper is leaving for good"
    mode = rule.get("mode")
    if mode == "shadow":
        yield "in shadow mode: offers are recorded and never shown"
    if mode == "trial":
        longest = format_duration(policy.trial.length)
        yield f"as a trial, for at most {longest} from its first activation"
        if not valid or not valid.get("until"):
            yield f"this trial names no end, so it lasts {format_duration(TRIAL_LENGTH)}"
    if (mode == "trial" or rule.get("share")) and not in_experiment:
        yield f"in {format_percent(trial_share(rule, policy))} of the sessions"
    if rule.get("holdout"):
        share = format_percent(rule.get("holdout"))
        yield f"held out in {share} of these sessions, so that its effect can be measured"
    if rule.get("paused"):
        yield "paused: it makes no offers now"


def _conditions(rule: ParsedRule) -> Iterator[str]:
    if rule.when and rule.when.parts:
        yield "  when"
        yield from _parts(rule.when, "    - ")
    if rule.unless and rule.unless.parts:
        yield "  but not when"
        yield from _parts(rule.unless, "    - ")


def _parts(group: ConditionGroup, lead: str) -> Iterator[str]:
    for part in group.parts:
        yield from _part(part, lead)


def _part(tree: ConditionTree, lead: str) -> Iterator[str]:
    if isinstance(tree, Comparison):
        yield f"{lead}{describe_clause(tree)}"
    else:
        yield f"{lead}{_GROUPS[tree.kind]}"
        yield from _parts(tree, f"  {lead}")


def describe_clause(comparison: Comparison) -> str:
    """Return a comparison as a clause: "the quantity that can be sold … is at least 5"."""
    about = comparison.field.about
    if comparison.field.name.endswith("*"):
        about = f"the attribute '{comparison.name.split('.', 2)[2]}'"
    node = comparison.node
    window = ""
    if comparison.window:
        how, value = comparison.window
        window = f", counting {'the last' if how == 'within' else 'since'} "
        window += value if how == "since" else _window_length(comparison)
    if comparison.field.type == "flag":
        return f"{about}: {'yes' if node.text == 'true' else 'no'}"
    return f"{about} {_compared(comparison, node)}{window}"


def _window_length(comparison: Comparison) -> str:
    """Return the operand of `within` as the file spells it."""
    return comparison.text.rpartition("within: ")[2].rstrip("}")


def _compared(comparison: Comparison, node: Node) -> str:
    """Return the comparison itself: "is at least 5"."""
    value = spelled(node)
    if comparison.op == "between":
        low, high = (spelled(item) for item in node.items)
        return f"is between {low} and {high}"
    if node.kind == "list":
        value = _listed([spelled(item) for item in node.items], " or ")
    several = comparison.field.several
    words = {
        "in": "include" if several else "is",
        "not": "do not include" if several else "is not",
        "under": "are under",
        "matches": "matches",
        "at_least": "is at least",
        "at_most": "is at most",
        "before": "was at least",
        "within": "was in the last",
        "since": "was on or after",
    }
    alone = comparison.field.type == "path" and comparison.op in {"in", "not"}
    more = " ago" if comparison.op == "before" else ", without what is under it" if alone else ""
    return f"{words[comparison.op]} {value}{more}"


def describe_window(starts: int, ends: int) -> str:
    """Return a window in UTC: "from 2026-02-28T23:00:00Z until 2026-03-31T22:00:00Z".

    Args:
        starts: the first instant, in milliseconds since the Unix epoch, UTC; `NOW`: no start.
        ends: the first instant after the window; `NEVER`: no end.
    """
    since = f"from {format_rfc3339(starts)}" if starts != NOW else ""
    until = f"until {format_rfc3339(ends)}" if ends != NEVER else ""
    return " ".join(filter(None, (since, until)))


def _offers(rule: ParsedRule, policy: Policy) -> Iterator[str]:
    offer = rule.get("offer") or ParsedMapping(rule.block.node)
    yield f"offers {'the voucher that support issued' if rule.get('remedy') else _offered(offer)}"
    floor = offer.get("floor") or ParsedMapping(offer.node)
    if floor.get("margin") is not None:
        yield f"never below a margin of {format_percent(floor.get('margin'))}"
    if floor.get("markup") is not None:
        yield f"never below the cost plus {format_percent(floor.get('markup'))} of the cost"
    if floor.get("minimum"):
        yield f"never below {format_amounts(floor.get('minimum'))}"
    if offer.get("on_floor") == "withhold":
        yield "no offer instead of one at the floor"
    if offer.get("min_saving") is not None:
        yield f"no offer that saves less than {spelled(offer.nodes['min_saving'])}"
    ending = offer.get("ending")
    if ending is not None:
        yield f"at prices that end in {ending}"
    elif policy.endings and level_of(offer) == "item":
        endings = [f"{digits} in {code}" for code, digits in sorted(policy.endings.items())]
        yield f"at prices that end in {_listed(endings)}, by the policy"
    lifetime = spelled(offer.nodes["expires"]) if "expires" in offer.nodes else "15m"
    count = f", largest quantity {offer.get('max_qty', 1)}" if level_of(offer) == "item" else ""
    yield f"valid for {lifetime}{count}"
    if offer.get("codes"):
        yield f"with a discount code of the pool '{offer.get('codes')}'"


def _claims(rule: ParsedRule, policy: Policy) -> Iterator[str]:
    """Yield how long the offers show a prior price, where the rule may outlast that."""
    if claims_prior_price(rule) and may_outlast_claim(rule, policy):
        yield f'after {format_duration(policy.max_claim)} on one item without a pause, with no "was" and no percentage'


def _offered(offer: ParsedMapping) -> str:
    """Return what is offered: "10% off the order, at most 50.00 EUR"."""
    if level_of(offer) == "item":
        return describe_price(offer)
    at_most = offer.get("at_most")
    bound = f", at most {format_amounts(at_most)}" if at_most else ""
    least = offer.get("min_order")
    needs = f", from an order of {format_amounts(least)}" if least else ""
    return f"{describe_price(offer)} the {level_of(offer)}{bound}{needs}"


def describe_price(offer: ParsedMapping) -> str:
    """Return how the price of an offer, or of a step of a ladder, is made."""
    values: dict[str, Any] = dict(offer.values)
    if "percent" in values:
        return f"{format_percent(values['percent'])} off"
    if "amount" in values:
        return f"{format_amounts(values['amount'])} off"
    if "fixed" in values:
        return f"a price of {format_amounts(values['fixed'])}"
    if "ladder" in values:
        return f"{_listed([describe_price(step) for step in values['ladder']], ', then ')}"
    return "the item for free" if "gift" in values else "the territory's target price"


def _limits(rule: ParsedRule, files: ParsedFiles) -> Iterator[str]:
    session, shopper = rule.get("limits", "per_session"), rule.get("limits", "per_shopper")
    if session:
        yield f"at most {session} in a session"
    if shopper:
        yield f"at most {shopper.get('count')} in {spelled(shopper.nodes['per'])} to one shopper"
    campaign = files.campaigns.get(rule.get("campaign") or "")
    if campaign:
        budget = campaign.block.get("budget")
        money = f" of {format_amounts(budget)}" if budget else ""
        yield f"from the budget of '{campaign.id}'{money}, per {campaign.block.get('per', 'total')}"

    if rule.get("priority"):
        yield f"priority {rule.get('priority')}"
    if rule.get("stacks_with"):
        yield f"beside offers of {_listed(rule.get('stacks_with'))}"
    if rule.get("force"):
        yield "even where making no offer earns more"
    change = {"drain": "expire", "withdraw": "are withdrawn"}.get(rule.get("on_change") or "")
    if change:
        yield f"standing offers {change} when the rule is edited or paused"


def describe_suppress(block: ParsedSuppressRule) -> str:
    """Return for what a `suppress` block makes suppression last longer, in one line."""
    what = ", ".join(_part_words(part) for part in block.when.parts)
    return f"suppression lasts at least {spelled(block.block.nodes['after'])} where {what}"


def _part_words(tree: ConditionTree) -> str:
    if isinstance(tree, Comparison):
        return describe_clause(tree)
    return f"{_GROUPS[tree.kind]} {', '.join(_part_words(part) for part in tree.parts)}"


def _listed(words: Any, joint: str = " and ") -> str:
    *first, last = words
    return f"{', '.join(first)}{joint}{last}" if first else str(last)


def describe_prohibitions(rulebook: Rulebook) -> list[str]:
    """Return a line for each exclusion and each ban of inputs of a rulebook."""
    lines = [f"exclusion '{one.id}': {describe_exclusion(one)}" for one in rulebook.exclusions]
    return lines + [f"in {ban.territory}: {describe_input_ban(ban)}" for ban in rulebook.input_bans]


def describe_input_ban(ban: InputBan) -> str:
    """Return what no rule may read, since when, and on which legal bases it still may, in one line."""
    since = f" from {format_rfc3339(ban.starts)}" if ban.starts else ""
    legal_bases = f", except for {_listed(sorted(ban.legal_bases))}" if ban.legal_bases else ""
    return f"no {_listed(sorted(ban.inputs), ' or ')} data{since}{legal_bases}"


def describe_exclusion(exclusion: Exclusion) -> str:
    """Return what is excluded, when, why, and the owner, in one line."""
    keys = (
        (name[:-1] if len(values) == 1 else name, values)
        for name in EXCLUDABLE
        if (values := sorted(getattr(exclusion, name)))
    )
    parts = [f"{_SINGULAR.get(name, name)} {_listed(values, ' or ')}" for name, values in keys]
    what = ", ".join(parts) or "everything"
    since = f" from {format_rfc3339(exclusion.starts)}" if exclusion.starts else ""
    until = f" until {format_rfc3339(exclusion.ends)}" if exclusion.ends < NEVER else ""
    return f"no offers on {what}{since}{until}. {exclusion.note} ({exclusion.owner})"


def describe_fields() -> str:
    """Return a line per field: name, meaning and an example."""
    width = max(map(len, FIELDS))
    rows = (f"{f.name:<{width}}  {f.about}, e.g. {f.example}\n" for f in FIELDS.values())
    return "".join(rows)
