"""The grammar of rule files: every key has a meaning, and an example that can be read."""

import pytest

from support.rule_files import check, codes, one_rule
from support.value_types import node, read
from tactful.config.policy_settings import POLICY_SETTINGS
from tactful.rulebook.language.grammar import FILE, MAX_LIFE, OFFER, POLICY, PRICE_MODES
from tactful.rulebook.language.mappings import (
    KeySchema,
    MappingSchema,
    NamedType,
    SequenceType,
)
from tactful.rulebook.language.scalars import ListType, ValueType
from tactful.rulebook.testing.scenario_grammar import PAGE, TEST_FILE
from tactful.runtime.security.signing_keys import OVERLAP


def schemas(value_type: ValueType) -> list[MappingSchema]:
    """Every mapping schema that is reachable from a value type, each once."""
    match value_type:
        case MappingSchema():
            inner = [one for key in value_type.keys for one in schemas(key.value_type)]
            return [value_type, *inner]
        case SequenceType() | ListType():
            return schemas(value_type.item_type)
        case NamedType():
            return schemas(value_type.value_type)
        case _:
            return []


KEYS: dict[str, KeySchema] = {
    f"{schema.name}: {key.name}": key
    for schema in (*schemas(FILE), *schemas(TEST_FILE), PAGE)
    for key in schema.keys
}


@pytest.mark.parametrize("name", KEYS)
def test_the_example_of_a_key_can_be_read(name: str) -> None:
    key = KEYS[name]
    value, codes, _ = read(key.value_type, key.example)
    assert codes == []
    assert value is not None


@pytest.mark.parametrize("name", KEYS)
def test_the_meaning_of_a_key_is_a_sentence(name: str) -> None:
    about = KEYS[name].about
    assert about[0].isupper() or about.startswith("`")
    assert about.endswith(".")
    assert "?" not in about


def test_a_required_key_has_no_default() -> None:
    assert [name for name, key in KEYS.items() if key.required and key.default] == []


def test_every_price_mode_is_a_key_of_an_offer() -> None:
    assert set(PRICE_MODES) <= {key.name for key in OFFER.keys}


def test_an_offer_ends_well_before_a_rotated_key_stops_verifying() -> None:
    [expires] = [key for key in OFFER.keys if key.name == "expires"]
    assert MAX_LIFE < OVERLAP / 2
    assert read(expires.value_type, "14d") == (MAX_LIFE, [], "")
    assert read(expires.value_type, "15d")[1] == ["R215"]


def test_a_section_that_is_not_known_is_reported_with_the_nearest_one() -> None:
    [one] = check("ruls: []").diagnostics
    assert (one.code, one.help) == ("R201", "did you mean 'rules'?")


@pytest.mark.parametrize(
    ("budget", "hint"),
    [
        ("{count: 2}", "write `count: 2` beside this money, or instead of it"),
        ("{EUR: 5.00, per: day}", "write `per: day` beside this money, or instead of it"),
    ],
)
def test_a_key_of_a_campaign_inside_its_budget_is_not_a_currency(budget: str, hint: str) -> None:
    text = one_rule("campaign: c\noffer: {percent: 5%}", f"campaigns: {{c: {{budget: {budget}}}}}")
    assert [(one.code, one.help) for one in check(text).diagnostics] == [("R213", hint)]


def test_conditions_are_kept_as_nodes_for_a_later_pass() -> None:
    [when] = {key.value_type for name, key in KEYS.items() if name == "a rule: when"}
    assert read(when, "[item.stock: 5]")[0] == node("[item.stock: 5]")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("free_shipping: true", "`off_the: shipping`"),
        ("discount: 10%", "`percent: 15%`"),
        ("price: 99.00 EUR", "`fixed: {EUR: 99.00}`"),
        ("margin: 20%", "`floor: {margin: 20%}`"),
    ],
)
def test_a_key_that_is_often_written_instead_is_understood(key: str, words: str) -> None:
    [one] = check(one_rule(f"offer: {{percent: 5%, {key}}}")).diagnostics
    assert one.code == "R201"
    assert words in one.help


def test_an_ending_that_is_written_as_a_part_of_a_price_is_understood() -> None:
    [one] = check(one_rule("offer: {percent: 5%, ending: .95}")).diagnostics
    assert one.message == "'.95' is a part of a price, not its last digits"
    assert one.help == "write 95 for prices that end in 95"


@pytest.mark.parametrize("key", ["free_shipping: true", "discount: 10%", "price: 9.00 EUR"])
def test_another_name_of_a_price_is_one_mistake(key: str) -> None:
    assert codes(one_rule(f"offer: {{{key}}}")) == ["R201"]


def test_a_value_in_place_of_a_group_of_keys_is_answered_with_an_example() -> None:
    [one] = check(one_rule("offer: {percent: 5%, floor: 20%}")).diagnostics
    assert (one.code, one.help) == ("R204", "write a floor such as {margin: 20%}")


def test_a_setting_of_the_shop_in_a_rule_file_is_sent_to_the_settings_file() -> None:
    settings = {setting.name.partition(".")[0] for setting in POLICY_SETTINGS}
    of_the_shop = settings - {key.name for key in POLICY.keys}
    assert "language" in of_the_shop
    for name in of_the_shop:
        [one] = check(f"policy: {{{name}: x}}").diagnostics
        assert (one.code, "write " in one.help) == ("R201", True), name
