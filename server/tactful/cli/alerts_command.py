"""The command `tactful alerts`: what needs a person on a running server."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import click
import msgspec

from tactful.cli import response_times
from tactful.cli.shared.http_client import ServerClient, url_option
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, local_times, print_json, print_table, print_text


def _server_command(function: Callable[..., None]) -> Any:
    """Add the options with which a command addresses a running server."""
    return url_option(setting_options()(json_option(function)))


def _operator_option(function: Callable[..., None]) -> Any:
    text = "Your name, which is kept with the alert. Default: `server key`."
    return click.option("--by", metavar="NAME", help=text)(function)


@click.group(
    invoke_without_command=True,
    epilog="\b\nExamples:\n  tactful alerts\n  tactful alerts acknowledge al_3f9a1c07d2e4b5a6 --by Ada",
)
@click.option("--resolved", is_flag=True, help="List the latest alerts that are resolved instead.")
@_server_command
@click.pass_context
def alerts(
    ctx: click.Context, /, *, resolved: bool, url: str | None, json_output: bool, **options: Any
) -> None:
    """List what needs a person, the most urgent first; or act on one alert."""
    if ctx.invoked_subcommand is not None:
        return
    with ServerClient(load_config(options), url) as server:
        answer = server.get("/v1/alerts", state="resolved" if resolved else "unresolved")
    zone = answer.get("timezone", "UTC")
    if json_output:
        print_json(answer)
    elif not answer["alerts"]:
        print_text("No alert is resolved yet." if resolved else "Nothing needs a person.")
    elif resolved:
        print_table(
            ("alert", "kind", "about", "raised", "resolved", "by", "act"), _ended(answer, zone)
        )
        print_text()
        print_table(response_times.COLUMNS, response_times.response_rows(answer["alerts"]))
    else:
        _print_unresolved(answer["alerts"], zone)


def _ended(answer: dict[str, Any], zone: str) -> Iterator[tuple[str, ...]]:
    for one in answer["alerts"]:
        end = one["resolved"]
        yield (
            one["id"], one["kind"], one["subject"] or "–", local_times(one["raised_at"], zone),
            local_times(end["at"], zone), end["by"], end["act"],
        )  # fmt: skip


def _print_unresolved(found: list[dict[str, Any]], zone: str) -> None:
    for place, one in enumerate(found):
        if place:
            print_text()
        about = f" ({one['subject']})" if one["subject"] else ""
        print_text(f"{one['kind']}{about}: {one.get('meaning', '')}", bold=True)
        state = f"  {one['id']}, {one['state']}, since {one['raised_at']}{_marks(one)}"
        print_text(local_times(state, zone))
        if one["evidence"]:
            evidence = ", ".join(f"{name}: {value}" for name, value in one["evidence"].items())
            print_text(f"  {local_times(evidence, zone)}")
        if "remedy" in one:
            print_text(f"  {one['remedy']}")


def _marks(one: dict[str, Any]) -> str:
    text = f", owner {one['owner']}" if "owner" in one else ""
    if "acknowledged" in one:
        text += f", acknowledged by {one['acknowledged']['by']}"
    if one["state"] == "snoozed":
        text += f", snoozed until {one['snoozed']['until']}"
    return text


@alerts.command(epilog="\b\nExample:\n  tactful alerts acknowledge al_3f9a1c07d2e4b5a6 --by Ada")
@click.argument("alert")
@_operator_option
@_server_command
def acknowledge(*, alert: str, **options: Any) -> None:
    """Note that you look after an alert."""
    _act(alert, "acknowledge", "is acknowledged", options)


@alerts.command(epilog="\b\nExample:\n  tactful alerts snooze al_3f9a1c07d2e4b5a6 --for 1d")
@click.argument("alert")
@click.option(
    "--for", "duration", metavar="DURATION", default="1h", show_default=True,
    help="For how long, from 1m to 30d.",
)  # fmt: skip
@_operator_option
@_server_command
def snooze(*, alert: str, duration: str, **options: Any) -> None:
    """Let an alert rest for a while."""
    _act(alert, "snooze", "is snoozed", options, {"duration": duration})


@alerts.command(epilog="\b\nExample:\n  tactful alerts resolve al_3f9a1c07d2e4b5a6 --by Ada")
@click.argument("alert")
@_operator_option
@_server_command
def resolve(*, alert: str, **options: Any) -> None:
    """Close an alert whose cause is gone."""
    _act(alert, "resolve", "is resolved", options)


def _act(
    alert: str, act: str, done: str, options: dict[str, Any], body: dict[str, str] | None = None
) -> None:
    url, json_output, by = (options.pop(name) for name in ("url", "json_output", "by"))
    sent = msgspec.json.encode(body) if body else None
    with ServerClient(load_config(options), url, by) as server:
        path = f"/v1/alerts/{quote(alert, safe='')}/{act}"
        answer = server.request("POST", path, sent, "application/json" if sent else "")
    if json_output:
        print_json(answer)
    else:
        print_text(f"Alert {alert} {done}.")
