"""Reading single values with a value type, and the checks that every value type must pass."""

import re
from typing import Any

from tactful.rulebook.language.scalars import ValueType
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.tree import Node, parse


def node(text: str) -> Node:
    """The node of a value as a rule file spells it."""
    tree = parse("a.yaml", f"v: {text}\n", Findings())
    assert tree is not None
    return tree.pairs[0][1]


def read(value_type: ValueType, text: str) -> tuple[Any, list[str], str]:
    """The value, the codes of what is wrong with it, and the help of the first finding."""
    findings = Findings()
    value = value_type.read(node(text), findings)
    found = findings.sorted()
    return value, [one.code for one in found], found[0].help if found else ""


def assert_describes_itself(value_type: ValueType) -> None:
    """A value type has words for messages and a JSON Schema with a valid pattern."""
    assert value_type.expected
    schema = value_type.json_schema()
    assert schema
    pattern = schema.get("pattern")
    assert pattern is None or re.compile(pattern)
