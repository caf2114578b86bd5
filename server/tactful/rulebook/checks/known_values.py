"""Checks of values that no fact has (R320), and of incomplete categories (R321)."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from tactful.core.facts.checks.normal_forms import category_path
from tactful.core.values.counts import counted
from tactful.core.values.territories import overlap
from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.language.conditions import Comparison, comparisons, conjuncts
from tactful.rulebook.language.rule_files import ParsedFiles
from tactful.rulebook.source.diagnostics import Findings, Span, nearest

_EXCLUDED_FIELDS = {
    "skus": "item.sku",
    "products": "item.product",
    "categories": "item.category",
    "brands": "item.brand",
    "segments": "customer.segment",
}
"""Key of an exclusion → the field whose values it names."""
_SAME_NAMES = {
    "cart.has_item": "item.sku",
    "cart.has_product": "item.product",
    "cart.has_brand": "item.brand",
    "cart.has_category": "item.category",
}
"""Field → the field that has the same values."""


def unknown_values(files: ParsedFiles, context: CheckContext, findings: Findings) -> None:
    """Report R320: a SKU, product, category, brand, tier, segment or territory that no fact has.

    Without facts, or without any fact that could name the value, nothing is reported.
    """
    known = _known_values(context)
    for comparison in _comparisons(files):
        field = _SAME_NAMES.get(comparison.name, comparison.name)
        if comparison.op in {"in", "not", "under"} and field in known:
            form = comparison.field.comparable
            for value in comparison.value:
                _report(value, form(value), field, known[field], comparison.node, findings)
    for exclusion in files.exclusions:
        for key, field in _EXCLUDED_FIELDS.items():
            for value in exclusion.values.get(key, ()) if field in known else ():
                folded = category_path(value).casefold()
                node = exclusion.block.span_of(key)
                names = {name.casefold(): one for name, one in known[field].items()}
                _report(value, folded, field, names, node, findings)
    _report_territories(files, context, findings)


def _comparisons(files: ParsedFiles) -> Iterator[Comparison]:
    for rule in files.rules:
        yield from rule.comparisons
    for block in files.suppress:
        yield from comparisons(block.when)


def _known_values(context: CheckContext) -> dict[str, dict[str, str]]:
    """Return field → each value as it is compared → as a fact spells it; no fields without values."""
    items = context.catalogue.values()
    products = [one.product.fact for one in items if one.product]
    paths = {path for one in products for path in one.categories}
    folded: dict[str, Iterable[str | None]] = {
        "item.category": {above for path in paths for above in _with_parents(path)},
        "item.brand": (one.brand for one in products),
        "customer.tier": (one.tier for one in context.customers),
        "customer.segment": (name for one in context.customers for name in one.segments),
    }
    known = {
        field: {one.casefold(): one for one in values if one} for field, values in folded.items()
    }
    known["item.sku"] = {sku: sku for sku in context.catalogue}
    known["item.product"] = {one.product_id: one.product_id for one in items}
    return {field: values for field, values in known.items() if values}


def _with_parents(path: str) -> Iterator[str]:
    parts = path.split("/")
    yield from ("/".join(parts[:end]) for end in range(1, len(parts) + 1))


def _report(
    value: str,
    compared: str,
    field: str,
    known: Mapping[str, str],
    place: Span,
    findings: Findings,
) -> None:
    if compared not in known:
        what = field.rpartition(".")[2]
        hint = nearest(value, known.values()) or "correct it, or report the facts that have it"
        findings.add("R320", place, f"no fact has the {what} '{value[:60]}'", hint)


def _report_territories(files: ParsedFiles, context: CheckContext, findings: Findings) -> None:
    """Report territories of rules in which no item has a price."""
    sold = {territory for item in context.catalogue.values() for territory in item.prices}
    for rule in files.rules if sold else ():
        if any(one.name in {"item.sku", "item.product"} for one in conjuncts(rule.when)):
            continue  # R308 reports each named item without a price.
        for territory in rule.get("territories") or ():
            if not any(overlap(territory, one) for one in sold):
                message = f"no item has a price in the territory '{territory}'"
                hint = f"remove it, or report prices for it; there are prices in {_listed(sold)}"
                findings.add("R320", rule.block.span_of("territories"), message, hint)


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)[:10])


def incomplete_categories(files: ParsedFiles, context: CheckContext, findings: Findings) -> None:
    """Report R321: a category without the categories under it, where items are only or also there."""
    paths = [
        [path.casefold() for path in one.product.fact.categories]
        for one in context.catalogue.values()
        if one.product
    ]
    for comparison in _comparisons(files):
        if comparison.field.type != "path" or comparison.op not in {"in", "not"}:
            continue
        for value in comparison.comparable_value:
            below = [own for own in paths if any(one.startswith(f"{value}/") for one in own)]
            missed = sum(value not in own for own in below)
            if missed:
                what = counted(missed, "item is", "items are")
                message = f"'{value}' is this category alone; {what} only under it"
                help_text = f"write {{under: {value}}} for everything under it too"
                findings.add("R321", comparison.node, message, help_text)
