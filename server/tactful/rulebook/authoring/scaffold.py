"""What does a new rule look like, with its first test?"""

from typing import Final

MODELINE: Final = "# yaml-language-server: $schema={schema}\n"
RULE: Final = """\
rules:
  - id: {id}
    note: Say here, for colleagues, why this rule exists.
    when:
      - item.stock: {{at_least: 5}}
      - session.dwell: {{at_least: 30s}}
    offer:
      percent: 10%
      floor: {{margin: 20%}}
      expires: 15m
      message: "{{item.title}} for {{offer.price}}, for the next {{offer.expires}}."
"""
TESTS: Final = """\
rules: [{id}]

given:
  items:
    SHOE-1: {{price: 100.00 EUR, cost: 40.00 EUR, stock: 12}}

tests:
  - name: someone who hesitates gets an offer
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


def new_rule(id_: str, schema: str) -> tuple[str, str]:
    """The texts of a rule file and of its tests; `schema` is where the editor finds the schema."""
    return MODELINE.format(schema=schema) + RULE.format(id=id_), TESTS.format(id=id_)
