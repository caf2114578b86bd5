"""Sources of bytes that can be read twice: files, standard input and web addresses."""

import codecs
import gzip
import io
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

from tactful.connectors.egress_client import EgressClient, EgressError
from tactful.connectors.results import SourceError

TIMEOUT_S: Final = 30
"""Seconds to wait for a web server's next bytes."""
MAX_FETCHED_BYTES: Final = 4 << 30
"""The most bytes of a file that is fetched: a feed of a million items has about one GiB."""
_OK: Final = 200
_CHUNK: Final = 1 << 16
_GZIP: Final = b"\x1f\x8b"
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class ByteSource:
    """Bytes that can be read more than once, because an import checks them before it sends them.

    Bytes that are compressed with gzip are decompressed.
    """

    def __init__(self, name: str, raw: IO[bytes], size: int) -> None:
        self.name = name
        self.size = size
        self._raw = raw
        self._packed = raw.read(2) == _GZIP

    @property
    def position(self) -> int:
        """How many of the `size` bytes have been read, before decompression."""
        return self._raw.tell()

    def stream(self) -> IO[bytes]:
        """Return a stream of the decompressed bytes, from the beginning."""
        self._raw.seek(0)
        return cast("IO[bytes]", gzip.GzipFile(fileobj=self._raw)) if self._packed else self._raw

    def encoding(self) -> str:
        """Return the encoding of the text: UTF-16 where the bytes look like it, else UTF-8.

        Spreadsheets save "Unicode text" as UTF-16, and so does `>` in PowerShell.
        """
        start = self.stream().read(4)
        if start.startswith(_UTF_16):
            return "utf-16"
        # Every known format begins with an ASCII character. In UTF-16 its other byte is zero.
        if start[1:2] == b"\0":
            return "utf-16-le"
        return "utf-16-be" if start[:1] == b"\0" else "utf-8-sig"

    def text(self) -> io.TextIOWrapper:
        """Return a stream of the bytes as text, from the beginning.

        Bytes that are not in the encoding become U+FFFD, so that the reader can name the row.
        """
        encoding = self.encoding()
        # Closing the text stream must not close the source, which is read again.
        inner = io.BufferedReader(_Uncloseable(self.stream()), _CHUNK)
        return io.TextIOWrapper(inner, encoding, errors="replace", newline="")


class _Uncloseable(io.RawIOBase):
    """Stream that stays open when its reader is closed."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        chunk = self._inner.read(len(view))
        view[: len(chunk)] = chunk
        return len(chunk)


@contextmanager
def open_source(name: str, allow: Sequence[str] = ()) -> Iterator[ByteSource]:
    """Open a source for the time of the block.

    Args:
        name: A path, `-` for standard input, or an http(s) URL.
        allow: Private networks from which a URL may be fetched.

    Yields:
        The source.

    Raises:
        SourceError: The source cannot be read.
    """
    if name == "-":
        with _spooled(sys.stdin.buffer) as raw:
            yield ByteSource("standard input", raw, _size(raw))
    elif name.startswith(("http://", "https://")):
        with _fetched(name, allow) as raw:
            yield ByteSource(name, raw, _size(raw))
    else:
        try:
            file = Path(name).open("rb")  # noqa: SIM115 - closed below, after the `yield`
        except OSError as error:
            raise SourceError(
                f"{name}: The file cannot be read: {error.strerror}. Name a file that can be read."
            ) from error
        with file:
            yield ByteSource(name, file, Path(name).stat().st_size)


@contextmanager
def _spooled(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as raw:
        while chunk := stream.read(_CHUNK):
            raw.write(chunk)
        raw.seek(0)
        yield raw


@contextmanager
def _fetched(url: str, allow: Sequence[str]) -> Iterator[IO[bytes]]:
    client = EgressClient(allow=allow, typed=[url])
    headers = {"Accept-Encoding": "identity", "User-Agent": "tactful-import"}
    try:
        with (
            client.get(url, headers, timeout=TIMEOUT_S) as answer,
            tempfile.TemporaryFile() as raw,
        ):
            if answer.status != _OK:
                raise SourceError(
                    f"{url}: The URL cannot be fetched: it responds with status {answer.status}. "
                    "Check the URL and try again."
                )
            for chunk in answer.chunks(MAX_FETCHED_BYTES):
                raw.write(chunk)
            if raw.tell() > MAX_FETCHED_BYTES:
                raise SourceError(
                    f"{url}: The file is larger than {MAX_FETCHED_BYTES >> 30} GiB. "
                    "Download it, and import the file."
                )
            raw.seek(0)
            yield raw
    except EgressError as error:
        raise SourceError(f"{url}: The URL cannot be fetched: {error}") from error


def _size(raw: IO[bytes]) -> int:
    size = raw.seek(0, io.SEEK_END)
    raw.seek(0)
    return size
