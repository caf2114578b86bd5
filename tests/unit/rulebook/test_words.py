"""Plain words, differences, reports, the schema and a new rule: what people and editors are shown."""

import json
from pathlib import Path

import pytest

from support.rule_files import NOW, check
from tactful.rulebook.authoring.describe import describe_fields, describe_rule
from tactful.rulebook.authoring.diff import diff_rulebooks
from tactful.rulebook.authoring.json_schema import schema, schema_text
from tactful.rulebook.authoring.scaffold import new_rule
from tactful.rulebook.language.grammar import FILE
from tactful.rulebook.source.codes import CODES
from tactful.rulebook.source.diagnostics import Findings, Span
from tactful.rulebook.source.reports import FORMATS, as_text, lines_of
from tactful.rulebook.source.tree import RuleSource
from tactful.rulebook.testing.coverage import Coverage
from tactful.rulebook.testing.runner import run_scenarios

ROOT = Path(__file__).parents[3]

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
    return describe_rule(text, compiled.files)


def test_a_rule_is_told_in_plain_words() -> None:
    assert (
        words("rich")
        == """\
rich
  Everything at once.
  In DE and AT
  from 2026-03-01 until 2026-03-31 (Europe/Berlin)
  on mon-fri, all day
  on every day, 09:00-18:00
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
  for 20m, up to 1 of it
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
def test_every_price_has_its_words(id_: str, offered: str) -> None:
    assert f"  offers {offered}\n" in words(id_)
    assert "Everywhere" in words(id_)


def test_every_field_is_listed_with_an_example() -> None:
    listing = describe_fields()
    assert "item.stock" in listing
    assert "e.g. {at_least: 5}" in listing


OLD = """
lists: {l: [a, b]}
campaigns: {c: {budget: 50.00 EUR}, gone: {count: 1}}
policy: {holdout: 10%, caps: {per_session: 2}}
suppress: [{id: s, when: [item.brand: x], after: 100d}]
rules:
  - {id: a, campaign: c, when: [item.stock: {at_least: 5}, item.brand: {in: $l}], offer: {percent: 15%, max_qty: 2}}
  - {id: b, campaign: gone, offer: {percent: 1%}}
"""
NEW = """
lists: {l: [a, c], m: [d]}
campaigns: {c: {budget: 40.00 EUR}, new: {count: 1}}
policy: {holdout: 5%, min_stock: 3}
suppress: [{id: s, when: [item.brand: y], after: 120d}, {id: t, when: [item.sku: $m], after: 100d}]
rules:
  - {id: a, campaign: c, when: [item.stock: {at_least: 9}, item.brand: {in: $l}], unless: [{all: [item.sku: q, item.brand: z]}], offer: {percent: 10%, expires: 1h}}
  - {id: n, campaign: new, offer: {percent: 1%}}
"""


def test_differences_are_told_in_words() -> None:
    before, after = check(OLD), check(NEW)
    assert sorted(diff_rulebooks(before, after)) == [
        "campaign 'c': budget is 40.00 EUR instead of 50.00 EUR",
        "campaign 'gone' was removed",
        "campaign 'new' is new",
        "list 'l' no longer has b",
        "list 'l' now has c",
        "list 'm' now has d",
        "policy: caps.per_session is no longer 2",
        "policy: holdout is 5% instead of 10%",
        "policy: min_stock is now 3",
        "rule 'a' no longer requires item.stock: {at_least: 5}",
        "rule 'a' now excludes all of item.sku: q, item.brand: z",
        "rule 'a' now requires item.stock: {at_least: 9}",
        "rule 'a': offer.expires is now 1h",
        "rule 'a': offer.max_qty is no longer 2",
        "rule 'a': offer.percent is 10% instead of 15%",
        "rule 'b' was removed",
        "rule 'n' is new",
        "suppress block 's' no longer covers item.brand: x",
        "suppress block 's' now covers item.brand: y",
        "suppress block 's': after is 120d instead of 100d",
        "suppress block 't' is new",
    ]


def test_another_spelling_is_no_difference() -> None:
    other = OLD.replace(
        "item.stock: {at_least: 5}, item.brand: {in: $l}",
        "item.brand: {in: $l}, item.stock: {at_least: 5}",
    )
    before, after = check(OLD), check(f"# a comment\n{other}")
    assert diff_rulebooks(before, after) == []
    assert before.rulebook is not None
    assert after.rulebook is not None
    assert before.rulebook.version == after.rulebook.version


def test_a_list_that_is_gone_is_told() -> None:
    gone = OLD.replace("lists: {l: [a, b]}", "").replace("{in: $l}", "{in: [a, b]}")
    assert diff_rulebooks(check(OLD), check(gone)) == [
        "list 'l' no longer has a",
        "list 'l' no longer has b",
    ]


def test_the_version_is_the_meaning_whatever_the_files_are_called() -> None:
    first, second = (
        "rules: [{id: a, offer: {percent: 1%}}]",
        "rules: [{id: b, offer: {percent: 1%}}]",
    )
    one, other = check(first, second).rulebook, check(second, first).rulebook
    changed = check(first, second.replace("1%", "2%")).rulebook
    assert one is not None
    assert other is not None
    assert changed is not None
    assert one.version == other.version != changed.version
    assert one.rules["a"].digest == changed.rules["a"].digest
    assert one.rules["b"].digest != changed.rules["b"].digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("when: [item.brand: [a, b]]", "when: {item.brand: {in: [b, a, b]}}"),
        ("when: [item.brand: a]", "when: [item.brand: [a]]"),
        ("when: [item.brand: a, item.sku: b]", "when: {all: [item.sku: b, item.brand: a]}"),
        ("territories: [DE, AT]", "territories: [AT, DE, AT]"),
        ("note: one", "note: other"),
        ("priority: 0", "mode: live"),
        ("schedule: [{days: mon}, {days: tue}]", "schedule: [{days: tue}, {days: mon}]"),
    ],
)
def test_a_rule_that_means_the_same_has_the_same_digest(one: str, other: str) -> None:
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("when: [item.brand: a]", "unless: [item.brand: a]"),
        ("when: [item.brand: a]", "when: [item.brand: {not: a}]"),
        ("when: [{any: [item.brand: a, item.sku: b]}]", "when: [item.brand: a, item.sku: b]"),
        (
            "when: [customer.orders: {at_least: 1}]",
            "when: [customer.orders: {at_least: 1, within: 9d}]",
        ),
        ("priority: 0", "priority: 1"),
        ("schedule: {days: mon}", "schedule: {days: tue}"),
        (
            "when: [time.weekday: mon]",
            "when: [time.weekday: mon]\n    valid: {timezone: Asia/Tokyo}",
        ),
        (
            "when: [customer.last_order: {since: 2026-01-01}]",
            "when: [customer.last_order: {since: 2026-01-01}]\n    valid: {timezone: Asia/Tokyo}",
        ),
        (
            "when: [customer.orders: {at_least: 1, since: 2026-01-01}]",
            "when: [customer.orders: {at_least: 1, since: 2026-01-01}]\n    valid: {timezone: Asia/Tokyo}",
        ),
        ("valid: {from: 2026-01-01}", "valid: {from: 2026-01-01, timezone: Asia/Tokyo}"),
        ("holdout: 10%", "holdout: 20%"),
        ("on_change: keep", "on_change: drain"),
    ],
)
def test_a_rule_that_means_something_else_has_another_digest(one: str, other: str) -> None:
    assert digest(one) != digest(other)


def test_a_zone_that_nothing_depends_on_changes_nothing() -> None:
    assert digest("priority: 1") == digest("priority: 1\n    valid: {timezone: Asia/Tokyo}")


def digest(lines: str) -> str:
    compiled = check(f"rules:\n  - id: a\n    {lines}\n    offer: {{percent: 1%}}\n")
    assert compiled.rulebook is not None, compiled.diagnostics
    return compiled.rulebook.rules["a"].digest


BAD = "rules:\n  - id: one\n    offer: {percent: 10}\n  - {id: old, valid: {until: 2020-01-01}, offer: {percent: 1%}}\n"


def report(form: str, text: str = BAD) -> str:
    compiled = check(text)
    return FORMATS[form](compiled.diagnostics, lines_of({"a.yaml": text.encode()}))


def test_people_see_the_line_with_a_caret_under_the_place() -> None:
    assert (
        report("text")
        == """\
a.yaml:3:22: R205 '10' is not a percentage
    3 |     offer: {percent: 10}
      |                      ^^
      = help: did you mean 10%?

a.yaml:4:30: R305 warning: the rule 'old' ended on 2020-01-01
    4 |   - {id: old, valid: {until: 2020-01-01}, offer: {percent: 1%}}
      |                              ^^^^^^^^^^
      = help: move its end, or remove the rule

1 error and 1 warning.
"""
    )
    assert report("text", "") == "No findings.\n"
    assert as_text(check(BAD).diagnostics, {}).startswith("a.yaml:3:22: R205")


def test_a_finding_over_several_lines_or_without_help_is_shown_too() -> None:
    findings = Findings()
    findings.add("R204", Span("a.yaml", 0, 0, 3, 0), "all of it")
    assert as_text(findings.sorted(), {"a.yaml": ["rules:"]}) == (
        "a.yaml:1:1: R204 all of it\n    1 | rules:\n      | ^\n\n1 error.\n"
    )


def test_machines_get_json() -> None:
    rows = json.loads(report("json"))
    assert [(row["code"], row["severity"], row["line"]) for row in rows] == [
        ("R205", "error", 3),
        ("R305", "warning", 4),
    ]


def test_github_gets_workflow_commands() -> None:
    assert report("github").splitlines()[0] == (
        "::error file=a.yaml,line=3,col=22,title=R205::"
        "'10' is not a percentage (did you mean 10%25?)"
    )


def test_code_scanning_gets_sarif() -> None:
    log = json.loads(report("sarif"))
    [run] = log["runs"]
    assert [one["ruleId"] for one in run["results"]] == ["R205", "R305"]
    assert [one["level"] for one in run["results"]] == ["error", "warning"]
    assert run["tool"]["driver"]["rules"][0]["shortDescription"]["text"] == CODES["R205"].title
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 3, "startColumn": 22, "endLine": 3, "endColumn": 24}


def test_the_schema_in_the_repository_is_the_one_that_is_generated() -> None:
    path = ROOT / "rules" / "schema" / "rules.schema.json"
    assert path.read_text("utf-8") == schema_text()


def test_the_schema_knows_every_section_and_refers_only_to_what_it_defines() -> None:
    found = schema()
    assert set(found["properties"]) == {key.name for key in FILE.keys}
    names = set(found["definitions"])
    refs = {part.split('"')[0] for part in schema_text().split("#/definitions/")[1:]}
    assert refs <= names


def test_a_new_rule_is_clean_and_its_tests_pass_and_cover_it() -> None:
    rules, tests = new_rule("my-rule", "schema/rules.schema.json")
    compiled = check(rules)
    assert compiled.diagnostics == ()
    assert compiled.rulebook is not None
    findings = Findings()
    seen = Coverage(compiled.rulebook.rules)
    played = run_scenarios([RuleSource("t", tests.encode())], compiled.rulebook, findings, seen)
    assert [one.failures for one in played] == [(), ()]
    assert findings.sorted() == ()
    assert seen.share_bp == 10_000
    assert NOW
