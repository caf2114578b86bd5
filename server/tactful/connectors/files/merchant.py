"""Readers of Google Merchant feeds, as XML or as tab-separated text.

Each item gives a product and a price, and a cost and stock where the feed contains them.
The columns are those of Google's product data specification.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.parsers import expat

from tactful.connectors.files import tables
from tactful.connectors.files.byte_sources import ByteSource
from tactful.connectors.files.results import (
    BadRow,
    ImportTerms,
    Row,
    RowError,
    RowNote,
    fact_or_error,
)
from tactful.connectors.files.stock_words import resolve_stock
from tactful.connectors.files.value_parsers import (
    UTC_ASSUMED,
    category_path,
    parse_integer,
    parse_price,
    period_bound,
    plain_text,
)

_CHUNK: Final = 1 << 16
_MAX_DEPTH: Final = 32
"""Elements inside one another; the elements of an item are at most six deep."""
_MAX_VALUES: Final = 1_000
"""Values of one item. Google accepts 100 of `shipping`, and fewer of every other attribute."""
_MAX_NAMES: Final = 10_000
"""Different names of elements and attributes of a feed, which the XML parser remembers."""
_MAX_PREFIXES: Final = 100
"""Prefixes of namespaces that are declared at one place of a feed."""
_MAX_TAG_BYTES: Final = 1 << 20
"""Bytes of a tag or comment, which the XML parser reads again with each chunk until it is complete."""
_GOOGLE: Final = "base.google.com/ns/1.0"
"""Part of the namespace of Google's elements, which feeds write with http and with https."""
_PLAIN_NAMESPACES: Final = frozenset(
    {"", "http://www.w3.org/2005/Atom", "http://purl.org/rss/1.0/"}
)
_SINGLE: Final = frozenset(
    {"id", "title", "price", "sale_price", "availability", "quantity", "link", "item_group_id"}
)
"""Attributes of which an item may have one value only."""
_ATTRIBUTES: Final = _SINGLE | {
    *("brand", "product_type", "image_link", "adult", "auto_pricing_min_price"),
    *("sale_price_effective_date", "cost_of_goods_sold"),
}
"""Attributes that are read."""
_ADULT_AGE: Final = 18
"""Years of age from which items that Google calls `adult` may be shown."""

Values = Mapping[str, list[str]]
"""Name of an attribute → its values, in the order of the feed."""


def xml_rows(source: ByteSource, terms: ImportTerms) -> Iterator[Row]:
    """Yield the facts of each RSS `item` or Atom `entry`, while the feed is read.

    A document type is refused, because its entities could expand without limit or name other files.
    A syntax error gives one bad row and ends the reading. A file without any item gives one bad row
    that describes the file.

    Raises:
        SourceError: The feed exceeds a limit of the import.
    """
    reader = _ItemParser(source)
    stream = source.stream()
    done = False
    while not done:
        chunk = stream.read(_CHUNK)
        done = not chunk
        problem = reader.feed(chunk, final=done)
        for line, values in reader.items:
            if values is None:
                yield BadRow(line, source.limits.long_row("item"))
            else:
                yield from _facts(line, values, terms)
        reader.items.clear()
        if problem:
            yield problem
            return
    if not reader.found:
        yield BadRow(1, f"{reader.appearance} Name the address or the file of a Merchant feed.")


def tsv_rows(source: ByteSource, terms: ImportTerms) -> Iterator[Row]:
    """Yield the facts of each line below the header."""
    names = {name: name.lower().replace(" ", "_") for name in tables.read_header(source)}
    columns = [(name, attribute) for name, attribute in names.items() if attribute in _ATTRIBUTES]
    for record in tables.table_rows(source):
        if not isinstance(record, tables.TableRow):
            yield record
        else:
            fields = record.fields
            values = {attribute: [fields[name]] for name, attribute in columns if fields[name]}
            yield from _facts(record.line, values, terms)


class _ItemParser:
    """Collects the direct children of every item; nested groups, such as shipping, are ignored.

    Google's elements take precedence over those of RSS and Atom with the same name, such as `title`.
    Elements of other namespaces, such as `media:title`, are ignored. An item that is too long has no
    values.
    """

    def __init__(self, source: ByteSource) -> None:
        self.items: list[tuple[int, dict[str, list[str]] | None]] = []
        self.found = 0
        """How many items the feed has."""
        self._source = source
        # The parser's own namespaces copy the URI for each name: a tag of 1 MiB would take gigabytes.
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._fed = 0
        self._path: list[str] = []
        self._namespaces: list[dict[str, str]] = [{"": "", "xml": ""}]
        self._outline: list[str] = []
        self._google: dict[str, list[str]] = {}
        self._plain: dict[str, list[str]] = {}
        self._value: list[str] | None = None
        self._parts: list[str] = []
        self._values = 0
        self._depth = 0
        self._line = 0
        self._first_byte = 0

    @property
    def appearance(self) -> str:
        """One sentence on what a file without any item looks like."""
        root, *inside = [name.lower() for name in self._outline] or [""]
        if root == "html":
            return "The file is a web page (HTML), perhaps a log-in page, and no feed."
        if root in {"rss", "feed", "rdf"}:
            return "The feed has no <item> and no <entry>."
        shown = f" with <{'>, <'.join(inside)}>" if inside else ""
        return f"The file is XML of another kind: its root is <{root}>{shown}. It has no <item> and no <entry>."

    def feed(self, chunk: bytes, *, final: bool) -> BadRow | None:
        self._fed += len(chunk)
        try:
            self._parser.Parse(chunk, final)
        except expat.ExpatError as error:
            message = f"The XML is not well-formed here: {expat.ErrorString(error.code)}"
            if self._outline[:1] in (["html"], ["HTML"]):
                message = f"{self.appearance} Name the address or the file of a Merchant feed."
            return BadRow(error.lineno, message)
        except RowError as error:
            return BadRow(self._parser.CurrentLineNumber, str(error))
        if self._fed - self._parser.CurrentByteIndex > _MAX_TAG_BYTES + len(chunk):
            message = "A tag or a comment has more than 1 MiB. Shorten it."
            return BadRow(self._parser.CurrentLineNumber, message)
        return None

    def _refuse(self, name: str, *_: object) -> None:
        if name.lower() == "html":
            raise RowError(
                "The file is a web page (HTML), perhaps a log-in page, and no feed. "
                "Name the address or the file of a Merchant feed."
            )
        raise RowError("The feed has a document type, which is refused. Remove <!DOCTYPE ...>.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._namespaces.append(self._declared(attributes))
        prefix, _, local = name.rpartition(":")
        namespace = self._namespaces[-1].get(prefix)
        if namespace is None:
            raise RowError(f"The prefix of <{name[:40]}> is not declared. Add xmlns:{prefix[:40]}.")
        self._path.append(local)
        if len(self._path) > _MAX_DEPTH:
            raise RowError(f"Elements are nested more than {_MAX_DEPTH} deep. Write the feed flat.")
        if len(self._parser.intern) > _MAX_NAMES:
            raise RowError(
                f"The feed has more than {_MAX_NAMES:,} names of elements. Use Google's."
            )
        if not self._depth:
            self._look_for_item(local)
        elif len(self._path) == self._depth + 1 and not self._is_too_long():
            if _GOOGLE in namespace:
                self._value = self._google.setdefault(local, [])
            elif namespace in _PLAIN_NAMESPACES:
                self._value = self._plain.setdefault(local, [])
            # Atom's links have their address in an attribute.
            self._parts = [attributes.get("href", "")] if local == "link" else []

    def _declared(self, attributes: dict[str, str]) -> dict[str, str]:
        """Return the namespaces of the prefixes in an element."""
        outer = self._namespaces[-1]
        names = [name for name in attributes if name == "xmlns" or name.startswith("xmlns:")]
        if not names:
            return outer
        if len(outer) + len(names) > _MAX_PREFIXES:
            raise RowError(f"The feed declares more than {_MAX_PREFIXES} prefixes. Use fewer.")
        return outer | {name[len("xmlns:") :]: attributes[name] for name in names}

    def _look_for_item(self, local: str) -> None:
        if local in {"item", "entry"}:
            self._google, self._plain, self._depth = {}, {}, len(self._path)
            self._line, self._first_byte = self._position()
            self._values = 0
            self.found += 1
            self._source.limits.check_rows(self._source.name, self.found)
        elif len(self._path) <= 2 and len(self._outline) < 4 and local not in self._outline:
            self._outline.append(local)

    def _position(self) -> tuple[int, int]:
        return self._parser.CurrentLineNumber, self._parser.CurrentByteIndex

    def _is_too_long(self) -> bool:
        """Return whether the item has too many bytes so far; its values are then forgotten."""
        if self._parser.CurrentByteIndex - self._first_byte <= self._source.limits.row:
            return False
        self._google, self._plain, self._value, self._parts = {}, {}, None, []
        return True

    def _characters(self, text: str) -> None:
        if self._value is not None and len(self._path) == self._depth + 1:
            self._parts.append(text)
            self._is_too_long()

    def _end(self, _: str) -> None:
        if self._depth and len(self._path) == self._depth:
            values = None if self._is_too_long() else {**self._plain, **self._google}
            self.items.append((self._line, values))
            self._depth = 0
        if len(self._path) == self._depth + 1 and self._value is not None:
            self._values += 1
            if self._values > _MAX_VALUES:
                raise RowError(f"The item has more than {_MAX_VALUES:,} values. Leave some out.")
            self._value.append("".join(self._parts))
            self._value = None
        self._path.pop()
        self._namespaces.pop()


def _facts(line: int, values: Values, terms: ImportTerms) -> Iterator[Row]:
    notes: list[str] = []
    try:
        item = _Item(values, terms, notes)
        facts = [item.product(), item.price(), *item.optional()]
    except RowError as error:
        yield BadRow(line, str(error))
        return
    for fact in facts:
        yield fact_or_error(line, fact)
    for note in notes:
        yield RowNote(line, note)


class _Item:
    """One item of a feed, which becomes facts."""

    def __init__(self, values: Values, terms: ImportTerms, notes: list[str]) -> None:
        self._values = values
        self._terms = terms
        self._notes = notes
        self._sku = self._one("id")
        if not self._sku:
            raise RowError("The item has no id. Give every item of the feed an id.")
        for name, found in values.items():
            if len(found) > 1 and name in _SINGLE:
                notes.append(f"An item has several <{name}>; the first is read.")

    def _one(self, name: str) -> str:
        found = self._values.get(name)
        return found[0].strip() if found else ""

    def _price_in(self, name: str) -> dict[str, Any] | None:
        return parse_price(self._one(name), self._terms.currency, self._terms.decimal)

    def product(self) -> dict[str, Any]:
        kinds = self._values.get("product_type", [])
        return {
            "type": "product",
            "sku": self._sku,
            "product": self._one("item_group_id") or self._sku,
            "title": plain_text(self._one("title")) or self._sku,
            "brand": plain_text(self._one("brand")) or None,
            "categories": [path for path in map(category_path, kinds) if path],
            "min_age": self._min_age(),
            "url": self._one("link") or None,
            "image": self._one("image_link") or None,
        }

    def _min_age(self) -> int | None:
        stated = self._one("adult").lower()
        if stated not in {"", "yes", "no", "true", "false", "y", "n"}:
            self._notes.append(f"adult {stated[:40]!r} is an unknown word: read as yes.")
            return _ADULT_AGE
        return _ADULT_AGE if stated in {"yes", "true", "y"} else None

    def price(self) -> dict[str, Any]:
        regular = self._price_in("price")
        if regular is None:
            raise RowError("The item has no price. Add one.")
        sale = self._price_in("sale_price")
        on_sale = sale is not None and self._on_sale(sale, regular)
        return {
            "type": "price",
            "sku": self._sku,
            "territory": self._terms.territory,
            "price": sale if on_sale else regular,
            "list": regular if on_sale else None,
            "target": self._price_in("auto_pricing_min_price"),
            "tax_included": self._terms.tax_included,
            "tax_rate_bp": self._terms.tax_rate_bp,
        }

    def _on_sale(self, sale: dict[str, Any], regular: dict[str, Any]) -> bool:
        """Return whether the sale price applies now: it is lower, and its period contains the instant."""
        if sale["currency"] != regular["currency"] or sale["amount"] >= regular["amount"]:
            self._notes.append("A sale price is not below the price: left out.")
            return False
        if self._in_force(self._one("sale_price_effective_date")):
            return True
        self._notes.append(
            "A sale price does not apply now: left out. Import again when it begins."
        )
        return False

    def _in_force(self, period: str) -> bool:
        """Return whether a sale applies now: from its start until before its end, or undated."""
        if not period:
            return True
        start, slash, end = period.partition("/")
        if not slash:
            hint = "Write start/end, as in 2026-03-01T00:00+01:00/2026-03-08T00:00+01:00."
            raise RowError(f"{period[:60]!r} is not a sale period. {hint}")
        began, began_assumed = period_bound(start, self._terms, end=False)
        ends, ends_assumed = period_bound(end, self._terms, end=True)
        if began_assumed or ends_assumed:
            self._notes.append(UTC_ASSUMED)
        return began <= self._terms.now < ends

    def optional(self) -> Iterator[dict[str, Any]]:
        cost = self._price_in("cost_of_goods_sold")
        if cost is not None:
            yield {"type": "cost", "sku": self._sku, "cost": cost}
        number = self._one("quantity")
        quantity = parse_integer(number, "quantity") if number else None
        available = resolve_stock(self._one("availability"), quantity, self._terms, self._notes)
        if available is not None:
            stock = {"type": "stock", "sku": self._sku, "available": available}
            yield {**stock, "territory": self._terms.territory}
