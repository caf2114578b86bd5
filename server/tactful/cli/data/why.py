"""`tactful why`: why was this offered to this shopper, or not?"""

from collections.abc import Iterator
from typing import Any

import click

from tactful.cli.data.offline_why import explain_offline
from tactful.cli.shared.http_client import ServerClient, url_option
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json

_EXAMPLE = """
\b
Examples:
  tactful why RUN-42 --customer c-1042
  tactful why RUN-42 --session s_2f... --at 2026-03-10T12:00:00Z --json
  tactful why RUN-42 --territory DE --dwell 45s
  tactful why RUN-42 --customer c-1042 --territory DE --data shop-data
"""
_COLOURS = {"pushed": "green", "standing": "green", "held_out": "yellow", "shadow": "yellow"}


@click.command(epilog=_EXAMPLE)
@click.argument("sku")
@click.option("--session", metavar="ID", help="The session that is meant.")
@click.option("--customer", metavar="ID", help="The customer that is meant.")
@click.option("--at", metavar="TIME", help="A past moment, such as 2026-03-10T12:00:00Z.")
@click.option(
    "--territory", metavar="CODE", help="Imagine a visit there, of the customer or a stranger."
)
@click.option("--dwell", metavar="TIME", help="Imagine a visit so long on the item, such as 45s.")
@url_option
@setting_options("data", "rules")
@json_option
def why(
    *,
    sku: str,
    session: str | None,
    customer: str | None,
    at: str | None,
    territory: str | None,
    dwell: str | None,
    url: str | None,
    json_output: bool,
    **options: Any,
) -> None:
    """Explain, rule by rule and gate by gate, what a shopper is offered on an item, or not.

    Asks the running server; with --data, a copy of that folder, with its rules or those of --rules.
    """
    imagined = territory is not None or dwell is not None
    if not imagined and (session is None) == (customer is None):
        raise click.UsageError("Give either --session or --customer, or imagine a visit.")
    question = {
        "sku": sku, "session": session, "customer": customer, "at": at,
        "territory": territory, "dwell": dwell,
    }  # fmt: skip
    config = load_config(options)
    if options["data"] is not None:
        answer = explain_offline(config, question)
    else:
        with ServerClient(config, url) as server:
            answer = server.get("/v1/why", **question)
    if json_output:
        print_json(answer)
    else:
        for line in _lines(answer):
            click.echo(line)


def _lines(answer: dict[str, Any]) -> Iterator[str]:
    who = answer.get("customer") or answer.get("session") or "a stranger"
    yield f"{answer['sku']} for {who} at {answer['at']}, rulebook {answer['rulebook']}"
    if not answer["rules"]:
        yield "There is no rule."
    for rule in answer["rules"]:
        yield ""
        outcome = click.style(rule["outcome"], fg=_COLOURS.get(rule["outcome"], "red"), bold=True)
        reason = f" because of {rule['reason']}" if rule.get("reason") else ""
        notes = f" ({', '.join(rule['notes'])})" if rule.get("notes") else ""
        yield f"{click.style(rule['rule'], bold=True)}: {outcome}{reason}{notes}"
        for gate in rule["gates"]:
            yield f"  {gate['reason']}: is {_plain(gate['actual'])}, needs {_plain(gate['needed'])}"
            age = f" Reported {_age(gate['age'])} ago." if "age" in gate else ""
            yield f"    Would change if: {gate['change']}.{age}"
    for offer in answer["offers"]:
        yield ""
        price = offer["price"]
        yield f"offer {offer['id']}: {offer['state']}, {price['amount']} {price['currency']} (minor units), until {offer['ends_at']}"


def _plain(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "nothing"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _age(seconds: int) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
