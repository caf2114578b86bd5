"""The command `tactful config policy`: the active policy and the origin of each value."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import click

from tactful.cli.shared.errors import EXIT_NEGATIVE
from tactful.cli.shared.options import load_settings, setting_options
from tactful.cli.shared.output import json_option, print_json, print_table, print_warning
from tactful.config import Config, policy_settings
from tactful.config.loading import DEFAULT

RULE_FILES: Final = "rule files"

if TYPE_CHECKING:
    from tactful.core.rules.rule import Rulebook
    from tactful.rulebook.compiler import CompiledRulebook
    from tactful.rulebook.language.mappings import ParsedMapping


@click.command(epilog="\b\nExample:\n  tactful config policy --rules rules --config shop.toml")
@setting_options("rules")
@json_option
def policy(*, json_output: bool, **options: Any) -> None:
    """Print every policy setting with its value, its origin and its meaning.

    Exclusions and bans of inputs follow, as every rule obeys them.
    """
    loaded = load_settings(options)
    compiled = _compile_rules(loaded.config)
    origins = {name.removeprefix("policy."): where for name, where in loaded.origins.items()}
    origins |= dict(_places_in_rule_files(compiled))
    rows = [
        {
            "name": setting.name,
            "value": policy_settings.format_value(compiled.policy, setting),
            "origin": origins.get(setting.name, DEFAULT),
            "meaning": setting.meaning,
        }
        for setting in policy_settings.POLICY_SETTINGS
    ]
    if compiled.rulebook:
        rows += _prohibition_rows(compiled.rulebook, origins.get("exclude", DEFAULT))
    if json_output:
        print_json(rows)
    else:
        print_table(tuple(rows[0]), (tuple(row.values()) for row in rows))
    if compiled.rulebook is None:
        print_warning(
            "The rule files have errors, so a server keeps its last valid policy. "
            "`tactful rules check` lists the errors."
        )
        raise click.exceptions.Exit(EXIT_NEGATIVE)


def _prohibition_rows(rulebook: "Rulebook", configured_in: str) -> Iterator[dict[str, str]]:
    """Yield a row for each exclusion and each ban of inputs.

    Args:
        rulebook: The rulebook.
        configured_in: Where the exclusions of the configuration come from.
    """
    from tactful.rulebook.authoring.describe import describe_exclusion, describe_input_ban
    from tactful.rulebook.compilation.builder import build_shop_exclusion

    configured = {build_shop_exclusion(one) for one in rulebook.policy.exclude}
    for one in rulebook.exclusions:
        meaning = "What no rule makes offers on."
        yield {
            "name": f"exclude.{one.id}",
            "value": describe_exclusion(one),
            "origin": configured_in if one in configured else RULE_FILES,
            "meaning": meaning,
        }
    for ban in rulebook.input_bans:
        meaning = "What no rule may read there."
        yield {
            "name": f"forbid_inputs.{ban.territory}",
            "value": describe_input_ban(ban),
            "origin": RULE_FILES,
            "meaning": meaning,
        }


def _compile_rules(config: Config) -> "CompiledRulebook":
    from tactful.rulebook.compiler import compile_rulebook
    from tactful.runtime.services.rule_source_folder import read_rule_sources

    sources = read_rule_sources(config.rules) if config.rules else []
    return compile_rulebook(sources, now=time.time_ns() // 1_000_000, policy=config.policy)


def _places_in_rule_files(compiled: "CompiledRulebook") -> Iterator[tuple[str, str]]:
    """Yield the name of each policy setting that rule files set, and the place that sets it."""
    for section in compiled.files.policies:
        yield from _leaves(section, "")


def _leaves(block: "ParsedMapping", above: str) -> Iterator[tuple[str, str]]:
    for name, key in block.keys.items():
        value = block.get(name)
        if hasattr(value, "keys") and hasattr(value, "node"):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", f"{key.path}:{key.line + 1}"


@click.group()
def old_policy() -> None:
    """Show the policy; `tactful config policy` is its new name."""


old_policy.add_command(policy, "show")
