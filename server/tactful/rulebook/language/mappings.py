"""Which keys may a mapping have, and what does each mean?

A shape is data: the reader, the JSON Schema, the formatter's order and the manual come from it.
"""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from tactful.rulebook.language.scalars import PLURALS, IdType, TextType, ValueType
from tactful.rulebook.language.units import AmountsType, PercentType
from tactful.rulebook.source.diagnostics import Findings, Span, nearest
from tactful.rulebook.source.tree import Node

_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,4})?", re.ASCII)


class KeySchema(Struct, frozen=True):
    """One key of a mapping. `default` says in words what holds without it."""

    name: str
    value_type: ValueType
    about: str
    example: str
    required: bool = False
    default: str = ""


class ParsedMapping(Struct, frozen=True):
    """A mapping as read: the values that could be used, and where everything stands."""

    node: Node
    values: Mapping[str, Any] = {}
    nodes: Mapping[str, Node] = {}
    keys: Mapping[str, Node] = {}

    def get(self, name: str, otherwise: Any = None) -> Any:
        """The value of a key."""
        return self.values.get(name, otherwise)

    def span_of(self, name: str) -> Span:
        """Where the value of a key stands; the mapping's first key where it has none."""
        return self.nodes.get(name) or self.start

    @property
    def start(self) -> Span:
        """Where the mapping begins."""
        return self.node.pairs[0][0] if self.node.pairs else self.node

    def over(self, default: "ParsedMapping") -> "ParsedMapping":
        """This mapping, with what it does not say taken from another."""
        values = {**default.values, **self.values}
        for name, value in self.values.items():
            other = default.get(name)
            if isinstance(value, ParsedMapping) and isinstance(other, ParsedMapping):
                values[name] = value.over(other)
            if isinstance(value, ParsedEntries) and isinstance(other, ParsedEntries):
                values[name] = value.over(other)
        return ParsedMapping(
            self.node, values, {**default.nodes, **self.nodes}, {**default.keys, **self.keys}
        )


class ParsedEntries(dict[str, tuple[Node, Any]]):
    """What a mapping of names holds: name → (key node, value)."""

    def over(self, default: "ParsedEntries") -> "ParsedEntries":
        """These entries, with those that only another has."""
        merged = ParsedEntries({**default, **self})
        for name, (key, value) in self.items():
            other = default.get(name, (key, None))[1]
            if isinstance(value, ParsedMapping) and isinstance(other, ParsedMapping):
                merged[name] = key, value.over(other)
        return merged


class MappingSchema(ValueType, frozen=True):
    """A mapping with known keys."""

    name: str
    keys: tuple[KeySchema, ...]
    one_of: tuple[str, ...] = ()
    """At least one of these must be there."""
    _named: dict[str, KeySchema] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._named.update((key.name, key) for key in self.keys)

    @property
    def expected(self) -> str:
        return f"{self.name} with keys such as {', '.join(key.name for key in self.keys[:3])}"

    def read(self, node: Node, findings: Findings) -> ParsedMapping | None:
        if node.kind != "map":
            found = PLURALS[node.kind] if node.text or node.items else "nothing"
            message = f"expected {self.name}, found {found}"
            findings.add("R204", node, message, f"write {self.expected}")
            return None
        values: dict[str, Any] = {}
        nodes: dict[str, Node] = {}
        for key, value in node.pairs:
            known = self._named.get(key.text)
            if known is None:
                self._unknown(key, findings)
            else:
                nodes[key.text] = value
                read = known.value_type.read(value, findings)
                if read is not None:
                    values[key.text] = read
        block = ParsedMapping(node, values, nodes, {key.text: key for key, _ in node.pairs})
        self._complete(block, findings)
        return block

    def _unknown(self, key: Node, findings: Findings) -> None:
        hint = nearest(key.text, self._named) or f"it has the keys {', '.join(self._named)}"
        findings.add("R201", key, f"unknown key '{key.text[:60]}' in {self.name}", hint)

    def _complete(self, block: ParsedMapping, findings: Findings) -> None:
        for key in self.keys:
            if key.required and key.name not in block.nodes:
                message = f"{self.name} has no '{key.name}'"
                findings.add("R202", block.start, message, f"add `{key.name}: {key.example}`")
        if self.one_of and not any(name in block.nodes for name in self.one_of):
            message = f"{self.name} has none of {', '.join(self.one_of)}"
            findings.add("R202", block.start, message, f"add {self.one_of[0]}")

    def json_schema(self) -> dict[str, Any]:
        properties = {}
        for key in self.keys:
            about = f"{key.about} Example: `{key.example}`."
            properties[key.name] = {**key.value_type.json_schema(), "description": about}
        shape: dict[str, Any] = {
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
        }
        required = [key.name for key in self.keys if key.required]
        return {**shape, "required": required} if required else shape


class RawType(ValueType, frozen=True):
    """Read later, when more of the rulebook is known. `schema_ref` names its definition."""

    schema_ref: str

    @property
    def expected(self) -> str:
        return self.schema_ref

    def read(self, node: Node, findings: Findings) -> Node:  # noqa: ARG002 - later
        return node

    def json_schema(self) -> dict[str, Any]:
        return {"$ref": f"#/definitions/{self.schema_ref}"}


class SequenceType(ValueType, frozen=True):
    """A list of mappings; what cannot be used of it is left out."""

    item_type: ValueType
    name: str

    @property
    def expected(self) -> str:
        return f"a list of {self.name}"

    def read(self, node: Node, findings: Findings) -> tuple[Any, ...] | None:
        if node.kind != "list":
            findings.add("R204", node, f"expected {self.expected}", "begin each with `- `")
            return None
        values = (self.item_type.read(item, findings) for item in node.items)
        return tuple(value for value in values if value is not None)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.item_type.json_schema()}


class NamedType(ValueType, frozen=True):
    """A mapping from names to values of one kind: name → (key node, value)."""

    value_type: ValueType
    name: str
    key_type: ValueType = IdType()

    @property
    def expected(self) -> str:
        return f"{self.name} by name"

    def read(self, node: Node, findings: Findings) -> ParsedEntries | None:
        if node.kind != "map":
            findings.add("R204", node, f"expected {self.expected}", "write `name: …` on each line")
            return None
        found = ParsedEntries()
        for key, item in node.pairs:
            name = self.key_type.read(key, findings)
            value = self.value_type.read(item, findings)
            if name is not None and value is not None:
                found[name] = key, value
        return found

    def json_schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": self.value_type.json_schema()}


class MessagesType(ValueType, frozen=True):
    """One text, or a text per language: locale → text, with "" for the default."""

    @property
    def expected(self) -> str:
        return "a text, or texts by language such as {en: …, de: …}"

    def read(self, node: Node, findings: Findings) -> dict[str, str] | None:
        if node.kind != "map":
            text = TextType().read(node, findings)
            return None if text is None else {"": text}
        found: dict[str, str] = {}
        for key, value in node.pairs:
            text = TextType().read(value, findings)
            if not _LOCALE.fullmatch(key.text):
                message = f"{key.text[:40]!r} is not a language"
                findings.add("R214", key, message, "write a tag such as en, de or de-AT")
            elif text is not None:
                found[key.text.lower()] = text
        if found:
            found[""] = found.get("en", next(iter(found.values())))
        return found or None

    def json_schema(self) -> dict[str, Any]:
        text = {"type": "string", "maxLength": TextType().longest}
        return {"anyOf": [text, {"type": "object", "additionalProperties": text}]}


class SavingType(ValueType, frozen=True):
    """A least saving: a share (int, basis points) or amounts per currency."""

    @property
    def expected(self) -> str:
        return "a saving such as 5% or 2.00 EUR"

    def read(self, node: Node, findings: Findings) -> int | dict[str, int] | None:
        if node.kind == "scalar" and node.text.endswith("%"):
            return PercentType().read(node, findings)
        return AmountsType().read(node, findings)

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [PercentType().json_schema(), *AmountsType().json_schema()["anyOf"]]}
