"""The command `tactful events`: what happens to offers and alerts on a running server."""

import time
from typing import Any, Final

import click
import msgspec

from tactful.cli.shared.http_client import ServerClient, url_option
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_line

POLL_S: Final = 1
"""Seconds between two looks."""


@click.group()
def events() -> None:
    """Read what happens to offers and alerts."""


@events.command(
    epilog="\b\nExamples:\n  tactful events tail\n  tactful events tail --after '' --no-follow --json"
)
@click.option(
    "--after", metavar="CURSOR", default="latest", show_default=True,
    help="Where to begin; empty: at the first event that is kept.",
)  # fmt: skip
@click.option("--follow/--no-follow", default=True, help="Whether to wait for more.")
@url_option
@setting_options()
@json_option
def tail(*, after: str, follow: bool, url: str | None, json_output: bool, **options: Any) -> None:
    """Print events as they happen, one a line."""
    with ServerClient(load_config(options), url) as server:
        while True:
            page = server.get("/v1/events", after=after)
            for event in page["events"]:
                print_line(msgspec.json.encode(event).decode() if json_output else _line(event))
            # A page may be empty and not the last one: some steps of offers are no events.
            has_more = page["next"] != after
            after = page["next"]
            if not has_more:
                if not follow:
                    return
                time.sleep(POLL_S)


def _line(event: dict[str, Any]) -> str:
    data = event["data"]
    if event["type"].startswith("alert."):
        return f"{event['at']}  {event['type']:<16}  {data['kind']} {data['subject']}".rstrip()
    whose = data.get("customer") or data["session"]
    more = "".join(f"  {name} {data[name]}" for name in ("order", "reason") if name in data)
    return f"{event['at']}  {event['type']:<16}  {data['offer']}  {data['sku']}  {whose}{more}"
