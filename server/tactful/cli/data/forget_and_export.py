"""The commands of `tactful customers`, on one customer of a running server."""

from typing import Any
from urllib.parse import quote

import click

from tactful.cli.shared.errors import CommandError, NegativeAnswerError
from tactful.cli.shared.http_client import NotFoundError, ServerClient, url_option
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json, print_text
from tactful.core.facts.shopper_contacts import contact_hash, email_form
from tactful.core.values.counts import counted
from tactful.core.values.phone_numbers import e164


@click.command(
    epilog="\b\nExamples:\n  tactful customers forget c-1042 --yes\n  tactful customers forget --email mia@shop.example"
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

    Exit code 0: what the last line says is erased. 1: nothing was kept. 2: nothing was erased.
    """
    who, path = _to_erase(customer, email, phone)
    with ServerClient(load_config(options), url) as server:
        kept = _kept_of_customer(server, path) if customer is not None else {}
        named = 0
        if customer is None:
            found = server.get(path)
            kept, named = found["facts"], found["named"]
        advice = "Check the id." if customer is not None else _advice(named)
        if not kept:
            raise NegativeAnswerError(
                f"Nothing is kept about {who}, and nothing was erased. {advice}"
                if not named
                else f"No fact about {who} is without a customer, and nothing was erased. {advice}"
            )
        question = f"Erase {_in_words(kept)} about {who}? This cannot be undone"
        if not yes and not click.confirm(question):
            raise CommandError("Nothing was erased, because the question was answered with no.")
        server.request("DELETE", path)
    if json_output:
        print_json({"erased": kept, "named": named})
        return
    print_text(f"All data about {who} is erased: {_in_words(kept)}.")
    if named:
        print_text(advice)


def _kept_of_customer(server: ServerClient, path: str) -> dict[str, int]:
    """Return what is kept about a customer and how much of it; empty for nothing."""
    try:
        found = server.get(f"{path}/export")
    except NotFoundError:
        return {}
    kept = {name: len(rows) for name, rows in found.items() if isinstance(rows, list) and rows}
    # The history of contacts is one row, however much it holds.
    return kept | ({"contact history": 1} if found.get("contact") else {})


def _advice(named: int) -> str:
    if not named:
        return "Check the address or number."
    facts = counted(named, "fact names", "facts name")
    return f"{facts} a customer, too. Find the customer in the console, and erase that id."


def _in_words(kept: dict[str, int]) -> str:
    """Return counts as a text: "3 facts, 1 session and 2 offers"."""
    *first, last = [f"{count} {_counted(name, count)}" for name, count in kept.items()]
    return f"{', '.join(first)} and {last}" if first else last


def _counted(name: str, count: int) -> str:
    """Return a noun, given as singular or plural, in the form that goes with a count."""
    one = name.removesuffix("s")
    if count == 1:
        return one
    return f"{one[:-1]}ies" if one.endswith("y") else f"{one}s"


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


@click.command(epilog="\b\nExample:\n  tactful customers export c-1042 > c-1042.json")
@click.argument("customer")
@url_option
@setting_options()
def export(*, customer: str, url: str | None, **options: Any) -> None:
    """Print all data that the running server stores about a customer, as JSON."""
    with ServerClient(load_config(options), url) as server:
        print_json(server.get(f"/v1/customers/{quote(customer, safe='')}/export"))


@click.group()
def customers() -> None:
    """Erase or print all data about a customer."""


customers.add_command(forget)
customers.add_command(export)
