"""The command `tactful backup`, which writes or verifies a file with a ledger and its keys."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tactful import __version__
from tactful.cli.shared.data_folder import KEYS_FOLDER, ledger_file, server_now
from tactful.cli.shared.database import KEEP_FOLDER, refuse_database
from tactful.cli.shared.errors import CommandError, NegativeAnswerError, exit_on
from tactful.cli.shared.low_priority import at_low_priority
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import json_option, print_json, print_text
from tactful.cli.shared.progress import progress
from tactful.core.values.calendar import format_rfc3339
from tactful.core.values.counts import counted


@click.command(
    epilog="\b\nExample:\n  tactful backup shop-2026-03-10.tar.gz --data shop-data\n"
    "  tactful backup --verify shop-2026-03-10.tar.gz"
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--verify", is_flag=True, help="Only read FILE, a backup, and compare every digest in it."
)
@setting_options("data")
@json_option
def backup(*, file: Path, verify: bool, json_output: bool, **options: Any) -> None:
    """Copy a ledger, its keys and its list of erasures into one file. The server may be running.

    The file contains the signing keys and customer data. Protect it as you protect those.
    """
    if verify:
        _verify(file, json_output=json_output)
        return
    config = load_config(options)
    refuse_database(config, f"Back it up with pg_dump or its own tools. {KEEP_FOLDER}")
    data = config.data
    ledger = ledger_file(data)
    if file.exists():
        raise CommandError(f"{file}: This file exists already. Name a new file.")
    if not file.absolute().parent.is_dir():
        raise CommandError(f"{file}: The folder {file.parent} does not exist. Create it first.")
    size = ledger.stat().st_size
    if size > shutil.disk_usage(ledger.parent).free:
        raise CommandError(
            f"{ledger.parent}: A backup first copies the ledger there, which has {size:,} bytes, and"
            " there is less room. Free some space."
        )
    _write(ledger, file, server_now(data))
    if json_output:
        print_json({"backup": str(file), "bytes": file.stat().st_size})
    else:
        print_text(f"{file}: {file.stat().st_size:,} bytes written and verified.")


def _write(ledger: Path, target: Path, now: int) -> None:
    """Copy the ledger, pack the copy and verify the result; then rename the result to `target`."""
    from tactful.runtime.ports.ledger import LedgerError
    from tactful.stores.shared import backup_archive, draft_folder
    from tactful.stores.shared.backup_stamp import write_backup_stamp
    from tactful.stores.shared.erasures import erasures_file
    from tactful.stores.sqlite import backup as sqlite_copies

    with exit_on(LedgerError, OSError), draft_folder.draft_folder(ledger.parent) as draft:
        copy = draft / backup_archive.LEDGER_MEMBER
        size = ledger.stat().st_size
        with progress(f"copying {ledger}", size, in_bytes=True) as step:
            sqlite_copies.backup(
                ledger,
                copy,
                lambda done, whole: step(size * done // max(whole, 1)),
                lambda draft: at_low_priority(lambda: sqlite_copies.check_copy(draft)),
            )
        # Read after the ledger: a digest is listed before its customer is erased, so the list names
        # every erased customer that the copy lacks.
        erasures = draft / backup_archive.ERASURES_MEMBER
        listed = erasures_file(ledger)
        erasures.write_bytes(listed.read_bytes() if listed.exists() else b"")
        files = {backup_archive.LEDGER_MEMBER: copy, backup_archive.ERASURES_MEMBER: erasures}
        for key in sorted((ledger.parent / KEYS_FOLDER).glob("*.json")):
            if backup_archive.is_key_member(member := backup_archive.KEYS_PREFIX + key.name):
                files[member] = key
        with draft_folder.partial_file(draft, target) as partial:
            at_low_priority(lambda: _pack(files, partial, now))
            partial.rename(target)
    write_backup_stamp(ledger.parent, now)


def _pack(files: Mapping[str, Path], target: Path, now: int) -> None:
    """Write a backup of these members, and read it to its end."""
    from tactful.stores.shared import backup_archive

    with backup_archive.open_private(target) as packed:
        backup_archive.write_archive(packed, files, made_at=now, version=__version__)
        packed.flush()
        os.fsync(packed.fileno())
    backup_archive.verify_archive(target)


def _verify(file: Path, *, json_output: bool) -> None:
    from tactful.runtime.ports.ledger import LedgerError
    from tactful.stores.shared.backup_archive import verify_archive

    if not file.is_file():
        raise CommandError(f"{file}: This file does not exist. Name a backup.")
    try:
        with progress(f"verifying {file}", 100) as step:
            manifest = verify_archive(file, lambda done, whole: step(100 * done // max(whole, 1)))
    except LedgerError as error:
        raise NegativeAnswerError(str(error)) from error
    if manifest is None:
        raise NegativeAnswerError(
            f"{file}: This backup has format 1, which carries no digests, so it cannot be verified."
            " Make a new backup."
        )
    if json_output:
        print_json({"backup": str(file), "manifest": manifest})
        return
    print_text(
        f"{file}: whole. Made {format_rfc3339(manifest.made_at)} by Tactful {manifest.version},"
        f" {counted(len(manifest.members), 'member')}."
    )
