"""Differences between two rulebooks, in words."""

from collections.abc import Iterator, Mapping

from tactful.rulebook.compilation.builder import build_exclusion, canonical
from tactful.rulebook.compilation.meaning_digest import digest
from tactful.rulebook.compiler import CompiledRulebook
from tactful.rulebook.language.conditions import ConditionGroup, spelled
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.language.rule_files import ParsedFiles, ParsedRule
from tactful.rulebook.language.units import format_percent

_NOT_SETTINGS = frozenset({"id", "when", "unless"})


def diff_rulebooks(old: CompiledRulebook, new: CompiledRulebook) -> list[str]:
    """Return one line per change; none where both rulebooks mean the same.

    Args:
        old: the rulebook before; it may have errors.
        new: the rulebook after; it may have errors.
    """
    return [
        *_rules(old.files, new.files),
        *_campaigns(old.files, new.files),
        *_suppress(old.files, new.files),
        *_experiments(old.files, new.files),
        *_prohibitions(old, new),
        *_lists(old.files, new.files),
        *_settings("policy", _policy(old), _policy(new)),
    ]


def _rules(old: ParsedFiles, new: ParsedFiles) -> Iterator[str]:
    before = {rule.id: rule for rule in old.rules}
    after = {rule.id: rule for rule in new.rules}
    yield from _added_and_removed("rule", before, after)
    for id_ in sorted(before.keys() & after.keys()):
        yield from _rule(before[id_], after[id_])


def _added_and_removed(
    what: str, before: Mapping[str, object], after: Mapping[str, object]
) -> Iterator[str]:
    for id_ in sorted(after.keys() - before.keys()):
        yield f"{what} '{id_}' is new"
    for id_ in sorted(before.keys() - after.keys()):
        yield f"{what} '{id_}' was removed"


def _rule(before: ParsedRule, after: ParsedRule) -> Iterator[str]:
    name = f"rule '{before.id}'"
    yield from _settings(name, _flatten(before.block), _flatten(after.block))
    yield from _group(name, "requires", before.when, after.when)
    yield from _group(name, "excludes", before.unless, after.unless)


def _group(
    name: str, verb: str, before: ConditionGroup | None, after: ConditionGroup | None
) -> Iterator[str]:
    had, has = _parts(before), _parts(after)
    removed = {had[key] for key in had.keys() - has.keys()}
    added = {has[key] for key in has.keys() - had.keys()}
    # A part that differs in meaning but not in spelling refers to a list. The change of that list
    # is reported separately.
    for part in sorted(added - removed):
        yield f"{name} now {verb} {part}"
    for part in sorted(removed - added):
        yield f"{name} no longer {verb} {part}"


def _parts(group: ConditionGroup | None) -> dict[str, str]:
    """Return digest of the meaning → spelling, for each part of the group."""
    parts = group.parts if group else ()
    return {digest(canonical(part)): _spelled(part) for part in parts}


def _spelled(part: object) -> str:
    if isinstance(part, ConditionGroup):
        return f"{part.kind} of " + ", ".join(_spelled(inner) for inner in part.parts)
    return str(getattr(part, "text", part))


def _flatten(block: ParsedMapping, prefix: str = "") -> dict[str, str]:
    """Return dotted path of each setting → its value as spelled."""
    found: dict[str, str] = {}
    for name, value in block.values.items():
        if isinstance(value, ParsedMapping):
            found |= _flatten(value, f"{prefix}{name}.")
        elif name not in _NOT_SETTINGS:
            found[prefix + name] = spelled(block.nodes[name])
    return found


def _settings(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old is None:
            yield f"{name}: {key} is now {new}"
        elif new is None:
            yield f"{name}: {key} is no longer {old}"
        elif old != new:
            yield f"{name}: {key} is {new} instead of {old}"


def _campaigns(old: ParsedFiles, new: ParsedFiles) -> Iterator[str]:
    yield from _added_and_removed("campaign", old.campaigns, new.campaigns)
    for id_ in sorted(old.campaigns.keys() & new.campaigns.keys()):
        before, after = old.campaigns[id_].block, new.campaigns[id_].block
        yield from _settings(f"campaign '{id_}'", _flatten(before), _flatten(after))


def _suppress(old: ParsedFiles, new: ParsedFiles) -> Iterator[str]:
    before = {rule.id: rule for rule in old.suppress}
    after = {rule.id: rule for rule in new.suppress}
    yield from _added_and_removed("suppress block", before, after)
    for id_ in sorted(before.keys() & after.keys()):
        name = f"suppress block '{id_}'"
        yield from _settings(name, _flatten(before[id_].block), _flatten(after[id_].block))
        yield from _group(name, "covers", before[id_].when, after[id_].when)


def _experiments(old: ParsedFiles, new: ParsedFiles) -> Iterator[str]:
    before = {one.id: one for one in old.experiments}
    after = {one.id: one for one in new.experiments}
    yield from _added_and_removed("experiment", before, after)
    for id_ in sorted(before.keys() & after.keys()):
        had, has = (
            {f"the share of '{one.rule}'": format_percent(one.share_bp) for one in found.variants}
            for found in (before[id_], after[id_])
        )
        yield from _settings(f"experiment '{id_}'", had, has)


def _prohibitions(old: CompiledRulebook, new: CompiledRulebook) -> Iterator[str]:
    before, after = (
        {build_exclusion(parsed, one.policy).id: parsed for parsed in one.files.exclusions}
        for one in (old, new)
    )
    yield from _added_and_removed("exclusion", before, after)
    for id_ in sorted(before.keys() & after.keys()):
        had, has = _flatten(before[id_].block), _flatten(after[id_].block)
        yield from _settings(f"exclusion '{id_}'", had, has)
    banned, bans = (
        {parsed.territory: parsed for parsed in one.files.input_bans} for one in (old, new)
    )
    yield from _added_and_removed("ban of inputs in", banned, bans)
    for id_ in sorted(banned.keys() & bans.keys()):
        had, has = _flatten(banned[id_].block), _flatten(bans[id_].block)
        yield from _settings(f"ban of inputs in '{id_}'", had, has)


def _lists(old: ParsedFiles, new: ParsedFiles) -> Iterator[str]:
    for name in sorted(old.lists.keys() | new.lists.keys()):
        before, after = old.lists.get(name), new.lists.get(name)
        had = {spelled(item) for item in before.items} if before else set()
        has = {spelled(item) for item in after.items} if after else set()
        yield from (f"list '{name}' now has {word}" for word in sorted(has - had))
        yield from (f"list '{name}' no longer has {word}" for word in sorted(had - has))


def _policy(compiled: CompiledRulebook) -> dict[str, str]:
    found: dict[str, str] = {}
    for section in compiled.files.policies:
        found |= _flatten(section)
    return found
