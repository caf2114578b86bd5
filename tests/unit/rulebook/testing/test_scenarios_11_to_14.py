"""Scenarios 11, 12 and 14 as scenario files."""

from support.rule_test_runs import failures

SHOES = """
given:
  tax: 19%
  items:
    RUN-42: {product: aero-runner, brand: Velo, categories: [running], price: 129.00 EUR, target: 99.00 EUR, cost: 52.00 EUR, stock: 6}
    TRAIL-42: {product: velo-trail, brand: Velo, categories: [running], price: 139.00 EUR, target: 109.00 EUR, cost: 56.00 EUR, stock: 5}
    SOCK-3: {categories: [socks], price: 19.90 EUR, cost: 6.00 EUR, stock: 40}
"""
R1 = """
rules:
  - id: R1
    when: [item.category: {under: running}, session.dwell: {at_least: 30s}]
    offer: {percent: 15%, floor: {margin: 20%}, expires: 15m}
"""


def test_scenario_11_an_offer_that_earns_less_than_no_offer_is_withheld() -> None:
    rules = """
    policy: {arbitration: expected_value, prior: {weight: 0}}
    rules:
      - {id: fifteen, priority: 1, when: [item.category: running], offer: {percent: 15%}}
      - {id: eight, when: [item.category: running], offer: {percent: 8%}}
    """
    log = """  log:
    RUN-42:
      silence: {shoppers: 1000, bought: 60}
      fifteen: {shoppers: 1000, bought: 80}
      eight: {shoppers: 1000, bought: 75}
    OTHER: {}
"""
    given = SHOES + log
    alone = (
        "- view: RUN-42\n- wait: 31s\n- expect: {offer: none, because: arbitration.negative_value}"
    )
    assert failures(alone, rules=rules, given=given, head="rules: [fifteen]") == []
    both = """
    - view: RUN-42
    - wait: 31s
    - expect: {offer: eight, price: 118.68 EUR}
    - expect: {rule: fifteen, because: arbitration.negative_value}
    """
    assert failures(both, rules=rules, given=given, head="at: 2026-03-10 12:00") == []


def test_scenario_12_an_offer_waits_for_the_right_moment() -> None:
    given = SHOES.replace("given:", "given:\n  customer: c1\n  customers: {c1: {tier: basic}}")
    steps = """
    - view: RUN-42
    - wait: 10s
    - expect: {offer: none, because: timing.wait}
    - wait: 19s
    - act: input
    - wait: 2s
    - expect: {offer: none, because: timing.wait}
    - wait: 1s
    - expect: {offer: R1, price: 109.65 EUR}
    - dismiss: true
    - expect: {offer: none, because: contact.dismissed}
    - view: TRAIL-42
    - act: hidden
    - wait: 40s
    - expect: {offer: none, because: timing.wait}
    - act: visible
    - wait: 31s
    - expect: {because: contact.dismissed}
    - wait: 24h
    - view: TRAIL-42
    - wait: 31s
    - expect: {offer: R1, price: 118.15 EUR}
    """
    assert failures(steps, given=given, rules=R1, head="rules: [R1]") == []
    paying = "- view: RUN-42\n- page: payment\n- wait: 31s\n- expect: {item: RUN-42, because: timing.checkout}"
    assert failures(paying, given=given, rules=R1, head="rules: [R1]") == []
    chatting = """
    - view: RUN-42
    - act: chat_open
    - wait: 31s
    - expect: {because: timing.chat}
    - act: chat_closed
    - expect: {offer: R1}
    - act: chat_open
    - expect: {offer: R1}
    """
    assert failures(chatting, given=given, rules=R1, head="rules: [R1]") == []


def test_scenario_14_a_paused_rule_is_the_reason() -> None:
    rules = R1.replace("  - id: R1", "  - id: R1\n    paused: true\n    on_change: withdraw")
    steps = "- view: RUN-42\n- wait: 31s\n- expect: {offer: none, because: rule.paused}"
    assert failures(steps, given=SHOES, rules=rules, head="rules: [R1]") == []
