"""The command line: `tactful COMMAND`.

A command is imported when it is run, so that `--help` answers at once.
"""

import click

from tactful import __version__
from tactful.cli.shared.lazy_groups import Commands, Lazy

__all__ = ["main"]

COMMANDS = {
    "demo": Lazy("tactful.cli.demo:demo", "A shop to play with, on one port."),
    "serve": Lazy("tactful.cli.serve:serve", "Run the server."),
    "import": Lazy(
        "tactful.cli.data.import_facts:import_", "Bring in facts from files, feeds and exports."
    ),
    "rules": Lazy(
        "tactful.cli.rules.commands:rules", "Check, test, explain and compare rule files."
    ),
    "why": Lazy("tactful.cli.data.why:why", "Explain what was offered to a shopper, or withheld."),
    "snippet": Lazy("tactful.cli.storefront.snippet:snippet", "The script tag for the storefront."),
    "doctor": Lazy("tactful.cli.storefront.doctor:doctor", "Look at a page as the widget would."),
    "policy": Lazy("tactful.cli.policy:policy", "Show the active policy."),
    "keys": Lazy("tactful.cli.data.keys:keys", "List, rotate and revoke signing keys."),
    "forget": Lazy("tactful.cli.data.people:forget", "Erase a customer."),
    "export": Lazy("tactful.cli.data.people:export", "Print all that is kept about a customer."),
    "migrate": Lazy("tactful.cli.data.storage:migrate", "Bring a ledger to this version."),
    "backup": Lazy("tactful.cli.data.storage:backup", "Copy a ledger and its keys while it runs."),
    "restore": Lazy("tactful.cli.data.storage:restore", "Put a backup in place."),
    "config": Lazy("tactful.cli.settings:config", "Show and check the settings."),
}


def _version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        click.echo(f"tactful {__version__}")
        ctx.exit()


@click.command(
    cls=Commands,
    lazy=COMMANDS,
    epilog="Every command has its own --help, with an example.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Print the version and end.",
)
def main() -> None:
    """Live price offers, with the tact not to make the wrong ones."""
