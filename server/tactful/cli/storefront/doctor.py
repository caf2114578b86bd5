"""`tactful doctor`: does the widget work on a page, as far as can be seen without a browser?"""

from typing import Final

import click

from tactful.cli.shared.errors import EXIT_NEGATIVE, exit_on
from tactful.cli.shared.output import json_option, print_json
from tactful.cli.storefront.page_checks import UnreachableError, run_checks

_MARKS: Final = {"good": ("ok  ", "green"), "note": ("note", "yellow"), "bad": ("bad ", "red")}


@click.command(epilog="\b\nExample:\n  tactful doctor https://shop.example/products/aero-runner")
@click.argument("url")
@click.option("--server", metavar="URL", help="The Tactful server; default: from the script tag.")
@json_option
def doctor(*, url: str, server: str | None, json_output: bool) -> None:
    """Fetch a page of the shop and say what the widget will find there, and what to mend.

    What a page's own scripts add later is seen by `tactful('doctor')` in the browser's console.
    """
    with exit_on(UnreachableError):
        seen = list(run_checks(url, server.rstrip("/") if server else None))
    if json_output:
        print_json([{"level": one.level, "what": one.what, "advice": one.advice} for one in seen])
    else:
        for one in seen:
            mark, colour = _MARKS[one.level]
            click.echo(f"{click.style(mark, fg=colour)}  {one.what}")
            if one.advice:
                click.echo(f"      {one.advice}")
    if any(one.level == "bad" for one in seen):
        raise click.exceptions.Exit(EXIT_NEGATIVE)
