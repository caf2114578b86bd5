"""Templates of a new rule file and of its scenario file."""

from typing import Final

MODELINE: Final = "# yaml-language-server: $schema={schema}\n"
RULE: Final = """\
rules:
  - id: {id}
    note: Write here, for colleagues, why this rule exists.
    when:
      - item.stock: {{at_least: 5}}
      - session.dwell: {{at_least: 30s}}
    offer:
      percent: 10%
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

given:
  items:
    SHOE-1: {{price: 100.00 EUR, cost: 40.00 EUR, stock: 12}}

tests:
  - name: a hesitating shopper gets an offer
    steps:
      - view: SHOE-1
      - wait: 35s
      - expect: {{offer: {id}, price: 90.00 EUR}}

  - name: the last pairs are sold at full price
    given:
      items:
        SHOE-1: {{stock: 4}}
    steps:
      - view: SHOE-1
      - wait: 35s
      - expect: {{offer: none, because: target.conditions}}
"""


def new_rule(id_: str, schema: str, language: str) -> tuple[str, str]:
    """Return the texts of a new rule file and of its scenario file.

    Args:
        id_: the id of the rule.
        schema: path of the JSON Schema, relative to the rule file, for the editor.
        language: the shop's language as a BCP 47 tag. A language that the card does not know gives an
            English message.
    """
    message = MESSAGES.get(language.partition("-")[0].lower(), MESSAGES["en"])
    rule = RULE.format(id=id_, message=message)
    return MODELINE.format(schema=schema) + rule, TESTS.format(id=id_)
