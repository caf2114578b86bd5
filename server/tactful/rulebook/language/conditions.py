"""Parses `when` and `unless` into a tree of comparisons and groups, with their places."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal

from msgspec import Struct

from tactful.rulebook.fields.field_registry import FIELDS, Field, FieldType, find_field
from tactful.rulebook.language.scalars import CountType, FlagType, OneOfType, TextType, ValueType
from tactful.rulebook.language.units import (
    AmountsType,
    DurationType,
    LocalTimeType,
    PercentType,
    TimeOfDayType,
)
from tactful.rulebook.source.diagnostics import Findings, nearest
from tactful.rulebook.source.tree import Node

GROUPS: Final = ("all", "any", "none")
_EQUALITY: Final = ("is", "in", "not")
_RANGE: Final = ("at_least", "at_most", "between")
OPERATORS: Final[dict[FieldType, tuple[str, ...]]] = {
    "text": (*_EQUALITY, "matches"),
    "word": _EQUALITY,
    "path": (*_EQUALITY, "under", "matches"),
    "flag": ("is",),
    "count": (*_EQUALITY, *_RANGE),
    "share": ("is", *_RANGE),
    "duration": _RANGE,
    "money": ("is", *_RANGE),
    "instant": ("within", "before", "since"),
    "any": (*_EQUALITY, "matches", *_RANGE),
    "weekday": _EQUALITY,
    "clock": _RANGE,
    "date": ("is", *_RANGE),
}
"""Type of a field → the comparisons that it allows."""
WINDOWS: Final = ("within", "since")
"""Operators that limit a count or a sum to a window of time, beside a comparison."""
_OTHER_NAMES: Final = {
    "at_least": ("above", "over", "more_than", "greater_than", "gt", "gte", "min", "from"),
    "at_most": ("below", "less_than", "lt", "lte", "max", "up_to"),
    "is": ("equals", "eq", "equal"),
    "in": ("one_of", "any_of"),
    "not": ("not_in", "is_not", "ne"),
}
"""Comparison → words that are often written instead of it."""
_SUPPRESSING: Final = re.compile(r"late|deliver|parcel|case|complaint|review|rating|ticket")
"""Words for what suppresses offers by itself, so that no field reads it."""
_AMBIGUOUS_WORDS: Final = frozenset({"no", "yes", "on", "off", "null", "~"})


class Comparison(Struct, frozen=True):
    """One comparison of one field."""

    field: Field
    name: str
    """The name as written, with the name of an attribute instead of `*`."""
    op: str
    """An operator of `OPERATORS`; `is` is read as `in` with one value."""
    value: Any
    """The operand: a tuple for in, not, under, matches and between, else a single value."""
    text: str
    """The comparison as the file spells it, in one line."""
    node: Node
    """The node of the operand."""
    window: tuple[str, Any] | None = None
    """(`within`, milliseconds) or (`since`, local date): count only this period."""

    @property
    def comparable_value(self) -> Any:
        """The operand with its texts in the form in which the field is compared."""
        if isinstance(self.value, tuple):
            form = self.field.comparable
            return tuple(form(one) if isinstance(one, str) else one for one in self.value)
        return self.value


class ConditionGroup(Struct, frozen=True):
    """A group of conditions: all, any or none of its parts must hold."""

    kind: Literal["all", "any", "none"]
    parts: tuple["Comparison | ConditionGroup", ...]
    node: Node


ConditionTree = Comparison | ConditionGroup
Lists = Mapping[str, Node]
"""Name → the node of the list, from `lists:` of all files."""


def read_when(node: Node, lists: Lists, findings: Findings) -> ConditionGroup:
    """Parse `when:`. A list, or a mapping with several keys, means that all must hold.

    Args:
        node: the value of `when`.
        lists: the lists to which `$name` refers.
        findings: receives unknown fields, misfit comparisons and values that cannot be read.
    """
    return _group("all", _parts(node, lists, findings), node)


def read_unless(node: Node, lists: Lists, findings: Findings) -> ConditionGroup:
    """Parse `unless:`. No entry of a list, and no key of a mapping, may hold.

    The parameters are those of `read_when`.
    """
    return _group("none", _parts(node, lists, findings), node)


def _group(
    kind: Literal["all", "any", "none"], parts: Iterable["ConditionTree"], node: Node
) -> ConditionGroup:
    """Return a group without redundant groups inside, such as `all` in `all`."""
    flat: list[ConditionTree] = []
    for part in parts:
        same = isinstance(part, ConditionGroup) and (
            part.kind == {"none": "any"}.get(kind, kind)
            or (part.kind != "none" and len(part.parts) == 1)
        )
        flat += part.parts if isinstance(part, ConditionGroup) and same else (part,)
    return ConditionGroup(kind, tuple(flat), node)


def comparisons(tree: ConditionTree) -> Iterator[Comparison]:
    """Yield every comparison of a tree, in the order of the file."""
    if isinstance(tree, Comparison):
        yield tree
    else:
        for part in tree.parts:
            yield from comparisons(part)


def conjuncts(tree: ConditionTree | None) -> Iterator[Comparison]:
    """Yield the comparisons that must all hold for the tree to hold."""
    if isinstance(tree, Comparison):
        yield tree
    elif tree is not None and (tree.kind == "all" or (tree.kind == "any" and len(tree.parts) == 1)):
        for part in tree.parts:
            yield from conjuncts(part)


def _parts(node: Node, lists: Lists, findings: Findings) -> Iterator[ConditionTree]:
    if node.kind == "map":
        yield from _entries(node, lists, findings)
    elif node.kind == "list":
        for item in node.items:
            entries = tuple(_entries(item, lists, findings))
            if len(entries) > 1:
                yield _group("all", entries, item)
            else:
                yield from entries
    else:
        help_text = "write one condition per line, such as `- item.stock: {at_least: 5}`"
        findings.add("R204", node, "expected conditions, found a single value", help_text)


def _entries(node: Node, lists: Lists, findings: Findings) -> Iterator[ConditionTree]:
    """Parse a mapping of conditions: fields and groups."""
    if node.kind != "map":
        help_text = "write `field: value`, such as `item.stock: {at_least: 5}`"
        findings.add("R204", node, "expected a condition: a field and its value", help_text)
        return
    for key, value in node.pairs:
        if key.text in GROUPS:
            if value.kind == "list" and not value.items and key.text == "any":
                findings.add(
                    "R301", value, "`any` without a condition never holds", "add a condition"
                )
            yield _group(key.text, _parts(value, lists, findings), value)  # type: ignore[arg-type]
        else:
            yield from _clause(key, value, lists, findings)


def _clause(key: Node, node: Node, lists: Lists, findings: Findings) -> Iterator[Comparison]:
    found = find_field(key.text)
    if found is None:
        findings.add("R203", key, f"unknown field '{key.text[:60]}'", _field_hint(key.text))
        return
    field = found[0]
    if node.kind != "map" or field.type == "money":
        bare = _bare(field, key, node, lists, findings)
        if bare is not None:
            yield from bare
            return
    yield from _comparisons(field, key, node, lists, findings)


def _field_hint(name: str) -> str:
    first = name.partition(" ")[0]
    if first != name and find_field(first):
        return f"write a colon and a blank after '{first}'"
    if name.startswith(("customer.", "history.")) and _SUPPRESSING.search(name):
        return (
            "no field reads late parcels, cases or reviews, because they suppress offers by "
            "themselves; the section `taints` of the policy says for how long"
        )
    known = (*FIELDS, *GROUPS)
    return nearest(name, known) or "list all fields with `tactful rules explain --fields`"


def _bare(
    field: Field, key: Node, node: Node, lists: Lists, findings: Findings
) -> tuple[Comparison, ...] | None:
    """Parse `field: value` and `field: [a, b]`; return None for a mapping of comparisons."""
    if node.kind == "map":
        operators = {*OPERATORS[field.type], *WINDOWS, *_MEANT}
        if not node.pairs or any(name.text in operators for name, _ in node.pairs):
            return None
    if "is" not in OPERATORS[field.type]:
        words = " or ".join(OPERATORS[field.type])
        help_text = f"write {{{OPERATORS[field.type][0]}: …}}"
        message = f"'{key.text}' needs a comparison: {words}"
        findings.add("R206", node, message, help_text)
        return ()
    word, _, rest = node.text.partition(" ")
    if node.plain and rest and word in OPERATORS[field.type]:
        message = f"the comparison '{word}' is written as part of a text"
        findings.add("R206", node, message, f"did you mean {{{word}: {rest}}}?")
        return ()
    op = "in" if node.kind == "list" else "is"
    value = _operand(field, op, node, lists, findings)
    text = f"{key.text}: {spelled(node)}"
    return () if value is None else (Comparison(field, key.text, _plain(op), value, text, node),)


def _comparisons(
    field: Field, key: Node, node: Node, lists: Lists, findings: Findings
) -> Iterator[Comparison]:
    """Parse `field: {comparison: operand, …}`."""
    allowed = OPERATORS[field.type] + (WINDOWS if field.read_since else ())
    window = _window(field, node, findings)
    compared = False
    for name, value_node in node.pairs:
        if name.text not in allowed:
            _misfit(field, key, name, allowed, findings)
            compared = True
        elif not (field.read_since and name.text in WINDOWS):
            compared = True
            value = _operand(field, name.text, value_node, lists, findings)
            if value is not None:
                text = _spelled_clause(key.text, name.text, value_node, window)
                op = _plain(name.text)
                yield Comparison(
                    field, key.text, op, value, text, value_node, window and window[:2]
                )
    if not compared:
        help_text = f"write {key.text}: {field.example}"
        findings.add("R204", node, f"'{key.text}' has no comparison", help_text)


def _misfit(
    field: Field, key: Node, name: Node, allowed: tuple[str, ...], findings: Findings
) -> None:
    if any(name.text in operators for operators in OPERATORS.values()):
        message = f"'{name.text}' does not fit '{key.text}', {_TYPE_NAMES[field.type]}"
    else:
        message = f"unknown comparison '{name.text[:40]}'"
    meant = _MEANT.get(name.text, "")
    likely = f"did you mean '{meant}'?" if meant in allowed else nearest(name.text, allowed)
    hint = likely or f"use one of {', '.join(allowed)}"
    findings.add("R206", name, message, hint)


def _window(field: Field, node: Node, findings: Findings) -> tuple[str, Any, str] | None:
    if field.read_since is None:
        return None
    for name, value in node.pairs:
        if name.text in WINDOWS:
            value_type: ValueType = (
                DurationType(least=1) if name.text == "within" else LocalTimeType()
            )
            read = value_type.read(value, findings)
            return None if read is None else (name.text, read, value.text)
    return None


def _plain(op: str) -> str:
    return "in" if op == "is" else op


def _operand(field: Field, op: str, node: Node, lists: Lists, findings: Findings) -> Any:
    """Return the operand of a comparison; None after reporting what is wrong with it."""
    read = _reader(field, op, findings)
    if op == "between":
        return _between(node, read, findings)
    if op in {"at_least", "at_most", "within", "before", "since"}:
        return read(node)
    if op == "is" and (node.kind != "list" or field.type == "money"):
        value = read(node)
        return None if value is None else (value,)
    nodes = node.items if node.kind == "list" else (node,)
    values = tuple(read(item) for listed in nodes for item in list_values(listed, lists, findings))
    if not values and node.kind == "list" and not node.items:
        findings.add("R301", node, "an empty list matches no value", "add at least one value")
    return None if None in values or not values else values


def list_values(node: Node, lists: Lists, findings: Findings) -> tuple[Node, ...]:
    """Return the node itself, or the items of the list that `$name` refers to."""
    if node.kind != "scalar" or not node.plain or not node.text.startswith("$"):
        return (node,)
    named = lists.get(node.text[1:])
    if named is None:
        hint = nearest(node.text[1:], lists) or "define it under `lists:`"
        findings.add("R207", node, f"unknown list '{node.text[:60]}'", hint)
        return ()
    return named.items


def _between(node: Node, read: Callable[[Node], Any], findings: Findings) -> Any:
    if node.kind != "list" or len(node.items) != 2:
        help_text = "write [lowest, highest], such as {between: [1, 5]}"
        findings.add("R204", node, "`between` needs exactly two values", help_text)
        return None
    low, high = (read(item) for item in node.items)
    return None if low is None or high is None else (low, high)


def _reader(field: Field, op: str, findings: Findings) -> Callable[[Node], Any]:
    """Return the function that reads an operand; unquoted ambiguous words are R208."""
    value_type = operand_type(field, op)
    if field.type not in {"any", "text", "path"} or not isinstance(value_type, TextType):
        return lambda node: value_type.read(node, findings)

    def read_text(node: Node) -> Any:
        if node.plain and node.text in _AMBIGUOUS_WORDS:
            message = f"other YAML tools do not read {node.text!r} as a text"
            help_text = f"write '{node.text}' with quotes if it is a text, or true or false"
            findings.add("R208", node, message, help_text)
            return None
        return value_type.read(node, findings)

    return read_text


def operand_type(field: Field, op: str) -> ValueType:
    """Return the value type of the operand of a comparison."""
    match field.type:
        case "instant":
            return LocalTimeType() if op == "since" else DurationType(least=1)
        case "any":
            return CountType() if op in _RANGE else TextType()
        case "word" | "weekday":
            return OneOfType(field.words)
        case other:
            return _OPERAND_TYPES[other]


def spelled(node: Node) -> str:
    """Return a node in one line, as a rule file spells it."""
    if node.kind == "scalar":
        return (
            f'"{node.text}"' if node.style == '"' else f"'{node.text}'" if node.style else node.text
        )
    if node.kind == "list":
        return "[" + ", ".join(spelled(item) for item in node.items) + "]"
    return "{" + ", ".join(f"{key.text}: {spelled(value)}" for key, value in node.pairs) + "}"


def _spelled_clause(name: str, op: str, node: Node, window: tuple[str, Any, str] | None) -> str:
    beside = f", {window[0]}: {window[2]}" if window else ""
    return f"{name}: {{{op}: {spelled(node)}{beside}}}"


_MEANT: Final = {word: meant for meant, words in _OTHER_NAMES.items() for word in words}
_OPERAND_TYPES: Final[dict[str, ValueType]] = {
    "text": TextType(),
    "path": TextType(),
    "flag": FlagType(),
    "count": CountType(),
    "share": PercentType(),
    "duration": DurationType(),
    "money": AmountsType(),
    "clock": TimeOfDayType(),
    "date": LocalTimeType(),
}
_TYPE_NAMES: Final[dict[FieldType, str]] = {
    "text": "which is a text",
    "word": "which is one of a few words",
    "path": "which is a category path",
    "flag": "which is true or false",
    "count": "which is a number",
    "share": "which is a percentage",
    "duration": "which is a duration",
    "money": "which is money",
    "instant": "which is an instant",
    "any": "which is an attribute",
    "weekday": "which is a weekday",
    "clock": "which is a time of day",
    "date": "which is a date",
}
