"""Files with secrets, which only their owner can read and which change in one step."""

import os
import secrets
import stat
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

FileKind = TypeVar("FileKind", bound=Struct)


class KeyFileError(Exception):
    """A key file or folder that must not be used."""

    def __init__(self, problem: str, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.problem = problem
        """What is wrong: `mode`, `missing`, `unreadable`, `damaged`, `busy` or `unknown`."""
        self.path = path
        """The file or folder."""


def read_file(path: Path, kind: type[FileKind]) -> FileKind:
    """Return the content of a file that only its owner can read.

    The open descriptor is checked, so that the path cannot be replaced after the check.

    Raises:
        KeyFileError: The file is `missing`, `unreadable` or `damaged`, or other users can reach it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise KeyFileError(
            "missing", path, "This key is missing. Restore it from a backup."
        ) from error
    except OSError as error:
        raise KeyFileError(
            "unreadable", path, f"This key cannot be read: {error.strerror}."
        ) from error
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode) or stat.S_IMODE(mode) & 0o077:
            message = f"Other users can reach this key (mode {stat.S_IMODE(mode):04o}). Run chmod 600 on it."
            raise KeyFileError("mode", path, message)
        try:
            return msgspec.json.decode(file.read(), type=kind)
        except msgspec.MsgspecError as error:
            message = (
                "This key is damaged. Restore it from a backup, or remove it to go on without it."
            )
            raise KeyFileError("damaged", path, message) from error


def read_if_there(path: Path, kind: type[FileKind]) -> FileKind | None:
    """Return the content of a file that only its owner can read; `None`: there is no such file.

    Raises:
        KeyFileError: The file is `unreadable` or `damaged`, or other users can reach it.
    """
    try:
        return read_file(path, kind)
    except KeyFileError as error:
        if error.problem == "missing":
            return None
        raise


def write_new(path: Path, content: Struct) -> bool:
    """Write a complete, durable file in one step; return False where one exists already.

    Raises:
        OSError: The file cannot be written.
    """
    draft = _write_draft(path, content)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    _sync_folder(path.parent)
    return True


def replace_file(path: Path, content: Struct) -> None:
    """Replace a file by a complete, durable one in one step.

    Raises:
        OSError: The file cannot be written; the old one stays.
    """
    _write_draft(path, content).replace(path)
    _sync_folder(path.parent)


def _write_draft(path: Path, content: Struct) -> Path:
    draft = path.with_name(f".{secrets.token_hex(8)}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(content))
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        draft.unlink()
        raise
    return draft


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
