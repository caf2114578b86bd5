"""The command `tactful why`, which explains each rule's decision for one shopper and item."""

from typing import Any

import click

from tactful.cli.data.offline_why import explain_offline
from tactful.cli.shared.http_client import ServerClient, url_option
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import (
    json_option,
    local_times,
    plain_text,
    print_json,
    print_line,
    print_text,
)
from tactful.core.values.money import Money, format_plain

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
@click.option("--session", metavar="ID", help="Explain for this session.")
@click.option("--customer", metavar="ID", help="Explain for this customer.")
@click.option("--at", metavar="TIME", help="Explain a past moment, such as 2026-03-10T12:00:00Z.")
@click.option(
    "--territory",
    metavar="CODE",
    help="Assume a visit in this territory, by --customer or an anonymous shopper.",
)
@click.option(
    "--dwell", metavar="TIME", help="Assume a visit with this time on the item, such as 45s."
)
@click.option(
    "--recompute",
    is_flag=True,
    help="With --at: compute again what another version of the server decided.",
)
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
    recompute: bool,
    url: str | None,
    json_output: bool,
    **options: Any,
) -> None:
    """Explain, rule by rule and gate by gate, why an item is offered to a shopper or withheld.

    The running server answers. With --data a copy of that folder is explained instead, with the
    rules of --rules or else those that were active last.
    """
    hypothetical = territory is not None or dwell is not None
    if not hypothetical and (session is None) == (customer is None):
        raise click.UsageError(
            "Name either --session or --customer, or assume a visit with --territory or --dwell."
        )
    question = {
        "sku": sku, "session": session, "customer": customer, "at": at,
        "territory": territory, "dwell": dwell, "recompute": "true" if recompute else None,
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
        _print_answer(answer)


def _print_answer(answer: dict[str, Any]) -> None:
    """Print an explanation as text, a paragraph for each rule and each offer."""
    shopper = answer.get("customer") or answer.get("session") or "an anonymous shopper"
    zone = answer.get("timezone", "UTC")
    at = local_times(answer["at"], zone) + ("" if zone == "UTC" else f" ({zone})")
    print_line(f"{answer['sku']} for {shopper} at {at}, rulebook {answer['rulebook']}")
    if "recorded_by" in answer:
        print_line(
            f"Shown as version {answer['recorded_by']} of the engine recorded it;"
            " --recompute computes it again."
        )
    if not answer["rules"]:
        print_line(
            "No rule was decided for this item."
            if "recorded_by" in answer
            else "The rulebook has no rules."
        )
    for rule in answer["rules"]:
        print_line("")
        _print_outcome(rule)
        for gate in rule["gates"]:
            actual, needed = plain_text(gate["actual"]), plain_text(gate["needed"])
            print_line(local_times(f"  {gate['reason']}: is {actual}, needs {needed}", zone))
            age = f" Reported {_age(gate['age'])} ago." if "age" in gate else ""
            print_line(local_times(f"    Would change if: {gate['change']}.{age}", zone))
        _print_evidence(rule)
    for offer in answer["offers"]:
        print_line("")
        price = format_plain(Money(**offer["price"]))
        end = local_times(offer["ends_at"], zone)
        print_line(f"offer {offer['id']}: {offer['state']}, {price}, until {end}")


def _print_outcome(rule: dict[str, Any]) -> None:
    reason = f" because of {rule['reason']}" if rule.get("reason") else ""
    notes = f" ({', '.join(rule['notes'])})" if rule.get("notes") else ""
    print_text(rule["rule"], bold=True, nl=False)
    print_text(": ", nl=False)
    print_text(rule["outcome"], fg=_COLOURS.get(rule["outcome"], "red"), bold=True, nl=False)
    print_line(f"{reason}{notes}")


def _print_evidence(rule: dict[str, Any]) -> None:
    """Print what an offer rests on: facts, conditions, steps of the price, and rules that lost."""
    for read in rule.get("inputs", ()):
        age = "" if read["age"] is None else f", reported {_age(read['age'])} ago"
        version = "" if read["version"] is None else f", version {read['version']}"
        about = f"({read['provenance']}{version}{age})"
        print_line(f"  read {read['fact']} {read['id']}: {plain_text(read['value'])} {about}")
    for held in rule.get("conditions", ()):
        print_line(f"  held {held['needed']}: is {plain_text(held['actual'])}")
    steps = [
        f"{one['step']} {format_plain(Money(one['amount'], one['currency']))}"
        for one in rule.get("price", ())
    ]
    if steps:
        print_line(f"  price {', '.join(steps)}")
    for lost in rule.get("lost", ()):
        print_line(f"  lost {lost['rule']}: {lost['reason']}")


def _age(seconds: int) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
