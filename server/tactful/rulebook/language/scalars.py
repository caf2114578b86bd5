"""Value types of scalars: text, id, flag, count, word, list.

A value type reads one node, reports what is wrong with it, and describes itself as JSON Schema.
Both come from one class, so that the checker and the completion of an editor cannot disagree.
"""

import re
from typing import Any, Final

from msgspec import Struct

from tactful.rulebook.source.diagnostics import Findings, nearest
from tactful.rulebook.source.tree import Node

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,11})", re.ASCII)
_LEADING_ZERO = re.compile(r"-?0[0-9]+", re.ASCII)
BARE_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
ID_HELP: Final = "use at most 64 letters, digits and the characters - _ ."
_LOOKALIKES: Final = {
    "no": "false",
    "off": "false",
    "n": "false",
    "yes": "true",
    "on": "true",
    "y": "true",
}
PLURALS: Final = {"map": "a group of keys", "list": "a list", "scalar": "a single value"}


class ValueType(Struct, frozen=True):
    """Base class: what is expected as a value.

    A subclass is an immutable description; its fields are limits such as the smallest number. It
    implements three members:

    - `read` returns the value, or adds a finding and returns None. It never raises on account of
      the file's content, and it accepts every kind of node.
    - `json_schema` describes the same values. Every value that `read` accepts must be valid in it.
    - `expected` is a noun phrase with an example, for messages such as "write a whole number such
      as 3".
    """

    def read(self, node: Node, findings: Findings) -> Any:
        """Return the value of a node, or None after adding a finding.

        Args:
            node: the value in the file.
            findings: receives what is wrong with it.
        """
        raise NotImplementedError

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema (draft 7) of the type."""
        raise NotImplementedError

    @property
    def expected(self) -> str:
        """The type in words, with an example."""
        raise NotImplementedError


def scalar_text(value_type: ValueType, node: Node, findings: Findings) -> str | None:
    """Return the text of a scalar; report any other node as R204 and return None."""
    if node.kind == "scalar" and (node.text or not node.plain):
        return node.text
    found = PLURALS[node.kind] if node.kind != "scalar" else "nothing"
    findings.add(
        "R204",
        node,
        f"expected {value_type.expected}, found {found}",
        f"write {value_type.expected}",
    )
    return None


class TextType(ValueType, frozen=True):
    """Any text of one or more lines."""

    longest: int = 500
    """Greatest length, in characters."""

    @property
    def expected(self) -> str:
        return "a text"

    def read(self, node: Node, findings: Findings) -> str | None:
        text = scalar_text(self, node, findings)
        if text is not None and len(text) > self.longest:
            message = f"the text has {len(text)} characters; at most {self.longest} are allowed"
            findings.add("R215", node, message, "shorten the text")
            return None
        return text

    def json_schema(self) -> dict[str, Any]:
        # A SKU or a size may look like a number.
        return {"type": ["string", "number"], "maxLength": self.longest}


class IdType(ValueType, frozen=True):
    """An id that other places refer to."""

    @property
    def expected(self) -> str:
        return "an id such as spring-sale"

    def read(self, node: Node, findings: Findings) -> str | None:
        text = scalar_text(self, node, findings)
        if text is not None and not ID.fullmatch(text):
            findings.add("R216", node, f"{text[:40]!r} is not a valid id", ID_HELP)
            return None
        return text

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{ID.pattern}$"}


class FlagType(ValueType, frozen=True):
    """True or false, without quotes. Words that other YAML tools read as a flag give R208."""

    @property
    def expected(self) -> str:
        return "true or false"

    def read(self, node: Node, findings: Findings) -> bool | None:
        text = scalar_text(self, node, findings)
        if text is None or (node.plain and text in {"true", "false"}):
            return None if text is None else text == "true"
        meant = _LOOKALIKES.get(text.lower(), text.lower())
        if meant in {"true", "false"}:
            message = f"{text!r} is not true or false here"
            findings.add("R208", node, message, f"did you mean '{meant}', without quotes?")
        else:
            findings.add("R204", node, f"{text[:40]!r} is not true or false", "write true or false")
        return None

    def json_schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class CountType(ValueType, frozen=True):
    """A whole number."""

    least: int = 0
    """Smallest allowed number."""
    most: int = 1_000_000_000
    """Largest allowed number."""
    example: int = 3
    """A number for messages."""

    @property
    def expected(self) -> str:
        return f"a whole number such as {self.example}"

    def read(self, node: Node, findings: Findings) -> int | None:
        text = scalar_text(self, node, findings)
        if text is None:
            return None
        if _LEADING_ZERO.fullmatch(text):
            message = f"{text[:40]} begins with a zero, which some tools read as an octal number"
            findings.add("R208", node, message, f"write {text.lstrip('-0') or '0'}")
            return None
        if not _INTEGER.fullmatch(text):
            help_text = f"write {self.expected}, without a unit or quotes"
            findings.add("R204", node, f"{text[:40]!r} is not a whole number", help_text)
            return None
        return in_range(
            int(text), self.least, self.most, str(self.least), str(self.most), node, findings
        )

    def json_schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


class OneOfType(ValueType, frozen=True):
    """One of a few words, or of many words with a name."""

    words: tuple[str, ...]
    name: str = ""
    """A noun with its article, for messages about many words: "a reason code"."""
    page: str = ""
    """The page that lists many words."""

    @property
    def expected(self) -> str:
        return self.name or "one of " + ", ".join(self.words)

    def read(self, node: Node, findings: Findings) -> str | None:
        text = scalar_text(self, node, findings)
        if text is None or text in self.words:
            return text
        write = f"{self.page} lists them all" if self.page else f"write {self.expected}"
        hint = nearest(text, self.words) or write
        findings.add("R214", node, f"{text[:40]!r} is not {self.expected}", hint)
        return None

    def json_schema(self) -> dict[str, Any]:
        return {"enum": list(self.words)}


class ListType(ValueType, frozen=True):
    """One or several values of one type; a single value needs no brackets."""

    item_type: ValueType

    @property
    def expected(self) -> str:
        return f"a list of {self.item_type.expected}"

    def read(self, node: Node, findings: Findings) -> tuple[Any, ...] | None:
        if node.kind != "list":
            one = self.item_type.read(node, findings)
            return None if one is None else (one,)
        values = tuple(self.item_type.read(item, findings) for item in node.items)
        return None if None in values else values

    def json_schema(self) -> dict[str, Any]:
        one = self.item_type.json_schema()
        return either(one, {"type": "array", "items": one})


def either(*shapes: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of a value of one of several shapes, each of other JSON types.

    It does without `anyOf`, because a validator can then say what is wrong with the shape at hand, not
    only that none of the shapes fits.

    Args:
        shapes: schemas without a JSON type in common. The first is assumed for any other type.
    """
    if all("type" in shape and "enum" not in shape for shape in shapes):
        # Keywords such as `pattern` and `items` apply to values of one type only.
        types = [one for shape in shapes for one in _types(shape)]
        return {name: one for shape in shapes for name, one in shape.items()} | {"type": types}
    first, *others = shapes
    for shape in reversed(others):
        first = {"if": {"type": _types(shape)}, "then": shape, "else": first}
    return first


def _types(shape: dict[str, Any]) -> list[str]:
    """Return the JSON types of a schema that names them; the words of an enumeration are texts."""
    if "if" in shape:
        return [*_types(shape.get("then", {})), *_types(shape["else"])]
    types = shape.get("type", "string")
    return [types] if isinstance(types, str) else list(types)


def in_range(
    value: int, least: int, most: int, low: str, high: str, node: Node, findings: Findings
) -> int | None:
    """Return a value, or None after reporting R215 when it is out of range.

    Args:
        value: the value as read.
        least: smallest allowed value.
        most: largest allowed value.
        low: `least` as a rule file spells it.
        high: `most` as a rule file spells it.
        node: where the value is written.
        findings: receives the finding.
    """
    if least <= value <= most:
        return value
    findings.add(
        "R215",
        node,
        f"{node.text[:40]} is not between {low} and {high}",
        "choose a value in this range",
    )
    return None
