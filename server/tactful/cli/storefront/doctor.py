"""The command `tactful doctor`, which checks a page for the widget without a browser."""

from typing import Any, Final

import click

from tactful.cli.shared.errors import EXIT_NEGATIVE, exit_on
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json, print_line, print_text
from tactful.cli.storefront.page_checks import UnreachableError, run_checks

_MARKS: Final = {"good": ("ok  ", "green"), "note": ("note", "yellow"), "bad": ("bad ", "red")}


@click.command(epilog="\b\nExample:\n  tactful doctor https://shop.example/products/aero-runner")
@click.argument("url")
@click.option(
    "--server",
    metavar="URL",
    help="URL of the Tactful server. Default: the server of the page's script tag.",
)
@setting_options("egress_allow")
@json_option
def doctor(*, url: str, server: str | None, json_output: bool, **options: Any) -> None:
    """Fetch a page of the shop, and list what the widget will find there and what to correct.

    The check runs no scripts. In the browser's console `tactful('doctor')` also sees what the page's
    own scripts add.

    Exit code 0: nothing is bad. 1: something is. 2: the page could not be fetched.
    """
    allow = load_config(options).egress_allow
    with exit_on(UnreachableError):
        results = list(run_checks(url, server.rstrip("/") if server else None, allow))
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
