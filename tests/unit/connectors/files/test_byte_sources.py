"""Files, standard input and web addresses can be read twice, compressed or not."""

import gzip
import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from support.import_files import (
    IMPORT_TERMS,
    MERCHANT_FEED,
    WOO_ORDERS,
    facts_in,
    file_with,
    import_rows,
)
from tactful.connectors.files import formats
from tactful.connectors.files.byte_sources import open_source
from tactful.connectors.files.results import SourceError


def test_a_compressed_file_is_decompressed_and_one_that_is_cut_off_is_refused(
    tmp_path: Path,
) -> None:
    line = b'{"type":"recall","recall":"r","product":"P","status":"active"}\n'
    packed = gzip.compress(line * 5000)
    assert len(facts_in(import_rows(file_with(tmp_path, packed)))) == 5000
    with pytest.raises(SourceError, match=r"cannot be (read to its end|decompressed)"):
        import_rows(file_with(tmp_path, packed[: len(packed) // 2]))


@pytest.mark.parametrize("start", [b"PK\x03\x04\x14\x00", b"\xd0\xcf\x11\xe0\xa1\xb1"])
def test_a_workbook_is_refused_as_one(tmp_path: Path, start: bytes) -> None:
    with pytest.raises(SourceError, match="Save its sheet as CSV"):
        import_rows(file_with(tmp_path, start + bytes(100)))


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"), open_source(str(tmp_path / "none")):
        pass


class _FeedHandler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/feed.xml" else 404)
        self.end_headers()
        self.wfile.write(MERCHANT_FEED.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web_server() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _FeedHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_feed_is_fetched_from_the_web_and_an_error_is_reported(web_server: str) -> None:
    with open_source(f"{web_server}/feed.xml") as source:
        assert (
            len(list(formats.read_rows(source, IMPORT_TERMS, formats.detect_format(source)))) == 7
        )
        assert source.position == source.size
    with pytest.raises(SourceError, match="cannot be fetched"), open_source(f"{web_server}/none"):
        pass


def test_standard_input_can_be_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(WOO_ORDERS.encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    with open_source("-") as source:
        form = formats.detect_format(source)
        once = list(formats.read_rows(source, IMPORT_TERMS, form))
        assert once == list(formats.read_rows(source, IMPORT_TERMS, form))
        assert source.name == "standard input"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8", "utf-8-sig"])
def test_a_file_in_utf_16_is_read_like_one_in_utf_8(tmp_path: Path, encoding: str) -> None:
    text = WOO_ORDERS.replace("RUN-42", "LÄUFER-42")
    found = facts_in(import_rows(file_with(tmp_path, text.encode(encoding))))
    assert found == facts_in(import_rows(file_with(tmp_path, text, "plain")))
    feed = facts_in(import_rows(file_with(tmp_path, MERCHANT_FEED.encode("utf-16"))))
    assert len(feed) == len(facts_in(import_rows(file_with(tmp_path, MERCHANT_FEED))))
