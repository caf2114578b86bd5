"""Every field of every fact has a meaning, and every kind a valid example that shows all fields."""

from collections.abc import Iterator

import msgspec
import pytest
from msgspec import inspect

from tactful.core.facts.fact_codec import FactRejection, decode
from tactful.core.facts.fact_types import KINDS
from tactful.core.facts.reference.fields import EXAMPLES, MEANINGS, example_at, meaning_of


def paths(found: inspect.Type, prefix: str = "") -> Iterator[str]:
    """Every path of a field in a type, money without its parts."""
    match found:
        case inspect.UnionType():
            for one in found.types:
                yield from paths(one, prefix)
        case inspect.VarTupleType():
            yield from paths(found.item_type, f"{prefix}[]")
        case inspect.StructType():
            for field in found.fields:
                path = f"{prefix}.{field.encode_name}" if prefix else field.encode_name
                if path != "version" and found.cls.__name__ not in {"Contact", "Money"}:
                    yield path
                    yield from paths(field.type, path)
        case _:
            pass


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_has_a_meaning_and_nothing_else_has(kind: str) -> None:
    assert set(paths(inspect.type_info(KINDS[kind]))) == set(MEANINGS[kind])
    for path in MEANINGS[kind]:
        assert meaning_of(kind, path)
    assert meaning_of(kind, "version") == meaning_of("price", "version")


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_is_valid_and_the_server_reads_it_as_it_is(kind: str) -> None:
    fact = decode(msgspec.json.encode(EXAMPLES[kind]))
    assert not isinstance(fact, FactRejection)
    assert isinstance(fact, KINDS[kind])


def test_an_example_value_is_found_by_its_path() -> None:
    assert example_at("order", "lines[3].qty") == 2
    assert example_at("order", "lines[].unit.currency") == "EUR"
    assert example_at("price", "sku") == "RUN-42"
    assert example_at("price", "sku.x") is None
    assert example_at("price", "colour") is None
    assert example_at("product", "components[0]") is None
    assert meaning_of("price", "price.amount") == meaning_of("cost", "cost.amount")
