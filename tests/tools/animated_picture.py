"""Animated PNG from screenshots of the same size, without decoding a pixel.

Run as `python tests/tools/animated_picture.py TARGET SCREENSHOT...`. The screenshots of one browser have the
same header, so that their image data become frames as they are (PNG specification, third edition, section 11.3.4).
"""

import struct
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
SHOWN_MS: Final = 3500
"""Milliseconds that each picture is shown."""


def animated(pictures: Sequence[bytes], shown_ms: int = SHOWN_MS) -> bytes:
    """Return an animated PNG that shows pictures one after another, without end.

    Args:
        pictures: PNG files of the same size and colour type.
        shown_ms: Milliseconds that each is shown.

    Raises:
        ValueError: There is no picture, or their headers differ.
    """
    headers = {dict(_chunks(one))[b"IHDR"] for one in pictures}
    if len(headers) != 1:
        raise ValueError(f"The pictures have {len(headers)} headers instead of one.")
    (header,) = headers
    width, height = struct.unpack(">II", header[:8])
    written = [SIGNATURE, _chunk(b"IHDR", header)]
    written.append(_chunk(b"acTL", struct.pack(">II", len(pictures), 0)))
    sequence = 0
    for number, picture in enumerate(pictures):
        control = struct.pack(">IIIIIHHBB", sequence, width, height, 0, 0, shown_ms, 1000, 0, 0)
        written.append(_chunk(b"fcTL", control))
        sequence += 1
        pressed = b"".join(data for name, data in _chunks(picture) if name == b"IDAT")
        data = zlib.compress(zlib.decompress(pressed), 9)
        if number == 0:
            written.append(_chunk(b"IDAT", data))
        else:
            written.append(_chunk(b"fdAT", struct.pack(">I", sequence) + data))
            sequence += 1
    return b"".join([*written, _chunk(b"IEND", b"")])


def frames(picture: bytes) -> int:
    """Return how many frames an animated PNG has; 1: it is not animated."""
    control = dict(_chunks(picture)).get(b"acTL")
    return int(struct.unpack(">I", control[:4])[0]) if control else 1


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(picture):
        (length,) = struct.unpack(">I", picture[at : at + 4])
        yield picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(name: bytes, data: bytes) -> bytes:
    checked = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + checked


if __name__ == "__main__":
    target, *given = map(Path, sys.argv[1:])
    target.write_bytes(animated([one.read_bytes() for one in given]))
