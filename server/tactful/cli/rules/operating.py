"""The commands of `tactful rules` that show and change the rules of a running server."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import click
import msgspec

from tactful.cli.shared.http_client import ServerClient, url_option
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import (
    json_option,
    local_times,
    one_line,
    plain_text,
    print_json,
    print_table,
    print_text,
)


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
    zone = answer.get("timezone", "UTC")
    since = local_times(answer["activated_at"] or "never", zone)
    print_text(f"Rulebook {answer['version']}, active since {since}.")
    if answer["stop"]:
        _print_stop(answer["stop"], zone)
    if answer["trouble"]:
        print_text(answer["trouble"], fg="red")
    print_text()
    print_table(("rule", "state", "mode", "campaign"), _rule_rows(answer["rules"]))
    if any(rule["mode"] == "shadow" for rule in answer["rules"]):
        print_text()
        print_text(
            "`tactful rules shadow` reports what the rules in shadow mode would have offered."
        )
    if answer["versions"]:
        print_text()
        print_table(("version", "activated", "how"), _version_rows(answer["versions"], zone))


def _rule_rows(rules: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for rule in rules:
        yield rule["rule"], rule["state"], rule["mode"], rule["campaign"] or "–"


def _version_rows(versions: list[dict[str, Any]], zone: str) -> Iterator[tuple[str, ...]]:
    for one in versions:
        how = "rollback" if one["rolled_back"] else "files"
        yield one["version"], local_times(one["activated_at"], zone), how


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


@click.command(epilog='\b\nExample:\n  tactful rules stop --reason "wrong prices in the feed"')
@click.option(
    "--reason", required=True, metavar="TEXT", help="Why, for the audit log and the alert."
)
@_server_command
def stop(*, reason: str, url: str | None, json_output: bool, **options: Any) -> None:
    """Stop all offers of a running server at once.

    Standing offers are withdrawn, and nothing is offered until `tactful rules start`, also after a
    restart. Accepted offers keep their promise.
    """
    config = load_config(options)
    with ServerClient(config, url) as server:
        body = msgspec.json.encode({"reason": reason})
        answer = server.request("POST", "/v1/rulebook/stop", body, "application/json")
        zone = server.get("/v1/rulebook").get("timezone", "UTC")
    if json_output:
        print_json(answer)
    elif answer["stop"]:
        _print_stop(answer["stop"], zone)


def _print_stop(shown: dict[str, str], zone: str) -> None:
    since = local_times(shown["since"], zone)
    by, reason = one_line(shown["by"]), one_line(shown["reason"])
    print_text(f"All offers are stopped since {since}, by {by}: {reason}", fg="red")


@click.command(epilog="\b\nExample:\n  tactful rules start")
@_server_command
def start(*, url: str | None, json_output: bool, **options: Any) -> None:
    """End the stop of all offers of a running server; paused rules stay paused."""
    with ServerClient(load_config(options), url) as server:
        answer = server.request("POST", "/v1/rulebook/start")
    if json_output:
        print_json(answer)
    else:
        print_text("Offers are made again.")


@click.command(
    epilog="\b\nExamples:\n  tactful rules shadow\n  tactful rules shadow new-rule --since 14d"
)
@click.argument("rule", required=False)
@click.option(
    "--since", metavar="DURATION", default="7d", show_default=True,
    help="How far back to look, such as 24h or 7d.",
)  # fmt: skip
@_server_command
def shadow(
    *, rule: str | None, since: str, url: str | None, json_output: bool, **options: Any
) -> None:
    """Report what rules in shadow mode would have offered: all of them, or each offer of RULE.

    An item is counted once for each session. Nothing was shown, reserved or counted as an approach.
    """
    with ServerClient(load_config(options), url) as server:
        answer = server.get("/v1/shadow", rule=rule, last=since)
    if json_output:
        print_json(answer)
    elif not answer["rules"]:
        named = f"The rule {rule} has" if rule else "No rule has"
        print_text(f"{named} decided anything in shadow mode in the last {since}.")
    else:
        head = ("rule", "decisions", "shoppers", "items", "public prices", "discounts", "last")
        print_table(head, _shadow_rows(answer))
        if rule:
            print_text()
            head = ("when", "item", "where", "public", "offered", "shopper", "offer")
            print_table(head, _shadow_offers(answer))


def _shadow_rows(answer: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for one in answer["rules"]:
        yield (
            one["rule"], str(one["decisions"]), str(one["shoppers"]), str(one["items"]),
            plain_text(one["public"]), plain_text(one["discount"]),
            local_times(one["last"], answer["timezone"]),
        )  # fmt: skip


def _shadow_offers(answer: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for one in answer["offers"]:
        yield (
            local_times(one["at"], answer["timezone"]), one["sku"], one["territory"],
            plain_text(one["public"]), plain_text(one["price"]),
            one["customer"] or one["session"], one["offer"],
        )  # fmt: skip


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
