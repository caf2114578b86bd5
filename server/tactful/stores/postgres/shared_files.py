"""The key folder of every node, kept alike through encrypted copies in the ledger.

Signing keys, keys of plugins, accounts and logins are files, and each node reads its own folder. A file
that a node or a command writes, replaces or deletes there reaches the folders of the other nodes by way of
the ledger, which holds each file encrypted (AES-256-GCM). What was alike last is noted in the folder, so a
node that was down learns what was deleted meanwhile.
"""

import asyncio
import hashlib
import os
import secrets
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec
import psycopg
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.postgres.database_opening import prepare
from tactful.stores.postgres.error_meanings import translate_error
from tactful.stores.postgres.raw_connection import RawConnection, connect
from tactful.stores.postgres.target import Target

NOTED: Final = ".shared"
"""The file of a key folder with what was alike last: name → digest."""
EXCHANGE_S: Final = 1
"""Seconds between two exchanges."""
_NONCE_BYTES: Final = 12
_INFO: Final = b"tactful key folder"
_LOCK: Final = "LOCK TABLE encrypted_files IN EXCLUSIVE MODE"
_NEWEST: Final = "SELECT coalesce(max(revision), 0) FROM encrypted_files"
_ALL: Final = "SELECT name, content FROM encrypted_files"
_PUT: Final = """
  INSERT INTO encrypted_files (name, content, revision)
  VALUES (%s, %s, (SELECT coalesce(max(revision), 0) + 1 FROM encrypted_files))
  ON CONFLICT (name) DO UPDATE SET content = excluded.content, revision = excluded.revision"""

log = structlog.get_logger("tactful.keys")


class FileCipher:
    """Encrypts files under a secret that only the nodes have."""

    def __init__(self, secret: str) -> None:
        """Derive the key from the secret (HKDF, RFC 5869)."""
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO).derive(secret.encode())
        self._cipher = AESGCM(key)

    def close(self, name: str, content: bytes) -> bytes:
        """Return the content of a file, encrypted together with its name."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, name.encode())

    def open(self, name: str, encrypted: bytes) -> bytes:
        """Return the content of a encrypted file.

        Raises:
            LedgerError: It was encrypted with another secret, or is damaged.
        """
        nonce, rest = encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, rest, name.encode())
        except InvalidTag as error:
            message = (
                f"the ledger holds {name} encrypted with another cluster_secret, or damaged; give every"
                " node the same cluster_secret"
            )
            raise LedgerError(message, retry=False) from error


class SharedFiles:
    """Keeps one folder like those of the other nodes. Its methods block."""

    def __init__(self, target: Target, folder: Path, secret: str) -> None:
        """Name the database and the folder; nothing is opened yet."""
        self._target = target
        self._folder = folder
        self._cipher_of_files = FileCipher(secret)
        self._raw: RawConnection | None = None
        self._stamp: object = None
        self._revision = -1

    def synchronise(self, make: Callable[[], object] | None = None) -> int:
        """Exchange what has changed here or elsewhere; return the number of files that did.

        If a file has changed in both places, the ledger's content is kept.

        Args:
            make: Makes the files that a new shop needs, which other nodes wait for.

        Raises:
            LedgerError: The database cannot be reached, or was encrypted with another secret.
            OSError: A file cannot be read or written.
        """
        try:
            made = self._connection()
            row = made.execute(_NEWEST).fetchone()
            stamp = _stamp(self._folder)
            if row and row[0] == self._revision and stamp == self._stamp:
                return 0
            with made.transaction():
                made.execute(_LOCK)
                count = self._merge(made)
                if make is not None:
                    make()
                    count += self._merge(made)
                row = made.execute(_NEWEST).fetchone()
        except psycopg.Error as error:
            self.close()
            raise translate_error(error, self._target.place) from error
        self._revision = row[0] if row else -1
        self._stamp = _stamp(self._folder)
        if count:
            log.info("keys.shared", files=count)
        return count

    def close(self) -> None:
        """Close the connection."""
        raw, self._raw = self._raw, None
        if raw is not None and not raw.closed:
            raw.close()

    def _connection(self) -> RawConnection:
        if self._raw is None or self._raw.closed:
            self._raw = connect(self._target)
        return self._raw

    def _merge(self, made: RawConnection) -> int:
        stored = {
            name: self._cipher_of_files.open(name, encrypted) if encrypted else None
            for name, encrypted in made.execute(_ALL).fetchall()
        }
        here = {name: (self._folder / name).read_bytes() for name in _names(self._folder)}
        before = _noted(self._folder)
        _refuse_other_keys(self._folder, here, stored)
        count = 0
        for name in sorted(here.keys() | stored.keys() | before.keys()):
            ours, theirs, known = here.get(name), stored.get(name), before.get(name)
            if ours == theirs and name in stored:
                continue
            if name in stored and _digest(theirs) != known:
                # It has changed elsewhere.
                _write(self._folder / name, theirs)
            elif ours is None and name not in stored:
                continue
            else:
                encrypted = self._cipher_of_files.close(name, ours) if ours is not None else b""
                made.execute(_PUT, (name, encrypted))
            count += 1
        after = {name: (self._folder / name).read_bytes() for name in _names(self._folder)}
        digests = {name: _digest(content) for name, content in after.items()}
        _write(self._folder / NOTED, msgspec.json.encode(digests))
        return count


class FileExchange:
    """Synchronises the folder of a running node once a second."""

    def __init__(self, files: SharedFiles) -> None:
        self._files = files
        self._task: asyncio.Task[None] | None = None
        self.problem: str | None = None
        """Why the last attempt failed; None: it did not."""

    async def __aenter__(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run())

    async def __aexit__(self, *_: object) -> None:
        """Exchange what is left, and end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            await self._exchange()
        await asyncio.to_thread(self._files.close)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EXCHANGE_S)
            await self._exchange()

    async def _exchange(self) -> None:
        try:
            await asyncio.to_thread(self._files.synchronise)
        except (LedgerError, OSError) as error:
            if self.problem is None:
                log.warning("keys.unshared", error=str(error))
            self.problem = str(error)
        else:
            self.problem = None


def share_at_start(target: Target, folder: Path, secret: str, make: Callable[[], object]) -> None:
    """Make a key folder like those of the other nodes, before its keys are used.

    Args:
        target: The database.
        folder: The key folder.
        secret: The secret that encrypts.
        make: Makes the files that a new shop needs, if they are missing.

    Raises:
        LedgerError: The database cannot be reached, was encrypted with another secret, or belongs to a
            shop with other keys.
        OSError: A file cannot be read or written.
    """
    prepare(target)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(SharedFiles(target, folder, secret)) as files:
        files.synchronise(make)


def _refuse_other_keys(
    folder: Path, here: dict[str, bytes], stored: dict[str, bytes | None]
) -> None:
    ours, theirs = here.get("holder.json"), stored.get("holder.json")
    if ours and theirs and ours != theirs:
        message = (
            f"{folder} holds other keys than the ledger. Start this node with an empty data folder: it"
            " gets the keys of the other nodes"
        )
        raise LedgerError(message, retry=False)


def _names(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir() if one.is_file() and one.name[0] != "."]


def _stamp(folder: Path) -> object:
    found = []
    for name in sorted(_names(folder)):
        try:
            stat = (folder / name).stat()
        except FileNotFoundError:
            continue
        found.append((name, stat.st_mtime_ns, stat.st_size, stat.st_ino))
    return found


def _digest(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


def _noted(folder: Path) -> dict[str, str]:
    try:
        return msgspec.json.decode((folder / NOTED).read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}


def _write(path: Path, content: bytes | None) -> None:
    """Replace a file in one step, readable by its owner only; None deletes it."""
    if content is None:
        path.unlink(missing_ok=True)
        return
    draft = path.with_name(f".{secrets.token_hex(8)}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
