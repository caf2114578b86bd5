"""No file of an import takes more memory or steps than its limits allow, whatever its format."""

import gzip
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.import_files import (
    IMPORT_TERMS,
    MERCHANT_FEED,
    SHOPIFY_ORDERS,
    SHOPIFY_PRODUCTS,
    WOO_ORDERS,
    WOO_PRODUCTS,
    bad_rows_in,
    facts_in,
    file_with,
)
from tactful.connectors.files import formats
from tactful.connectors.files.byte_sources import open_source
from tactful.connectors.files.read_limits import (
    DEFAULT_LIMITS,
    MIB,
    ReadLimits,
    parse_limit,
    shown_size,
)
from tactful.connectors.files.results import Row, SourceError

STOCK = b'{"type":"stock","sku":"A","territory":"GB","available":3}\n'
FEED = b'<rss xmlns:g="http://base.google.com/ns/1.0"><channel>'
GOOD = b"<item><g:id>A</g:id><title>T</title><g:price>1 EUR</g:price></item>"
END = b"</channel></rss>"
WOO = WOO_PRODUCTS.encode()
TABLE = b"id\ttitle\tprice\tavailability\n"


def rows_of(path: Path, limits: ReadLimits = DEFAULT_LIMITS) -> list[Row]:
    with open_source(str(path), (), limits) as source:
        return list(formats.read_rows(source, IMPORT_TERMS, formats.detect_format(source)))


def outcome(path: Path, limits: ReadLimits = DEFAULT_LIMITS) -> list[Row] | str:
    """Return the rows of a file, or why it is refused."""
    try:
        return rows_of(path, limits)
    except SourceError as error:
        return str(error)


def feed(*parts: bytes) -> bytes:
    return b"".join([FEED, *parts, END])


LONG_ROWS = {
    "a line of JSON": (STOCK + b'{"type":"' + b"x" * 3000 + b'"}\n' + STOCK, 2),
    "a text of a feed": (
        feed(GOOD, b"\n<item><g:id>B</g:id><title>" + b"x" * 3000 + b"</title></item>", GOOD),
        2,
    ),
    "nested elements of a feed": (
        feed(GOOD, b"\n<item>" + b"<s><c/></s>" * 300 + b"</item>", GOOD),
        2,
    ),
    "attributes of a feed": (feed(GOOD, b'\n<item><x y="' + b"z" * 3000 + b'"/></item>', GOOD), 2),
    "a row of tab-separated text": (
        TABLE + b"A\tT\t1 GBP\t\nB\t" + b"x" * 3000 + b"\t1 GBP\t\nC\tT\t1 GBP\t\n",
        3,
    ),
    "a row of a table": (WOO + b"11,simple,X," + b"x" * 3000 + b"\n" + WOO.splitlines()[4], 6),
    "a row of many lines": (
        WOO + b'11,simple,X,"' + b"x\n" * 1500 + b'"\n' + WOO.splitlines()[4],
        6,
    ),
}


@pytest.mark.parametrize("name", LONG_ROWS)
def test_a_row_that_is_too_long_is_named_with_its_line_and_its_neighbours_are_read(
    tmp_path: Path, name: str
) -> None:
    content, line = LONG_ROWS[name]
    limits = ReadLimits(row=2000)
    for packed in (False, True):
        raw = gzip.compress(content) if packed else content
        found = rows_of(file_with(tmp_path, raw), limits)
        first, *_ = bad_rows_in(found)
        assert first[0] == line
        assert "--limit row=" in first[1]
        before = rows_of(file_with(tmp_path, content.replace(b"x" * 3000, b"")), DEFAULT_LIMITS)
        assert facts_in(found)[0] == facts_in(before)[0]
        assert facts_in(found)[-1] == facts_in(before)[-1]


def test_a_higher_limit_reads_the_same_row(tmp_path: Path) -> None:
    content = feed(
        b"<item><g:id>A</g:id><g:price>1 EUR</g:price><x>" + b"y" * 3000 + b"</x></item>"
    )
    path = file_with(tmp_path, content)
    assert facts_in(rows_of(path, ReadLimits(row=2000))) == []
    assert len(facts_in(rows_of(path, ReadLimits(row=4000)))) == 2


@pytest.mark.parametrize(
    ("content", "limits", "message"),
    [
        (
            gzip.compress(STOCK * 2000),
            ReadLimits(size=MIB >> 4),
            "more than 64 KiB. Add --limit size=",
        ),
        (
            gzip.compress(STOCK + b" " * 80 * MIB, 1),
            DEFAULT_LIMITS,
            "more than 100 times its size. Add --limit ratio",
        ),
        (STOCK * 20, ReadLimits(rows=10), "more than 10 lines or items. Add --limit rows=20"),
        (feed(GOOD * 20), ReadLimits(rows=10), "more than 10 lines or items. Add --limit rows=20"),
        (WOO, ReadLimits(columns=5), "names 13 columns, and 5 are allowed. Add --limit columns=13"),
        (b"x," * 2000, ReadLimits(row=2000), "file:1: The header is longer"),
        (WOO + b'x","y\n' * 2200, DEFAULT_LIMITS, "not closed in too many"),
    ],
)
def test_a_file_beyond_a_limit_is_refused_with_the_option_that_raises_it(
    tmp_path: Path, content: bytes, limits: ReadLimits, message: str
) -> None:
    assert message in str(outcome(file_with(tmp_path, content), limits))


def test_a_plain_file_on_disk_and_a_short_packed_one_have_no_limit_of_size(tmp_path: Path) -> None:
    assert len(rows_of(file_with(tmp_path, STOCK * 2000), ReadLimits(size=1000))) == 2000
    assert len(rows_of(file_with(tmp_path, gzip.compress(STOCK * 20_000)))) == 20_000


def test_damaged_compressed_bytes_are_an_error_of_the_file(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(STOCK * 5000, compresslevel=0))
    packed[15] ^= 0xFF
    with pytest.raises(SourceError, match="damaged"):
        rows_of(file_with(tmp_path, bytes(packed)))


BAD_FEEDS = {
    "deep": (FEED + b"<a>" * 40, "nested more than 32"),
    "many values": (feed(b"<item>" + b"<g:x/>" * 1100 + b"</item>"), "more than 1,000 values"),
    "many names": (FEED + b"".join(b"<x%d/>" % n for n in range(10_001)), "10,000 names"),
    "a long comment": (FEED + b"<!--" + b"x" * (MIB + (1 << 18)), "more than 1 MiB"),
    "a long tag": (FEED + b"<x y='" + b"x" * (MIB + (1 << 18)), "more than 1 MiB"),
    "many prefixes": (
        FEED + b"<x " + b" ".join(b'xmlns:p%d="u"' % n for n in range(101)) + b"/>",
        "more than 100 prefixes",
    ),
    "an unknown prefix": (FEED + b"<item><h:id>A</h:id></item>", "prefix of <h:id> is not declared"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_FEEDS)
def test_a_feed_of_no_real_shop_is_refused(tmp_path: Path, name: str) -> None:
    content, message = BAD_FEEDS[name]
    (_, text), *_ = bad_rows_in(rows_of(file_with(tmp_path, content)))
    assert message in text


def test_a_namespace_may_be_declared_anywhere(tmp_path: Path) -> None:
    google = b'"http://base.google.com/ns/1.0"'
    late = GOOD.replace(b"<g:id>", b"<g:id xmlns:g=" + google + b">")
    other = GOOD.replace(b"<g:id>A</g:id>", b"<id xmlns=" + google + b">A</id>")
    for item in (late.replace(b"g:price", b"price"), other.replace(b"g:price", b"price")):
        found = rows_of(file_with(tmp_path, b"<rss>" + item + b"</rss>"))
        assert [fact.sku for fact in facts_in(found) if hasattr(fact, "sku")] == ["A", "A"]


@contextmanager
def memory_used() -> Iterator[Callable[[], int]]:
    """Yield a function that returns the peak of memory in bytes since the start of the block."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


HUGE = 16 * MIB
HUGE_FILES = {
    "a line of JSON": [b'{"type":"', b"x" * HUGE],
    "a line of nested JSON": [b'{"type":', b"[" * HUGE],
    "a text of a feed": [FEED, b"<item><title>", b"x" * HUGE],
    "an item of elements": [FEED, b"<item>", b"<g:x/>" * (HUGE // 6)],
    "a tag": [FEED, b"<item x='", b"x" * HUGE],
    "a comment": [FEED, b"<!--", b"x" * HUGE],
    "names": [FEED, *(b"<x%d/>" % n for n in range(200_000))],
    "depth": [FEED, b"<x>" * (HUGE // 3)],
    "a header": [b"x" * HUGE],
    "columns": [b"x," * (HUGE // 2)],
    "a row": [WOO, b"x" * HUGE],
    "a quoted row": [WOO, b'"', b"x\n" * 20_000],
    "values": [WOO, b"," * HUGE],
    "a row of tab-separated text": [TABLE, b"x" * HUGE],
    "an order of many rows": [WOO_ORDERS.encode(), (WOO_ORDERS.splitlines()[2].encode() + b"\n") * 15_000],
}  # fmt: skip


@pytest.mark.parametrize("name", HUGE_FILES)
def test_a_huge_row_takes_no_more_memory_than_the_limit_of_a_row(tmp_path: Path, name: str) -> None:
    path = file_with(tmp_path, b"".join(HUGE_FILES[name]))
    with memory_used() as peak:
        assert outcome(path, ReadLimits(row=MIB >> 2))
        assert peak() < 10 * MIB


def test_nothing_but_the_columns_of_a_parent_is_remembered(tmp_path: Path) -> None:
    header = b"ID,Type,SKU,Name,Regular price,Description\n"
    rows = (b"%d,variable,P%d,Tee,,%s\n" % (n, n, b"x" * 50_000) for n in range(300))
    path = file_with(tmp_path, header + b"".join(rows))
    with memory_used() as peak:
        assert len(rows_of(path)) == 300
        assert peak() < 8 * MIB


def steps_of(read: Callable[[], object]) -> int:
    """Return how many calls of functions a reading takes."""
    count = 0

    def note(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        read()
    finally:
        sys.setprofile(None)
    return count


WIDE = b",".join([*WOO.splitlines()[0].split(b","), *(b"meta%d" % n for n in range(900))])
SLOW: dict[str, Callable[[int], bytes]] = {
    "quotation marks that are never closed": lambda n: WOO + b'x","y\n' * n,
    "quotation marks that close on the next line": lambda n: WOO + b'1,"x\n2,"y\n' * n,
    "short rows of many columns": lambda n: WIDE + b"\n" + b"7\n" * n,
    "short items": lambda n: feed(b"<item/>" * n),
    "comments": lambda n: feed(b"<!---->" * n),
    "orders that are mixed": lambda n: WOO_ORDERS.encode()
    + b"".join(b"%d,2026-03-01,,,GBP,GB,A,1,1,1\n" % (m % 7) for m in range(n)),
    "objects of JSON": lambda n: STOCK * n,
}  # fmt: skip


@pytest.mark.parametrize("name", SLOW)
def test_twice_as_many_rows_take_at_most_twice_as_many_steps(tmp_path: Path, name: str) -> None:
    counts = []
    for n in (400, 800, 1600):
        path = file_with(tmp_path, SLOW[name](n))
        counts.append(steps_of(partial(outcome, path)))
    assert counts[2] - counts[1] < 2.2 * (counts[1] - counts[0]) + 200
    assert counts[2] < 300 * 1600


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("size=8GiB", {"size": 8 << 30}),
        ("row=16 MiB", {"row": 16 * MIB}),
        ("rows=7", {"rows": 7}),
        ("ratio=500", {"ratio": 500}),
    ],
)
def test_a_limit_is_written_with_its_name_and_unit(text: str, limit: dict[str, int]) -> None:
    assert parse_limit(text) == limit


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("depth=3", "'depth' is no limit of an import. Use size, ratio, row, rows, columns."),
        ("size", "'' is not a limit"),
        ("size=0", "'0' is not a limit"),
        ("size=-1", "'-1' is not a limit"),
        ("size=1TB", "'1TB' is not a limit"),
        ("size=²", "'²' is not a limit"),
        ("row=" + "9" * 5000, "is not a limit"),
    ],
)
def test_a_limit_that_cannot_be_read_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="limit") as found:
        parse_limit(text)
    assert message in str(found.value)


def test_a_size_is_shown_in_its_largest_unit() -> None:
    assert [shown_size(n) for n in (4096 * MIB, 4 * MIB, 1536, 2048)] == [
        "4 GiB",
        "4 MiB",
        "1,536 bytes",
        "2 KiB",
    ]


REAL = {
    "merchant-xml": MERCHANT_FEED,
    "shopify-products": SHOPIFY_PRODUCTS,
    "woocommerce-products": WOO_PRODUCTS,
    "shopify-orders": SHOPIFY_ORDERS,
    "woocommerce-orders": WOO_ORDERS,
    "jsonl": STOCK.decode() * 3,
}


@given(data=st.data())
def test_no_bytes_at_all_end_an_import_with_anything_but_a_message(
    tmp_path_factory: Any, data: st.DataObject
) -> None:
    raw = bytearray(REAL[data.draw(st.sampled_from(sorted(REAL)))].encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw)))
        length = data.draw(st.integers(0, 12))
        raw[at : at + length] = data.draw(
            st.binary(max_size=40)
            | st.sampled_from(
                [b'"', b"<", b"</", b"&#99999999999;", b"<![CDATA[", b"\0", b"\xff\xfe"]
            )
        )
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(raw)
    limits = msgspec.structs.replace(DEFAULT_LIMITS, row=data.draw(st.sampled_from([20, 200, MIB])))
    found = outcome(path, limits)
    if isinstance(found, str):
        assert found.startswith(str(path))
    else:
        assert all(message for _, message in bad_rows_in(found))
