"""A small validator of the part of JSON Schema (draft 7) that the schema of rule files uses."""

import re
from collections.abc import Iterator
from typing import Any

TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float),
}  # fmt: skip


def errors(
    value: Any, shape: dict[str, Any], root: dict[str, Any], path: str = "$"
) -> Iterator[str]:
    """What is wrong with a value, each as `path: keyword`."""
    if "$ref" in shape:
        shape = root["definitions"][shape["$ref"].rpartition("/")[2]]
    types = shape.get("type", [])
    named = [types] if isinstance(types, str) else types
    if named and not any(_is(value, one) for one in named):
        yield f"{path}: type"
        return
    if "enum" in shape and value not in shape["enum"]:
        yield f"{path}: enum"
    for part in shape.get("allOf", ()):
        yield from errors(value, part, root, path)
    if "anyOf" in shape and all(any(errors(value, one, root, path)) for one in shape["anyOf"]):
        yield f"{path}: anyOf"
    if "if" in shape:
        branch = "else" if any(errors(value, shape["if"], root, path)) else "then"
        yield from errors(value, shape.get(branch, {}), root, path)
    if isinstance(value, str) and not re.search(shape.get("pattern", ""), value):
        yield f"{path}: pattern"
    if isinstance(value, list):
        if not shape.get("minItems", 0) <= len(value) <= shape.get("maxItems", len(value)):
            yield f"{path}: items"
        for number, item in enumerate(value):
            yield from errors(item, shape.get("items", {}), root, f"{path}[{number}]")
    if isinstance(value, dict):
        yield from _of_mapping(value, shape, root, path)


def _of_mapping(
    value: dict[str, Any], shape: dict[str, Any], root: dict[str, Any], path: str
) -> Iterator[str]:
    for name in shape.get("required", ()):
        if name not in value:
            yield f"{path}: required {name}"
    if len(value) < shape.get("minProperties", 0):
        yield f"{path}: empty"
    for name, one in value.items():
        if any(errors(name, shape.get("propertyNames", {}), root)):
            yield f"{path}: name {name}"
        parts = [
            part for key, part in shape.get("patternProperties", {}).items() if re.search(key, name)
        ]
        parts += [shape["properties"][name]] if name in shape.get("properties", {}) else []
        more = shape.get("additionalProperties", True)
        if not parts and more is False:
            yield f"{path}: unknown {name}"
        elif not parts and more is not True:
            parts = [more]
        for part in parts:
            yield from errors(one, part, root, f"{path}.{name}")


def _is(value: Any, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))
