"""What the checker finds beyond what its pages show."""

import pytest

from support.rule_files import check, codes, found, one_rule
from tactful.rulebook.checks.check_registry import CHECKS


def test_a_missing_colon_is_named() -> None:
    text = one_rule("when:\n  - item.stock {at_least: 5}\noffer: {percent: 1%}")
    [one] = check(text).diagnostics
    assert (one.code, one.help) == ("R203", "write a colon and a blank after 'item.stock'")


def test_every_finding_comes_once_and_in_the_order_of_the_file() -> None:
    text = one_rule("when: [item.stokc: 1, item.brnad: x]\noffer: {percent: 101%}")
    places = found(text)
    assert places == sorted(places, key=lambda one: one[1:])
    assert len(set(places)) == 3


def test_checks_are_run_on_an_empty_rulebook_too() -> None:
    assert found("") == []
    assert len(CHECKS) == 21


def test_did_you_mean_is_said_only_where_something_is_near() -> None:
    near = check(one_rule("when: [item.stokc: {at_least: 1}]\noffer: {percent: 1%}"))
    far = check(one_rule("when: [zzz: {at_least: 1}]\noffer: {percent: 1%}"))
    assert near.diagnostics[0].help == "did you mean 'item.stock'?"
    assert "tactful rules explain --fields" in far.diagnostics[0].help


CONDITIONS = [
    ("when: hello", "R204"),
    ("when: [hello]", "R204"),
    ("when: [item.stock: 5 pieces]", "R204"),
    ("when: [item.category: under shoes]", "R206"),
    ("when: [session.dwell: 30s]", "R206"),
    ("when: [item.brand: {at_least: x}]", "R206"),
    ("when: [item.brand: {lieks: x}]", "R206"),
    ("when: [item.brand: {}]", "R204"),
    ("when: [item.price: {}]", "R204"),
    ("when: [customer.orders: {within: 30d}]", "R204"),
    ("when: [customer.orders: {at_least: 1, within: 30}]", "R205"),
    ("when: [customer.orders: {at_least: 1, since: 1.1.2026}]", "R212"),
    ("when: [item.brand: {in: []}]", "R301"),
    ("when: [{any: []}]", "R301"),
    ("when: [item.brand: []]", "R301"),
    ("when: [item.stock: {between: 5}]", "R204"),
    ("when: [item.stock: {between: [1, 2, 3]}]", "R204"),
    ("when: [item.stock: {between: [1, x]}]", "R204"),
    ("when: [item.brand: no]", "R208"),
    ("when: [item.attributes.washable: yes]", "R208"),
    ("when: [item.stock: {between: [5, 1]}]", "R301"),
    ("when: [item.price: {between: [5.00 EUR, 9.00 GBP]}]", "R301"),
    ("when: [time.weekday: monday]", "R214"),
    ("when: [session.page: basket]", "R214"),
    ("unless: [item.stokc: 1]", "R203"),
]


@pytest.mark.parametrize(("text", "code"), CONDITIONS)
def test_a_condition_that_makes_no_sense_is_found(text: str, code: str) -> None:
    assert code in codes(one_rule(f"{text}\noffer: {{percent: 10%}}"))


SENSIBLE = [
    "when: {item.stock: {at_least: 1}, item.brand: Velo}",
    "when: [{item.stock: {at_least: 1}, item.brand: Velo}]",
    "when: {any: [item.brand: Velo, item.brand: Nordek]}",
    "when: [item.stock: {at_least: 1, at_most: 5}]",
    "when: [item.stock: [1, 2], item.stock: {not: 2}]",
    "when: [item.brand: [Velo, Nordek], item.brand: {not: Nordek}]",
    "when: [item.category: shoes, item.category: boots]",
    "when: [item.price: {at_least: 5.00 EUR}, item.price: {at_most: 9.00 EUR}]",
    "when: [item.price: {between: [{EUR: 5, GBP: 4}, {EUR: 9, GBP: 8}]}]",
    "when: [customer.orders: {at_least: 9}, customer.orders: {at_most: 1, within: 30d}]",
    "when: []\nunless: {item.on_sale: true}",
    "when: [item.brand: 'no']",
    "when: [{any: [item.stock: {at_least: 9}]}, {any: [item.brand: x]}]",
    "when: [item.stock: {at_least: 5}]\nunless: [{all: [item.stock: {at_least: 5}, item.brand: x]}]",
    "when: [item.brand: {matches: 'V*'}, item.brand: {not: Velo}]",
]


@pytest.mark.parametrize("text", SENSIBLE)
def test_a_condition_that_makes_sense_is_not_found(text: str) -> None:
    assert codes(one_rule(f"{text}\noffer: {{percent: 10%}}")) == []


CONTRADICTIONS = [
    "when: [item.brand: Velo, item.brand: Nordek]",
    "when: [item.brand: [Velo], item.brand: {not: Velo}]",
    "when: [item.stock: [1, 2], item.stock: {at_least: 5}]",
    "when: [item.stock: [7, 9], item.stock: {at_most: 5}]",
    "when: [{any: [item.stock: {at_least: 9}]}, item.stock: {between: [1, 5]}]",
    "when: [item.on_sale: true, item.on_sale: false]",
    "when: [session.dwell: {at_least: 60s}, session.dwell: {at_most: 30s}]",
    "when: [item.stock: {at_least: 5}]\nunless: [item.stock: {at_least: 5}]",
]


@pytest.mark.parametrize("text", CONTRADICTIONS)
def test_contradictions_are_found(text: str) -> None:
    assert codes(one_rule(f"{text}\noffer: {{percent: 10%}}")) == ["R302"]


def test_shared_lists_stand_for_their_values() -> None:
    lists = "lists: {heroes: [Velo, Nordek], feet: [shoes, socks]}\n"
    text = one_rule(
        "when: [item.brand: {in: [$heroes, Other]}, item.category: {under: $feet}]\n"
        "offer: {percent: 10%}",
        lists,
    )
    compiled = check(text)
    assert compiled.rulebook is not None
    clause = compiled.rulebook.rules["one"].condition.parts[0]  # type: ignore[union-attr]
    assert clause.value == ("Velo", "Nordek", "Other")


def test_a_list_must_be_one_and_its_values_must_fit() -> None:
    assert codes("lists: {a: b}\n") == ["R315", "R204"]
    text = one_rule("when: [item.stock: {in: $sizes}]\noffer: {percent: 1%}", "lists: {sizes: [x]}")
    assert codes(text) == ["R204"]


def test_ids_are_unique_across_files_and_kinds() -> None:
    campaign = "campaigns: {c: {budget: 1.00 EUR}}\nlists: {l: [a]}\n"
    block = "suppress:\n  - {id: s, when: [item.brand: x], after: 120d}\n"
    found_codes = [one.code for one in check(campaign + block, campaign + block).diagnostics]
    assert found_codes.count("R209") == 3


def test_suppress_blocks_lengthen_cooldowns_and_need_an_end() -> None:
    compiled = check("suppress:\n  - {id: s, when: [item.category: {under: glass}], after: 120d}\n")
    assert compiled.rulebook is not None
    [block] = compiled.rulebook.suppress
    assert (block.id, block.after) == ("s", 120 * 86_400_000)
    assert codes("suppress:\n  - {id: s, when: [item.brand: x]}\n") == ["R202"]
    assert codes("suppress:\n  - {when: [item.brand: x], after: 1d}\n") == ["R202"]
    assert codes("suppress:\n  - {id: s, after: 1d}\n") == ["R202"]


PRICES = [
    ("offer: {}", ["R219"]),
    ("offer: 10%", ["R204"]),
    ("note: nothing offered", ["R219"]),
    ("offer: {to_target: false}", ["R219"]),
    ("offer: {gift: false}", ["R219"]),
    ("offer: {ladder: [{percent: 5%, amount: 1.00 EUR}]}", ["R219"]),
    ("offer: {ladder: [{percent: 5%}, {fixed: 9.00 EUR}]}", []),
    ("offer: {gift: true}", []),
    ("offer: {percent: 5%}\nremedy: true", []),
    ("offer: {percent: 5%, to_target: true}\nremedy: true", ["R219"]),
    ("remedy: true", []),
    ("remedy: true\noffer: {expires: 1d}", []),
    ("offer: {percent: 95%}", ["R306"]),
    ("offer: {ladder: [{percent: 95%}]}", ["R306"]),
    ("offer: {ladder: [{fixed: 1.00 EUR}], floor: {minimum: 2.00 EUR}}", ["R306"]),
    ("offer: {fixed: 1.00 EUR, floor: {minimum: 2.00 GBP}}", []),
]
LEVELS = [
    ("offer: {amount: 5.00 EUR, off_the: order}", []),
    ("offer: {percent: 10%, off_the: order, at_most: 50.00 EUR, floor: {margin: 20%}}", []),
    ("offer: {percent: 10%, off_the: order, at_most: 50.00 EUR, min_saving: 2.00 EUR}", []),
    ("offer: {percent: 100%, off_the: shipping, at_most: 6.90 EUR}", []),
    ("offer: {amount: 3.00 EUR, off_the: shipping}", []),
    ("offer: {percent: 10%, off_the: item}", []),
    ("offer: {percent: 10%, off_the: order}", ["R317"]),
    ("offer: {percent: 100%, off_the: shipping}", ["R317"]),
    ("offer: {percent: 10%, off_the: basket}", ["R214"]),
    ("offer: {percent: 95%, off_the: order, at_most: 50.00 EUR}", ["R306"]),
    ("offer: {percent: 10%, at_most: 50.00 EUR}", ["R318"]),
    ("offer: {amount: 5.00 EUR, off_the: order, at_most: 5.00 EUR}", ["R318"]),
    ("offer: {fixed: 5.00 EUR, off_the: order}", ["R318"]),
    ("offer: {to_target: true, off_the: order}", ["R318"]),
    ("offer: {gift: true, off_the: shipping}", ["R318"]),
    ("offer: {ladder: [{percent: 5%}], off_the: order}", ["R318"]),
    ("offer: {amount: 5.00 EUR, off_the: order, ending: 95, max_qty: 2}", ["R318"] * 2),
    ("offer: {amount: 5.00 EUR, off_the: order, on_floor: clamp}", ["R318"]),
    ("offer: {amount: 5.00 EUR, off_the: shipping, floor: {margin: 5%}}", ["R318"]),
    ("offer: {amount: 5.00 EUR, off_the: shipping, min_saving: 2.00 EUR}", ["R318"]),
    ("offer: {expires: 1d, off_the: order}\nremedy: true", ["R318"]),
]


@pytest.mark.parametrize(("text", "expected"), PRICES)
def test_a_price_is_made_in_one_way_and_above_the_floor(text: str, expected: list[str]) -> None:
    assert codes(one_rule(text)) == expected


@pytest.mark.parametrize(("text", "expected"), LEVELS)
def test_what_comes_off_an_order_is_bounded_and_has_no_price(
    text: str, expected: list[str]
) -> None:
    assert codes(one_rule(text)) == expected


def test_what_a_file_has_in_common_for_prices_is_no_mistake_of_an_offer_on_the_order() -> None:
    common = "defaults: {offer: {max_qty: 2, ending: 95, on_floor: clamp}}\n"
    text = one_rule("offer: {percent: 10%, off_the: order, at_most: 5.00 EUR}", common)
    compiled = check(text)
    assert compiled.rulebook is not None
    rule = compiled.rulebook.rules["one"]
    assert (rule.level, rule.max_qty, rule.price.ending) == ("order", 1, None)
    assert (rule.price.on_floor, rule.price.at_most) == ("withhold", {"EUR": 500})


WINDOWS = [
    ("schedule: {days: mon-fri, hours: 09:00-18:00}", []),
    ("schedule: [{days: mon}, {hours: 22:00-02:00}]", []),
    ("schedule: {days: monday}", ["R212"]),
    ("schedule: {hours: 9-18}", ["R212"]),
    ("schedule: {}", ["R202"]),
    ("valid: {from: 2026-03-14, until: 2026-03-15}\nschedule: {days: mon-fri}", ["R304"]),
    ("valid: {from: 2026-03-14, until: 2026-03-16}\nschedule: {days: mon-fri}", []),
    ("valid: {until: 2026-03-09}", ["R305"]),
    ("valid: {from: 2027-03-09}", []),
    ("valid: {from: 2026-03-10, until: 2026-03-10}", []),
]


@pytest.mark.parametrize(("text", "expected"), WINDOWS)
def test_a_window_opens_some_time(text: str, expected: list[str]) -> None:
    assert codes(one_rule(f"{text}\noffer: {{percent: 10%}}")) == expected


def test_a_trial_is_told_every_rail_that_is_missing() -> None:
    compiled = check(one_rule("mode: trial\noffer: {percent: 10%}"))
    assert [one.code for one in compiled.diagnostics] == ["R312"] * 4
    rails = "mode: trial\nshare: 20%\nvalid: {until: 2026-03-31}\ncampaign: c\n"
    parcel = f"{rails}offer: {{amount: 5.00 EUR, off_the: shipping}}"
    assert codes(one_rule(parcel, "campaigns: {c: {count: 5}}")) == []
    order = f"{rails}offer: {{amount: 5.00 EUR, off_the: order}}"
    assert codes(one_rule(order, "campaigns: {c: {count: 5}}")) == ["R312"]
    long = "mode: trial\nshare: 50%\nvalid: {until: 2026-12-31}\ncampaign: c\n"
    text = one_rule(
        f"{long}offer: {{percent: 10%, floor: {{minimum: 5.00 EUR}}}}", "campaigns: {c: {count: 5}}"
    )
    assert [one.message for one in check(text).diagnostics] == [
        "this trial lasts longer than 60 days"
    ]


@pytest.mark.parametrize(
    ("off", "named", "expected"),
    [
        ("percent: 1%, off_the: order, at_most: 1.00 EUR", "stacks_with: [a]", []),
        ("amount: 1.00 EUR, off_the: shipping", "stacks_with: [a]", []),
        ("percent: 1%", "stacks_with: [a]", ["R303"]),
        ("percent: 1%, off_the: order, at_most: 1.00 EUR", "note: alone", ["R309", "R303"]),
    ],
)
def test_what_comes_off_something_else_has_its_turn_beside_the_winner(
    off: str, named: str, expected: list[str]
) -> None:
    winner = "  - {id: a, priority: 5, stacks_with: [b], offer: {percent: 1%}}\n"
    loser = f"  - {{id: b, {named}, offer: {{{off}}}}}\n"
    assert codes(f"rules:\n{winner}{loser}") == expected


def test_a_winner_is_named_to_the_rule_that_never_wins() -> None:
    winner = "  - {id: a, priority: 5, when: [item.brand: x], offer: {percent: 1%}}\n"
    for loser, expected in [
        ("{id: b, when: [item.brand: x, item.stock: 5], offer: {percent: 1%}}", ["R303"]),
        ("{id: b, when: [item.brand: y], offer: {percent: 1%}}", []),
        ("{id: b, priority: 5, when: [item.brand: x], offer: {percent: 1%}}", []),
        ("{id: b, moment: rescue, when: [item.brand: x], offer: {percent: 1%}}", []),
        ("{id: b, remedy: true, when: [item.brand: x]}", []),
    ]:
        assert codes(f"rules:\n{winner}  - {loser}\n") == expected


def test_a_winner_that_is_held_back_beats_nobody() -> None:
    loser = "  - {id: b, when: [item.brand: x], offer: {percent: 1%}}\n"
    for more in ("paused: true", "mode: shadow", "limits: {per_session: 1}", "territories: [DE]"):
        winner = (
            f"  - {{id: a, priority: 5, {more}, when: [item.brand: x], offer: {{percent: 1%}}}}\n"
        )
        assert codes(f"rules:\n{winner}{loser}") == []
    assert codes("rules:\n  - {id: a, priority: 1, offer: {percent: 1%}}\n" + loser) == ["R303"]
    narrow = loser.replace("when:", "territories: [DE], unless: [item.on_sale: true], when:")
    wide = "  - {id: a, priority: 5, territories: [DE, AT], when: [item.brand: x], offer: {percent: 1%}}\n"
    assert codes(f"rules:\n{wide}{narrow}") == ["R303"]


def test_rules_and_campaigns_stack_with_each_other_by_name() -> None:
    text = """
    campaigns: {c: {count: 5}}
    rules:
      - {id: a, stacks_with: [c], offer: {percent: 1%}}
      - {id: b, campaign: c, stacks_with: [a], offer: {percent: 2%}}
    """
    compiled = check(text)
    assert compiled.diagnostics == ()
    assert compiled.rulebook is not None
    assert compiled.rulebook.rules["a"].stacks_with == {"b"}
    assert codes(one_rule("stacks_with: [missing]\noffer: {percent: 1%}")) == ["R220"]
    assert codes(one_rule("stacks_with: missing\noffer: {percent: 1%}")) == ["R220"]


def test_messages_tell_nothing_about_the_shopper_in_any_language() -> None:
    text = one_rule("offer: {percent: 5%, message: {en: '{item.title}', de: '{customer.tier}'}}")
    assert codes(text) == ["R310"]


def test_defaults_hold_for_the_rules_of_their_file_only() -> None:
    first = """
    defaults: {territories: [DE], offer: {expires: 1h, floor: {margin: 30%}}, limits: {per_session: 1}}
    rules:
      - {id: a, offer: {percent: 10%}}
      - {id: b, territories: [AT], offer: {percent: 10%, floor: {minimum: 5.00 EUR}}}
    """
    compiled = check(first, "rules: [{id: c, offer: {percent: 10%}}]")
    assert compiled.rulebook is not None
    rules = compiled.rulebook.rules
    assert (rules["a"].territories, rules["a"].expires) == ({"DE"}, 3_600_000)
    assert (rules["b"].territories, rules["b"].price.margin_bp) == ({"AT"}, 3000)
    assert rules["b"].price.minimum == {"EUR": 500}
    assert (rules["c"].territories, rules["c"].expires) == (frozenset(), 900_000)
    assert rules["a"].per_session == 1
