"""JSON Schema of rule files, generated from the grammar and the field registry.

Editors complete, explain and check rule files with it. `rules/schema/rules.schema.json` is its
output, and a test compares the two.
"""

import json
from typing import Any, Final

from tactful.rulebook.fields.field_registry import FIELDS, Field
from tactful.rulebook.language.conditions import GROUPS, OPERATORS, operand_type
from tactful.rulebook.language.grammar import FILE
from tactful.rulebook.language.scalars import either
from tactful.rulebook.language.units import DurationType, LocalTimeType

_DIALECT: Final = "http://json-schema.org/draft-07/schema#"
"""Draft 7: the newest dialect that the YAML language servers of common editors support fully."""
_LIST_NAME: Final = {"type": "string", "pattern": "^[$]"}
"""The name of a list that is defined under `lists:`."""


def schema_text() -> str:
    """Return the schema as indented JSON, as in `rules/schema/rules.schema.json`."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a rule file as plain data."""
    return {
        "$schema": _DIALECT,
        "title": "Tactful rule file",
        **FILE.json_schema(),
        "definitions": {
            "conditions": {
                "if": {"type": "array"},
                "then": {"items": {"$ref": "#/definitions/condition"}},
                "else": {"$ref": "#/definitions/condition"},
            },
            "condition": _condition(),
            **{_name(field): _clause(field) for field in FIELDS.values()},
            "list": {"type": "array", "items": {"type": ["string", "number"]}},
        },
    }


def _condition() -> dict[str, Any]:
    """Return the schema of one condition: groups, fields, and attributes by pattern."""
    groups = {name: {"$ref": "#/definitions/conditions"} for name in GROUPS}
    exact = {name: _reference(field) for name, field in FIELDS.items() if not name.endswith("*")}
    open_ended = {
        f"^{name[:-1].replace('.', '[.]')}.+": _reference(field)
        for name, field in FIELDS.items()
        if name.endswith("*")
    }
    return {
        "type": "object",
        "properties": groups | exact,
        "patternProperties": open_ended,
        "additionalProperties": False,
        "minProperties": 1,
    }


def _name(field: Field) -> str:
    """Return the name of a field's definition; fields of the same form share one definition."""
    counted = "-over-time" if field.read_since else ""
    return f"{field.name if field.words else field.type}{counted}"


def _reference(field: Field) -> dict[str, Any]:
    about = f"{field.about[0].upper()}{field.about[1:]}. Reads {field.provenance} data."
    return {
        "description": f"{about} Example: `{field.example}`.",
        "allOf": [{"$ref": f"#/definitions/{_name(field)}"}],
    }


def _clause(field: Field) -> dict[str, Any]:
    """Return the schema of the value after `field:`: a bare value or a mapping of comparisons."""
    operators = OPERATORS[field.type]
    comparisons = {op: _operand(field, op) for op in operators}
    if field.read_since:
        comparisons |= {
            "within": DurationType(least=1).json_schema(),
            "since": LocalTimeType().json_schema(),
        }
    mapping: dict[str, Any] = {
        "type": "object",
        "properties": comparisons,
        "additionalProperties": False,
        "minProperties": 1,
    }
    if "is" not in operators:
        return mapping
    bare = _operand(field, "in" if "in" in operators else "is")
    if field.type == "money":
        # A bare amount may be a mapping too: of currencies, not of comparisons.
        currencies = {"type": "object", "propertyNames": {"pattern": "^[A-Z]{3}$"}}
        return {"if": {"anyOf": [{"type": "string"}, currencies]}, "then": bare, "else": mapping}
    return either(bare, mapping)


def _operand(field: Field, op: str) -> dict[str, Any]:
    """Return the schema of the operand of a comparison."""
    one = operand_type(field, op).json_schema()
    if field.type == "any" and op not in {"at_least", "at_most", "between"}:
        one = {"type": ["string", "number", "boolean"]}
    if op == "between":
        return {"type": "array", "items": one, "minItems": 2, "maxItems": 2}
    if op in {"in", "not", "under", "matches"}:
        one = _or_list_name(one)
        return either(one, {"type": "array", "items": one, "minItems": 1})
    return one


def _or_list_name(one: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a value, or of the name of a list of such values."""
    if "enum" in one:
        return {"if": _LIST_NAME, "else": one}
    return one if "string" in one["type"] else either(one, _LIST_NAME)
