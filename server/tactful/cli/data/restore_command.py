"""The command `tactful restore`: makes a backup the ledger of a data folder."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tactful.cli.shared.data_folder import (
    KEYS_FOLDER,
    LEDGER_FILE,
    key_holder,
    ledger_file,
    server_now,
)
from tactful.cli.shared.database import refuse_database
from tactful.cli.shared.errors import CommandError, NegativeAnswerError, exit_on
from tactful.cli.shared.options import load_config, setting_options
from tactful.cli.shared.output import print_text
from tactful.cli.shared.progress import progress
from tactful.core.values.calendar import MINUTE, format_rfc3339
from tactful.core.values.counts import counted

if TYPE_CHECKING:
    from tactful.runtime.ports.ledger_rows import RestoredGap
    from tactful.stores.shared.backup_archive import Manifest
    from tactful.stores.shared.erasures import Erasure

_GZIP: Final = b"\x1f\x8b"
"""First bytes of a gzip file (RFC 1952); every backup is a gzip file."""


@click.command(
    epilog="\b\nExample:\n  tactful restore shop-2026-03-10.tar.gz --data shop-data --keys"
)
@click.argument(
    "archive", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False
)
@setting_options("data", "erasures_copy")
@click.option("--replace", is_flag=True, help="Rename the existing ledger instead of stopping.")
@click.option(
    "--keys/--no-keys",
    "keys",
    default=None,
    help="Whether to restore the signing keys too. Without it, the command asks.",
)
@click.option(
    "--erasures",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A later list of erasures, or a later backup, which carries one.",
)
@click.option(
    "--without-erasures",
    is_flag=True,
    help="Restore without a later list: customers erased since the backup are back.",
)
@click.option(
    "--orders-complete",
    is_flag=True,
    help="Confirm that the orders placed since the backup are reported again; nothing is restored.",
)
def restore(
    *,
    archive: Path | None,
    orders_complete: bool,
    replace: bool,
    keys: bool | None,
    erasures: Path | None,
    without_erasures: bool,
    **options: Any,
) -> None:
    """Restore a backup into a data folder.

    Customers on a list of erasures are erased from the restored ledger again: the list of the folder,
    its second place, the list in the backup, and the one named by --erasures.
    """
    from tactful.runtime.ports.ledger import LedgerError
    from tactful.runtime.ports.ledger_rows import RestoredGap
    from tactful.stores.shared.backup_archive import LEDGER_MEMBER, unpack_archive
    from tactful.stores.shared.draft_folder import draft_folder
    from tactful.stores.shared.folder_lock import exclusive_lock_now
    from tactful.stores.sqlite import backup as sqlite_copies

    config = load_config(options)
    refuse_database(config, "Restore it with its own tools, and start the server on it.")
    if orders_complete:
        _confirm_orders(ledger_file(config.data))
        return
    if archive is None:
        raise CommandError("Name the backup to restore, or confirm with --orders-complete.")
    file = ledger_file(config.data, must_exist=False)
    before = file.exists()
    if before and not replace:
        raise CommandError(
            f"{file}: This ledger exists already. Add --replace to rename it and restore."
        )
    with exit_on(LedgerError, OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The locks come first: copying a large backup takes minutes.
        with exclusive_lock_now(file.parent), draft_folder(file.parent) as draft:
            sqlite_copies.refuse_if_in_use(file)
            with progress(f"reading {archive}", 100) as step:
                manifest = unpack_archive(
                    archive, draft, lambda done, whole: step(100 * done // max(whole, 1))
                )
            if manifest is None:
                print_text(
                    f"{archive}: This backup has format 1: it carries no digests and no list of"
                    " erasures.",
                    err=True,
                )
            take_keys = _confirm_keys(archive, draft / KEYS_FOLDER, file.parent / KEYS_FOLDER, keys)
            erased = _erased_since(
                archive,
                manifest,
                draft,
                file,
                (config.erasures_copy, erasures),
                is_confirmed=without_erasures,
            )
            aside = sqlite_copies.name_aside(file)
            now = server_now(config.data)
            gap = RestoredGap(manifest.made_at if manifest else 0, now)
            again = sqlite_copies.restore(draft / LEDGER_MEMBER, file, erased, gap)
            if take_keys:
                _restore_keys(draft / KEYS_FOLDER, file.parent / KEYS_FOLDER)
    erased_again = f" {again} customer{'s' * (again != 1)} erased again." if again else ""
    print_text(f"{file}: restored.{erased_again}")
    print_text(_describe_gap(gap))
    if before:
        print_text(f"The previous ledger is {aside}. Delete it when you no longer need it.")


def _describe_gap(gap: "RestoredGap") -> str:
    """Return what the restored ledger lacks, and what the operator has to do."""
    made = "at an unknown instant"
    lacks = "everything since then"
    if gap.backup_at:
        made = format_rfc3339(gap.backup_at)
        minutes = max(0, gap.restored_at - gap.backup_at) // MINUTE
        lacks = f"the {minutes // 60:,} h {minutes % 60} min since then"
    return (
        f"The backup was made {made}. The ledger lacks {lacks}. Offers accepted before now are not"
        " redeemed until you have imported the orders placed since the backup and confirmed it with"
        " `tactful restore --orders-complete`."
    )


def _confirm_orders(file: Path) -> None:
    from tactful.runtime.ports.ledger import LedgerError
    from tactful.stores.sqlite.backup import confirm_orders

    with exit_on(LedgerError):
        gap = confirm_orders(file)
    if gap is None:
        print_text(f"{file}: No restore waits for orders. Nothing was changed.")
    else:
        print_text(f"{file}: The orders are complete. Older offers are redeemed again.")


def _confirm_keys(archive: Path, packed: Path, keys: Path, answer: bool | None) -> bool:
    """Return whether to restore the keys of a backup; without `answer`, ask the operator.

    Anybody who can make a backup can put a signing key of their own into it, and sign offers with it.

    Raises:
        CommandError: There is nobody to ask.
    """
    new = [
        file
        for file in (packed.iterdir() if packed.is_dir() else ())
        if not (keys / file.name).is_file() or (keys / file.name).read_bytes() != file.read_bytes()
    ]
    if answer is not None or not new:
        return bool(answer and new)
    text = f"{archive}: This backup holds signing keys that {keys} does not have."
    if not _is_terminal():
        raise CommandError(
            f"{text} Add --keys to restore them, if the backup comes from your own server, or"
            " --no-keys. Without its keys, offers accepted before the backup cannot be redeemed."
        )
    return click.confirm(f"{text} Does it come from your own server, and restore them")


def _is_terminal() -> bool:
    """Return whether somebody can answer a question."""
    return sys.stdin.isatty()


def _erased_since(
    archive: Path,
    manifest: "Manifest | None",
    draft: Path,
    ledger: Path,
    others: tuple[Path | None, Path | None],
    *,
    is_confirmed: bool,
) -> "dict[str, Erasure]":
    """Return all known erasures that the folder's own list may lack, as digest → alias.

    Args:
        archive: The backup.
        manifest: Its manifest; None: it has format 1.
        draft: The folder with its members.
        ledger: Path of the ledger to restore.
        others: The second place of the list, and the list that the operator named.
        is_confirmed: Whether the operator accepts that erased customers may be back.

    Raises:
        CommandError: The list that the operator named is older than the backup.
        NegativeAnswerError: No list is later than the backup, and the operator did not confirm it.
    """
    from tactful.stores.shared.backup_archive import ERASURES_MEMBER
    from tactful.stores.shared.erasures import erasures_file, latest_erasures, read_list
    from tactful.stores.sqlite.backup import count_customers

    then = read_list(draft / ERASURES_MEMBER)
    copy, named = others
    named_list = _read_named(named, draft) if named else {}
    if named and (lacking := len(then.keys() - named_list.keys())):
        raise CommandError(
            f"{named}: This list lacks {lacking} of {counted(len(then), 'erasure')} that the backup knows, so it"
            " is older than the backup, or of another ledger. Name a later list."
        )
    own = _is_own(draft / LEDGER_FILE, ledger)
    # A list beside the ledger of another shop has none of this ledger's erasures.
    places = (None if own is False else erasures_file(ledger), copy)
    lists = [read_list(path) for path in places if path and (own or path.is_file())]
    # A list of this ledger that is later than the backup holds everything that the backup's list holds.
    if not (named or any(then.keys() <= listed.keys() for listed in lists)):
        customers = count_customers(draft / LEDGER_FILE, then)
        if customers and not is_confirmed:
            made = f", made {format_rfc3339(manifest.made_at)}," if manifest else ""
            raise NegativeAnswerError(
                f"{archive}: No list of erasures is later than this backup{made} and it holds data of"
                f" {customers:,} customer{'s' * (customers != 1)}. Those of them who were erased since"
                " would be back. Name a later list or a later backup with --erasures, or confirm with"
                " --without-erasures. Nothing was restored."
            )
    return latest_erasures(then, *lists, named_list)


def _is_own(copy: Path, ledger: Path) -> bool | None:
    """Return whether a folder holds the ledger of the backup, so that its list of erasures is complete.

    A damaged ledger is recognized by the holder secret in the folder's keys; None: there is no ledger.
    """
    from tactful.stores.sqlite.backup import have_same_secret

    if not ledger.exists():
        return None
    same = have_same_secret(copy, ledger)
    if same is None:
        holder = key_holder(ledger.parent / KEYS_FOLDER)
        return holder is not None and holder == key_holder(copy.parent / KEYS_FOLDER)
    return same


def _read_named(file: Path, draft: Path) -> "dict[str, Erasure]":
    """Return the list in a file, or in a backup.

    Raises:
        LedgerError: It is a backup that is not whole.
        CommandError: It is a backup of format 1, or a file that is not a list.
    """
    from tactful.stores.shared.backup_archive import ERASURES_MEMBER, open_private, read_archive
    from tactful.stores.shared.erasures import read_list

    with file.open("rb") as content:
        is_backup = content.read(len(_GZIP)) == _GZIP
    if not is_backup:
        listed = read_list(file)
        if not listed and file.read_bytes().strip():
            raise CommandError(
                f"{file}: This is not a list of erasures. Name a file tactful.db.erasures, or a backup."
            )
        return listed
    copy = draft / "named.erasures"
    read_archive(file, lambda name, _size: open_private(copy) if name == ERASURES_MEMBER else None)
    if not copy.exists():
        raise CommandError(f"{file}: This backup carries no list of erasures. Name a later one.")
    return read_list(copy)


def _restore_keys(restored: Path, keys: Path) -> None:
    """Add restored keys to those of the same shop, and rename the folder of another shop's keys.

    Keys made since the backup stay: offers that they signed must remain redeemable.
    """
    from tactful.stores.sqlite.backup import name_aside

    if key_holder(keys) not in {None, key_holder(restored)}:
        keys.rename(name_aside(keys))
    keys.mkdir(mode=0o700, exist_ok=True)
    for file in sorted(restored.iterdir()):
        if not (keys / file.name).exists():
            file.rename(keys / file.name)
    descriptor = os.open(keys, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
