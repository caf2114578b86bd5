"""The command `tactful connect bridge`, which tries a shop's bridge against failures."""

import click
from click.exceptions import Exit

from tactful.cli.shared.errors import EXIT_NEGATIVE, exit_on
from tactful.cli.shared.output import json_option, print_json, print_line, print_text

_EXAMPLE = """
\b
Example, with a shop that was started with
TACTFUL_URL=http://127.0.0.1:8021 TACTFUL_SERVER_KEY=bridge-check-server-key:
  tactful connect bridge http://127.0.0.1:8080/test-driver

server/bridges/README.md describes the test driver that the shop needs.
"""
_MARKS = {"passed": ("passed", "green"), "failed": ("FAILED", "red"), "left_out": ("left out", "")}


@click.command(epilog=_EXAMPLE)
@click.argument("url")
@click.option(
    "--port", default=8021, show_default=True, help="Port on which the shop reaches Tactful."
)
@click.option(
    "--key",
    default="bridge-check-server-key",
    show_default=True,
    help="Server key that the shop was given.",
)
@click.option(
    "--only", multiple=True, metavar="CHECK", help="Run this check only; can be repeated."
)
@click.option(
    "--patience",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    help="Seconds in which shop and server must agree after each check.",
)
@json_option
def bridge(
    *, url: str, port: int, key: str, only: tuple[str, ...], patience: float, json_output: bool
) -> None:
    """Check that a shop charges promised prices exactly once, whatever fails on the way.

    URL is the address of the shop's test driver. The command plays Tactful for the shop, with offers
    of its own, and lets requests fail between both. Use a shop that is only there for tests.

    Exit code 0: no check failed. 1: some failed. 2: the checks could not run.
    """
    from tactful.bridge_check.check_run import CheckOutcome, run_checks
    from tactful.bridge_check.checks import CHECKS
    from tactful.bridge_check.shop_driver import DriverError
    from tactful.cli.shared.logging_setup import configure_logging

    configure_logging("error")
    names = [one.name for one in CHECKS]
    if unknown := [name for name in only if name not in names]:
        raise click.BadParameter(
            f"There is no check {unknown[0]!r}. The checks are {', '.join(names)}.",
            param_hint="--only",
        )

    def show(result: CheckOutcome) -> None:
        mark, colour = _MARKS[result.outcome]
        print_text(f"{mark:<9} ", nl=False, fg=colour or None)
        print_line(f"{result.name}: {result.must}")
        if result.outcome == "passed":
            return
        print_line(f"          {result.found}")
        if result.outcome == "failed":
            print_line(f"          Harm: {result.harm}")
            for exchange in result.exchanges:
                print_line(f"          {exchange}")

    with exit_on(DriverError, ValueError):
        report = run_checks(
            url,
            port=port,
            key=key,
            only=only,
            patience=patience,
            on_result=(lambda _: None) if json_output else show,
        )
    failed = report.names("failed")
    if json_output:
        print_json(report)
    else:
        left_out = report.names("left_out")
        print_line(
            f"{report.shop}: {len(report.names('passed'))} passed, {len(failed)} failed, "
            f"{len(left_out)} left out."
        )
    if failed:
        raise Exit(EXIT_NEGATIVE)


@click.group()
def bridge_group() -> None:
    """Check a shop's bridge; `tactful connect bridge` is the same."""


bridge_group.add_command(bridge, "check")
