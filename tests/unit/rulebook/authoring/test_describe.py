"""Explanations of rules and fields in plain words."""

import pytest

from support.rule_files import NOW as T0
from support.rule_files import check, rulebook
from tactful.core.rules.rule import NEVER, NOW
from tactful.rulebook.authoring.describe import (
    describe_fields,
    describe_prohibitions,
    describe_rule,
    describe_suppress,
    describe_window,
)

RICH = """
lists: {heroes: [Velo, Nordek]}
campaigns: {c: {budget: 50.00 EUR, per: week}, d: {count: 5}}
rules:
  - id: rich
    note: Everything at once.
    valid: {from: 2026-03-01, until: 2026-03-31, timezone: Europe/Berlin}
    schedule: [{days: mon-fri}, {hours: 09:00-18:00}]
    territories: [DE, AT]
    mode: shadow
    share: 20%
    paused: true
    moment: rescue
    when:
      - item.category: {under: [shoes, boots]}
      - item.brand: {in: $heroes}
      - item.sku: {not: X}
      - cart.has_item: {not: [A, B]}
      - item.on_sale: false
      - item.stock: {between: [1, 9]}
      - item.attributes.colour: red
      - item.price_since: {before: 30d}
      - item.stock_reported: {within: 1h}
      - customer.last_order: {since: 2026-01-01}
      - customer.orders: {at_least: 1, within: 90d}
      - customer.spent: {at_most: 500.00 EUR, since: 2026-01-01}
      - any: [item.title: {matches: "*x*"}, {none: [session.page: cart]}]
    unless:
      - cart.total: {at_least: {EUR: 200.00}}
    campaign: c
    limits: {per_session: 1, per_shopper: {count: 2, per: 30d}}
    offer: {percent: 15%, floor: {margin: 20%, minimum: {EUR: 9.00}}, expires: 20m}
  - {id: bare, valid: {from: 2026-03-01}, campaign: d, offer: {amount: 5.00 EUR}}
  - {id: fixed, valid: {until: 2026-03-31}, offer: {fixed: 5.00 EUR}}
  - {id: steps, when: [], unless: [], offer: {ladder: [{percent: 5%}, {to_target: true}]}}
  - {id: gift, offer: {gift: true}}
  - {id: sorry, remedy: true}
  - {id: order, offer: {percent: 10%, off_the: order, at_most: {EUR: 50.00, GBP: 45.00}}}
  - {id: parcel, offer: {amount: 3.00 EUR, off_the: shipping}}
"""


def words(id_: str) -> str:
    compiled = check(RICH)
    assert compiled.rulebook is not None, compiled.diagnostics
    text = next(text for text in compiled.files.rules if text.id == id_)
    return describe_rule(text, compiled.files, compiled.policy)


def test_the_minimum_of_an_order_is_told() -> None:
    text = "rules: [{id: a, offer: {amount: 5.00 EUR, off_the: order, min_order: 50.00 EUR}}]"
    compiled = check(text)
    (rule,) = compiled.files.rules
    assert "5.00 EUR off the order, from an order of 50.00 EUR" in describe_rule(
        rule, compiled.files, compiled.policy
    )


def test_a_rule_is_explained_in_plain_words() -> None:
    assert (
        words("rich")
        == """\
rich
  Everything at once.
  In DE and AT
  from 2026-03-01 until 2026-03-31 (Europe/Berlin; from 2026-02-28T23:00:00Z until 2026-03-31T22:00:00Z)
  on mon-fri, all day (Europe/Berlin)
  on every day, 09:00-18:00 (Europe/Berlin)
  only on pages on which the shopper is leaving for good
  in shadow mode: offers are recorded and never shown
  in 20% of the sessions
  paused: it makes no offers now
  when
    - the categories of the item are under shoes or boots
    - the brand of the item is $heroes
    - the SKU of the item in view is not X
    - the SKUs in the cart do not include A or B
    - whether the public price is below the list price: no
    - the quantity that can be sold in the territory is between 1 and 9
    - the attribute 'colour' is red
    - the last change of the public price was at least 30d ago
    - the last report of the item's stock was in the last 1h
    - the last order of the customer was on or after 2026-01-01
    - the number of orders that were placed and not cancelled is at least 1, counting the last 90d
    - the amount spent, in the currency of the public price is at most 500.00 EUR, counting since 2026-01-01
    - at least one of these holds:
      - the title of the item matches "*x*"
      - none of these holds:
        - the kind of the open page is cart
  but not when
    - the value of the cart at public prices is at least {EUR: 200.00}
  offers 15% off
  never below a margin of 20%
  never below 9.00 EUR
  valid for 20m, largest quantity 1
  at most 1 in a session
  at most 2 in 30d to one shopper
  from the budget of 'c' of 50.00 EUR, per week
  It reads what the shop knows about a verified customer and what happens in the session.
"""
    )


@pytest.mark.parametrize(
    ("id_", "offered"),
    [
        ("bare", "5.00 EUR off"),
        ("fixed", "a price of 5.00 EUR"),
        ("steps", "5% off, then the territory's target price"),
        ("gift", "the item for free"),
        ("sorry", "the voucher that support issued"),
        ("order", "10% off the order, at most {EUR: 50.00, GBP: 45.00}"),
        ("parcel", "3.00 EUR off the shipping"),
    ],
)
def test_every_price_mode_has_an_explanation(id_: str, offered: str) -> None:
    assert f"  offers {offered}\n" in words(id_)
    assert "Everywhere" in words(id_)


def test_every_field_is_listed_with_an_example() -> None:
    listing = describe_fields()
    assert "item.stock" in listing
    assert "e.g. {at_least: 5}" in listing


def test_prohibitions_are_described_in_a_line_each() -> None:
    book = rulebook("""
    exclude:
      - {id: a, skus: [GIFT-50, GIFT-100], note: Money for money., owner: till}
      - {id: b, categories: books, territories: DE, valid: {from: 2026-04-01, until: 2026-04-30}, note: Bound., owner: books}
      - {id: c, valid: {from: 2026-12-24, until: 2026-12-24}, note: Rest., owner: all}
    forbid_inputs:
      US-NY: {inputs: [personal, pseudonymous], from: 2026-07-01, except: [loyalty, remedy]}
      FR: [personal]
    """)
    assert describe_prohibitions(book) == [
        "exclusion 'a': no offers on SKUs GIFT-100 or GIFT-50. Money for money. (till)",
        "exclusion 'b': no offers on category books, territory DE from 2026-04-01T00:00:00Z until 2026-05-01T00:00:00Z. Bound. (books)",
        "exclusion 'c': no offers on everything from 2026-12-24T00:00:00Z until 2026-12-25T00:00:00Z. Rest. (all)",
        "in FR: no personal data",
        "in US-NY: no personal or pseudonymous data from 2026-07-01T00:00:00Z, except for loyalty and remedy",
    ]


def test_a_markup_is_explained_as_a_share_of_the_cost() -> None:
    compiled = check("rules: [{id: a, offer: {percent: 5%, floor: {markup: 25%}}}]")
    text = describe_rule(compiled.files.rules[0], compiled.files, compiled.policy)
    assert "never below the cost plus 25% of the cost" in text


@pytest.mark.parametrize(
    ("fields", "policy", "said"),
    [
        ("offer: {percent: 5%}", "{}", "after 30d on one item without a pause"),
        ("offer: {percent: 5%}", "{max_claim: 45d}", "after 45d on one item without a pause"),
        ("valid: {from: 2026-03-01}, offer: {percent: 5%}", "{}", "after 30d"),
        ("valid: {from: 2026-03-01, until: 2026-03-30}, offer: {percent: 5%}", "{}", None),
        ("valid: {from: 2026-03-01, until: 2026-03-31}, offer: {percent: 5%}", "{}", "after 30d"),
        ("offer: {amount: 3.00 EUR, off_the: shipping}", "{}", None),
        ("offer: {percent: 5%}, mode: shadow", "{}", None),
        ("remedy: true", "{}", None),
    ],
)
def test_an_explanation_says_when_the_claim_ends(
    fields: str, policy: str, said: str | None
) -> None:
    compiled = check(f"rules: [{{id: a, {fields}}}]\npolicy: {policy}")
    text = describe_rule(compiled.files.rules[0], compiled.files, compiled.policy)
    assert ('no "was" and no percentage' in text) is (said is not None)
    assert said is None or said in text


FULL = """
policy: {endings: {EUR: 95, GBP: 99}}
campaigns: {c: {count: 5}}
suppress:
  - {id: glass, when: [item.category: {under: glass}, {none: [item.brand: Velo]}], after: 120d}
rules:
  - id: full
    mode: trial
    campaign: c
    holdout: 10%
    priority: 5
    force: true
    on_change: withdraw
    stacks_with: [other]
    when: [item.category: [boots, shoes]]
    offer: {percent: 5%, floor: {margin: 10%}, on_floor: withhold, min_saving: 2.00 EUR}
  - {id: other, on_change: drain, stacks_with: [full], offer: {percent: 5%, ending: 99, codes: spring}}
"""


def described(id_: str) -> list[str]:
    compiled = check(FULL)
    rule = next(one for one in compiled.files.rules if one.id == id_)
    return describe_rule(rule, compiled.files, compiled.policy).splitlines()


@pytest.mark.parametrize(
    "line",
    [
        "  as a trial, for at most 60d from its first activation",
        "  this trial names no end, so it lasts 14d",
        "  in 50% of the sessions",
        "  held out in 10% of these sessions, so that its effect can be measured",
        "    - the categories of the item include boots or shoes, without what is under it",
        "  no offer instead of one at the floor",
        "  no offer that saves less than 2.00 EUR",
        "  at prices that end in 95 in EUR and 99 in GBP, by the policy",
        "  priority 5",
        "  beside offers of other",
        "  even where making no offer earns more",
        "  standing offers are withdrawn when the rule is edited or paused",
    ],
)
def test_everything_that_limits_a_rule_is_explained(line: str) -> None:
    assert line in described("full")


def test_the_ending_of_a_rule_and_its_draining_are_explained() -> None:
    assert "  at prices that end in 99" in described("other")
    assert "  with a discount code of the pool 'spring'" in described("other")
    assert "  standing offers expire when the rule is edited or paused" in described("other")


def test_a_suppress_block_is_described_in_one_line() -> None:
    assert describe_suppress(check(FULL).files.suppress[0]) == (
        "suppression lasts at least 120d where the categories of the item are under glass, "
        "none of these holds: the brand of the item is Velo"
    )


@pytest.mark.parametrize(
    ("starts", "ends", "text"),
    [
        (T0, NEVER, "from 2026-03-10T12:00:00Z"),
        (NOW, T0, "until 2026-03-10T12:00:00Z"),
        (T0, T0 + 1000, "from 2026-03-10T12:00:00Z until 2026-03-10T12:00:01Z"),
    ],
)
def test_a_window_is_described_in_utc(starts: int, ends: int, text: str) -> None:
    assert describe_window(starts, ends) == text


def test_a_trial_with_an_end_names_no_other_end() -> None:
    compiled = check(FULL.replace("mode: trial", "mode: trial\n    valid: {until: 2026-03-31}"))
    rule = next(one for one in compiled.files.rules if one.id == "full")
    text = describe_rule(rule, compiled.files, compiled.policy)
    assert "as a trial" in text
    assert "this trial names no end" not in text


def test_a_rule_of_an_experiment_names_its_share_and_the_other_rules() -> None:
    text = """
    campaigns: {c: {count: 1}}
    experiment: {id: e, variants: [{rule: a, share: 45%}, {rule: b, share: 50%}]}
    rules:
      - {id: a, mode: trial, campaign: c, offer: {percent: 1%, floor: {margin: 10%}}}
      - {id: b, mode: trial, campaign: c, offer: {percent: 2%, floor: {margin: 10%}}}
    """
    compiled = check(text)
    said = describe_rule(compiled.files.rules[0], compiled.files, compiled.policy)
    assert "for 45% of the shoppers, in the experiment 'e' against b" in said
    assert "of the sessions" not in said
    other = check("rules: [{id: c, offer: {percent: 1%}}]").files.rules[0]
    assert "experiment" not in describe_rule(other, compiled.files, compiled.policy)
