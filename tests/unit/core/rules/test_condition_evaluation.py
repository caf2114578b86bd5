"""Plain evaluation of conditions, and the clauses that fail."""

from support.rule_files import NOW as T0
from support.rule_files import item, rule, scene
from tactful.core.rules.condition_evaluation import clauses, failed_clauses, holds_from
from tactful.core.rules.rule import NEVER, NOW, All, AnyOf, NoneOf
from tactful.core.values.calendar import SECOND

LOW = scene(item(stock=1, brand="Velo"))


def failures(when: str, more: str = "", seen: object = LOW) -> list[tuple[object, str]]:
    return [(one.actual, one.needed) for one in failed_clauses(rule(when, more).condition, seen)]


def test_conditions_without_parts_have_their_neutral_value() -> None:
    assert holds_from(All(()), LOW) == NOW
    assert holds_from(AnyOf(()), LOW) == NEVER
    assert holds_from(NoneOf(()), LOW) == NOW
    assert failed_clauses(All(()), LOW) == ()


def test_a_failed_clause_has_the_actual_and_the_needed_value() -> None:
    assert failures("[item.stock: {at_least: 5}, item.brand: Velo]") == [
        (1, "item.stock: {at_least: 5}")
    ]


def test_of_an_any_all_clauses_are_named_or_none() -> None:
    assert failures("[{any: [item.stock: {at_least: 5}, item.brand: Nordek]}]") == [
        (1, "item.stock: {at_least: 5}"),
        ("Velo", "item.brand: Nordek"),
    ]
    assert failures("[{any: [item.stock: {at_least: 5}, item.brand: Velo]}]") == []


def test_a_forbidden_clause_that_holds_is_named() -> None:
    assert failures("[]", "unless: [item.brand: Velo, item.stock: {at_least: 5}]") == [
        ("Velo", "not item.brand: Velo")
    ]
    forbidden = "unless: [{all: [item.brand: Velo, item.stock: {at_most: 2}]}]"
    assert failures("[]", forbidden) == [
        ("Velo", "not item.brand: Velo"),
        (1, "not item.stock: {at_most: 2}"),
    ]
    either = "{any: [item.brand: Velo, item.stock: {at_least: 5}]}"
    assert failures("[]", f"unless: [{{all: [{either}, item.sku: RUN-42]}}]") == [
        ("Velo", "not item.brand: Velo"),
        ("RUN-42", "not item.sku: RUN-42"),
    ]


def test_a_double_negation_names_the_missing_clause() -> None:
    assert failures("[{none: [{none: [item.brand: Nordek]}]}]") == [("Velo", "item.brand: Nordek")]


def test_a_clause_that_time_makes_hold_says_when() -> None:
    condition = rule("[session.dwell: {at_least: 30s}]").condition
    [failure] = failed_clauses(condition, scene(running_since=T0))
    assert failure.until == T0 + 30 * SECOND
    [failure] = failed_clauses(condition, scene())
    assert failure.until is None


def test_clauses_are_listed_in_the_order_of_the_rule() -> None:
    one = rule("[item.stock: {at_least: 5}, {any: [item.brand: Velo]}]", "unless: [item.sku: A]")
    assert [clause.field for clause in clauses(one.condition)] == [
        "item.stock",
        "item.brand",
        "item.sku",
    ]
    [alone] = clauses(clauses(one.condition)[0])
    assert alone.field == "item.stock"
