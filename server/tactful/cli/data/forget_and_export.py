"""`tactful forget` and `tactful export`: what is kept about a customer, and how does it go?"""

from typing import Any
from urllib.parse import quote

import click

from tactful.cli.shared.errors import CommandError
from tactful.cli.shared.http_client import ServerClient, url_option
from tactful.cli.shared.options import config_of, settings
from tactful.cli.shared.output import as_json, json_option


@click.command(epilog="\b\nExample:\n  tactful forget c-1042 --yes")
@click.argument("customer")
@click.option("--yes", is_flag=True, help="Do not ask.")
@url_option
@settings()
@json_option
def forget(*, customer: str, yes: bool, url: str | None, as_json_: bool, **given: Any) -> None:
    """Erase a customer from the running server, its files and its log, for good.

    Money that was promised stays, under a random id; accepted offers can still be redeemed.
    """
    if not yes and not click.confirm(f"Erase everything about {customer}? It cannot be undone"):
        raise CommandError("nothing was erased")
    with ServerClient(config_of(given), url) as server:
        answer = server.ask("DELETE", f"/v1/customers/{quote(customer, safe='')}")
    if as_json_:
        as_json(answer)
    else:
        click.echo(f"{customer} is forgotten.")


@click.command(epilog="\b\nExample:\n  tactful export c-1042 > c-1042.json")
@click.argument("customer")
@url_option
@settings()
def export(*, customer: str, url: str | None, **given: Any) -> None:
    """Print all that the running server keeps about a customer, as JSON."""
    with ServerClient(config_of(given), url) as server:
        as_json(server.get(f"/v1/customers/{quote(customer, safe='')}/export"))
