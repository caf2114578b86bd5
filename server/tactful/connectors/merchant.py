"""Readers of Google Merchant feeds, as XML or as tab-separated text.

Each item gives a product and a price, and a cost and stock where the feed contains them.
The columns are those of Google's product data specification.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from xml.parsers import expat

from tactful.connectors import tables
from tactful.connectors.byte_sources import ByteSource
from tactful.connectors.results import (
    BadRow,
    Fields,
    ImportTerms,
    Row,
    RowError,
    category_path,
    fact_or_error,
    parse_integer,
    parse_price,
)

_CHUNK = 1 << 16
_REPEATED = "\n"
"""Separator between the values of an element that an item has several times."""


def xml_rows(source: ByteSource, terms: ImportTerms) -> Iterator[Row]:
    """Yield the facts of each RSS `item` or Atom `entry`, while the feed is read.

    A document type is refused, because its entities could expand without limit or name other files.
    The row after a syntax error is the last.
    """
    reader = _ItemParser()
    stream = source.stream()
    done = False
    while not done:
        chunk = stream.read(_CHUNK)
        done = not chunk
        problem = reader.feed(chunk, final=done)
        for line, fields in reader.items:
            yield from _facts(line, fields, terms)
        reader.items.clear()
        if problem:
            yield problem
            return


def tsv_rows(source: ByteSource, terms: ImportTerms) -> Iterator[Row]:
    """Yield the facts of each line below the header."""
    for record in tables.table_rows(source):
        if isinstance(record, BadRow):
            yield record
        else:
            fields = {name.lower().replace(" ", "_"): v for name, v in record.fields.items()}
            yield from _facts(record.line, fields, terms)


class _ItemParser:
    """Collects the direct children of every item; nested groups, such as shipping, are ignored."""

    def __init__(self) -> None:
        self.items: list[tuple[int, dict[str, str]]] = []
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._path: list[str] = []
        self._item: dict[str, str] | None = None
        self._depth = 0
        self._line = 0

    def feed(self, chunk: bytes, *, final: bool) -> BadRow | None:
        try:
            self._parser.Parse(chunk, final)
        except expat.ExpatError as error:
            message = f"The XML is not well-formed here: {expat.ErrorString(error.code)}"
            return BadRow(error.lineno, message)
        except RowError as error:
            return BadRow(self._parser.CurrentLineNumber, str(error))
        return None

    def _refuse(self, *_: object) -> None:
        raise RowError("The feed has a document type, which is refused. Remove <!DOCTYPE ...>.")

    def _start(self, name: str, _: object) -> None:
        local = name.rpartition(" ")[2]
        self._path.append(local)
        if self._item is None and local in {"item", "entry"}:
            self._item, self._depth = {}, len(self._path)
            self._line = self._parser.CurrentLineNumber
        elif self._item is not None and len(self._path) == self._depth + 1 and local in self._item:
            self._item[local] += _REPEATED

    def _characters(self, text: str) -> None:
        if self._item is not None and len(self._path) == self._depth + 1:
            self._item[self._path[-1]] = self._item.get(self._path[-1], "") + text

    def _end(self, _: str) -> None:
        if self._item is not None and len(self._path) == self._depth:
            self.items.append((self._line, self._item))
            self._item = None
        self._path.pop()


def _facts(line: int, fields: Fields, terms: ImportTerms) -> Iterator[Row]:
    try:
        facts = [_product(fields), _price(fields, terms), *_optional(fields, terms)]
    except RowError as error:
        yield BadRow(line, str(error))
        return
    for fact in facts:
        yield fact_or_error(line, fact)


def _sku(fields: Fields) -> str:
    sku = fields.get("id", "").strip()
    if not sku:
        raise RowError("The item has no id. Give every item of the feed an id.")
    return sku


def _product(fields: Fields) -> dict[str, Any]:
    kinds = fields.get("product_type", "").split(_REPEATED)
    return {
        "type": "product",
        "sku": _sku(fields),
        "product": fields.get("item_group_id", "").strip() or _sku(fields),
        "title": fields.get("title", "").strip() or _sku(fields),
        "brand": fields.get("brand", "").strip() or None,
        "categories": [path for path in map(category_path, kinds) if path],
        "url": fields.get("link", "").strip() or None,
        "image": fields.get("image_link", "").strip() or None,
    }


def _price(fields: Fields, terms: ImportTerms) -> dict[str, Any]:
    regular = parse_price(fields.get("price", ""), terms.currency)
    if regular is None:
        raise RowError("The item has no price. Add one.")
    sale = parse_price(fields.get("sale_price", ""), terms.currency)
    on_sale = sale is not None and _in_force(fields.get("sale_price_effective_date", ""), terms.now)
    return {
        "type": "price",
        "sku": _sku(fields),
        "territory": terms.territory,
        "price": sale if on_sale else regular,
        "list": regular if on_sale else None,
        "tax_included": terms.tax_included,
        "tax_rate_bp": terms.tax_rate_bp,
    }


def _in_force(period: str, now: int) -> bool:
    """Return whether a sale applies at `now` (ms): from its start until before its end, or undated."""
    if not period.strip():
        return True
    try:
        start, end = (datetime.fromisoformat(part) for part in period.strip().split("/"))
        return start.timestamp() * 1000 <= now < end.timestamp() * 1000
    except ValueError as error:
        hint = "Write start/end, as in 2026-03-01T00:00+01:00/2026-03-08T00:00+01:00."
        raise RowError(f"{period[:60]!r} is not a sale period. {hint}") from error


def _optional(fields: Fields, terms: ImportTerms) -> Iterator[dict[str, Any]]:
    cost = parse_price(fields.get("cost_of_goods_sold", ""), terms.currency)
    if cost is not None:
        yield {"type": "cost", "sku": _sku(fields), "cost": cost}
    available = _available(fields, terms)
    if available is not None:
        stock = {"type": "stock", "sku": _sku(fields), "available": available}
        yield {**stock, "territory": terms.territory}


def _available(fields: Fields, terms: ImportTerms) -> int | None:
    """Return the available pieces; None: the feed only says that there are some.

    A feed usually says whether an item is in stock, seldom how many pieces. Without a number, only
    "out of stock" is a fact, unless the shop assumes a number.
    """
    if fields.get("quantity", "").strip():
        return parse_integer(fields["quantity"], "quantity")
    stated = fields.get("availability", "").strip().replace(" ", "_")
    return {"": None, "in_stock": terms.assumed_stock}.get(stated, 0)
