"""`tactful forget` and `tactful export`: what is kept about a customer, and how does it go?"""

from typing import Any
from urllib.parse import quote

import click

from tactful.cli.shared.errors import CommandError
from tactful.cli.shared.http_client import ServerClient, url_option
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json


@click.command(epilog="\b\nExample:\n  tactful forget c-1042 --yes")
@click.argument("customer")
@click.option("--yes", is_flag=True, help="Do not ask.")
@url_option
@setting_options()
@json_option
def forget(*, customer: str, yes: bool, url: str | None, json_output: bool, **options: Any) -> None:
    """Erase a customer from the running server, its files and its log, for good.

    Money that was promised stays, under a random id; accepted offers can still be redeemed.
    """
    if not yes and not click.confirm(f"Erase everything about {customer}? It cannot be undone"):
        raise CommandError("nothing was erased")
    with ServerClient(load_config(options), url) as server:
        answer = server.request("DELETE", f"/v1/customers/{quote(customer, safe='')}")
    if json_output:
        print_json(answer)
    else:
        click.echo(f"{customer} is forgotten.")


@click.command(epilog="\b\nExample:\n  tactful export c-1042 > c-1042.json")
@click.argument("customer")
@url_option
@setting_options()
def export(*, customer: str, url: str | None, **options: Any) -> None:
    """Print all that the running server keeps about a customer, as JSON."""
    with ServerClient(load_config(options), url) as server:
        print_json(server.get(f"/v1/customers/{quote(customer, safe='')}/export"))
