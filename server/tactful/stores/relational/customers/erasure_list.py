"""The list of erasures beside a ledger, which a restored backup is checked against."""

from pathlib import Path

from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.shared import erasures
from tactful.stores.shared.erasures import Erasure


def list_erasure(path: Path, copy: Path | None, digest: str, erased: Erasure) -> None:
    """Add an erasure to the list beside a ledger, and to its second place.

    Args:
        path: The file that the list lies beside.
        copy: The second place of the list.
        digest: The keyed digest of the id.
        erased: What replaces the id, and when it was erased.

    Raises:
        LedgerError: The list cannot be written.
    """
    try:
        erasures.append_erasure(path, digest, erased, copy)
    except OSError as error:
        raise LedgerError(
            f"{error.filename or path}: {error.strerror}. The erasure cannot be listed, so nothing"
            " was erased. Make the file writable and erase again.",
            retry=False,
        ) from error


def align_erasures(path: Path, copy: Path | None) -> None:
    """Merge the two places of the list of erasures, so that each is complete.

    Args:
        path: The file that the list lies beside.
        copy: The second place; None: there is none.

    Raises:
        LedgerError: The second place cannot be used.
    """
    if copy is None:
        return
    own = erasures.erasures_file(path)
    try:
        erasures.add_erasures(copy, erasures.read_list(own))
        erasures.add_erasures(own, erasures.read_list(copy))
    except OSError as error:
        raise LedgerError(
            f"{copy}: {error.strerror}. The list of erasures cannot be kept there. Correct the setting"
            " erasures_copy, or give the server a folder that it may write to.",
            retry=False,
        ) from error
