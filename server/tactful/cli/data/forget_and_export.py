"""The commands `tactful forget` and `tactful export`, on one customer of a running server."""

from typing import Any
from urllib.parse import quote

import click

from tactful.cli.shared.errors import CommandError
from tactful.cli.shared.http_client import ServerClient, url_option
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json, print_text


@click.command(epilog="\b\nExample:\n  tactful forget c-1042 --yes")
@click.argument("customer")
@click.option("--yes", is_flag=True, help="Erase without asking for confirmation.")
@url_option
@setting_options()
@json_option
def forget(*, customer: str, yes: bool, url: str | None, json_output: bool, **options: Any) -> None:
    """Erase a customer from the running server, its files and its log, permanently.

    Amounts that were promised stay in the ledger, under a random id. Accepted offers can still be
    redeemed.
    """
    question = f"Erase all data about customer {customer}? This cannot be undone"
    if not yes and not click.confirm(question):
        raise CommandError("Nothing was erased, because the question was answered with no.")
    with ServerClient(load_config(options), url) as server:
        answer = server.request("DELETE", f"/v1/customers/{quote(customer, safe='')}")
    if json_output:
        print_json(answer)
    else:
        print_text(f"All data about customer {customer} is erased.")


@click.command(epilog="\b\nExample:\n  tactful export c-1042 > c-1042.json")
@click.argument("customer")
@url_option
@setting_options()
def export(*, customer: str, url: str | None, **options: Any) -> None:
    """Print all data that the running server stores about a customer, as JSON."""
    with ServerClient(load_config(options), url) as server:
        print_json(server.get(f"/v1/customers/{quote(customer, safe='')}/export"))
