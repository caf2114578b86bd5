"""Mapping schemas: the keys of a mapping, their value types and their meaning.

A schema is data. The parser, the JSON Schema, the order of keys in the formatter and the tables of
the manual are all generated from it, so that they cannot differ.
"""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from tactful.rulebook.language.scalars import PLURALS, IdType, TextType, ValueType, either
from tactful.rulebook.language.units import AmountsType, PercentType
from tactful.rulebook.source.diagnostics import Findings, Span, nearest
from tactful.rulebook.source.tree import Node

_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,4})?", re.ASCII)


class KeySchema(Struct, frozen=True):
    """One key of a mapping."""

    name: str
    value_type: ValueType
    about: str
    """What the key means: a sentence for the manual and for editors."""
    example: str
    """A value as a rule file spells it."""
    required: bool = False
    default: str = ""
    """The value without the key, in words; "" where there is none."""
    missing: str = ""
    """Further help where the required key is missing; "" for none."""


class ParsedMapping(Struct, frozen=True):
    """A mapping as read. Unknown keys appear in `keys` only."""

    node: Node
    values: Mapping[str, Any] = {}
    """Key → value; without the values that could not be read."""
    nodes: Mapping[str, Node] = {}
    """Key → the node of its value, including values that could not be read."""
    keys: Mapping[str, Node] = {}
    """Key → the node of the key."""

    def get(self, name: str, otherwise: Any = None) -> Any:
        """Return the value of a key, or `otherwise` if no value was read."""
        return self.values.get(name, otherwise)

    def span_of(self, name: str) -> Span:
        """Return the place of a key's value, or of the first key if the mapping lacks the key."""
        return self.nodes.get(name) or self.start

    @property
    def start(self) -> Span:
        """The place of the first key, or of an empty mapping."""
        return self.node.pairs[0][0] if self.node.pairs else self.node

    def over(self, default: "ParsedMapping") -> "ParsedMapping":
        """Return this mapping, completed recursively with keys that only `default` has."""
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
    """A mapping from names to values as read: name → (key node, value)."""

    def over(self, default: "ParsedEntries") -> "ParsedEntries":
        """Return these entries and those that only `default` has, and merge mappings."""
        merged = ParsedEntries({**default, **self})
        for name, (key, value) in self.items():
            other = default.get(name, (key, None))[1]
            if isinstance(value, ParsedMapping) and isinstance(other, ParsedMapping):
                merged[name] = key, value.over(other)
        return merged


class MappingSchema(ValueType, frozen=True):
    """A mapping with known keys; any other key is reported (R201)."""

    name: str
    """A noun with its article, for messages: "a rule"."""
    keys: tuple[KeySchema, ...]
    """The keys, in the order of the manual and of the formatter."""
    one_of: tuple[str, ...] = ()
    """Keys of which at least one is required."""
    other_names: Mapping[str, str] = {}
    """Key that is often written instead → what to write."""
    _named: dict[str, KeySchema] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._named.update((key.name, key) for key in self.keys)

    @property
    def expected(self) -> str:
        shown = [key for key in self.keys if key.required] or self.keys[:1]
        return f"{self.name} such as {{{', '.join(f'{key.name}: {key.example}' for key in shown)}}}"

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
        meant = self.other_names.get(key.text) or nearest(key.text, self._named)
        hint = meant or f"use one of the keys {', '.join(self._named)}"
        findings.add("R201", key, f"unknown key '{key.text[:60]}' in {self.name}", hint)

    def _complete(self, block: ParsedMapping, findings: Findings) -> None:
        for key in self.keys:
            if key.required and key.name not in block.nodes:
                message = f"{self.name} has no '{key.name}'"
                help_text = f"add `{key.name}: {key.example}`{key.missing}"
                findings.add("R202", block.start, message, help_text)
        if self.one_of and not any(name in block.nodes for name in self.one_of):
            message = f"{self.name} has none of the keys {', '.join(self.one_of)}"
            findings.add("R202", block.start, message, f"add `{self.one_of[0]}: …`")

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
    """A value that is kept as a node and read later, when more of the rulebook is known."""

    schema_ref: str
    """Name of its definition in the JSON Schema."""

    @property
    def expected(self) -> str:
        return self.schema_ref

    def read(self, node: Node, findings: Findings) -> Node:  # noqa: ARG002 - read later
        return node

    def json_schema(self) -> dict[str, Any]:
        return {"$ref": f"#/definitions/{self.schema_ref}"}


class BareOrMapping(ValueType, frozen=True):
    """A mapping, or the value of one of its keys alone."""

    schema: MappingSchema
    key: str
    """The key whose value may stand alone."""

    @property
    def expected(self) -> str:
        return self.schema.expected

    def read(self, node: Node, findings: Findings) -> ParsedMapping | None:
        if node.kind == "map":
            return self.schema.read(node, findings)
        [known] = [key for key in self.schema.keys if key.name == self.key]
        value = known.value_type.read(node, findings)
        return None if value is None else ParsedMapping(node, {self.key: value}, {self.key: node})

    def json_schema(self) -> dict[str, Any]:
        [known] = [key for key in self.schema.keys if key.name == self.key]
        return either(known.value_type.json_schema(), self.schema.json_schema())


class SequenceType(ValueType, frozen=True):
    """A list of mappings. Items that cannot be read are reported and left out."""

    item_type: ValueType
    name: str

    @property
    def expected(self) -> str:
        return f"a list of {self.name}"

    def read(self, node: Node, findings: Findings) -> tuple[Any, ...] | None:
        if node.kind != "list":
            findings.add("R204", node, f"expected {self.expected}", "begin each item with `- `")
            return None
        values = (self.item_type.read(item, findings) for item in node.items)
        return tuple(value for value in values if value is not None)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.item_type.json_schema()}


class NamedType(ValueType, frozen=True):
    """A mapping from names to values of one type; entries that cannot be read are left out."""

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
    """A text, or a text per language.

    Read as locale in lower case → text. The key "" has the default: the English text if there is
    one, else the first.
    """

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
                message = f"{key.text[:40]!r} is not a language tag"
                findings.add("R214", key, message, "write a tag such as en, de or de-AT")
            elif text is not None:
                found[key.text.lower()] = text
        if found:
            found[""] = found.get("en", next(iter(found.values())))
        return found or None

    def json_schema(self) -> dict[str, Any]:
        text = {"type": "string", "maxLength": TextType().longest}
        return either(text, {"type": "object", "additionalProperties": text})


class SavingType(ValueType, frozen=True):
    """A saving: a share, read as basis points, or amounts, read as currency → minor units."""

    @property
    def expected(self) -> str:
        return "a saving such as 5% or 2.00 EUR"

    def read(self, node: Node, findings: Findings) -> int | dict[str, int] | None:
        if node.kind == "scalar" and node.text.endswith("%"):
            return PercentType().read(node, findings)
        return AmountsType().read(node, findings)

    def json_schema(self) -> dict[str, Any]:
        amounts = AmountsType().json_schema()
        percent, money = PercentType().json_schema()["pattern"], amounts["pattern"]
        return {**amounts, "pattern": f"{percent}|{money}"}
