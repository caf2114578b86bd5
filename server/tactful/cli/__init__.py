"""The command line `tactful`: its commands, and the module of each.

A command is imported when it runs, so that `tactful --help` prints at once.
"""

import click

from tactful import __version__
from tactful.cli.shared.lazy_groups import LazyCommand, LazyGroup
from tactful.cli.shared.output import print_text

__all__ = ["main"]

COMMANDS = {
    "demo": LazyCommand("tactful.cli.demo:demo", "Run a demo shop on one port."),
    "serve": LazyCommand("tactful.cli.serve:serve", "Run the server."),
    "import": LazyCommand(
        "tactful.cli.data.import_facts:import_", "Import facts from files, feeds and exports."
    ),
    "connect": LazyCommand(
        "tactful.cli.connect.connector_commands:connect", "Connect shops and help desks."
    ),
    "bridge": LazyCommand(
        "tactful.cli.connect.bridge_checks:bridge_group", "Check a shop's bridge.", hidden=True
    ),
    "codes": LazyCommand(
        "tactful.cli.data.codes_command:codes", "Import and count single-use discount codes."
    ),
    "facts": LazyCommand(
        "tactful.cli.facts_command:facts", "Describe and check the facts that a shop reports."
    ),
    "rules": LazyCommand(
        "tactful.cli.rules.commands:rules", "Check, test, explain and compare rule files."
    ),
    "why": LazyCommand(
        "tactful.cli.data.why:why", "Explain why an item is offered to a shopper or withheld."
    ),
    "snippet": LazyCommand(
        "tactful.cli.storefront.snippet:snippet", "Print the script tag for the storefront."
    ),
    "doctor": LazyCommand(
        "tactful.cli.storefront.doctor:doctor", "Check that the widget works on a page."
    ),
    "policy": LazyCommand(
        "tactful.cli.policy_command:old_policy", "Show the active policy.", hidden=True
    ),
    "keys": LazyCommand(
        "tactful.cli.data.keys:keys", "Manage signing keys and the keys of shop plugins."
    ),
    "users": LazyCommand(
        "tactful.cli.data.users_command:users", "Manage the operators of the console."
    ),
    "customers": LazyCommand(
        "tactful.cli.data.forget_and_export:customers", "Erase or print all data about a customer."
    ),
    "forget": LazyCommand(
        "tactful.cli.data.forget_and_export:forget", "Erase a customer.", hidden=True
    ),
    "export": LazyCommand(
        "tactful.cli.data.forget_and_export:export", "Print a customer's data.", hidden=True
    ),
    "migrate": LazyCommand(
        "tactful.cli.data.migrate_command:migrate", "Migrate and compact a ledger."
    ),
    "move": LazyCommand(
        "tactful.cli.data.move_command:move", "Move a ledger into a database, or back."
    ),
    "nodes": LazyCommand(
        "tactful.cli.data.nodes_command:nodes", "List the servers of a ledger.", hidden=True
    ),
    "backup": LazyCommand(
        "tactful.cli.data.backup_command:backup", "Copy a ledger and its keys into one file."
    ),
    "restore": LazyCommand(
        "tactful.cli.data.restore_command:restore", "Restore a backup into a data folder."
    ),
    "alerts": LazyCommand(
        "tactful.cli.alerts_command:alerts", "Show what needs a person, and act on it."
    ),
    "events": LazyCommand(
        "tactful.cli.events_command:events", "Read what happens to offers and alerts.", hidden=True
    ),
    "report": LazyCommand(
        "tactful.cli.report_command:report", "Report what offers earned, and what to do about them."
    ),
    "config": LazyCommand(
        "tactful.cli.config_command:config", "Show and check the settings and the policy."
    ),
}


def _print_version(ctx: click.Context, _: click.Parameter, requested: bool) -> None:
    if requested:
        print_text(f"tactful {__version__}")
        ctx.exit()


@click.command(
    cls=LazyGroup,
    lazy=COMMANDS,
    epilog="Every command has its own --help with an example.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Print the version and exit.",
)
def main() -> None:
    """Serve live price offers to a shop's visitors, and withhold them where they would offend."""
