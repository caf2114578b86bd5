"""The command `tactful doctor`, which checks a page for the widget without a browser."""

from typing import Any, Final

import click
import msgspec

from tactful.cli.shared.errors import EXIT_NEGATIVE, exit_on
from tactful.cli.shared.http_client import ServerClient
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json, print_line, print_text
from tactful.cli.storefront.page_checks import UnreachableError, run_checks

_MARKS: Final = {"good": ("ok  ", "green"), "note": ("note", "yellow"), "bad": ("bad ", "red")}


_EXAMPLE = """
\b
Examples:
  tactful doctor https://shop.example/products/aero-runner
  tactful doctor https://shop.example/products/aero-runner --explain
"""


@click.command(epilog=_EXAMPLE)
@click.argument("url")
@click.option(
    "--url",
    "--server",
    "server",
    metavar="URL",
    help="URL of the Tactful server. Default: the server of the page's script tag.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Also ask the server, with the server key, why the page's items have no offer.",
)
@setting_options("egress_allow")
@json_option
def doctor(
    *, url: str, server: str | None, explain: bool, json_output: bool, **options: Any
) -> None:
    """Fetch a page of the shop, and list what the widget will find there and what to correct.

    With --explain the server also says what it knows about the page's item: price, cost and stock in
    the page's territory, and for each rule why it makes no offer.

    The check runs no scripts. In the browser's console `tactful('doctor')` also sees what the page's
    own scripts add.

    Exit code 0: nothing is bad. 1: something is. 2: the page could not be fetched.
    """
    config = load_config(options)

    def ask(where: str, question: dict[str, Any]) -> dict[str, Any]:
        with ServerClient(config, where) as client:
            body = msgspec.json.encode(question)
            answer: dict[str, Any] = client.request("POST", "/v1/doctor", body, "application/json")
            return answer

    named = server.rstrip("/") if server else None
    with exit_on(UnreachableError):
        results = list(run_checks(url, named, config.egress_allow, ask if explain else None))
    if json_output:
        print_json(
            [
                {"level": result.level, "what": result.what, "advice": result.advice}
                for result in results
            ]
        )
    else:
        for result in results:
            mark, colour = _MARKS[result.level]
            print_text(mark, fg=colour, nl=False)
            print_line(f"  {result.what}")
            if result.advice:
                print_line(f"      {result.advice}")
    if any(result.level == "bad" for result in results):
        raise click.exceptions.Exit(EXIT_NEGATIVE)
