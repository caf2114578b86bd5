"""The command line: `tactful COMMAND`.

A command is imported when it is run, so that `--help` answers at once.
"""

import click

from tactful import __version__
from tactful.cli.shared.lazy_groups import LazyCommand, LazyGroup

__all__ = ["main"]

COMMANDS = {
    "demo": LazyCommand("tactful.cli.demo:demo", "A shop to play with, on one port."),
    "serve": LazyCommand("tactful.cli.serve:serve", "Run the server."),
    "import": LazyCommand(
        "tactful.cli.data.import_facts:import_", "Bring in facts from files, feeds and exports."
    ),
    "rules": LazyCommand(
        "tactful.cli.rules.commands:rules", "Check, test, explain and compare rule files."
    ),
    "why": LazyCommand(
        "tactful.cli.data.why:why", "Explain what was offered to a shopper, or withheld."
    ),
    "snippet": LazyCommand(
        "tactful.cli.storefront.snippet:snippet", "The script tag for the storefront."
    ),
    "doctor": LazyCommand(
        "tactful.cli.storefront.doctor:doctor", "Look at a page as the widget would."
    ),
    "policy": LazyCommand("tactful.cli.policy_command:policy", "Show the active policy."),
    "keys": LazyCommand("tactful.cli.data.keys:keys", "List, rotate and revoke signing keys."),
    "forget": LazyCommand("tactful.cli.data.forget_and_export:forget", "Erase a customer."),
    "export": LazyCommand(
        "tactful.cli.data.forget_and_export:export", "Print all that is kept about a customer."
    ),
    "migrate": LazyCommand("tactful.cli.data.storage:migrate", "Bring a ledger to this version."),
    "backup": LazyCommand(
        "tactful.cli.data.storage:backup", "Copy a ledger and its keys while it runs."
    ),
    "restore": LazyCommand("tactful.cli.data.storage:restore", "Put a backup in place."),
    "config": LazyCommand("tactful.cli.config_command:config", "Show and check the settings."),
}


def _version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        click.echo(f"tactful {__version__}")
        ctx.exit()


@click.command(
    cls=LazyGroup,
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
