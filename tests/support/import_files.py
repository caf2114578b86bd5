"""Export files of shops for the tests of the connectors, and what is found in them."""

from pathlib import Path

from tactful.connectors.files import formats
from tactful.connectors.files.byte_sources import open_source
from tactful.connectors.files.results import BadRow, FoundFact, ImportTerms, Row, RowNote
from tactful.core.facts.fact_types import AnyFact

NOW = 1_773_144_000_000  # 2026-03-10 12:00Z
IMPORT_TERMS = ImportTerms(now=NOW, territory="GB", currency="GBP", tax_rate_bp=2000)

MERCHANT_FEED = """<?xml version="1.0"?>
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


def file_with(folder: Path, content: str | bytes, name: str = "file") -> Path:
    """Return a new file with this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def import_rows(path: Path, terms: ImportTerms = IMPORT_TERMS) -> list[Row]:
    """Return all rows of a file, whose format is detected unless the terms name its columns."""
    with open_source(str(path)) as source:
        form = formats.BY_NAME["table"] if terms.columns else formats.detect_format(source)
        return list(formats.read_rows(source, terms, form))


def facts_in(rows: list[Row]) -> list[AnyFact]:
    """Return the facts among the rows."""
    return [row.fact for row in rows if isinstance(row, FoundFact)]


def bad_rows_in(rows: list[Row]) -> list[tuple[int, str]]:
    """Return line and text of the bad rows."""
    return [(row.line, row.message) for row in rows if isinstance(row, BadRow)]


def notes_in(rows: list[Row]) -> list[tuple[int, str]]:
    """Return line and text of the notes."""
    return [(row.line, row.message) for row in rows if isinstance(row, RowNote)]
