"""`tactful demo`: a shop to play with, until Ctrl-C."""

import click

from tactful.cli.shared.errors import exit_on

_EXAMPLE = """
\b
Example:
  tactful demo
  tactful demo --port 9000 --open

Nothing is kept: facts, rules and orders live in a temporary folder that goes with the process.
"""


@click.command(epilog=_EXAMPLE)
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option(
    "--port", default=8000, show_default=True, help="The first port that is tried; 0 takes any."
)
@click.option("--open", "open_browser", is_flag=True, help="Open a browser there.")
@click.pass_context
def demo(ctx: click.Context, host: str, port: int, open_browser: bool) -> None:
    """A shop to play with: storefront, facts, rules and console on one port, no other service."""
    from tactful.cli.shared.logging_setup import configure_logging
    from tactful.demo import run  # the whole server, for this command only
    from tactful.transports.server.listener import ListenError

    configure_logging("error")  # who plays has no use for what an operator wants to know
    with exit_on(ListenError):
        ctx.exit(run(host, port, open_browser=open_browser))
