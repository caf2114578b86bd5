"""Templates of a new rule file and of its scenario file."""

from typing import Final

from tactful.core.pricing.quote import PriceBasis, Quote, quote
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import PriceTerms
from tactful.core.values.money import Money, exponent_of, format_plain
from tactful.rulebook.language.units import format_percent

MODELINE: Final = "# yaml-language-server: $schema={schema}\n"
RULE: Final = """\
rules:
  - id: {id}
    note: Write here, for colleagues, why this rule exists.
    when:
      - item.stock: {{at_least: 5}}
      - session.dwell: {{at_least: 30s}}
    offer:
      percent: {percent}
      floor: {{margin: 20%}}
      expires: 15m
      # The card shows the title of the item already.
      message: "{message}"

# Write this once, in any rule file, to learn what offers earn. One shopper in ten then sees none, and
# `tactful report` compares them with the others.
# policy:
#   holdout: 10%
"""
MESSAGES: Final = {
    "en": "{offer.price} for the next {offer.expires}.",
    "de": "{offer.price}, gültig für {offer.expires}.",
    "fr": "{offer.price}, valable pendant {offer.expires}.",
    "es": "{offer.price}, válido durante {offer.expires}.",
    "pl": "{offer.price}, ważne przez {offer.expires}.",
    "it": "{offer.price}, valido per {offer.expires}.",
    "nl": "{offer.price}, nog {offer.expires} geldig.",
    "pt": "{offer.price}, válido durante {offer.expires}.",
    "sv": "{offer.price}, gäller i {offer.expires}.",
    "da": "{offer.price}, gælder i {offer.expires}.",
    "nb": "{offer.price}, gjelder i {offer.expires}.",
}
"""Language → the message of a new rule: the languages of the card."""
TESTS: Final = """\
rules: [{id}]

given:{territory}
  items:
    SHOE-1: {{price: {price}, cost: {cost}, stock: {stock}}}

tests:
  - name: a hesitating shopper gets an offer
    steps:
      - view: SHOE-1
      - wait: 35s
      - expect: {{offer: {id}, price: {offered}}}

  - name: the last pairs are sold at full price
    given:
      items:
        SHOE-1: {{stock: 4}}
    steps:
      - view: SHOE-1
      - wait: 35s
      - expect: {{offer: none, because: target.conditions}}
"""


_PERCENT_BP: Final = 1000
_MARGIN_BP: Final = 2000
"""The price terms of the template."""
_STOCK: Final = 12
_DEFAULT_TERRITORY: Final = "DE"
"""The territory of a scenario that names none."""


def new_rule(
    id_: str, schema: str, policy: Policy, currency: str, territory: str | None
) -> tuple[str, str]:
    """Return the texts of a new rule file and of its scenario file.

    Args:
        id_: the id of the rule.
        schema: path of the JSON Schema, relative to the rule file, for the editor.
        policy: the shop's policy. Its language is that of the message; a language that the card does not
            know gives an English message.
        currency: the ISO 4217 code of the prices in the scenarios.
        territory: the territory of the scenarios; `None`: the default of scenarios.
    """
    message = MESSAGES.get(policy.language.partition("-")[0].lower(), MESSAGES["en"])
    # A policy that allows no discount is an error that the check names; the template does not hide it.
    percent_bp = min(_PERCENT_BP, policy.max_total_discount_bp) or _PERCENT_BP
    rule = RULE.format(id=id_, message=message, percent=format_percent(percent_bp))
    # No shop sells shoes for 100 yen.
    price = 100 * 10 ** (exponent_of(currency) or 2)
    cost = price * 2 // 5
    tests = TESTS.format(
        id=id_,
        territory="" if territory in {None, _DEFAULT_TERRITORY} else f"\n  territory: {territory}",
        price=format_plain(Money(price, currency)),
        cost=format_plain(Money(cost, currency)),
        stock=max(_STOCK, policy.stock_minimum),
        offered=format_plain(
            Money(_offered(percent_bp, PriceBasis(price, currency, cost=cost), policy), currency)
        ),
    )
    return MODELINE.format(schema=schema) + rule, tests


def _offered(percent_bp: int, price: PriceBasis, policy: Policy) -> int:
    """Return the price that the template's rule offers under a policy, in minor units."""
    found = quote(
        PriceTerms(mode="percent", percent_bp=percent_bp, margin_bp=_MARGIN_BP),
        price,
        endings=policy.endings,
        rounding=policy.rounding,
    )
    return found.unit if isinstance(found, Quote) else price.amount
