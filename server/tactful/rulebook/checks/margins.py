"""Checks of prices and budgets against floors, policy and catalogue (R306-R308, R314)."""

from collections.abc import Iterator, Mapping
from typing import Any

from tactful.core.facts.fact_types import Price, ReportedFact
from tactful.core.facts.item import Item
from tactful.core.pricing import quote as pricing
from tactful.core.values.money import Money, format_plain
from tactful.core.values.territories import is_within, nearest_row
from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.compilation.builder import price_terms
from tactful.rulebook.language.conditions import conjuncts
from tactful.rulebook.language.grammar import PRICE_MODES
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.language.rule_files import ParsedFiles, ParsedRule, level_of
from tactful.rulebook.language.units import format_percent
from tactful.rulebook.source.diagnostics import Findings, Span


def below_the_floor(files: ParsedFiles, context: CheckContext, findings: Findings) -> None:
    """Report R306: a price below what the rule, the policy or an item allows.

    Items are checked only where a rule names them (`item.sku`, `item.product`) and a catalogue is
    given, in each territory of the rule.
    """
    for rule in files.rules:
        offer = rule.get("offer")
        if offer:
            _check_terms(offer, context, findings)
            for item, reported in _named_items(rule, context.catalogue):
                _check_item(rule, item, reported, context, findings)


def _check_terms(offer: ParsedMapping, context: CheckContext, findings: Findings) -> None:
    """Check a price against the policy and the floor of its own rule."""
    most = context.policy.max_total_discount_bp
    if level_of(offer) == "shipping":
        return  # Shipping discounts do not lower the price of an item.
    steps = [offer, *(offer.get("ladder") or ())]
    for step in steps:
        percent = step.get("percent")
        if percent is not None and percent > most:
            allowed = format_percent(most)
            message = f"{format_percent(percent)} off is more than the {allowed} of the policy"
            findings.add("R306", step.span_of("percent"), message, f"write {allowed} or less")
    minimum = (offer.get("floor") or ParsedMapping(offer.node)).get("minimum", {})
    for step in steps:
        for code, amount in (step.get("fixed") or {}).items():
            if amount < minimum.get(code, 0):
                message = f"{_spelled(amount, code)} is below the rule's own floor of {_spelled(minimum[code], code)}"
                findings.add(
                    "R306", step.span_of("fixed"), message, "raise the price or lower the floor"
                )


def _check_item(
    rule: ParsedRule,
    item: Item,
    reported: ReportedFact[Price],
    context: CheckContext,
    findings: Findings,
) -> None:
    """Check the price of a rule for one item in one territory."""
    quote, shelf = _quote(rule, item, reported, context)
    if shelf is None or isinstance(quote, pricing.Quote):
        return
    if quote.actual is None or quote.needed is None:
        return  # `price.missing`: no price can be computed, so none can be compared.
    side = "below" if quote.actual < quote.needed else "above"
    actual, limit = (_spelled(amount, shelf.currency) for amount in (quote.actual, quote.needed))
    place = f"for {item.sku} in {reported.fact.territory}"
    message = f"{place}, the price of {actual} is {side} the limit of {limit} ({quote.reason})"
    findings.add("R306", price_span(rule), message, "lower the discount, or name other items")


def _quote(
    rule: ParsedRule, item: Item, reported: ReportedFact[Price], context: CheckContext
) -> tuple[pricing.Quote | pricing.PriceRefusal, pricing.PriceBasis | None]:
    cost = item.cost(reported.fact.territory, reported.fact.price.currency)
    shelf = pricing.price_basis(reported.fact, cost.fact if cost else None)
    quote = pricing.quote(
        price_terms(rule),
        shelf,
        min_margin_bp=context.policy.min_margin_bp,
        max_total_discount_bp=context.policy.max_total_discount_bp,
        endings=context.policy.endings,
        rounding=context.policy.rounding,
    )
    return quote, shelf


def _named_items(
    rule: ParsedRule, catalogue: Mapping[str, Item]
) -> Iterator[tuple[Item, ReportedFact[Price]]]:
    """Yield each item that the rule names, with its price in each territory of the rule."""
    territories = rule.get("territories") or ()
    for item in _limited_to(rule, catalogue):
        for territory, reported in item.prices.items():
            if not territories or is_within(territory, territories):
                yield item, reported


def _limited_to(rule: ParsedRule, catalogue: Mapping[str, Item]) -> list[Item]:
    """Return the items that the rule names; none if it names no SKU and no product.

    All conditions of `when` must hold, so an item has to satisfy each comparison that names ids.
    """
    named = [
        (comparison.name, set(comparison.value))
        for comparison in conjuncts(rule.when)
        if comparison.name in {"item.sku", "item.product"} and comparison.op == "in"
    ]
    return [
        item
        for item in (catalogue.values() if named else ())
        if all((item.sku if name == "item.sku" else item.product_id) in ids for name, ids in named)
    ]


def small_budgets(files: ParsedFiles, context: CheckContext, findings: Findings) -> None:
    """Report R307: a campaign budget that cannot pay for one offer of the rule."""
    for rule in files.rules:
        campaign = files.campaigns.get(rule.get("campaign") or "")
        budget = campaign.block.get("budget") if campaign else None
        if campaign and budget:
            for code, cost in _worst_costs(rule, context).items():
                if code in budget and budget[code] < cost:
                    message = f"one offer of '{rule.id}' may cost {_spelled(cost, code)}; the budget is {_spelled(budget[code], code)}"
                    findings.add(
                        "R307",
                        campaign.block.span_of("budget"),
                        message,
                        "raise the budget, or lower the discount",
                    )


def _worst_costs(rule: ParsedRule, context: CheckContext) -> dict[str, int]:
    """Return the highest known cost of one offer: currency → minor units."""
    offer = rule.get("offer") or ParsedMapping(rule.block.node)
    quantity = offer.get("max_qty", 1) if level_of(offer) == "item" else 1
    costs: dict[str, int] = dict(offer.get("at_most", {}))
    steps = [offer, *(offer.get("ladder") or ())]
    for step in steps:
        for code, amount in (step.get("amount") or {}).items():
            costs[code] = max(costs.get(code, 0), amount * quantity)
    for item, reported in _named_items(rule, context.catalogue):
        quote, shelf = _quote(rule, item, reported, context)
        if shelf and isinstance(quote, pricing.Quote):
            costs[shelf.currency] = max(costs.get(shelf.currency, 0), quote.saved * quantity)
    return costs


def missing_amounts(files: ParsedFiles, context: CheckContext, findings: Findings) -> None:
    """Report R308: a currency or a price that a territory of the rule lacks."""
    currencies = _currencies(context.catalogue)
    for rule in files.rules:
        offer = rule.get("offer")
        for amounts, span in _amounts(offer) if offer else ():
            for territory in rule.get("territories") or ():
                for code in sorted(currencies.get(territory, set()) - set(amounts)):
                    message = (
                        f"prices in {territory} are in {code}, and this has no amount in {code}"
                    )
                    findings.add("R308", span, message, f"add `{code}: …`")
            _check_budget(rule, amounts, files, findings)
        _check_prices(rule, context, findings)


def _check_budget(
    rule: ParsedRule, amounts: Mapping[str, int], files: ParsedFiles, findings: Findings
) -> None:
    campaign = files.campaigns.get(rule.get("campaign") or "")
    budget = campaign.block.get("budget") if campaign else None
    if campaign and budget:
        for code in sorted(set(amounts) - set(budget)):
            message = f"'{rule.id}' has offers in {code}, and this campaign has no budget in {code}"
            findings.add("R308", campaign.block.span_of("budget"), message, f"add `{code}: …`")


def _check_prices(rule: ParsedRule, context: CheckContext, findings: Findings) -> None:
    node = rule.block.nodes.get("territories")
    for item in _limited_to(rule, context.catalogue) if node else ():
        for territory in rule.get("territories"):
            if nearest_row(item.prices, territory) is None:
                message = f"{item.sku} has no price in {territory}, so it is never offered there"
                help_text = "remove the territory, or report a price for it"
                findings.add("R308", node or rule.id_node, message, help_text)


def _currencies(catalogue: Mapping[str, Item]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for item in catalogue.values():
        for territory, reported in item.prices.items():
            found.setdefault(territory, set()).add(reported.fact.price.currency)
    return found


def _amounts(offer: ParsedMapping) -> Iterator[tuple[Mapping[str, int], Span]]:
    for step in (offer, *(offer.get("ladder") or ())):
        for mode in ("amount", "fixed", "at_most"):
            if mode in step.values:
                yield step.get(mode), step.span_of(mode)


def forced_losses(files: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """Report R314: `force`, which allows offers that lose money."""
    for rule in files.rules:
        if rule.get("force"):
            message = f"'{rule.id}' is offered even where making no offer earns more"
            findings.add(
                "R314",
                rule.block.span_of("force"),
                message,
                "remove `force` unless this is intended",
            )


def price_span(rule: ParsedRule) -> Span:
    """Return the place of the rule's price mode, or of its id where it has none."""
    offer: Any = rule.get("offer")
    mode = next((name for name in PRICE_MODES if name in offer.nodes), None)
    return offer.span_of(mode) if mode else rule.id_node


def _spelled(amount: int, currency: str) -> str:
    return format_plain(Money(amount, currency))
