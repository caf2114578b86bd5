"""Every error in the shape of a fact is found, and nothing is found in a valid one."""

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.core.facts.checks.shape import shape_findings
from tactful.core.facts.fact_types import KINDS, AnyFact
from tactful.core.facts.reference.fields import EXAMPLES


def findings(kind: str, **changes: Any) -> list[tuple[str, str]]:
    fact = copy.deepcopy(dict(EXAMPLES[kind])) | changes
    return [(one.error.path, one.error.message) for one in shape_findings(KINDS[kind], fact)]


@pytest.mark.parametrize("kind", EXAMPLES)
def test_an_example_has_no_errors(kind: str) -> None:
    assert not shape_findings(KINDS[kind], EXAMPLES[kind])


@pytest.mark.parametrize(
    ("kind", "field", "value", "path", "words"),
    [
        ("price", "tax_rate_bp", "19", "tax_rate_bp", "a whole number from 0 to 100,000"),
        ("price", "tax_rate_bp", True, "tax_rate_bp", "is true. Write a whole number"),
        ("price", "tax_rate_bp", -1, "tax_rate_bp", "is the number -1"),
        ("price", "tax_rate_bp", 200_000, "tax_rate_bp", "from 0 to 100,000"),
        ("price", "tax_included", "yes", "tax_included", "Write true or false"),
        ("price", "price", 129, "price", "Write an object"),
        ("price", "price", {"amount": "1", "currency": "EUR"}, "price.amount", "a whole number."),
        ("price", "price", {"amount": 1, "currency": "EURO"}, "price.currency", "Did you mean EUR?"),
        ("price", "price", {"amount": 1, "currency": 7}, "price.currency", "an ISO 4217"),
        ("price", "list", 5, "list", "Write an object"),
        ("price", "territory", "UK", "territory", "Did you mean GB?"),
        ("price", "territory", 7, "territory", "Write a text"),
        ("price", "since", "yesterday", "since", "an instant with its offset from UTC"),
        ("price", "since", "2026-03-10T12:00:00", "since", "offset"),
        ("price", "version", "seven", "version", "a whole number from 0 or an instant"),
        ("product", "sku", "", "sku", "is empty"),
        ("product", "title", "x" * 501, "title", "501 characters. Write at most 500"),
        ("product", "categories", "shoes", "categories", "Write a list"),
        ("product", "categories", ["a"] * 51, "categories", "51 entries. Write at most 50"),
        ("product", "categories", ["a", 7], "categories[1]", "Write a text"),
        ("product", "attributes", [], "attributes", "Write an object"),
        ("product", "attributes", {str(n): n for n in range(51)}, "attributes", "at most 50"),
        ("product", "attributes", {"a": []}, "attributes.a", "a whole number"),
        ("product", "url", [7], "url[0]", "Write a text"),
        ("product", "url", 7, "url", "a list"),
        ("product", "status", "actve", "status", "did you mean `active`?"),
        ("product", "status", 7, "status", "there are active, discontinued."),
        ("order", "lines", [7], "lines[0]", "Write an object"),
        ("order", "lines", [{"qty": 1, "unit": {"amount": 1, "currency": "EUR"}}], "lines[0].sku", "is missing"),
        ("remedy", "value", {"amount": 5}, "value", "a value is"),
        ("stock", "available", None, None, ""),
        ("stock", "available", "many", "available", "a whole number from -1,000,000,000"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_what_to_write(
    kind: str, field: str, value: Any, path: str | None, words: str
) -> None:
    found = findings(kind, **{field: value})
    assert [one for one, _ in found] == ([path] if path else [])
    assert all(words in message for _, message in found)


def test_all_errors_of_a_fact_are_found_at_once() -> None:
    fact = {"type": "price", "sku": 7, "teritory": "DE", "price": {"amount": "1"}, "since": "now"}
    paths = [one.error.path for one in shape_findings(KINDS["price"], fact)]
    assert paths == [
        "teritory", "sku", "price.amount", "price.currency", "tax_included", "tax_rate_bp", "since",
    ]  # fmt: skip


def test_a_misspelt_field_is_not_called_missing_too() -> None:
    fact = {"type": "feed", "fed": "stock"}
    assert [one.code for one in shape_findings(KINDS["feed"], fact)] == ["fact.unknown_field"]


def test_of_many_unknown_fields_the_first_are_named_and_the_others_counted() -> None:
    found = findings("stock", **{f"avail{n}": 1 for n in range(1_050)})
    assert len(found) == 51
    assert found[-1] == ("", "1,000 more fields are not of a `stock`. Leave such fields out.")


def test_a_long_name_is_shown_in_part() -> None:
    ((path, message),) = findings("stock", **{"availabl" * 1000: 1})
    assert (len(path), len(message) < 200) == (64, True)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**10), st.text(max_size=3), st.just("2026-03-10"),
    st.just([]), st.just({}), st.just({"amount": 1, "currency": "EUR"}), st.just(["a"]),
)  # fmt: skip


@given(data=st.data(), kind=st.sampled_from(sorted(EXAMPLES)))
def test_errors_are_found_exactly_where_the_decoder_refuses(data: st.DataObject, kind: str) -> None:
    fact: dict[str, Any] = copy.deepcopy(dict(EXAMPLES[kind]))
    for name in data.draw(st.sets(st.sampled_from(sorted(fact)), max_size=3)) - {"type"}:
        if data.draw(st.booleans()):
            fact[name] = data.draw(VALUES)
        else:
            del fact[name]
    present = {name: value for name, value in fact.items() if value is not None}
    found = [one for one in shape_findings(KINDS[kind], present) if _is_shape(one.code)]
    try:
        msgspec.json.decode(msgspec.json.encode(present), type=AnyFact)
    except msgspec.ValidationError:
        assert shape_findings(KINDS[kind], present)
    else:
        assert not found


def _is_shape(code: str) -> bool:
    # A code of the right shape may be no code of the standard.
    return code != "fact.unknown_territory"
