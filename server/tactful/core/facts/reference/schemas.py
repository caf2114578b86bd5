"""JSON Schemas of the facts, generated from their types, with the meaning of every field.

The dialect is JSON Schema 2020-12, which OpenAPI 3.1 uses too.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import inspect

from tactful.core.facts.fact_types import KINDS
from tactful.core.facts.reference.fields import EXAMPLES, example_at, meaning_of

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_COMMON: Final = frozenset({"Contact", "Money"})
"""Types that occur in many places, so that they have no meaning of their own."""


def fact_components(ref_template: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the schemas of all facts and of their parts.

    Args:
        ref_template: The form of references, such as `#/components/schemas/{name}`.

    Returns:
        Kind of fact → the name of its schema, and name → schema.
    """
    _, components = msgspec.json.schema_components(KINDS.values(), ref_template=ref_template)
    for kind, fact_type in KINDS.items():
        _describe(inspect.type_info(fact_type), kind, "", components)
        components[fact_type.__name__]["examples"] = [dict(EXAMPLES[kind])]
    return {kind: fact_type.__name__ for kind, fact_type in KINDS.items()}, components


def _describe(found: inspect.Type, kind: str, path: str, components: Mapping[str, Any]) -> None:
    """Write meaning and example into the schema of an object, and of the objects within it."""
    match found:
        case inspect.UnionType():
            for one in found.types:
                _describe(one, kind, path, components)
        case inspect.VarTupleType():
            _describe(found.item_type, kind, f"{path}[]", components)
        case inspect.StructType() if found.cls.__name__ not in _COMMON:
            properties = components[found.cls.__name__]["properties"]
            for field in found.fields:
                name = field.encode_name
                there = f"{path}.{name}" if path else name
                properties[name]["description"] = meaning_of(kind, there).replace("`", "")
                if (example := example_at(kind, there)) is not None:
                    properties[name]["examples"] = [example]
                _describe(field.type, kind, there, components)
        case _:
            pass


def fact_schema(kind: str | None = None) -> dict[str, Any]:
    """Return the JSON Schema of one kind of fact, or of any fact.

    Args:
        kind: The kind; `None`: any.
    """
    names, components = fact_components("#/$defs/{name}")
    refs = [{"$ref": f"#/$defs/{name}"} for each, name in names.items() if kind in {None, each}]
    root = {"oneOf": refs} if kind is None else refs[0]
    used = components if kind is None else _used(components, names[str(kind)])
    return {"$schema": DIALECT, "title": f"Tactful fact: {kind or 'any'}", **root, "$defs": used}


def _used(components: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a schema with those that it refers to, even indirectly."""
    found: dict[str, Any] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop()
        found[one] = components[one]
        text = msgspec.json.encode(components[one]).decode()
        named = [other for other in components if f'"#/$defs/{other}"' in text]
        waiting += [other for other in named if other not in found]
    return found
