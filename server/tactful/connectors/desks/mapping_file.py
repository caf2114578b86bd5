"""The mapping file of a help desk: how its tickets are read, linked and classified.

`server/howto/help-desks.md` describes the file. It is YAML with strict keys, so that a misspelt name
is an error with its line and not a link that is never found.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from tactful.connectors.desks.located_yaml import Document, Place, YamlError, read_yaml
from tactful.connectors.objects.paths import PathError, as_text, parse_path
from tactful.connectors.signatures import SCHEMES
from tactful.core.values.calendar import CalendarError, parse_duration
from tactful.core.values.counts import counted

Names = tuple[str | int | bool, ...]
Paths = str | tuple[str, ...]
"""One path, or several of which the first with a value counts."""
ORDER_NUMBER: Final = r"(?<![\w.,/-])#?(\d{4,})(?![\w-])"
"""An order number in the text of a ticket: at least four digits, perhaps after a number sign."""
_UNKNOWN: Final = re.compile(r"unknown field `([^`]*)`")
_WHERE: Final = re.compile(r" - at `(?:key in )?\$?([^`]*)`$")
_PLACE: Final = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


class _Block(Struct, frozen=True, forbid_unknown_fields=True):
    """A block of the file, with strict keys."""


class TicketPaths(_Block, frozen=True, kw_only=True):
    """Where a delivery says what about a ticket."""

    id: Paths
    status: Paths
    opened_at: Paths
    version: Paths
    """When the ticket was last changed; of several values the latest."""
    resolved_at: Paths = ()
    """When it was resolved; of several values the latest."""
    merged_into: Paths = ()
    subject: Paths = ()
    body: Paths = ()
    queue: Paths = ()
    tags: Paths = ()
    customer: Paths = ()
    """The shop's own id of the customer."""
    email: Paths = ()
    phone: Paths = ()


class StatusTable(_Block, frozen=True):
    """State of a case → the words of the help desk for it. Other words count as `open`."""

    open: Names = ()
    pending: Names = ()
    resolved: Names = ()
    rejected: Names = ()


class LinkBlock(_Block, frozen=True):
    """The link ladder: how the item of a ticket is found, from the most exact step on."""

    sku: Paths = ()
    """Fields that hold SKUs."""
    tag: str = "sku:"
    """The beginning of a tag whose rest is an SKU."""
    order: Paths = ()
    """Fields with the id of the order that agents or the shop fill; it is believed."""
    stated_order: Paths = ()
    """Fields with the id of the order that shoppers fill; it counts only if it is one of theirs."""
    text: str | tuple[str, ...] = ORDER_NUMBER
    """Patterns of an order number in subject and body, with one group for the id."""


class KindTable(_Block, frozen=True):
    """Kind of case → words for it."""

    defect: Names = ()
    not_as_described: Names = ()
    wrong_item: Names = ()
    lost: Names = ()
    late: Names = ()
    billing: Names = ()
    service: Names = ()
    other: Names = ()
    question: Names = ()

    def rows(self) -> Iterator[tuple[str, Names]]:
        """Yield (kind, words), the kinds that suppress most first."""
        for kind in self.__struct_fields__:
            yield kind, getattr(self, kind)


class KindBlock(_Block, frozen=True):
    """The kind table: a field, a tag, the queue, words of the text, in this order."""

    field: Paths = ()
    """Fields that say the kind."""
    values: KindTable = KindTable()
    """The values of these fields. The names of the kinds themselves need no row."""
    tags: KindTable = KindTable()
    queues: KindTable = KindTable()
    words: dict[str, KindTable] = {}
    """Language → words in subject and body. They are added to those that come with Tactful."""
    languages: tuple[str, ...] = ()
    """The languages whose words are used; empty: all."""


class ExampleOrder(_Block, frozen=True):
    """An order that exists in an example, and whose it is."""

    customer: str | None = None
    email: str | None = None


class Expected(_Block, frozen=True):
    """What an example expects of the case. Names that are left out are not compared."""

    case: str | None = None
    status: str | None = None
    kind: str | None = None
    kind_by: str | None = None
    linked_by: str | None = None
    skus: tuple[str, ...] | None = None
    order: str | None = None
    customer: str | None = None
    merged_into: str | None = None
    opened_at: str | None = None
    resolved_at: str | None = None
    refused: str | None = None
    """A part of the message, where the ticket gives no case."""


class ListBlock(_Block, frozen=True, kw_only=True):
    """How the help desk lists its tickets, for one that sends no deliveries or loses some."""

    source: Literal["verified", "from documentation", "own"] = "own"
    """Whether the list was tried on the help desk itself."""
    path: str
    """The path of the first page below `address`, with its query."""
    key: Literal["basic", "bearer", "token"] = "basic"
    """How the key of the settings is sent: `user:password`, a bearer token, or as `token KEY`."""
    rows: str = ""
    """The path of the tickets in a page; empty: the page is the list."""
    following: str = ""
    """The path of the next page's URL in a page; empty: the header `Link` names it."""
    each: str = ""
    """The path of a whole ticket, with `{id}`; empty: the page has whole tickets."""
    changed: str = ""
    """What is added to the path to list only what changed since `{since}`; empty: it cannot be."""
    instants: str = "%Y-%m-%dT%H:%M:%SZ"
    """How `{since}` is written, as for `strftime`; it is in UTC."""
    every: str = "1m"
    """The time between two readings."""


class Example(_Block, frozen=True, kw_only=True):
    """Deliveries of one ticket, and the case that they must give."""

    name: str
    ticket: dict[str, Any] | None = None
    tickets: tuple[dict[str, Any], ...] = ()
    """Several deliveries of the same ticket, in the order of their arrival."""
    orders: dict[str, ExampleOrder] = {}
    expect: Expected

    @property
    def deliveries(self) -> tuple[dict[str, Any], ...]:
        """The deliveries in the order of their arrival."""
        return self.tickets if self.ticket is None else (self.ticket, *self.tickets)


class MappingFile(_Block, frozen=True, kw_only=True):
    """A whole mapping file."""

    name: str
    """The name of the help desk."""
    source: Literal["verified", "from documentation", "own"] = "own"
    """Whether it was tried on the help desk itself, or follows its documentation only."""
    case: str
    """The id of the case, with `{id}` for that of the ticket, such as `ZD-{id}`."""
    signature: str = "standard-webhooks"
    """How deliveries are signed: a row of `connectors/signatures.py`."""
    object: str = ""
    """The path of the object that holds the ticket; a delivery without it is the ticket itself.

    The fields around it can be read too, where the ticket has none of that name.
    """
    ticket: TicketPaths
    status: StatusTable
    link: LinkBlock = LinkBlock()
    kind: KindBlock = KindBlock()
    list: ListBlock | None = None
    """How tickets are listed; without it they are only delivered."""
    examples: tuple[Example, ...] = ()


class MappingError(Exception):
    """A mapping file that cannot be used; the message begins with file and line."""

    def __init__(self, name: str, line: int, problem: str) -> None:
        super().__init__(f"{name}:{line}: {problem}")
        self.line = line
        """The line, from 1."""


class ReadMapping(Struct, frozen=True):
    """A mapping file and the lines of its examples."""

    file: MappingFile
    example_lines: tuple[int, ...]


def read_mapping_file(text: str, name: str) -> ReadMapping:
    """Read a mapping file.

    Args:
        text: The file.
        name: Its name, for messages.

    Raises:
        MappingError: The file cannot be used.
    """
    try:
        document = read_yaml(text)
    except YamlError as error:
        raise MappingError(name, error.line, str(error)) from error
    try:
        mapping = msgspec.convert(document.value, MappingFile)
    except msgspec.ValidationError as error:
        place, problem = _explain(str(error))
        raise MappingError(name, document.line_of(place), problem) from error
    for place, problem in _findings(mapping):
        raise MappingError(name, document.line_of(place), problem)
    return ReadMapping(mapping, tuple(_example_lines(document, mapping)))


def _example_lines(document: Document, mapping: MappingFile) -> Iterator[int]:
    for index in range(len(mapping.examples)):
        yield document.line_of(("examples", index))


def _explain(message: str) -> tuple[Place, str]:
    """Return the place and the text of an error of msgspec."""
    where = _WHERE.search(message)
    inside = where[1] if where else ""
    place: list[str | int] = []
    for name, index in _PLACE.findall(inside):
        if name == "...":  # a key that msgspec does not name
            break
        place.append(int(index) if index else name)
    problem = _WHERE.sub("", message)
    unknown = _UNKNOWN.search(problem)
    if unknown:
        owner = f"`{'.'.join(map(str, place))}`" if place else "The file"
        return (*place, unknown[1]), f"{owner} has no key `{unknown[1]}`. Correct or remove it."
    owner = f"`{'.'.join(map(str, place))}`: " if place else ""
    return tuple(place), f"{owner}{problem}."


def as_paths(paths: Paths) -> tuple[str, ...]:
    """Return one path or several as several."""
    return (paths,) if isinstance(paths, str) else paths


def _findings(mapping: MappingFile) -> Iterator[tuple[Place, str]]:
    """Yield what is wrong beyond the shape, with its place."""
    if "{id}" not in mapping.case:
        yield ("case",), "`case` lacks `{id}`. Write it where the id of the ticket belongs."
    if mapping.signature not in SCHEMES:
        names = ", ".join(SCHEMES)
        yield ("signature",), f"`signature` is none of {names}. Choose one of them."
    if mapping.object:
        try:
            parse_path(mapping.object)
        except PathError as error:
            yield ("object",), str(error)
    blocks = {"ticket": mapping.ticket, "link": mapping.link, "kind": mapping.kind}
    for block, name in (
        *(("ticket", name) for name in TicketPaths.__struct_fields__),
        *(("link", name) for name in ("sku", "order")),
        ("kind", "field"),
    ):
        for text in as_paths(getattr(blocks[block], name)):
            try:
                parse_path(text)
            except PathError as error:
                yield (block, name), str(error)
    yield from _pattern_findings(mapping.link)
    yield from _list_findings(mapping.list)
    yield from _ambiguous(("status",), _rows(mapping.status))
    for name in ("values", "tags", "queues"):
        yield from _ambiguous(("kind", name), getattr(mapping.kind, name).rows())
    for index, example in enumerate(mapping.examples):
        if not example.deliveries:
            yield ("examples", index), f"The example {example.name!r} has no `ticket`. Add one."


def _list_findings(block: ListBlock | None) -> Iterator[tuple[Place, str]]:
    if block is None:
        return
    for name in ("rows", "following"):
        try:
            parse_path(getattr(block, name) or "rows")
        except PathError as error:
            yield ("list", name), str(error)
    if block.changed and "{since}" not in block.changed:
        yield (
            ("list", "changed"),
            "`list.changed` lacks `{since}`. Write it where the instant belongs.",
        )
    if block.each and "{id}" not in block.each:
        yield ("list", "each"), "`list.each` lacks `{id}`. Write it where the id belongs."
    try:
        parse_duration(block.every)
    except CalendarError as error:
        yield ("list", "every"), f"`list.every`: {error}"


def _rows(table: StatusTable) -> Iterator[tuple[str, Names]]:
    for name in table.__struct_fields__:
        yield name, getattr(table, name)


def _pattern_findings(link: LinkBlock) -> Iterator[tuple[Place, str]]:
    for text in as_paths(link.text):
        try:
            groups = re.compile(text).groups
        except re.error as error:
            yield ("link", "text"), f"{text!r} is no pattern: {error}. Correct it."
            continue
        if groups != 1:
            yield (
                ("link", "text"),
                f"{text!r} has {counted(groups, 'group')}. Put one around the order's id.",
            )


def _ambiguous(place: Place, rows: Iterable[tuple[str, Names]]) -> Iterator[tuple[Place, str]]:
    """Yield each word that stands in two rows of a table."""
    known: dict[str, str] = {}
    for row, words in rows:
        for word in map(normalised, words):
            if known.setdefault(word, row) != row:
                where = ".".join(map(str, (*place, row)))
                yield (*place, row), f"`{where}` and `{known[word]}` both have {word!r}. Keep one."


def normalised(word: Any) -> str:
    """Return a word as it is compared: without case, and with one space between its parts."""
    return " ".join(as_text(word).casefold().split())
