"""Folders for unfinished copies of a ledger, deleted when their process is gone.

A copy holds customer data in plain form, also of customers who are erased later. A process that is killed
cannot delete its copy, so the next backup, restore or start of a server does.
"""

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

DRAFTS: Final = "drafts"
"""Name of the folder in a data folder."""
LOCK_FILE: Final = "lock"
"""The file in each draft that its process has locked for as long as it lives."""
_OUTSIDE: Final = "outside"
"""The file in a draft that names an unfinished file outside the data folder."""
PARTIAL_SUFFIX: Final = ".part"
"""The suffix of every unfinished file outside the data folder."""
_DRAFT: Final = re.compile(r"[0-9a-f]{16}")
_OF_0_1_0: Final = (".restore-????????", "*.restoring", "*.restoring-journal", "*.restoring-wal",
                    "*.restoring-shm")  # fmt: skip
"""Patterns of the files that release 0.1.0 left in a data folder when it was killed."""


@contextmanager
def draft_folder(data: Path) -> Iterator[Path]:
    """Delete the drafts of dead processes, and provide a new one for the length of a block.

    Args:
        data: The data folder.

    Yields:
        An empty folder that only its owner can enter. It is deleted afterwards.

    Raises:
        OSError: The data folder cannot be written.
    """
    drafts = data / DRAFTS
    drafts.mkdir(mode=0o700, exist_ok=True)
    with _locked(drafts / LOCK_FILE) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        _sweep(data)
        draft = drafts / secrets.token_hex(8)
        draft.mkdir(mode=0o700)
        descriptor = os.open(draft / LOCK_FILE, _FLAGS, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        content = draft / "content"
        content.mkdir(mode=0o700)
        yield content
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        os.close(descriptor)


@contextmanager
def partial_file(draft: Path, target: Path) -> Iterator[Path]:
    """Provide a path beside `target` for a file that is renamed to `target` once complete.

    The draft names the path, so that the file of a dead process is deleted with its draft.

    Args:
        draft: What `draft_folder` yielded.
        target: Where the finished file is to be.

    Yields:
        The path of a file that does not exist yet. A file that is still there afterwards is deleted.

    Raises:
        OSError: The draft cannot be written.
    """
    partial = target.absolute().with_name(f".{target.name}-{draft.parent.name}{PARTIAL_SUFFIX}")
    note = draft.parent / _OUTSIDE
    note.write_bytes(os.fsencode(partial))
    try:
        yield partial
    finally:
        partial.unlink(missing_ok=True)
        note.unlink()


def sweep(data: Path) -> None:
    """Delete the drafts of dead processes from a data folder, and do nothing where there are none.

    Raises:
        OSError: A draft cannot be deleted.
    """
    drafts = data / DRAFTS
    if not drafts.is_dir():
        return _sweep(data)
    with _locked(drafts / LOCK_FILE) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        _sweep(data)
    return None


def _sweep(data: Path) -> None:
    for pattern in _OF_0_1_0:
        for left in data.glob(pattern):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    for draft in (data / DRAFTS).glob("?" * 16):
        if not _DRAFT.fullmatch(draft.name):
            continue  # not ours
        with _locked(draft / LOCK_FILE) as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # its process lives
            with suppress(FileNotFoundError):
                partial = Path(os.fsdecode((draft / _OUTSIDE).read_bytes()))
                if partial.name.endswith(PARTIAL_SUFFIX):
                    partial.unlink()
            shutil.rmtree(draft)


_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Provide the descriptor of a lock file; closing it releases the lock."""
    descriptor = os.open(path, _FLAGS, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
