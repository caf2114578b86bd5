"""Every command that a manual names is one that `tactful --help` leads to."""

import re
from pathlib import Path

import click
import pytest
from stage import manuals

from support.manual_runner import ROOT
from tactful.cli import COMMANDS
from tactful.cli import main as tactful

NAMED = re.compile(
    r"(?<![\w/.-])(?<!wp )(?<!exec )tactful (?!tactful)([a-z]+)(?: ([a-z][a-z-]*)\b(?![./:=]))?"
)
CODE = re.compile(r"`[^`\n]+`|^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
UNLISTED = {"nodes", "events"}
"""Commands that are documented and not listed: for operators of several servers, and for programs."""
OPEN_GROUPS = {"connect"}
"""Groups that take a name of the shop's own in place of a command."""


def wrong(text: str) -> set[str]:
    """The commands in the code of a manual that a reader would not find by `--help`."""
    context = click.Context(tactful)
    found = set()
    for code in CODE.finditer(text):
        for first, second in NAMED.findall(code[0]):
            command = tactful.get_command(context, first)
            if first not in COMMANDS or (COMMANDS[first].hidden and first not in UNLISTED):
                found.add(first)
            elif isinstance(command, click.Group) and second and first not in OPEN_GROUPS:
                inner = command.get_command(click.Context(command), second)
                if inner is None or inner.hidden:
                    found.add(f"{first} {second}")
    return found


def test_a_former_name_of_a_command_is_found() -> None:
    assert wrong("Run `tactful forget --email` or `tactful keys lose`.") == {"forget", "keys lose"}
    assert (
        wrong("```sh\ntactful connect shop --dry-run\ntactful keys list\n```\ntactful is") == set()
    )


@pytest.mark.parametrize("manual", tuple(manuals()), ids=str)
def test_a_manual_names_commands_as_help_does(manual: Path) -> None:
    if manual.name != "CHANGELOG.md":  # It also tells what commands were called before.
        assert wrong((ROOT / manual).read_text("utf-8")) == set()
