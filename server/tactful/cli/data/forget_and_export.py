"""The commands `tactful forget` and `tactful export`, on one customer of a running server."""

from typing import Any
from urllib.parse import quote

import click

from tactful.cli.shared.errors import CommandError, NegativeAnswerError
from tactful.cli.shared.http_client import NotFoundError, ServerClient, url_option
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json, print_text
from tactful.core.facts.shopper_contacts import contact_hash, email_form
from tactful.core.values.phone_numbers import e164


@click.command(
    epilog="\b\nExamples:\n  tactful forget c-1042 --yes\n  tactful forget --email mia@shop.example"
)
@click.argument("customer", required=False)
@click.option("--email", help="Erase a shopper without an id, by the e-mail address.")
@click.option("--phone", help="Erase a shopper without an id, by the international phone number.")
@click.option("--yes", is_flag=True, help="Erase without asking for confirmation.")
@url_option
@setting_options()
@json_option
def forget(
    *,
    customer: str | None,
    email: str | None,
    phone: str | None,
    yes: bool,
    url: str | None,
    json_output: bool,
    **options: Any,
) -> None:
    """Erase a customer from the running server, its files and its log, permanently.

    Amounts that were promised stay in the ledger, under a random id. Accepted offers can still be
    redeemed. With --email or --phone, facts that name no customer are erased. The address or number
    stays on this machine: the server gets a digest.
    """
    who, path = _to_erase(customer, email, phone)
    with ServerClient(load_config(options), url) as server:
        held = _held(server, path) if customer is not None else "all data"
        if not held:
            raise NegativeAnswerError(
                f"Nothing is kept about {who}, and nothing was erased. Check the id."
            )
        question = f"Erase {held} about {who}? This cannot be undone"
        if not yes and not click.confirm(question):
            raise CommandError("Nothing was erased, because the question was answered with no.")
        answer = server.request("DELETE", path)
    if json_output:
        print_json(answer)
    else:
        print_text(f"All data about {who} is erased.")


def _held(server: ServerClient, path: str) -> str:
    """Return how much is kept about a customer, as "3 facts, 1 session and 2 offers"; "" for nothing."""
    try:
        found = server.get(f"{path}/export")
    except NotFoundError:
        return ""
    parts = [(name, len(rows)) for name, rows in found.items() if isinstance(rows, list) and rows]
    counts = [f"{count} {name.removesuffix('s') if count == 1 else name}" for name, count in parts]
    if found.get("contact"):
        counts.append("the contact history")
    *first, last = counts or ["all data"]
    return f"{', '.join(first)} and {last}" if first else last


def _to_erase(customer: str | None, email: str | None, phone: str | None) -> tuple[str, str]:
    """Return the name of who is to be erased, and the path of the request.

    Raises:
        CommandError: Not exactly one is named, or the address or number cannot be read.
    """
    given = [one for one in (customer, email, phone) if one is not None]
    if len(given) != 1:
        raise CommandError("Name one customer, --email or --phone.")
    if customer is not None:
        return f"customer {customer}", f"/v1/customers/{quote(customer, safe='')}"
    form = email_form(given[0]) if email is not None else e164(given[0], None)
    if form is None:
        wanted = (
            "an e-mail address" if email is not None else "a number that begins with + and country"
        )
        raise CommandError(f"{given[0]}: This cannot be read. Write {wanted}.")
    return form, f"/v1/contacts/{contact_hash(form)}"


@click.command(epilog="\b\nExample:\n  tactful export c-1042 > c-1042.json")
@click.argument("customer")
@url_option
@setting_options()
def export(*, customer: str, url: str | None, **options: Any) -> None:
    """Print all data that the running server stores about a customer, as JSON."""
    with ServerClient(load_config(options), url) as server:
        print_json(server.get(f"/v1/customers/{quote(customer, safe='')}/export"))
