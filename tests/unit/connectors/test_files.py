"""Files that shops have become facts with lines; what is no fact is named with its remedy."""

import gzip
import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tactful.connectors import files
from tactful.connectors.byte_sources import open_source
from tactful.connectors.results import (
    BadRow,
    FoundFact,
    ImportTerms,
    Row,
    SkippedRow,
    SourceError,
)
from tactful.core.facts.fact_types import Cost, Order, Price, Product, Stock
from tactful.core.values.money import Money

NOW = 1_773_144_000_000  # 2026-03-10 12:00Z
TERMS = ImportTerms(now=NOW, territory="GB", currency="GBP", tax_rate_bp=2000)

MERCHANT = """<?xml version="1.0"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>
<item>
  <g:id>RUN-42</g:id><g:item_group_id>RUN</g:item_group_id><title>Aero &amp; Runner</title>
  <link>https://shop.example/run</link><g:brand>Velo</g:brand>
  <g:price>129.00 EUR</g:price><g:sale_price>99.5 EUR</g:sale_price>
  <g:product_type>Shoes &gt; Running</g:product_type><g:product_type>Sale</g:product_type>
  <g:shipping><g:country>DE</g:country><g:price>4.90 EUR</g:price></g:shipping>
  <g:cost_of_goods_sold>52.00 EUR</g:cost_of_goods_sold>
  <g:availability>in stock</g:availability><g:quantity>6</g:quantity>
</item>
<item><g:id>RUN-43</g:id><title>T</title><g:price>129 EUR</g:price>
  <g:availability>out_of_stock</g:availability></item>
</channel></rss>
"""
SHOPIFY_PRODUCTS = """\
Handle,Title,Vendor,Type,Published,Variant SKU,Variant Inventory Qty,Variant Price,Variant Compare At Price,Cost per item,Image Src,Status
aero,Aero Runner,Velo,Shoes,TRUE,'0042,6,99.50,129.00,52.00,https://shop.example/a.jpg,active
aero,,,,,RUN-43,-2,99.50,,,,
aero,,,,,,,,,,https://shop.example/b.jpg,
ghost,Ghost,Velo,Shoes,TRUE,G-1,1,5.00,,,,draft
bare,Bare,Velo,Shoes,TRUE,,1,5.00,,,,active
"""
WOO_PRODUCTS = """\
ID,Type,SKU,Name,Published,In stock?,Stock,Sale price,Regular price,Categories,Images,Parent,Brands
7,variable,TEE,Tee,1,1,,,,"Clothing > Tees, Sale",https://shop.example/t.jpg,,Velo
8,variation,TEE-S,Tee - S,1,1,4,15,18,,,id:7,
9,"simple, virtual",CARD,Gift card,1,1,,,25,,,,
10,simple,GONE,Gone,1,0,,,25,,,,
"""
SHOPIFY_ORDERS = """\
Name,Email,Financial Status,Fulfillment Status,Currency,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Lineitem discount,Shipping Country,Cancelled at
#1001,c@shop.example,paid,fulfilled,EUR,2026-03-01 10:00:00 -0500,2,Aero,129.00,RUN-42,8.00,DE,
#1001,c@shop.example,,,,2026-03-01 10:00:00 -0500,1,Socks,19.90,SOCK-3,0.00,,
#1002,d@shop.example,paid,,EUR,2026-03-02 10:00:00 +0100,1,Aero,129.00,RUN-42,0.00,AT,2026-03-02 11:00:00 +0100
"""
WOO_ORDERS = """\
order_id,order_date,status,customer_id,order_currency,shipping_country,item_sku,item_quantity,item_total,item_total_tax
501,2026-03-01 10:00:00,completed,17,GBP,GB,RUN-42,3,250,50.000001
502,2026-03-02 10:00:00,processing,0,GBP,GB,RUN-42,1,95.83,19.17
"""


def rows_of(path: Path, terms: ImportTerms = TERMS) -> list[Row]:
    with open_source(str(path)) as source:
        return list(files.read_rows(source, terms, files.detect_format(source)))


def written(tmp_path: Path, content: str | bytes, name: str = "file") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def facts_in(found: list[Row]) -> list[object]:
    return [row.fact for row in found if isinstance(row, FoundFact)]


def bad_in(found: list[Row]) -> list[tuple[int, str]]:
    return [(row.line, row.message) for row in found if isinstance(row, BadRow)]


def test_json_lines_are_facts_and_a_bad_one_is_named_with_its_line(tmp_path: Path) -> None:
    lines = [
        '{"type":"stock","sku":"A","territory":"GB","available":3}',
        "",
        '{"type":"stock","sku":"A","territory":"GB","avaliable":3}',
        '{"type":"stock"',
    ]
    found = rows_of(written(tmp_path, "\n".join(lines)))
    assert facts_in(found) == [Stock(sku="A", territory="GB", available=3)]
    assert [line for line, _ in bad_in(found)] == [3, 4]
    assert "did you mean `available`?" in bad_in(found)[0][1]


def test_a_json_array_is_refused_with_the_way_out(tmp_path: Path) -> None:
    assert "jq -c" in bad_in(rows_of(written(tmp_path, "[{}]")))[0][1]


def test_a_packed_file_is_unpacked_and_a_cut_one_is_refused(tmp_path: Path) -> None:
    line = b'{"type":"recall","recall":"r","product":"P","status":"active"}\n'
    packed = gzip.compress(line * 5000)
    assert len(facts_in(rows_of(written(tmp_path, packed)))) == 5000
    with pytest.raises(SourceError, match=r"cannot be (read to its end|unpacked)"):
        rows_of(written(tmp_path, packed[: len(packed) // 2]))


def test_a_merchant_feed_gives_product_price_cost_and_stock(tmp_path: Path) -> None:
    found = facts_in(rows_of(written(tmp_path, MERCHANT)))
    assert found[:4] == [
        Product(
            sku="RUN-42",
            product="RUN",
            title="Aero & Runner",
            brand="Velo",
            categories=("Shoes/Running", "Sale"),
            url="https://shop.example/run",
        ),
        Price(
            sku="RUN-42",
            territory="GB",
            price=Money(9950, "EUR"),
            list=Money(12900, "EUR"),
            tax_included=True,
            tax_rate_bp=2000,
        ),
        Cost(sku="RUN-42", cost=Money(5200, "EUR")),
        Stock(sku="RUN-42", territory="GB", available=6),
    ]
    assert found[-1] == Stock(sku="RUN-43", territory="GB", available=0)


@pytest.mark.parametrize(
    ("period", "price"),
    [
        ("2026-03-10T12:00Z/2026-03-11T00:00Z", 9950),
        ("2026-03-01T00:00Z/2026-03-10T12:00Z", 12900),
        ("2026-03-10T13:00+01:00/2026-03-11T00:00+01:00", 9950),
    ],
)
def test_a_sale_counts_from_its_start_until_before_its_end(
    tmp_path: Path, period: str, price: int
) -> None:
    dated = MERCHANT.replace(
        "</g:sale_price>",
        f"</g:sale_price><g:sale_price_effective_date>{period}</g:sale_price_effective_date>",
    )
    found = facts_in(rows_of(written(tmp_path, dated)))
    assert next(f.price.amount for f in found if isinstance(f, Price)) == price


def test_in_stock_without_a_number_is_no_stock_fact_unless_the_shop_says_how_many(
    tmp_path: Path,
) -> None:
    feed = MERCHANT.replace("<g:quantity>6</g:quantity>", "")
    stocks = [f for f in facts_in(rows_of(written(tmp_path, feed))) if isinstance(f, Stock)]
    assert [s.sku for s in stocks] == ["RUN-43"]
    terms = ImportTerms(now=NOW, territory="GB", tax_rate_bp=0, assumed_stock=10)
    assert any(
        f == Stock(sku="RUN-42", territory="GB", available=10)
        for f in facts_in(rows_of(written(tmp_path, feed), terms))
    )


def test_a_merchant_feed_as_text_has_the_same_columns(tmp_path: Path) -> None:
    text = "id\ttitle\tprice\tavailability\tquantity\nA-1\tFan\t0.83 GBP\tin_stock\t4\nA-2\tFan\t\tin_stock\t4\n"
    found = rows_of(written(tmp_path, text))
    assert [type(f) for f in facts_in(found)] == [Product, Price, Stock]
    assert bad_in(found) == [(3, "The item has no price")]


@pytest.mark.parametrize(
    "attack",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss>&b;</rss>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><rss/>',
    ],
)
def test_a_feed_with_a_document_type_is_refused_before_anything_expands(
    tmp_path: Path, attack: str
) -> None:
    found = rows_of(written(tmp_path, attack))
    assert [line for line, _ in bad_in(found)] == [1]
    assert "no document type" in bad_in(found)[0][1]


def test_a_feed_that_breaks_off_keeps_its_items_and_names_the_line(tmp_path: Path) -> None:
    found = rows_of(written(tmp_path, MERCHANT[: MERCHANT.index("<item><g:id>RUN-43") + 30]))
    assert len(facts_in(found)) == 4
    assert bad_in(found)[0][0] == 12


def test_a_shopify_product_export_gives_a_fact_for_each_published_variant(tmp_path: Path) -> None:
    found = rows_of(written(tmp_path, SHOPIFY_PRODUCTS))
    facts = facts_in(found)
    assert facts[0] == Product(
        sku="0042",
        product="aero",
        title="Aero Runner",
        brand="Velo",
        categories=("Shoes",),
        image="https://shop.example/a.jpg",
    )
    assert facts[1] == Price(
        sku="0042",
        territory="GB",
        price=Money(9950, "GBP"),
        list=Money(12900, "GBP"),
        tax_included=True,
        tax_rate_bp=2000,
    )
    assert Stock(sku="RUN-43", territory="GB", available=-2) in facts
    second = [f for f in facts if isinstance(f, Product)][1]
    assert (second.title, second.brand) == ("Aero Runner", "Velo")
    assert [(r.line, r.reason) for r in found if isinstance(r, SkippedRow)] == [
        (4, "a further image"),
        (5, "not published"),
    ]
    assert bad_in(found) == [(6, "The variant has no SKU; give it one in Shopify")]


def test_a_woocommerce_product_export_lends_the_parents_name_to_its_variations(
    tmp_path: Path,
) -> None:
    facts = facts_in(rows_of(written(tmp_path, WOO_PRODUCTS)))
    assert facts[0] == Product(
        sku="TEE-S",
        product="TEE",
        title="Tee",
        brand="Velo",
        categories=("Clothing/Tees", "Sale"),
        image="https://shop.example/t.jpg",
    )
    assert isinstance(facts[1], Price)
    assert (facts[1].price.amount, facts[1].list) == (1500, Money(1800, "GBP"))
    assert [f for f in facts if isinstance(f, Stock)] == [
        Stock(sku="TEE-S", territory="GB", available=4),
        Stock(sku="GONE", territory="GB", available=0),
    ]


def test_a_shopify_order_export_gives_an_order_for_each_run_of_rows(tmp_path: Path) -> None:
    found = facts_in(rows_of(written(tmp_path, SHOPIFY_ORDERS)))
    first, second = found
    assert isinstance(first, Order)
    assert isinstance(second, Order)
    assert [(line.sku, line.qty, line.unit.amount) for line in first.lines] == [
        ("RUN-42", 2, 12500),
        ("SOCK-3", 1, 1990),
    ]
    assert (first.status, first.territory, first.customer) == ("shipped", "DE", None)
    assert first.placed_at.isoformat() == "2026-03-01T10:00:00-05:00"
    assert second.status == "cancelled"


def test_the_customer_is_taken_from_the_column_that_the_shop_names(tmp_path: Path) -> None:
    terms = ImportTerms(now=NOW, customer_column="Email")
    found = facts_in(rows_of(written(tmp_path, SHOPIFY_ORDERS), terms))
    assert [f.customer for f in found if isinstance(f, Order)] == [
        "c@shop.example",
        "d@shop.example",
    ]


def test_what_was_paid_in_woocommerce_is_gross_and_rounded_up(tmp_path: Path) -> None:
    terms = ImportTerms(now=NOW, zone="Europe/London")
    first, second = facts_in(rows_of(written(tmp_path, WOO_ORDERS), terms))
    assert isinstance(first, Order)
    assert isinstance(second, Order)
    assert first.lines[0].unit == Money(10001, "GBP")
    assert second.lines[0].unit == Money(11500, "GBP")
    assert (first.customer, second.customer) == ("17", None)
    assert first.placed_at.utcoffset() is not None


def test_an_order_that_comes_back_later_is_refused_for_it_would_replace_itself(
    tmp_path: Path,
) -> None:
    header, *rest = SHOPIFY_ORDERS.splitlines()
    shuffled = "\n".join([header, rest[0], rest[2], rest[1]])
    assert bad_in(rows_of(written(tmp_path, shuffled)))[0] == (
        4,
        "Order #1001 was there before; sort the rows by order",
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("129.00,RUN-42,8.00", '"129,00",RUN-42,8.00', 2, "plain digits"),
        (",1,Socks", ",-1,Socks", 3, "at least 1"),
        ("SOCK-3", "", 3, "no SKU"),
        ("2026-03-02 10:00:00 +0100,1", "yesterday,1", 4, "is no time"),
    ],
)
def test_a_bad_order_line_is_named_with_its_own_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    bad = bad_in(rows_of(written(tmp_path, SHOPIFY_ORDERS.replace(old, new))))
    assert bad[0][0] == line
    assert message in bad[0][1]


def test_a_table_may_be_delimited_by_semicolons_and_have_a_byte_order_mark(tmp_path: Path) -> None:
    text = "\ufeff" + WOO_ORDERS.replace(",", ";")
    assert len(facts_in(rows_of(written(tmp_path, text)))) == 2


def test_a_table_in_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    raw = SHOPIFY_PRODUCTS.replace("Velo", "V\xe9lo").encode("latin-1")
    assert "save the file as UTF-8" in bad_in(rows_of(written(tmp_path, raw)))[0][1]


def test_a_row_with_too_many_values_and_a_broken_quote_are_named(tmp_path: Path) -> None:
    wide = SHOPIFY_PRODUCTS.replace("draft", "draft,more")
    assert "quote what has a delimiter" in bad_in(rows_of(written(tmp_path, wide)))[0][1]
    broken = SHOPIFY_PRODUCTS.replace("aero,,,,,RUN-43", 'aero,"x"y,,,,RUN-43')
    assert bad_in(rows_of(written(tmp_path, broken)))[0][0] == 3


def test_a_quoted_line_break_does_not_shift_the_lines(tmp_path: Path) -> None:
    text = SHOPIFY_PRODUCTS.replace("Aero Runner", '"Aero\nRunner"')
    assert bad_in(rows_of(written(tmp_path, text)))[0][0] == 7


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("colour,size\nred,4\n", "no known format; its columns are colour, size"),
    ],
)
def test_a_file_of_no_known_format_is_refused_with_the_formats(
    tmp_path: Path, content: str, message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        rows_of(written(tmp_path, content))


def test_what_a_file_does_not_say_is_asked_for_by_option(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="add --territory GB --tax-rate 20% --currency GBP"):
        rows_of(written(tmp_path, SHOPIFY_PRODUCTS), ImportTerms(now=NOW))


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"), open_source(str(tmp_path / "none")):
        pass


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/feed.xml" else 404)
        self.end_headers()
        self.wfile.write(MERCHANT.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_feed_is_fetched_from_the_web_and_an_error_is_told(web: str) -> None:
    with open_source(f"{web}/feed.xml") as source:
        assert len(list(files.read_rows(source, TERMS, files.detect_format(source)))) == 7
        assert source.position == source.size
    with pytest.raises(SourceError, match="cannot be fetched"), open_source(f"{web}/none"):
        pass


def test_standard_input_is_read_twice_as_a_file_is(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(WOO_ORDERS.encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    with open_source("-") as source:
        form = files.detect_format(source)
        once = list(files.read_rows(source, TERMS, form))
        assert once == list(files.read_rows(source, TERMS, form))
        assert source.name == "standard input"
