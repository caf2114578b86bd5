"""Runs of one-scenario files, and their failures."""

from textwrap import dedent, indent

from support.rule_files import rulebook
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.tree import RuleSource
from tactful.rulebook.testing.coverage import Coverage
from tactful.rulebook.testing.runner import ScenarioResult, run_scenarios

RULES = """
campaigns: {c: {budget: 15.00 EUR, count: 5}}
policy: {holdout: 50%, min_stock: 1}
rules:
  - id: half
    share: 50%
    campaign: c
    when: [item.stock: {at_least: 3}]
    offer: {percent: 10%, message: "{item.title} now"}
  - id: other
    when: [item.brand: Nobody]
    offer: {percent: 5%}
"""

GIVEN = """
given:
  tax: 19%
  items:
    A: {title: Shoe, price: 100.00 EUR, list: 120.00 EUR, stock: 9, attributes: {size: 42, wide: true, colour: red}}
    B: {product: bee, price: 50.00 EUR, cost: 10.00 EUR, stock: 9}
    BOX: {price: 140.00 EUR, stock: 9, components: [A, B]}
  customers:
    c1: {tier: gold}
"""


def run(
    steps: str, *, given: str = GIVEN, head: str = "rules: [half]", rules: str = RULES
) -> ScenarioResult:
    """The one test of a file with these steps, which must be in order."""
    text = f"{head}\n{dedent(given)}\ntests:\n  - name: t\n    steps:\n{indent(dedent(steps).strip(), ' ' * 6)}\n"
    findings = Findings()
    book = rulebook(rules)
    [played] = run_scenarios(
        [RuleSource("a.test.yaml", text.encode())], book, findings, Coverage(book.rules)
    )
    assert findings.sorted() == ()
    return played


def failures(steps: str, **more: str) -> list[str]:
    """The messages of the failed expectations of such a test."""
    return [one.message for one in run(steps, **more).failures]
