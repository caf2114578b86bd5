"""The commands of `tactful rules` that show and change the rules of a running server."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import click
import msgspec

from tactful.cli.shared.http_client import ServerClient, url_option
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json, print_table, print_text


def _server_command(function: Callable[..., None]) -> Any:
    """Add the options with which a command addresses a running server."""
    return url_option(setting_options()(json_option(function)))


@click.command(epilog="\b\nExample:\n  tactful rules status")
@_server_command
def status(*, url: str | None, json_output: bool, **options: Any) -> None:
    """Show the rules of a running server with their states, and the versions before."""
    with ServerClient(load_config(options), url) as server:
        answer = server.get("/v1/rulebook")
    if json_output:
        print_json(answer)
        return
    print_text(f"Rulebook {answer['version']}, active since {answer['activated_at'] or 'never'}.")
    if answer["trouble"]:
        print_text(answer["trouble"], fg="red")
    print_text()
    print_table(("rule", "state", "mode", "campaign"), _rule_rows(answer["rules"]))
    if answer["versions"]:
        print_text()
        print_table(("version", "activated", "how"), _version_rows(answer["versions"]))


def _rule_rows(rules: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for rule in rules:
        yield rule["rule"], rule["state"], rule["mode"], rule["campaign"] or "–"


def _version_rows(versions: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for one in versions:
        yield one["version"], one["activated_at"], "rollback" if one["rolled_back"] else "files"


@click.command(epilog="\b\nExample:\n  tactful rules pause hesitating-over-running-shoes")
@click.argument("rule")
@_server_command
def pause(*, rule: str, **options: Any) -> None:
    """Pause a rule of a running server, whatever its file says.

    It makes no new offers. Its standing offers stay, unless the rule says `on_change: drain` or
    `withdraw`. Accepted offers keep their promise.
    """
    _switch(rule, "pause", "is paused", options)


@click.command(epilog="\b\nExample:\n  tactful rules resume hesitating-over-running-shoes")
@click.argument("rule")
@_server_command
def resume(*, rule: str, **options: Any) -> None:
    """Let a paused rule of a running server run again."""
    _switch(rule, "resume", "is running", options)


def _switch(rule: str, act: str, done: str, options: dict[str, Any]) -> None:
    url, json_output = options.pop("url"), options.pop("json_output")
    with ServerClient(load_config(options), url) as server:
        answer = server.request("POST", f"/v1/rules/{quote(rule, safe='')}/{act}")
    if json_output:
        print_json(answer)
    else:
        print_text(f"Rule {rule} {done}.")


@click.command("reload", epilog="\b\nExample:\n  tactful rules reload")
@_server_command
def reload_(*, url: str | None, json_output: bool, **options: Any) -> None:
    """Let a running server read its rule files again.

    Files with errors are refused, and the rules stay as they are.
    """
    with ServerClient(load_config(options), url) as server:
        answer = server.request("POST", "/v1/rulebook/reload")
    _show_activation(answer, json_output=json_output)


@click.command(epilog="\b\nExamples:\n  tactful rules rollback\n  tactful rules rollback 3f9a1c07")
@click.argument("version", required=False)
@_server_command
def rollback(*, version: str | None, url: str | None, json_output: bool, **options: Any) -> None:
    """Return a running server to an earlier version of its rules.

    VERSION is one that `tactful rules status` lists, or a unique beginning of it. Without VERSION the
    server returns to the version before the active one. The version stays until a file changes.
    """
    body = msgspec.json.encode({"version": version} if version else {})
    with ServerClient(load_config(options), url) as server:
        answer = server.request("POST", "/v1/rulebook/rollback", body, "application/json")
    _show_activation(answer, json_output=json_output)


def _show_activation(answer: dict[str, Any], *, json_output: bool) -> None:
    if json_output:
        print_json(answer)
    elif answer["outcome"] == "same":
        print_text(f"Rulebook {answer['version']} is active already.")
    elif answer["outcome"] == "undone":
        print_text(
            f"Rulebook {answer['version']} stays active, because the version in the files was rolled"
            " back. Change a file, or name a version with `tactful rules rollback VERSION`."
        )
    else:
        print_text(f"Rulebook {answer['version']} is active.")
