"""YAML of mapping files as plain values, with the line of each value."""

import re
from collections.abc import Hashable
from typing import Any, Final

import yaml
from msgspec import Struct

Place = tuple[str | int, ...]
"""Keys and positions from the top of a document to a value."""
_MAX_DEPTH: Final = 32
"""Levels of a document; a captured ticket has fewer than ten."""


class YamlError(Exception):
    """A text that is no YAML, or uses what mapping files do not have."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        """The line, from 1."""


class Document(Struct, frozen=True):
    """A document, and where its values are."""

    value: Any
    lines: dict[Place, int]
    """Place of a value → its line, from 1."""

    def line_of(self, place: Place) -> int:
        """Return the line of a value, or else that of the nearest value around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


class _Loader(yaml.SafeLoader):
    """The types of JSON only: `no` is a text, and so is a date."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the name and type are PyYAML's


for _tag, _pattern, _first in (
    ("null", r"^(?:null|~|)$", ["n", "~", ""]),
    ("bool", r"^(?:true|false)$", list("tf")),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
    ("float", r"^-?(?:0|[1-9][0-9]*)\.[0-9]+$", list("-0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def read_yaml(text: str) -> Document:
    """Return the values of a document.

    Raises:
        YamlError: The text is not YAML, has a key twice, or is nested too deeply.
    """
    lines: dict[Place, int] = {}
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        value = None if node is None else _value(loader, node, (), lines)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise YamlError(line, f"This is no YAML: {error.problem}.") from error
    except yaml.YAMLError as error:
        raise YamlError(1, f"This is no YAML: {error}.") from error
    return Document(value, lines)


def _value(loader: yaml.SafeLoader, node: yaml.Node, place: Place, lines: dict[Place, int]) -> Any:
    line = node.start_mark.line + 1
    if place in lines:
        raise YamlError(line, f"`{place[-1]}` is here twice. Write it once.")
    if len(place) > _MAX_DEPTH:
        raise YamlError(line, f"This is nested more than {_MAX_DEPTH} deep. Write it flatter.")
    lines[place] = line
    if isinstance(node, yaml.MappingNode):
        return {
            name: _value(loader, inner, (*place, name), lines)
            for name, inner in ((_key(loader, key), inner) for key, inner in node.value)
        }
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(loader, inner, (*place, index), lines) for index, inner in enumerate(node.value)
        ]
    return loader.construct_object(node)


def _key(loader: yaml.SafeLoader, node: yaml.Node) -> str:
    key: Hashable = loader.construct_object(node)
    if not isinstance(key, str | int | bool):
        raise YamlError(node.start_mark.line + 1, "This key is no text. Write a name here.")
    return str(key).lower() if isinstance(key, bool) else str(key)
