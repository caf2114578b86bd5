"""From where do the bytes of a source come: a file, standard input, or the web?"""

import gzip
import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast
from urllib.error import URLError
from urllib.request import Request, urlopen

from tactful.connectors.results import SourceError

TIMEOUT_S: Final = 30
_CHUNK: Final = 1 << 16
_GZIP: Final = b"\x1f\x8b"


class ByteSource:
    """Bytes that can be read more than once: checked first, sent afterwards."""

    def __init__(self, name: str, raw: IO[bytes], size: int) -> None:
        self.name = name
        self.size = size
        self._raw = raw
        self._packed = raw.read(2) == _GZIP

    @property
    def position(self) -> int:
        """How many of `size` bytes have been read."""
        return self._raw.tell()

    def stream(self) -> IO[bytes]:
        """The bytes from the beginning, unpacked."""
        self._raw.seek(0)
        return cast("IO[bytes]", gzip.GzipFile(fileobj=self._raw)) if self._packed else self._raw

    def text(self) -> io.TextIOWrapper:
        """The same as text; what is not UTF-8 comes as U+FFFD, for the row to be named."""
        # A copy: closing the wrapper must not close the source.
        inner = io.BufferedReader(_Uncloseable(self.stream()), _CHUNK)
        return io.TextIOWrapper(inner, "utf-8-sig", errors="replace", newline="")


class _Uncloseable(io.RawIOBase):
    """A stream that outlives its readers."""

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
def open_source(name: str) -> Iterator[ByteSource]:
    """A path, `-` for standard input, or an http(s) URL; SourceError when it cannot be read."""
    if name == "-":
        with _spooled(sys.stdin.buffer) as raw:
            yield ByteSource("standard input", raw, _size(raw))
    elif name.startswith(("http://", "https://")):
        with _fetched(name) as raw:
            yield ByteSource(name, raw, _size(raw))
    else:
        try:
            file = Path(name).open("rb")  # noqa: SIM115 - closed below, after what it yields
        except OSError as error:
            raise SourceError(f"{name}: cannot be read: {error.strerror}") from error
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
def _fetched(url: str) -> Iterator[IO[bytes]]:
    request = Request(url, headers={"Accept-Encoding": "identity"})  # noqa: S310 - http(s) only
    try:
        with urlopen(request, timeout=TIMEOUT_S) as answer, _spooled(answer) as raw:  # noqa: S310
            yield raw
    except (URLError, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error)
        raise SourceError(f"{url}: cannot be fetched: {reason}") from error


def _size(raw: IO[bytes]) -> int:
    size = raw.seek(0, io.SEEK_END)
    raw.seek(0)
    return size
