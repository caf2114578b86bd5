"""Budgets of size: commands, dependencies, and words of the rule language that nothing uses."""

import tomllib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from support.source_tree import ROOT
from tactful.cli import COMMANDS
from tactful.rulebook.language import grammar
from tactful.rulebook.language.mappings import MappingSchema

MOST_COMMANDS = 20
DEPENDENCIES_OF_0_1_0 = 17
MOST_NEW_DEPENDENCIES = 2
SCHEMAS = (
    grammar.FILE, grammar.RULE, grammar.CAMPAIGN, grammar.EXPERIMENT, grammar.OFFER, grammar.FLOOR,
    grammar.LIMITS, grammar.SUPPRESS,
)  # fmt: skip
"""The words of rules. Those of `policy` are settings, each with a default that suits most shops."""
FOLDERS = ("rules/starter", "examples/quickstart/rules", "examples/rules")


def uses() -> Counter[str]:
    """How often each key occurs in the rule files that shops start from."""
    files = [file for folder in FOLDERS for file in (ROOT / folder).glob("*.yaml")]
    rules = [one for one in files if not one.name.endswith(".test.yaml")]
    return Counter(key for one in rules for key in keys(yaml.safe_load(one.read_text("utf-8"))))


def keys(value: Any) -> Iterator[str]:
    """All keys in a document."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield str(key)
            yield from keys(part)
    elif isinstance(value, list):
        for part in value:
            yield from keys(part)


def test_the_command_line_has_few_commands() -> None:
    listed = [name for name, command in COMMANDS.items() if not command.hidden]
    assert len(listed) <= MOST_COMMANDS, listed


def test_the_server_needs_few_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found = len(project["dependencies"])
    assert found <= DEPENDENCIES_OF_0_1_0 + MOST_NEW_DEPENDENCIES, project["dependencies"]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_every_word_of_a_rule_is_used_in_a_starter_rule_or_an_example(
    schema: MappingSchema,
) -> None:
    found = uses()
    print({key.name: found[key.name] for key in schema.keys})
    assert [key.name for key in schema.keys if not found[key.name]] == []
