"""The commands `tactful migrate`, `backup` and `restore`, on a ledger and its keys."""

import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
from pathlib import Path
from typing import IO, Any, Final

import click

from tactful.cli.shared.data_folder import (
    KEYS_FOLDER,
    LEDGER_FILE,
    damaged_ledger,
    is_unused,
    key_holder,
    ledger_file,
)
from tactful.cli.shared.errors import CommandError, exit_on
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json
from tactful.cli.shared.progress import progress

_PRIVATE: Final = 0o600
LARGEST_KEY_FILE: Final = 64 * 1024
"""Bytes that a key file in a backup may have; one has about 150."""
_KNOWN_MEMBER: Final = re.compile(
    rf"{re.escape(LEDGER_FILE)}|{KEYS_FOLDER}/(?:holder|\d{{6,}}\.key)\.json"
)
"""Names of the members that `backup` writes."""


@click.command(epilog="\b\nExample:\n  tactful migrate --data shop-data")
@setting_options("data")
def migrate(**options: Any) -> None:
    """Migrate a ledger to the schema of this version. `serve` does the same when it starts."""
    from tactful.runtime.ports.ledger import LedgerError  # slow to import
    from tactful.stores.sqlite.migrations import newest_schema
    from tactful.stores.sqlite.opening import open_writer

    file = ledger_file(load_config(options).data)
    if not is_unused(file):
        raise CommandError(f"{file}: A server is running on this ledger. Stop the server first.")
    before = _schema(file)
    with exit_on(LedgerError):
        open_writer(file).close()
    steps = newest_schema() - before
    click.echo(f"{file}: schema {newest_schema()}, {steps} migration{'s' * (steps != 1)} applied.")


@click.command(epilog="\b\nExample:\n  tactful backup shop-2026-03-10.tar.gz --data shop-data")
@click.argument("target", type=click.Path(path_type=Path))
@setting_options("data")
@json_option
def backup(*, target: Path, json_output: bool, **options: Any) -> None:
    """Copy a ledger and its keys into one file. The server may be running.

    The file contains the signing keys and customer data. Protect it as you protect those.
    """
    from tactful.runtime.ports.ledger import LedgerError
    from tactful.stores.sqlite import backup as sqlite_copies

    file = ledger_file(load_config(options).data)
    if target.exists():
        raise CommandError(f"{target}: This file exists already. Name a new file.")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as work:
        copy, packed = Path(work) / LEDGER_FILE, Path(work) / "packed"
        with exit_on(LedgerError), progress(f"copying {file}", 100) as step:
            sqlite_copies.backup(file, copy, lambda done, whole: step(100 * done // max(whole, 1)))
        _pack(packed, copy, file.parent / KEYS_FOLDER)
        packed.rename(target)
    if json_output:
        print_json({"backup": str(target), "bytes": target.stat().st_size})
    else:
        click.echo(f"{target}: {target.stat().st_size:,} bytes written.")


@click.command(epilog="\b\nExample:\n  tactful restore shop-2026-03-10.tar.gz --data shop-data")
@click.argument("archive", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@setting_options("data")
@click.option("--replace", is_flag=True, help="Rename the existing ledger instead of stopping.")
def restore(*, archive: Path, replace: bool, **options: Any) -> None:
    """Restore a backup into a data folder.

    Customers on the folder's list of erasures are erased from the restored ledger again.
    """
    from tactful.runtime.ports.ledger import LedgerError
    from tactful.stores.sqlite import backup as sqlite_copies

    file = ledger_file(load_config(options).data, must_exist=False)
    before = file.exists()
    if before and not replace:
        raise CommandError(
            f"{file}: This ledger exists already. Add --replace to rename it and restore."
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".restore-") as work:
        _unpack(archive, Path(work))
        with exit_on(LedgerError), progress(f"restoring {file}", 100) as step:
            again = sqlite_copies.restore(
                Path(work) / LEDGER_FILE,
                file,
                lambda done, whole: step(100 * done // max(whole, 1)),
            )
        _restore_keys(Path(work) / KEYS_FOLDER, file.parent / KEYS_FOLDER)
    erased = f" {again} customer{'s' * (again != 1)} erased again." if again else ""
    click.echo(f"{file}: restored.{erased}")
    if before:
        click.echo(
            f"The previous ledger is {file}.before-restore. Delete it when you no longer need it."
        )


def _schema(file: Path) -> int:
    """Return the schema version that is stored in a ledger."""
    connection = sqlite3.connect(file)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.DatabaseError as error:
        raise damaged_ledger(file, error) from error
    finally:
        connection.close()


def _pack(packed: Path, ledger: Path, keys: Path) -> None:
    """Write a ledger and its keys into a new archive that only its owner can read."""
    descriptor = os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(descriptor, "wb") as raw:
        with tarfile.open(fileobj=raw, mode="w:gz") as archive:
            archive.add(ledger, LEDGER_FILE)
            for file in sorted(keys.glob("*.json")):
                archive.add(file, f"{KEYS_FOLDER}/{file.name}", recursive=False)
        raw.flush()
        os.fsync(descriptor)


def _unpack(archive: Path, work: Path) -> None:
    """Copy the known members of a backup into `work`; never extract.

    A backup can come from anywhere. Only regular files with exactly the names that `backup` writes
    are read, into new private files. Nothing in the archive chooses a path, a mode or a link.
    """
    try:
        with tarfile.open(archive) as packed:
            for member in packed:
                if member.name == KEYS_FOLDER and member.isdir():
                    continue
                if not member.isreg() or not _KNOWN_MEMBER.fullmatch(member.name):
                    raise CommandError(
                        f"{archive}: This is not a Tactful backup: it contains {member.name!r}. "
                        "Name a file that `tactful backup` made."
                    )
                if member.name != LEDGER_FILE and member.size > LARGEST_KEY_FILE:
                    raise CommandError(
                        f"{archive}: {member.name} is too large for a key file. "
                        "Name a file that `tactful backup` made."
                    )
                content = packed.extractfile(member)
                if content is None:
                    raise CommandError(
                        f"{archive}: {member.name} cannot be read. Restore another backup."
                    )
                _copy_private(content, work / member.name)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise CommandError(
            f"{archive}: This is not a backup, or it is damaged: {error}. Restore another backup."
        ) from error
    if not (work / LEDGER_FILE).is_file():
        raise CommandError(
            f"{archive}: This is not a Tactful backup: it holds no {LEDGER_FILE}. "
            "Name a file that `tactful backup` made."
        )


def _copy_private(content: IO[bytes], target: Path) -> None:
    """Write a new file that only its owner can read; a second member of that name is refused."""
    target.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _PRIVATE)
    with os.fdopen(descriptor, "wb") as copy:
        shutil.copyfileobj(content, copy)


def _restore_keys(restored: Path, keys: Path) -> None:
    """Add restored keys to those of the same shop, and rename the folder of another shop's keys.

    Keys made since the backup stay: offers that they signed must remain redeemable.
    """
    if not restored.is_dir():
        return
    if key_holder(keys) not in {None, key_holder(restored)}:
        keys.rename(keys.with_name(f"{KEYS_FOLDER}.before-restore"))
    keys.mkdir(mode=0o700, exist_ok=True)
    for file in sorted(restored.iterdir()):
        if not (keys / file.name).exists():
            shutil.copyfile(file, keys / file.name)
            (keys / file.name).chmod(_PRIVATE)
