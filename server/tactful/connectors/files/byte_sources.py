"""Sources of bytes that can be read twice: files, standard input and web addresses."""

import codecs
import gzip
import io
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, AnyStr, Final, cast

from tactful.connectors.egress_client import EgressClient, EgressError
from tactful.connectors.files.read_limits import DEFAULT_LIMITS, ReadLimits
from tactful.connectors.files.results import SourceError

TIMEOUT_S: Final = 30
"""Seconds to wait for a web server's next bytes."""
_OK: Final = 200
_CHUNK: Final = 1 << 16
_GZIP: Final = b"\x1f\x8b"
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""First bytes of a ZIP archive, which `.xlsx` and `.ods` are, and of an `.xls`."""
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class ByteSource:
    """Bytes that can be read more than once, because an import checks them before it sends them.

    Bytes that are compressed with gzip are decompressed, within the limits of the import.
    """

    def __init__(
        self,
        name: str,
        raw: IO[bytes],
        size: int,
        limits: ReadLimits = DEFAULT_LIMITS,
        encoding: str | None = None,
    ) -> None:
        self._encoding = encoding
        self.name = name
        self.size = size
        self.limits = limits
        self._raw = raw
        self._packed = raw.read(2) == _GZIP

    @property
    def position(self) -> int:
        """How many of the `size` bytes have been read, before decompression."""
        return self._raw.tell()

    def stream(self) -> IO[bytes]:
        """Return a stream of the decompressed bytes, from the beginning.

        Reading from it raises `SourceError` at the limits. Closing it does not close the source.
        """
        self._raw.seek(0)
        raw = _Unpacked(self._raw, self) if self._packed else _Plain(self._raw)
        return io.BufferedReader(raw, _CHUNK)

    def lines(self) -> Iterator[str | None]:
        """Yield each line of the text; None for a line that is too long.

        Raises:
            SourceError: The text has too many lines.
        """
        with self.text() as text:
            yield from self._limited(text, ("\n", "\r"))

    def raw_lines(self) -> Iterator[bytes | None]:
        """Yield each line of the bytes, as `lines` does for the text."""
        with self.stream() as stream:
            yield from self._limited(stream, (b"\n",))

    def _limited(
        self, stream: IO[AnyStr], line_ends: tuple[AnyStr, ...]
    ) -> Iterator[AnyStr | None]:
        longest, number = self.limits.row, 0
        while line := stream.readline(longest + 1):
            number += 1
            self.limits.check_rows(self.name, number)
            if len(line) <= longest:
                yield line
                continue
            while line and not line.endswith(line_ends):
                line = stream.readline(longest)
            yield None

    def encoding(self) -> str:
        """Return the encoding of the text: UTF-16 where the bytes look like it, else UTF-8.

        Spreadsheets save "Unicode text" as UTF-16, and so does `>` in PowerShell. The encoding that
        the import names takes precedence.
        """
        if self._encoding is not None:
            return self._encoding
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

        Raises:
            SourceError: The bytes are those of a workbook.
        """
        if self.stream().read(4) in _WORKBOOKS:
            raise SourceError(
                f"{self.name}: The file is a workbook of a spreadsheet, or a ZIP archive. "
                "Save its sheet as CSV (UTF-8), or unpack it."
            )
        encoding = self.encoding()
        return io.TextIOWrapper(self.stream(), encoding, errors="replace", newline="")


class _Plain(io.RawIOBase):
    """Stream that stays open when its reader is closed, because the source is read again."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        chunk = self._inner.read(len(view))
        view[: len(chunk)] = chunk
        return len(chunk)


class _Unpacked(_Plain):
    """The same, of decompressed bytes, which are counted."""

    def __init__(self, raw: IO[bytes], source: ByteSource) -> None:
        super().__init__(cast("IO[bytes]", gzip.GzipFile(fileobj=raw)))
        self._source = source
        self._unpacked = 0

    def readinto(self, buffer: object) -> int:
        try:
            got = super().readinto(buffer)
        except zlib.error as error:
            raise OSError(f"The compressed bytes are damaged ({error})") from error
        self._unpacked += got
        source = self._source
        source.limits.check_unpacked(source.name, self._unpacked, source.position)
        return got


@contextmanager
def open_source(
    name: str,
    allow: Sequence[str] = (),
    limits: ReadLimits = DEFAULT_LIMITS,
    encoding: str | None = None,
) -> Iterator[ByteSource]:
    """Open a source for the time of the block.

    Args:
        name: A path, `-` for standard input, or an http(s) URL.
        allow: Private networks from which a URL may be fetched.
        limits: The most that is read.
        encoding: Python's name of the text's encoding; None: UTF-8, or UTF-16 by its first bytes.

    Yields:
        The source.

    Raises:
        SourceError: The source cannot be read, or is too large.
    """
    if name == "-":
        with _spooled("standard input", _chunks(sys.stdin.buffer), limits) as raw:
            yield ByteSource("standard input", raw, _size(raw), limits, encoding)
    elif name.startswith(("http://", "https://")):
        with _fetched(name, allow, limits) as raw:
            yield ByteSource(name, raw, _size(raw), limits, encoding)
    else:
        try:
            file = Path(name).open("rb")  # noqa: SIM115 - closed below, after the `yield`
        except OSError as error:
            raise SourceError(
                f"{name}: The file cannot be read: {error.strerror}. Name a file that can be read."
            ) from error
        with file:
            yield ByteSource(name, file, Path(name).stat().st_size, limits, encoding)


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


@contextmanager
def _spooled(name: str, chunks: Iterable[bytes], limits: ReadLimits) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as raw:
        for chunk in chunks:
            raw.write(chunk)
            limits.check_size(name, raw.tell())
        raw.seek(0)
        yield raw


@contextmanager
def _fetched(url: str, allow: Sequence[str], limits: ReadLimits) -> Iterator[IO[bytes]]:
    client = EgressClient(allow=allow, typed=[url])
    headers = {"Accept-Encoding": "identity", "User-Agent": "tactful-import"}
    try:
        with client.get(url, headers, timeout=TIMEOUT_S) as answer:
            if answer.status != _OK:
                raise SourceError(
                    f"{url}: The URL cannot be fetched: it responds with status {answer.status}. "
                    "Check the URL and try again."
                )
            with _spooled(url, answer.chunks(limits.size), limits) as raw:
                yield raw
    except EgressError as error:
        raise SourceError(f"{url}: The URL cannot be fetched: {error}") from error


def _size(raw: IO[bytes]) -> int:
    size = raw.seek(0, io.SEEK_END)
    raw.seek(0)
    return size
