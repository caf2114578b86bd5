"""Parsed rule files: rules, campaigns, policies, lists and suppress blocks, not checked yet."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from tactful.core.values.allocation import Level
from tactful.core.values.money import BP
from tactful.rulebook.language.conditions import (
    Comparison,
    ConditionGroup,
    comparisons,
    list_values,
    read_unless,
    read_when,
)
from tactful.rulebook.language.grammar import FILE
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.recovery import read
from tactful.rulebook.source.tree import Node, RuleSource


def nested(block: ParsedMapping, *path: str) -> Any:
    """Return a nested value of a mapping; None without one."""
    value: Any = block
    for name in path:
        value = value.get(name) if isinstance(value, ParsedMapping) else None
    return value


class ParsedRule(Struct, frozen=True):
    """One rule as written."""

    id: str
    block: ParsedMapping
    """The keys of the rule, with the `defaults` of its file."""
    own: ParsedMapping
    """The keys of the rule alone."""
    when: ConditionGroup | None = None
    """A group of kind `all`; None without `when`."""
    unless: ConditionGroup | None = None
    """A group of kind `none`; None without `unless`."""

    @property
    def id_node(self) -> Node:
        """The node of its id."""
        return self.own.nodes["id"]

    @property
    def comparisons(self) -> Iterator[Comparison]:
        """All comparisons of `when` and `unless`."""
        for tree in (self.when, self.unless):
            if tree is not None:
                yield from comparisons(tree)

    def get(self, *path: str) -> Any:
        """Return a nested value, such as `get("offer", "floor", "margin")`; None without one."""
        return nested(self.block, *path)


class ParsedSuppressRule(Struct, frozen=True):
    """One suppress block as written."""

    id: str
    block: ParsedMapping
    when: ConditionGroup


class ParsedExclusion(Struct, frozen=True):
    """One exclusion as written."""

    id: str
    """The id; "" where it has none."""
    block: ParsedMapping
    values: Mapping[str, tuple[str, ...]]
    """Key → its values, with those of `$name` lists in their place."""

    def get(self, *path: str) -> Any:
        """Return a nested value, such as `get("valid", "from")`; None without one."""
        return nested(self.block, *path)


class ParsedInputBan(Struct, frozen=True):
    """One ban of inputs as written."""

    territory: str
    key: Node
    """The node of the territory."""
    block: ParsedMapping


class ParsedVariant(Struct, frozen=True):
    """One rule of an experiment as written."""

    rule: str
    share_bp: int
    """Its share of shoppers, in basis points, also where the file names none."""
    node: Node
    """The node of the rule's name."""


class ParsedExperiment(Struct, frozen=True):
    """One experiment as written."""

    id: str
    block: ParsedMapping
    variants: tuple[ParsedVariant, ...]
    """In the order of the file."""


class ParsedCampaign(Struct, frozen=True):
    """One campaign as written."""

    id: str
    key: Node
    """The node of its name."""
    block: ParsedMapping


class ParsedFiles(Struct, frozen=True):
    """All rule files of a rulebook as written."""

    rules: tuple[ParsedRule, ...] = ()
    campaigns: Mapping[str, ParsedCampaign] = {}
    """Name → campaign."""
    policies: tuple[ParsedMapping, ...] = ()
    """The `policy:` section of each file that has one."""
    lists: Mapping[str, Node] = {}
    """Name → the node of the list."""
    list_keys: Mapping[str, Node] = {}
    """Name → the node of the name."""
    suppress: tuple[ParsedSuppressRule, ...] = ()
    exclusions: tuple[ParsedExclusion, ...] = ()
    input_bans: tuple[ParsedInputBan, ...] = ()
    experiments: tuple[ParsedExperiment, ...] = ()
    is_explicitly_empty: bool = False
    """Whether a file says `rules: []`."""

    def variant_share(self, rule: str) -> int | None:
        """Return the share that an experiment gives a rule, in basis points; None: it is in none."""
        variants = (one for experiment in self.experiments for one in experiment.variants)
        return next((one.share_bp for one in variants if one.rule == rule), None)


def read_files(sources: Sequence[RuleSource], findings: Findings) -> ParsedFiles:
    """Read and parse rule files, in the order of their paths.

    The order of `sources` does not matter. What cannot be read is reported and left out.

    Args:
        sources: the files.
        findings: receives what is wrong with their layout, keys and values.
    """
    files = []
    for source in sorted(sources, key=lambda source: source.path):
        node = read(source, findings)
        file = FILE.read(node, findings) if node is not None else None
        if file is not None:
            files.append(file)
    list_keys, lists = _lists(files, findings)
    return ParsedFiles(
        rules=tuple(_rules(files, lists, findings)),
        campaigns=_campaigns(files, findings),
        policies=tuple(file.get("policy") for file in files if file.get("policy")),
        lists=lists,
        list_keys=list_keys,
        suppress=tuple(_suppress(files, lists, findings)),
        exclusions=tuple(_exclusions(files, lists, findings)),
        input_bans=tuple(_input_bans(files, findings)),
        experiments=tuple(_experiments(files, findings)),
        is_explicitly_empty=any(file.get("rules") == () for file in files),
    )


def _rules(
    files: Sequence[ParsedMapping], lists: Mapping[str, Node], findings: Findings
) -> Iterator[ParsedRule]:
    seen: dict[str, Node] = {}
    for file in files:
        for own in file.get("rules", ()):
            id_ = own.get("id")
            when, unless = _conditions(own, lists, findings)
            if id_ is not None and _is_new(id_, own.nodes["id"], seen, "rule", findings):
                defaults = file.get("defaults")
                block = own.over(defaults) if defaults else own
                yield ParsedRule(id_, block, own, when, unless)


def _conditions(
    own: ParsedMapping, lists: Mapping[str, Node], findings: Findings
) -> tuple[ConditionGroup | None, ConditionGroup | None]:
    when, unless = own.get("when"), own.get("unless")
    return (
        read_when(when, lists, findings) if when is not None else None,
        read_unless(unless, lists, findings) if unless is not None else None,
    )


def _is_new(id_: str, node: Node, seen: dict[str, Node], what: str, findings: Findings) -> bool:
    first = seen.setdefault(id_, node)
    if first is not node:
        message = f"the {what} '{id_}' is already in {first.path}, line {first.line + 1}"
        findings.add("R209", node, message, "choose another name")
    return first is node


def _lists(
    files: Sequence[ParsedMapping], findings: Findings
) -> tuple[dict[str, Node], dict[str, Node]]:
    """Return the places of the names of all lists, and the lists."""
    keys: dict[str, Node] = {}
    lists: dict[str, Node] = {}
    for file in files:
        for name, (key, node) in file.get("lists", {}).items():
            if _is_new(name, key, keys, "list", findings):
                lists[name] = node
                if node.kind != "list":
                    findings.add(
                        "R204",
                        node,
                        f"'{name}' is not a list",
                        "write a list such as [one, another]",
                    )
    return keys, lists


def _campaigns(files: Sequence[ParsedMapping], findings: Findings) -> dict[str, ParsedCampaign]:
    keys: dict[str, Node] = {}
    campaigns: dict[str, ParsedCampaign] = {}
    for file in files:
        for name, (key, block) in file.get("campaigns", {}).items():
            if _is_new(name, key, keys, "campaign", findings):
                campaigns[name] = ParsedCampaign(name, key, block)
    return campaigns


def _experiments(files: Sequence[ParsedMapping], findings: Findings) -> Iterator[ParsedExperiment]:
    seen: dict[str, Node] = {}
    for file in files:
        block = file.get("experiment")
        id_ = block.get("id") if block else None
        if id_ is not None and _is_new(id_, block.nodes["id"], seen, "experiment", findings):
            yield ParsedExperiment(id_, block, tuple(_variants(block.get("variants", ()))))


def _variants(blocks: Sequence[ParsedMapping]) -> Iterator[ParsedVariant]:
    named = [block for block in blocks if block.get("rule") is not None]
    shares = [block.get("share") for block in named]
    left = max(BP - sum(share for share in shares if share is not None), 0)
    without = shares.count(None)
    for block, given in zip(named, shares, strict=True):
        # Each without a share takes its part of what is left then, so that the parts add up.
        share = left // without if given is None else given
        if given is None:
            left, without = left - share, without - 1
        yield ParsedVariant(block.get("rule"), share, block.nodes["rule"])


def _suppress(
    files: Sequence[ParsedMapping], lists: Mapping[str, Node], findings: Findings
) -> Iterator[ParsedSuppressRule]:
    seen: dict[str, Node] = {}
    for file in files:
        for block in file.get("suppress", ()):
            id_, when = block.get("id"), block.get("when")
            group = read_when(when, lists, findings) if when is not None else None
            if id_ is None or group is None:
                continue
            if _is_new(id_, block.nodes["id"], seen, "suppress block", findings):
                yield ParsedSuppressRule(id_, block, group)


EXCLUDABLE: Final = ("skus", "products", "categories", "brands", "segments", "territories")
"""The keys of an exclusion that have values to match."""


def _exclusions(
    files: Sequence[ParsedMapping], lists: Mapping[str, Node], findings: Findings
) -> Iterator[ParsedExclusion]:
    seen: dict[str, Node] = {}
    for file in files:
        for block in file.get("exclude", ()):
            id_ = block.get("id", "")
            values = {
                name: tuple(_excluded(block.nodes[name], lists, findings))
                for name in EXCLUDABLE
                if name in block.values
            }
            if not id_ or _is_new(id_, block.nodes["id"], seen, "exclusion", findings):
                yield ParsedExclusion(id_, block, values)


def _excluded(node: Node, lists: Mapping[str, Node], findings: Findings) -> Iterator[str]:
    """Yield the values of a key of an exclusion; an empty list is reported (R301)."""
    if node.kind == "list" and not node.items:
        findings.add("R301", node, "an empty list excludes nothing", "add at least one value")
    for item in node.items if node.kind == "list" else (node,):
        for one in list_values(item, lists, findings):
            yield one.text


def _input_bans(files: Sequence[ParsedMapping], findings: Findings) -> Iterator[ParsedInputBan]:
    seen: dict[str, Node] = {}
    for file in files:
        for territory, (key, block) in file.get("forbid_inputs", {}).items():
            if _is_new(territory, key, seen, "ban of inputs in", findings):
                yield ParsedInputBan(territory, key, block)


def level_of(offer: ParsedMapping) -> Level:
    """Return the level of an offer: whether it reduces the item, the order or the shipping."""
    level: Level = offer.get("off_the", "item")
    return level
