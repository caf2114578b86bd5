"""The command group `tactful connect`, and its commands for a running server."""

from typing import Any
from urllib.parse import quote

import click

from tactful.cli.connect.bridge_checks import bridge
from tactful.cli.connect.connector_doctor import doctor
from tactful.cli.connect.connector_setup import setup
from tactful.cli.connect.mapping_files import mapping, test
from tactful.cli.shared.http_client import ServerClient, url_option
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json, print_table, print_text


class _ByName(click.Group):
    """A group in which `tactful connect NAME` means `tactful connect setup NAME`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            return "setup", setup, args
        return super().resolve_command(ctx, args)


@click.group(cls=_ByName)
def connect() -> None:
    """Connect shops and help desks: `tactful connect NAME`, or one of these."""


connect.add_command(bridge)
connect.add_command(setup)
connect.add_command(doctor)
connect.add_command(test)
connect.add_command(mapping)


@connect.command("list", epilog="\b\nExample:\n  tactful connect list")
@url_option
@setting_options()
@json_option
def list_(*, url: str | None, json_output: bool, **options: Any) -> None:
    """List the connectors of a running server, with their deliveries and lists."""
    with ServerClient(load_config(options), url) as server:
        found = server.get("/v1/connectors")
    if json_output:
        print_json(found)
        return
    if not found["connectors"]:
        print_text("The settings name no connector. Write a table [connectors.NAME].")
        return
    print_table(
        ("connector", "kind", "mapped", "waiting", "failed", "drift", "lists"),
        (
            (
                one["name"], one["kind"], str(one["mapped"]), str(one["waiting"]),
                str(one["failed"]), str(sum(one["drift"].values())),
                ", ".join(f"{each['name']} {each['rows']}" for each in one["lists"]) or "–",
            )
            for one in found["connectors"]
        ),
    )  # fmt: skip


@connect.command(epilog="\b\nExample:\n  tactful connect reconcile shop")
@click.argument("name")
@click.option(
    "--accept-missing", is_flag=True,
    help="Report everything as gone that the lists lack, however much it is.",
)  # fmt: skip
@url_option
@setting_options()
def reconcile(*, name: str, accept_missing: bool, url: str | None, **options: Any) -> None:
    """Read all lists of a connector again, as soon as possible."""
    query = "?accept_missing=true" if accept_missing else ""
    with ServerClient(load_config(options), url) as server:
        server.request("POST", f"/v1/connectors/{quote(name, safe='')}/reconcile{query}")
    print_text(f"The lists of {name} are being read. `tactful connect list` shows what was found.")
