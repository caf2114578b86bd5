"""The file format of a backup, with a digest of every member and of the whole file.

Format 2 is a gzip-compressed tar archive that ordinary tools can read. Its first member is a manifest
with the length and the SHA-256 digest (FIPS 180-4) of every other member. The file ends with an empty
gzip member (RFC 1952) whose extra field holds the digest of all bytes before it, so no changed, missing
or additional byte is accepted. Format 1, of release 0.1.0, has neither manifest nor digests.

A backup can come from anywhere, so nothing is ever extracted: only regular members with known names are
read, and nothing in the archive chooses a path, a mode or a link. A digest shows damage. It does not
show who made the file.
"""

import gzip
import hashlib
import io
import os
import re
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import IO, Annotated, Final

import msgspec
from msgspec import Meta, Struct

from tactful.runtime.ports.ledger import LedgerError

LEDGER_MEMBER: Final = "tactful.db"
ERASURES_MEMBER: Final = "tactful.db.erasures"
KEYS_PREFIX: Final = "keys/"
MANIFEST_MEMBER: Final = "manifest.json"
FORMAT: Final = 2
"""The format that `write_archive` writes."""
LARGEST_SMALL_MEMBER: Final = 256 * 1024
"""Bytes that a manifest or a key file may have; a key has about 150, and a manifest 150 for each key."""
MOST_MEMBERS: Final = 1_000
"""Members that a backup may have; each rotation of the keys deletes those that have ended."""
_KEY: Final = re.compile(
    re.escape(KEYS_PREFIX)
    + r"(?:contact|holder|factor-roles|\d{6,}\.key|bridge-[0-9a-f]{12}|token-[0-9a-f]{12}|account-[0-9a-f]{24})\.json"
)
_CHUNK: Final = 1024 * 1024
_BLOCK: Final = tarfile.BLOCKSIZE
_LONGEST_END: Final = tarfile.RECORDSIZE
"""The most zero bytes at the end of an archive; tar programs pad the last record."""
_PAX_SIZE: Final = re.compile(rb"\d+ size=(\d+)\n")
# An empty gzip member: flag 4 announces an extra field of 36 bytes, which is a subfield `TF` of 32.
_TRAILER_HEAD: Final = b"\x1f\x8b\x08\x04\0\0\0\0\x00\xff" + b"\x24\0TF\x20\0"
_TRAILER_END: Final = b"\x03\0" + bytes(8)
_TRAILER_BYTES: Final = len(_TRAILER_HEAD) + 32 + len(_TRAILER_END)


class Member(Struct, frozen=True, forbid_unknown_fields=True):
    """What the manifest states about one member."""

    bytes: int
    sha256: str
    """SHA-256 of the content, as 64 hexadecimal digits."""


class Manifest(Struct, frozen=True, kw_only=True):
    """The first member of a backup, as JSON."""

    format: int
    made_at: int
    """When the backup was made, in milliseconds since the Unix epoch, UTC."""
    version: Annotated[str, Meta(pattern=r"\A[0-9A-Za-z.+-]{1,40}\Z")]
    """The release of Tactful that made it. It is printed, so it holds no control characters."""
    members: dict[str, Member]
    """Name → length and digest, for every member but the manifest."""


Sink = Callable[[str, int], IO[bytes] | None]
"""Called with the name and the length of each member; its content goes to the result, if there is one."""
Progress = Callable[[int, int], None]
"""Called with (bytes read, bytes in all) of the compressed file."""


def _no_progress(done: int, whole: int) -> None:
    """Report nothing."""


def write_archive(
    target: IO[bytes], files: Mapping[str, Path], *, made_at: int, version: str
) -> None:
    """Write a backup of format 2.

    Args:
        target: The new file.
        files: Name of a member → file with its content.
        made_at: Milliseconds since the Unix epoch, UTC.
        version: The release of Tactful that makes it.

    Raises:
        OSError: A file cannot be read, or the target cannot be written.
    """
    members = {name: Member(file.stat().st_size, _digest(file)) for name, file in files.items()}
    manifest = Manifest(format=FORMAT, made_at=made_at, version=version, members=members)
    hashed = _HashingWriter(target)
    # Level 6 takes a third of the time of level 9, and its result is 1 % larger.
    with (
        gzip.GzipFile("", "wb", 6, hashed, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        text = msgspec.json.encode(manifest)
        archive.addfile(_header(MANIFEST_MEMBER, len(text)), io.BytesIO(text))
        for name, file in files.items():
            with file.open("rb") as content:
                archive.addfile(_header(name, members[name].bytes), content)
    target.write(_TRAILER_HEAD + hashed.digest() + _TRAILER_END)


def verify_archive(path: Path, progress: Progress = _no_progress) -> Manifest | None:
    """Read a backup to its last byte and compare every digest.

    Returns:
        The manifest; None for format 1, which has no digests.

    Raises:
        LedgerError: It is not a whole backup.
    """
    return read_archive(path, lambda _name, _size: None, progress)


def unpack_archive(path: Path, folder: Path, progress: Progress = _no_progress) -> Manifest | None:
    """Copy the members of a backup into new files that only their owner can read.

    Args:
        path: The backup.
        folder: An empty folder.
        progress: Called with (bytes read, bytes in all).

    Returns:
        The manifest; None for format 1.

    Raises:
        LedgerError: It is not a whole backup, or the disk has no room for it.
    """

    def sink(name: str, size: int) -> IO[bytes]:
        if size > _free_bytes(folder):
            raise LedgerError(
                f"{path}: {name} has {size:,} bytes, and there is less room in {folder.parent}."
                " Free some space, or restore into another data folder.",
                retry=False,
            )
        return open_private(folder / name)

    return read_archive(path, sink, progress)


def open_private(path: Path) -> IO[bytes]:
    """Create a file that only its owner can read, and return it, open for writing.

    Raises:
        OSError: The file exists already, or cannot be created.
    """
    path.parent.mkdir(mode=0o700, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def read_archive(path: Path, sink: Sink, progress: Progress = _no_progress) -> Manifest | None:
    """Read a backup to its last byte, and pass the content of each member to a sink.

    Args:
        path: The backup.
        sink: Called with the name and the length of each member before it is read.
        progress: Called with (bytes read, bytes in all).

    Returns:
        The manifest; None for format 1.

    Raises:
        LedgerError: It is not a whole backup. Members that were passed on before must not be used.
    """
    try:
        with path.open("rb") as raw:
            whole = os.fstat(raw.fileno()).st_size
            has_trailer = _check_trailer(raw, path, whole)
            with gzip.GzipFile(fileobj=raw, mode="rb") as stream:
                reader = _Reader(path, stream, lambda: progress(min(raw.tell(), whole), whole))
                return reader.run(sink, has_trailer=has_trailer)
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise _not_a_backup(path, str(error) or "it ends too early") from error


class _Reader:
    """Reads the tar blocks of one backup. `tarfile` itself also follows links, devices and long names."""

    def __init__(self, path: Path, stream: gzip.GzipFile, progress: Callable[[], None]) -> None:
        self._path = path
        self._stream = stream
        self._progress = progress
        self._manifest: Manifest | None = None
        self._seen: set[str] = set()

    def run(self, sink: Sink, *, has_trailer: bool) -> Manifest | None:
        for name, size in self._members():
            if name == MANIFEST_MEMBER and not self._seen:
                self._manifest = self._read_manifest(size)
            else:
                self._read_member(name, size, sink)
            if has_trailer is (self._manifest is None):
                raise _not_a_backup(self._path, "its end and its beginning do not belong together")
            self._seen.add(name)
        expected = {LEDGER_MEMBER, *(self._manifest.members if self._manifest else ())}
        if missing := sorted(expected - self._seen):
            raise _not_a_backup(self._path, f"it holds no {missing[0]!r}")
        return self._manifest

    def _members(self) -> Iterator[tuple[str, int]]:
        """Yield the name and the length of each member, then check that nothing follows."""
        size_by_pax: int | None = None
        while (block := self._exactly(_BLOCK)) != bytes(_BLOCK):
            header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
            size = header.size if size_by_pax is None else size_by_pax
            size_by_pax = None
            if header.type == tarfile.XHDTYPE and 0 <= header.size <= LARGEST_SMALL_MEMBER:
                # Format 1 has an extended header before each member, for the fraction of its time.
                found = _PAX_SIZE.search(self._exactly(header.size))
                size_by_pax = int(found[1][:20]) if found else None
                self._exactly(-header.size % _BLOCK)
                continue
            if header.isdir() and header.name == KEYS_PREFIX[:-1] and size == 0:
                continue  # in format 1
            self._check_header(header, size)
            yield header.name, size
            self._exactly(-size % _BLOCK)
        if (end := self._stream.read(_LONGEST_END + 1)) != bytes(len(end)) or len(
            end
        ) > _LONGEST_END:
            raise _not_a_backup(self._path, "something follows its last member")

    def _check_header(self, header: tarfile.TarInfo, size: int) -> None:
        name = header.name
        small = name == MANIFEST_MEMBER or is_key_member(name)
        if header.type != tarfile.REGTYPE or not (
            small or name in {LEDGER_MEMBER, ERASURES_MEMBER}
        ):
            raise _not_a_backup(self._path, f"it contains {name!r}")
        if name in self._seen or len(self._seen) >= MOST_MEMBERS:
            raise _not_a_backup(self._path, f"it contains {name!r} once too often")
        if size < 0 or (small and size > LARGEST_SMALL_MEMBER):
            raise _not_a_backup(self._path, f"{name} has {size:,} bytes, which cannot be")

    def _read_manifest(self, size: int) -> Manifest:
        try:
            manifest = msgspec.json.decode(self._exactly(size), type=Manifest)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise _not_a_backup(self._path, f"its manifest cannot be read: {error}") from error
        if manifest.format != FORMAT:
            raise LedgerError(
                f"{self._path}: This backup has format {manifest.format}, and this program knows"
                f" formats up to {FORMAT}. Use release {manifest.version}, which made it.",
                retry=False,
            )
        return manifest

    def _read_member(self, name: str, size: int, sink: Sink) -> None:
        stated = self._manifest.members.get(name) if self._manifest else None
        if self._manifest and (stated is None or stated.bytes != size):
            raise _not_a_backup(self._path, f"its manifest does not describe {name}")
        target = sink(name, size)
        digest = hashlib.sha256()
        left = size
        while left:
            content = self._exactly(min(left, _CHUNK))
            left -= len(content)
            digest.update(content)
            if target:
                target.write(content)
            self._progress()
        if target:
            with closing(target):
                target.flush()
                os.fsync(target.fileno())
        if stated and stated.sha256 != digest.hexdigest():
            raise _not_a_backup(self._path, f"the content of {name} has another digest")

    def _exactly(self, size: int) -> bytes:
        content = self._stream.read(size)
        if len(content) != size:
            raise EOFError("it ends too early")
        return content


def _check_trailer(raw: IO[bytes], path: Path, whole: int) -> bool:
    """Return whether a file ends with a digest; refuse a file that does not match its digest."""
    if whole < _TRAILER_BYTES:
        return False
    raw.seek(whole - _TRAILER_BYTES)
    trailer = raw.read(_TRAILER_BYTES)
    raw.seek(0)
    if not (trailer.startswith(_TRAILER_HEAD) and trailer.endswith(_TRAILER_END)):
        return False
    digest = hashlib.sha256()
    left = whole - _TRAILER_BYTES
    while left and (content := raw.read(min(left, _CHUNK))):
        digest.update(content)
        left -= len(content)
    raw.seek(0)
    if _TRAILER_HEAD + digest.digest() + _TRAILER_END != trailer:
        raise _not_a_backup(path, "its bytes have another digest than its end states")
    return True


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o600
    return header


class _HashingWriter:
    """Passes bytes on to a file, and computes their digest."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self._digest = hashlib.sha256()

    def write(self, content: bytes) -> int:
        self._digest.update(content)
        return self._target.write(content)

    def flush(self) -> None:
        self._target.flush()

    def digest(self) -> bytes:
        return self._digest.digest()


def _not_a_backup(path: Path, why: str) -> LedgerError:
    return LedgerError(
        f"{path}: This is not a Tactful backup, or it is damaged: {why}. Restore another backup.",
        retry=False,
    )


def is_key_member(name: str) -> bool:
    """Return whether a member is a file of the keys folder that a backup has.

    Codes of pairings and logins are none: what was used or ended must not come back with a restore.
    """
    return _KEY.fullmatch(name) is not None
