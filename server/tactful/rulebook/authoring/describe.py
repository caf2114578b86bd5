"""What does a rule do, in plain words?"""

from collections.abc import Iterator
from typing import Any, Final

from tactful.rulebook.fields.field_registry import FIELDS
from tactful.rulebook.language.conditions import Comparison, ConditionGroup, ConditionTree, spelled
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.language.rule_files import ParsedFiles, ParsedRule, level_of
from tactful.rulebook.language.units import format_amounts, format_percent
from tactful.rulebook.source.tree import Node

_GROUPS: Final = {
    "all": "all of these hold:",
    "any": "at least one of these holds:",
    "none": "none of these holds:",
}
_READS: Final = {
    "pseudonymous": "what happens in this session",
    "personal": "what the shop knows about a verified customer",
}


def describe_rule(text: ParsedRule, texts: ParsedFiles) -> str:
    """A rule as a few sentences for people who do not read rule files."""
    lines = [text.id]
    if text.get("note"):
        lines.append(f"  {text.get('note')}")
    lines += [f"  {line}" for line in _places(text)]
    lines += _conditions(text)
    lines += [f"  {line}" for line in _offers(text)]
    lines += [f"  {line}" for line in _limits(text, texts)]
    reads = sorted({test.field.provenance for test in text.comparisons} & set(_READS))
    if reads:
        lines.append(f"  It reads {' and '.join(_READS[kind] for kind in reads)}.")
    return "\n".join(lines) + "\n"


def _places(text: ParsedRule) -> Iterator[str]:
    where = text.get("territories")
    yield f"In {_listed(where)}" if where else "Everywhere"
    valid = text.get("valid")
    if valid:
        first, last = valid.get("from"), valid.get("until")
        zone = f" ({valid.get('timezone')})" if valid.get("timezone") else ""
        since = f"from {first} " if first else ""
        until = f"until {last} " if last else ""
        yield f"{since}{until}".strip() + zone
    for entry in text.get("schedule") or ():
        yield f"on {entry.get('days', 'every day')}, {entry.get('hours', 'all day')}"
    if text.get("moment"):
        yield "only on a page where the shopper is leaving for good"
    mode = text.get("mode")
    if mode == "shadow":
        yield "in shadow: recorded, never shown"
    if text.get("share"):
        yield f"to {format_percent(text.get('share'))} of the sessions"
    if text.get("paused"):
        yield "paused: it offers nothing now"


def _conditions(text: ParsedRule) -> Iterator[str]:
    if text.when and text.when.parts:
        yield "  when"
        yield from _parts(text.when, "    - ")
    if text.unless and text.unless.parts:
        yield "  but not when"
        yield from _parts(text.unless, "    - ")


def _parts(group: ConditionGroup, lead: str) -> Iterator[str]:
    for part in group.parts:
        yield from _part(part, lead)


def _part(tree: ConditionTree, lead: str) -> Iterator[str]:
    if isinstance(tree, Comparison):
        yield f"{lead}{describe_clause(tree)}"
    else:
        yield f"{lead}{_GROUPS[tree.kind]}"
        yield from _parts(tree, f"  {lead}")


def describe_clause(test: Comparison) -> str:
    """`how many can be sold in the territory is at least 5`."""
    about = test.field.about
    if test.field.name.endswith("*"):
        about = f"the attribute '{test.name.split('.', 2)[2]}'"
    node = test.node
    window = ""
    if test.window:
        how, value = test.window
        window = f", counting {'the last' if how == 'within' else 'since'} "
        window += value if how == "since" else _windowed(test)
    return f"{about} {_compared(test, node)}{window}"


def _windowed(test: Comparison) -> str:
    return test.text.rpartition("within: ")[2].rstrip("}")


def _compared(test: Comparison, node: Node) -> str:
    value = spelled(node)
    if test.field.type == "flag":
        return f"is {value}"
    if test.op == "between":
        low, high = (spelled(item) for item in node.items)
        return f"is between {low} and {high}"
    if node.kind == "list":
        value = _listed([spelled(item) for item in node.items], " or ")
    several = test.field.several
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
    return f"{words[test.op]} {value}{' ago' if test.op == 'before' else ''}"


def _offers(text: ParsedRule) -> Iterator[str]:
    offer = text.get("offer") or ParsedMapping(text.block.node)
    yield f"offers {'the voucher that support issued' if text.get('remedy') else _offered(offer)}"
    floor = offer.get("floor") or ParsedMapping(offer.node)
    if floor.get("margin") is not None:
        yield f"never below a margin of {format_percent(floor.get('margin'))}"
    if floor.get("minimum"):
        yield f"never below {format_amounts(floor.get('minimum'))}"
    stands = spelled(offer.nodes["expires"]) if "expires" in offer.nodes else "15m"
    count = f", up to {offer.get('max_qty', 1)} of it" if level_of(offer) == "item" else ""
    yield f"for {stands}{count}"


def _offered(offer: ParsedMapping) -> str:
    """`10% off the order, at most 50.00 EUR`."""
    if level_of(offer) == "item":
        return describe_price(offer)
    at_most = offer.get("at_most")
    bound = f", at most {format_amounts(at_most)}" if at_most else ""
    return f"{describe_price(offer)} the {level_of(offer)}{bound}"


def describe_price(offer: ParsedMapping) -> str:
    """How the price is made."""
    values: dict[str, Any] = dict(offer.values)
    if "percent" in values:
        return f"{format_percent(values['percent'])} off"
    if "amount" in values:
        return f"{format_amounts(values['amount'])} off"
    if "fixed" in values:
        return f"a price of {format_amounts(values['fixed'])}"
    if "ladder" in values:
        return f"{_listed([describe_price(step) for step in values['ladder']], ', then ')}"
    return "the item for nothing" if "gift" in values else "the territory's target price"


def _limits(text: ParsedRule, texts: ParsedFiles) -> Iterator[str]:
    session, shopper = text.get("limits", "per_session"), text.get("limits", "per_shopper")
    if session:
        yield f"at most {session} in a session"
    if shopper:
        yield f"at most {shopper.get('count')} in {spelled(shopper.nodes['per'])} to one shopper"
    campaign = texts.campaigns.get(text.get("campaign") or "")
    if campaign:
        budget = campaign.block.get("budget")
        money = f" of {format_amounts(budget)}" if budget else ""
        yield f"from the budget of '{campaign.id}'{money}, per {campaign.block.get('per', 'total')}"


def _listed(words: Any, joint: str = " and ") -> str:
    *first, last = words
    return f"{', '.join(first)}{joint}{last}" if first else str(last)


def describe_fields() -> str:
    """Every field with its meaning and an example."""
    width = max(map(len, FIELDS))
    rows = (f"{f.name:<{width}}  {f.about}, e.g. {f.example}\n" for f in FIELDS.values())
    return "".join(rows)
