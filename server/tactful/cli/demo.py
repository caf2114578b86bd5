"""The command `tactful demo`, which runs a demo shop until it is interrupted."""

import click

from tactful.cli.shared.errors import exit_on

_EXAMPLE = """
\b
Example:
  tactful demo
  tactful demo --port 9000 --open

Nothing is kept: facts, rules and orders are in a temporary folder that is deleted at the end.
"""


@click.command(epilog=_EXAMPLE)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Loopback address to listen on."
)
@click.option(
    "--port", default=8000, show_default=True, help="First port to try; 0 takes any free port."
)
@click.option("--open", "open_browser", is_flag=True, help="Open the demo in a browser.")
@click.pass_context
def demo(ctx: click.Context, host: str, port: int, open_browser: bool) -> None:
    """Run a demo shop: storefront, facts, rules and console on one port."""
    from tactful.cli.shared.logging_setup import configure_logging
    from tactful.demo import run  # the whole server, for this command only
    from tactful.transports.server.listener import ListenError

    # A visitor of the demo needs the addresses that it prints, not the events of its server.
    configure_logging("error")
    with exit_on(ListenError):
        ctx.exit(run(host, port, open_browser=open_browser))
