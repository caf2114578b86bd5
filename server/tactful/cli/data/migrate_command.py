"""The command `tactful migrate`, on the ledger of a data folder that no server uses."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from tactful.cli.data.ledger_compaction import compact_ledger
from tactful.cli.shared.data_folder import is_unused, ledger_file
from tactful.cli.shared.database import migrate_database, refuse_database
from tactful.cli.shared.errors import CommandError, NegativeAnswerError, exit_on
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json, print_text

if TYPE_CHECKING:
    from tactful.stores.sqlite.migration_plan import MigrationPlan


@click.command(
    epilog="\b\nExamples:\n  tactful migrate --data shop-data --dry-run\n"
    "  tactful migrate --data shop-data --compact"
)
@setting_options("data")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Only say what would be done. Exit code 1: migrations are pending.",
)
@click.option(
    "--compact",
    is_flag=True,
    help="Then give the room of pruned and erased rows back to the disk.",
)
@json_option
def migrate(*, dry_run: bool, compact: bool, json_output: bool, **options: Any) -> None:
    """Migrate a ledger to the schema of this version. `serve` does the same when it starts.

    With --compact the ledger is then copied without its free pages, the copy is checked, and it
    replaces the ledger.
    """
    from tactful.runtime.ports.ledger import LedgerError  # slow to import
    from tactful.stores.sqlite.migration_plan import plan_migration
    from tactful.stores.sqlite.opening import open_writer

    if dry_run and compact:
        raise click.UsageError("--dry-run writes nothing. Leave out --compact.")
    config = load_config(options)
    if config.ledger is not None:
        if compact:
            refuse_database(config, "It compacts itself: leave autovacuum on.")
        _migrate_database(config.ledger, dry_run=dry_run, json_output=json_output)
        return
    file = ledger_file(config.data)
    if not dry_run and not is_unused(file):
        raise CommandError(f"{file}: A server is running on this ledger. Stop the server first.")
    with exit_on(LedgerError):
        plan = plan_migration(file)
        if not dry_run:
            open_writer(file).close()
    if dry_run and not json_output:
        _print_plan(file, plan)
    elif not json_output:
        print_text(f"{file}: schema {plan.after}, {_count(len(plan.steps), 'migration')} applied.")
    done = compact_ledger(file) if compact else None
    if json_output:
        compacted = {} if done is None else {"compacted": msgspec.to_builtins(done)}
        print_json(_as_data(file, plan) | compacted)
    elif done is not None:
        print_text(f"{file}: {done.before_bytes:,} bytes before, {done.after_bytes:,} bytes now.")
    if dry_run and plan.steps:
        raise NegativeAnswerError(
            f"{file}: {_count(len(plan.steps), 'migration')} pending. Nothing was written."
        )


def _migrate_database(address: str, *, dry_run: bool, json_output: bool) -> None:
    """Migrate a database. A server of the version before may go on meanwhile."""
    place, numbers = migrate_database(address, dry_run=dry_run)
    if json_output:
        print_json({"ledger": place, "migrations": numbers})
    elif not dry_run:
        print_text(f"{place}: {_count(len(numbers), 'migration')} applied.")
    if dry_run and numbers:
        raise NegativeAnswerError(
            f"{place}: {_count(len(numbers), 'migration')} pending. Nothing was written."
        )


def _print_plan(file: Path, plan: "MigrationPlan") -> None:
    if not plan.steps:
        print_text(f"{file}: schema {plan.before.number}. There is nothing to migrate.")
        return
    print_text(f"{file}: schema {plan.before.number} would become {plan.after}.")
    for step in plan.steps:
        touched = f" of {', '.join(step.tables)}" if step.tables else ""
        print_text(f"  {step.number:04} {step.title}: {_count(step.rows, 'row')}{touched}")
    print_text(
        f"Takes at most {_count(plan.seconds, 'second')}, and at most {_megabytes(plan.room)} of"
        " free space beside the ledger."
    )


def _as_data(file: Path, plan: "MigrationPlan") -> dict[str, Any]:
    return {
        "ledger": str(file),
        "schema": plan.before.number,
        "becomes": plan.after,
        "migrations": [msgspec.to_builtins(step) for step in plan.steps],
        "rows": plan.rows,
        "room_bytes": plan.room,
        "seconds": plan.seconds,
    }


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _megabytes(size: int) -> str:
    return f"{-(-size // 1_000_000):,} MB"
