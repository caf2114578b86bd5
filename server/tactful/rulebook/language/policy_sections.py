"""Applies the `policy:` sections of rule files to the shop's own policy.

Caps, hold-outs and the like may be set freely. The settings that protect a shopper after a
disappointment may only be tightened here. A shop that wants a looser policy changes its server's
configuration, for which a named person is responsible.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import structs

from tactful.core.rules.policy import PerShopper, Policy
from tactful.core.values.calendar import format_duration
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.tree import Node

_FIELD_NAMES: Final = {
    "holdout": "holdout_bp",
    "min_stock": "stock_minimum",
    "min_margin": "min_margin_bp",
    "max_total_discount": "max_total_discount_bp",
}
_SHARES: Final = frozenset({"consumable", "silence", "offer"})
"""Settings inside a group whose fields in `core.rules.policy` end in `_bp`."""
_SCOPES: Final = ("variant", "product", "brand", "shop")
_ONLY_LARGER: Final = (
    "brand_window",
    "bought_window",
    "bad_rating",
    "good_rating",
)
"""Settings for which a larger value is stricter."""


def read_policy(sections: Sequence[ParsedMapping], base: Policy, findings: Findings) -> Policy:
    """Return the active policy: `base` with the settings of all sections.

    Args:
        sections: the `policy:` sections, in the order of the files.
        base: the shop's own policy.
        findings: receives a setting that is set twice (R218) or that is looser than `base` (R313);
            the looser one is left out.
    """
    seen: dict[str, Node] = {}
    policy = base
    for section in sections:
        for path, key in _settings(section):
            first = seen.setdefault(path, key)
            if first is not key:
                message = f"'{path}' is already set in {first.path}, line {first.line + 1}"
                findings.add("R218", key, message, "keep one of the two")
        policy = _apply_section(section, policy, findings)
    return policy


def _settings(block: ParsedMapping, prefix: str = "") -> Iterator[tuple[str, Node]]:
    """Yield every setting as (dotted path, node of its key)."""
    for name, key in block.keys.items():
        value = block.get(name)
        if isinstance(value, ParsedMapping):
            yield from _settings(value, f"{prefix}{name}.")
        else:
            yield prefix + name, key


def _apply_section(section: ParsedMapping, policy: Policy, findings: Findings) -> Policy:
    changes: dict[str, Any] = {}
    for name, value in section.values.items():
        if name == "taints":
            changes[name] = _taints(value, policy, findings)
        elif name in _ONLY_LARGER:
            changes[name] = _only_larger(section, name, getattr(policy, name), findings)
        elif name == "endings":
            changes[name] = {**policy.endings, **{code: one for code, (_, one) in value.items()}}
        elif name == "rounding":
            changes[name] = {**policy.rounding, **value}
        elif isinstance(value, ParsedMapping):
            changes[name] = _group(value, getattr(policy, name))
        else:
            changes[_FIELD_NAMES.get(name, name)] = value
    return structs.replace(policy, **changes)


def _group(block: ParsedMapping, group: Any) -> Any:
    values = dict(block.values)
    if isinstance(cap := values.get("per_shopper"), ParsedMapping):
        values["per_shopper"] = PerShopper(cap.get("count", 1), cap.get("per", 1))
    for name in _SHARES & values.keys():
        values[f"{name}_bp"] = values.pop(name)
    return structs.replace(group, **values)


def _only_larger(section: ParsedMapping, name: str, active: Any, findings: Findings) -> Any:
    value = section.get(name)
    if value >= active:
        return value
    text = str(active) if active < 10 else ""
    _report_looser(section.span_of(name), name, text or format_duration(active), findings)
    return active


def _taints(block: ParsedMapping, policy: Policy, findings: Findings) -> Any:
    rows = {}
    for name, row in block.values.items():
        active = getattr(policy.taints, name)
        scope, after = row.get("scope", active.scope), row.get("after", active.after)
        if _SCOPES.index(scope) < _SCOPES.index(active.scope):
            _report_looser(row.span_of("scope"), f"taints.{name}.scope", active.scope, findings)
        elif after < active.after:
            text = format_duration(active.after)
            _report_looser(row.span_of("after"), f"taints.{name}.after", text, findings)
        else:
            rows[name] = structs.replace(active, scope=scope, after=after)
    return structs.replace(policy.taints, **rows)


def _report_looser(node: Any, path: str, active: str, findings: Findings) -> None:
    message = f"this is looser than the active policy, where {path} is {active}"
    help_text = "remove it, or loosen it in the server's configuration"
    findings.add("R313", node, message, help_text)
