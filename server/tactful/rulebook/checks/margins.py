"""Can the price of a rule be offered at all, and can its budget pay for it?"""

from collections.abc import Iterator, Mapping
from typing import Any

from tactful.core.facts.fact_types import Price, ReportedFact
from tactful.core.facts.item import Item
from tactful.core.pricing import quote as pricing
from tactful.core.values.money import Money, format_plain
from tactful.rulebook.checks.check_context import CheckContext
from tactful.rulebook.checks.conflicts import conjuncts
from tactful.rulebook.compilation.builder import price_terms
from tactful.rulebook.language.grammar import PRICE_MODES
from tactful.rulebook.language.mappings import ParsedMapping
from tactful.rulebook.language.rule_files import ParsedFiles, ParsedRule, level_of
from tactful.rulebook.language.units import format_percent
from tactful.rulebook.source.diagnostics import Findings, Span


def below_the_floor(texts: ParsedFiles, world: CheckContext, findings: Findings) -> None:
    """R306."""
    for text in texts.rules:
        offer = text.get("offer")
        if offer:
            _check_terms(offer, world, findings)
            for item, kept in _named(text, world.catalogue):
                _check_item(text, item, kept, world, findings)


def _check_terms(offer: ParsedMapping, world: CheckContext, findings: Findings) -> None:
    most = world.policy.max_total_discount_bp
    if level_of(offer) == "shipping":
        return  # nothing comes off an item
    steps = [offer, *(offer.get("ladder") or ())]
    for step in steps:
        percent = step.get("percent")
        if percent is not None and percent > most:
            message = f"{format_percent(percent)} off is more than the {format_percent(most)} that the policy allows"
            findings.add(
                "R306", step.span_of("percent"), message, f"at most {format_percent(most)}"
            )
    minimum = (offer.get("floor") or ParsedMapping(offer.node)).get("minimum", {})
    for step in steps:
        for code, amount in (step.get("fixed") or {}).items():
            if amount < minimum.get(code, 0):
                message = f"{_plain(amount, code)} is below the rule's own floor of {_plain(minimum[code], code)}"
                findings.add(
                    "R306", step.span_of("fixed"), message, "raise the price or lower the floor"
                )


def _check_item(
    text: ParsedRule, item: Item, kept: ReportedFact[Price], world: CheckContext, findings: Findings
) -> None:
    quote, shelf = _quote(text, item, kept, world)
    if (
        shelf is None
        or not isinstance(quote, pricing.PriceRefusal)
        or quote.reason == "price.missing"
    ):
        return
    offered = (
        f"{_plain(quote.actual, shelf.currency)}" if quote.actual is not None else "this price"
    )
    limit = (
        f", below its limit of {_plain(quote.needed, shelf.currency)}"
        if quote.needed is not None
        else ""
    )
    where = kept.fact.territory
    message = f"for {item.sku} in {where} it comes to {offered}{limit} ({quote.reason})"
    findings.add("R306", price_span(text), message, "lower the discount, or choose other items")


def _quote(
    text: ParsedRule, item: Item, kept: ReportedFact[Price], world: CheckContext
) -> tuple[pricing.Quote | pricing.PriceRefusal, pricing.ShelfPrice | None]:
    cost = item.cost(kept.fact.territory, kept.fact.price.currency)
    shelf = pricing.shelf_price(kept.fact, cost.fact if cost else None)
    quote = pricing.quote(
        price_terms(text),
        shelf,
        min_margin_bp=world.policy.min_margin_bp,
        max_total_discount_bp=world.policy.max_total_discount_bp,
    )
    return quote, shelf


def _named(
    text: ParsedRule, catalogue: Mapping[str, Item]
) -> Iterator[tuple[Item, ReportedFact[Price]]]:
    """The items of the catalogue that a rule names, with each price where it is in force."""
    skus, products = _names(text)
    territories = text.get("territories") or ()
    for item in catalogue.values() if skus or products else ():
        if item.sku in skus or item.product_id in products:
            for territory, kept in item.prices.items():
                if not territories or territory in territories:
                    yield item, kept


def _names(text: ParsedRule) -> tuple[set[str], set[str]]:
    named: dict[str, set[str]] = {"item.sku": set(), "item.product": set()}
    for test in conjuncts(text.when):
        if test.name in named and test.op == "in":
            named[test.name].update(test.value)
    return named["item.sku"], named["item.product"]


def small_budgets(texts: ParsedFiles, world: CheckContext, findings: Findings) -> None:
    """R307."""
    for text in texts.rules:
        campaign = texts.campaigns.get(text.get("campaign") or "")
        budget = campaign.block.get("budget") if campaign else None
        if campaign and budget:
            for code, cost in _worst_costs(text, world).items():
                if code in budget and budget[code] < cost:
                    message = f"one offer of '{text.id}' may cost {_plain(cost, code)}, the budget is {_plain(budget[code], code)}"
                    findings.add(
                        "R307",
                        campaign.block.span_of("budget"),
                        message,
                        "raise the budget, or offer less",
                    )


def _worst_costs(text: ParsedRule, world: CheckContext) -> dict[str, int]:
    """Currency → the most that one offer is known to cost."""
    offer = text.get("offer") or ParsedMapping(text.block.node)
    quantity = offer.get("max_qty", 1) if level_of(offer) == "item" else 1
    costs: dict[str, int] = dict(offer.get("at_most", {}))
    steps = [offer, *(offer.get("ladder") or ())]
    for step in steps:
        for code, amount in (step.get("amount") or {}).items():
            costs[code] = max(costs.get(code, 0), amount * quantity)
    for item, kept in _named(text, world.catalogue):
        quote, shelf = _quote(text, item, kept, world)
        if shelf and isinstance(quote, pricing.Quote):
            costs[shelf.currency] = max(costs.get(shelf.currency, 0), quote.saved * quantity)
    return costs


def missing_amounts(texts: ParsedFiles, world: CheckContext, findings: Findings) -> None:
    """R308."""
    currencies = _currencies(world.catalogue)
    for text in texts.rules:
        offer = text.get("offer")
        for amounts, span in _amounts(offer) if offer else ():
            for territory in text.get("territories") or ():
                for code in sorted(currencies.get(territory, set()) - set(amounts)):
                    message = (
                        f"prices in {territory} are in {code}, and no amount is named in {code}"
                    )
                    findings.add("R308", span, message, f"add {code}: … to it")
            _check_budget(text, amounts, texts, findings)
        _check_prices(text, world, findings)


def _check_budget(
    text: ParsedRule, amounts: Mapping[str, int], texts: ParsedFiles, findings: Findings
) -> None:
    campaign = texts.campaigns.get(text.get("campaign") or "")
    budget = campaign.block.get("budget") if campaign else None
    if campaign and budget:
        for code in sorted(set(amounts) - set(budget)):
            message = f"'{text.id}' offers in {code}, and the campaign has no budget in {code}"
            findings.add("R308", campaign.block.span_of("budget"), message, f"add {code}: … to it")


def _check_prices(text: ParsedRule, world: CheckContext, findings: Findings) -> None:
    skus, products = _names(text)
    node = text.block.nodes.get("territories")
    for item in world.catalogue.values() if node and (skus or products) else ():
        if item.sku in skus or item.product_id in products:
            for territory in text.get("territories"):
                if territory not in item.prices:
                    message = f"{item.sku} has no price in {territory}, so nothing is offered there"
                    help_text = "remove the territory, or report the price"
                    findings.add("R308", node or text.id_node, message, help_text)


def _currencies(catalogue: Mapping[str, Item]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for item in catalogue.values():
        for territory, kept in item.prices.items():
            found.setdefault(territory, set()).add(kept.fact.price.currency)
    return found


def _amounts(offer: ParsedMapping) -> Iterator[tuple[Mapping[str, int], Span]]:
    for step in (offer, *(offer.get("ladder") or ())):
        for mode in ("amount", "fixed", "at_most"):
            if mode in step.values:
                yield step.get(mode), step.span_of(mode)


def forced_losses(texts: ParsedFiles, _: CheckContext, findings: Findings) -> None:
    """R314."""
    for text in texts.rules:
        if text.get("force"):
            message = f"'{text.id}' is offered even where it loses money against silence"
            findings.add(
                "R314", text.block.span_of("force"), message, "remove `force` unless that is meant"
            )


def price_span(text: ParsedRule) -> Span:
    """Where a rule says how its price is made."""
    offer: Any = text.get("offer")
    mode = next((name for name in PRICE_MODES if name in offer.nodes), None)
    return offer.span_of(mode) if mode else text.id_node


def _plain(amount: int, currency: str) -> str:
    return format_plain(Money(amount, currency))
