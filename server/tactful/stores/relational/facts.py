"""The versions of facts: stored, superseded, and found as of any past point."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from tactful.core.facts.fact_versions import (
    FactArrival,
    FactHead,
    FactOutcome,
    HighestVersions,
    advance,
    comes_late,
    stored_content_digest,
)
from tactful.runtime.ports.ledger_rows import FactRow, StoredFact, Subject
from tactful.stores.relational.inserts import insert_into
from tactful.stores.relational.ledger_connection import LedgerConnection, ReadConnection
from tactful.stores.relational.tables import change_rows, order_heads, tombstones
from tactful.stores.shared.erasures import digests_of, ledger_secret

_DECODE_SUBJECTS: Final = msgspec.json.Decoder(tuple[tuple[str, str], ...]).decode
_ENCODE: Final = msgspec.json.Encoder().encode

# SQLite compares a parameter with the condition of a partial index, and then prepares the statement again
# for each other value, which takes longer than the statement. It does not do so with `CAST(? AS TEXT)`.
# From Python 3.12 on, `StablePlanConnection` forbids it.
_LATEST: Final = """
  SELECT f.key, f.id, f.int_version, f.time_version, f.at, f.subjects, f.body, f.contents
  FROM json_each(?) AS j CROSS JOIN facts AS f
  ON f.kind = CAST(? AS TEXT) AND f.key = j.value AND f.ended IS NULL"""
_PUT: Final = insert_into(
    "facts",
    "id bigint, kind text, key text, int_version bigint, time_version bigint, contents bytea,"
    " subjects text, body bytea, at bigint, ended bigint, " + order_heads.COLUMNS,
)
_PUT_SUBJECT: Final = insert_into(
    "subjects", "kind text, id text, fact_kind text, fact_key text", "ON CONFLICT DO NOTHING"
)
_ENDED: Final = [name for name, _ in _PUT.columns].index("ended")
_END: Final = "UPDATE facts SET ended = ? WHERE id = ?"
_IS_STORED: Final = "SELECT 1 FROM facts WHERE kind = CAST(? AS TEXT) AND key = ? AND body = ?"
_NEWER_RIVAL: Final = """
  SELECT 1 FROM facts
  WHERE kind = CAST(? AS TEXT) AND key >= ? AND key < ? AND ended IS NULL AND id > ? LIMIT 1"""
_UPDATE_VERSIONS: Final = """
  UPDATE facts SET int_version = ?, time_version = ?, contents = ?, body = ? WHERE id = ?"""

# Versions of a key follow one another without a gap, so from the first on, one is always in force.
# A late version has `ended` before `at`, so no query finds it in force.
_NOW: Final = "f.ended IS NULL"
_THEN: Final = "f.at <= :at AND (f.ended IS NULL OR f.ended > :at)"
_UPTO: Final = """f.id = (SELECT max(g.id) FROM facts AS g
    WHERE g.kind = f.kind AND g.key = f.key AND g.id <= :upto
    AND (g.ended IS NULL OR g.ended >= g.at))"""
_ABOUT: Final = """
  SELECT f.kind, f.key, f.body, f.at, f.ended, f.id, f.subjects
  FROM (SELECT DISTINCT s.fact_kind, s.fact_key FROM json_each(:subjects) AS j
        CROSS JOIN subjects AS s
        ON s.kind = j.value ->> 0 AND s.id = j.value ->> 1) AS k
  CROSS JOIN facts AS f ON f.kind = k.fact_kind AND f.key = k.fact_key
  WHERE {instant} {kinds}
  ORDER BY f.kind, f.key"""

VERSIONS: Final = """
  SELECT kind, key, body, at, ended, id FROM facts
  WHERE kind = CAST(? AS TEXT) AND key = ? ORDER BY id"""

OF_KIND: Final = """
  SELECT kind, key, body, at, ended, id FROM facts
  WHERE kind = CAST(? AS TEXT) AND key > ? AND ended IS NULL ORDER BY key LIMIT ?"""
WITH_KEYS: Final = """
  SELECT kind, key, body, at, ended, id FROM facts
  WHERE kind = CAST(? AS TEXT) AND key IN (SELECT value FROM json_each(?)) AND ended IS NULL ORDER BY key"""
"""The keys are a JSON list."""

_NAMED: Final = """
  SELECT kind, key, body, at, ended, id FROM facts INDEXED BY facts_by_{field}
  WHERE kind = '{kind}' AND ended IS NULL AND lower(CAST(body AS TEXT) ->> '{field}') >= lower(:beginning)
  AND lower(CAST(body AS TEXT) ->> '{field}') < lower(:beginning) || :last
  ORDER BY lower(CAST(body AS TEXT) ->> '{field}'), key LIMIT :limit"""
# The kind is part of the text, because SQLite uses a partial index only where it can see its condition.
NAMED: Final = {
    "product": _NAMED.format(kind="product", field="title"),
    "customer": _NAMED.format(kind="customer", field="name"),
}
"""Kind of fact → the query of `facts_named`."""
LAST_CHARACTER: Final = "\U0010ffff"
"""A character above all others, which ends the range of a beginning."""

KNOWN_SUBJECTS: Final = """
  WITH RECURSIVE known (id) AS (
    SELECT min(id) FROM subjects WHERE kind = :kind AND id > :after
    UNION ALL
    SELECT (SELECT min(id) FROM subjects WHERE kind = :kind AND id > known.id) FROM known
    WHERE known.id IS NOT NULL)
  SELECT id FROM known WHERE id IS NOT NULL LIMIT :limit"""
"""One seek for each SKU or customer, past the rows of its facts; `SELECT DISTINCT` reads them all."""


def record(connection: LedgerConnection, rows: Sequence[FactRow]) -> list[FactOutcome]:
    """Store the rows that are newer, in the given order; return what became of each row.

    Each stored row is a change, and its id is its position in the change log.
    """
    batch = FactBatch(connection, rows)
    outcomes = [batch.add(row) for row in rows]
    batch.write()
    return outcomes


class FactInForce(Struct, frozen=True, gc=False):
    """The version in force under a key."""

    number: int
    versions: HighestVersions
    at: int
    subjects: str
    """Its subjects as JSON."""
    body: bytes
    contents: bytes
    """See `FactHead`."""


class FactBatch:
    """Facts of one transaction, each compared with what those before it leave behind.

    What is stored under their keys is read in one go. Nothing is written before `write`, so that each
    table is written in one go: statements for each fact would take most of its time.
    """

    __slots__ = (
        "_any_erased",
        "_changes",
        "_connection",
        "_ended",
        "_in_force",
        "_new",
        "_seen",
        "_subjects",
        "_unit_of",
    )

    def __init__(self, connection: LedgerConnection, rows: Sequence[FactRow]) -> None:
        """Read the versions in force under the keys of some rows, which are then added in order."""
        self._connection = connection
        self._any_erased = connection.known.any_erased
        self._unit_of: Callable[[str], str] | None = None
        self._changes = change_rows.ChangeBatch(connection)
        self._in_force = _read_in_force(connection, rows)
        # What is not written yet: new rows by number, ends and versions of stored rows, and subjects.
        self._new: dict[int, tuple[object, ...]] = {}
        self._ended: list[tuple[int, int]] = []
        self._seen: list[tuple[object, ...]] = []
        self._subjects: list[tuple[object, ...]] = []

    def add(self, row: FactRow) -> FactOutcome:
        """Compare a row with the version in force, and return what becomes of it."""
        if self._any_erased and tombstones.refuses_fact(self._connection, row):
            return FactOutcome.ERASED
        known = self._in_force.get((row.kind, row.key))
        head = FactHead(known.versions, row.kind, known.body, known.contents) if known else None
        content = row.content or stored_content_digest(row.kind, row.body)
        arrival = advance(head, row.version, content, row.body, row.at)
        if arrival.outcome is FactOutcome.IGNORED:
            if row.dated and known and comes_late(known.versions, row.version):
                self._record_late(row)
            return arrival.outcome
        subjects = _ENCODE(row.subjects).decode()
        if known is None:
            self._put(row, arrival, subjects, row.at)
            self._index(row)
            return FactOutcome.ACCEPTED
        # A later release may find a fact under more subjects. Such a row is a new version.
        has_moved = known.subjects != subjects
        if (
            arrival.outcome is FactOutcome.UNCHANGED
            and not has_moved
            and not self._is_replaced(row, known.number)
        ):
            self._see(row, arrival, known)
            return arrival.outcome
        at = max(row.at, known.at)
        self._end(known.number, at)
        if has_moved:
            self._put(row, arrival, subjects, at, _DECODE_SUBJECTS(known.subjects))
            self._index(row)
        else:
            self._put(row, arrival, subjects, at)
        return FactOutcome.ACCEPTED

    def write(self) -> None:
        """Write everything that was added."""
        self._write_facts()
        self._changes.write()

    def _write_facts(self) -> None:
        connection = self._connection
        if self._ended:
            connection.executemany(_END, self._ended)
        if self._new:
            connection.insert(_PUT, [*self._new.values()])
        if self._subjects:
            connection.insert(_PUT_SUBJECT, self._subjects)
        if self._seen:
            connection.executemany(_UPDATE_VERSIONS, self._seen)
        self._new, self._ended, self._seen, self._subjects = {}, [], [], []

    def _put(
        self,
        row: FactRow,
        arrival: FactArrival,
        subjects: str,
        at: int,
        before: tuple[Subject, ...] = (),
    ) -> None:
        """Add a version that is in force from now on."""
        number = self._changes.add_fact(row, subjects, before)
        self._keep(
            row, FactInForce(number, arrival.versions, at, subjects, row.body, arrival.contents)
        )

    def _keep(self, row: FactRow, fact: FactInForce) -> None:
        kind, key, versions = row.kind, row.key, fact.versions
        self._in_force[kind, key] = fact
        self._new[fact.number] = (
            fact.number, kind, key, versions.integer, versions.time, fact.contents, fact.subjects, fact.body,
            fact.at, None, *self._head(row),
        )  # fmt: skip

    def _head(self, row: FactRow) -> order_heads.OrderHead:
        if row.kind != "order":
            return order_heads.NO_HEAD
        if self._unit_of is None:
            self._unit_of = digests_of(ledger_secret(self._connection), "customer")
        return order_heads.head_of(row, self._unit_of)

    def _index(self, row: FactRow) -> None:
        """Let a fact be found under its subjects."""
        self._subjects += [(kind, ident, row.kind, row.key) for kind, ident in row.subjects]

    def _see(self, row: FactRow, arrival: FactArrival, known: FactInForce) -> None:
        """Note the highest version of an unchanged fact."""
        body = known.body if row.version is None else row.body
        versions, contents = arrival.versions, arrival.contents
        seen = FactInForce(known.number, versions, known.at, known.subjects, body, contents)
        if known.number in self._new:
            self._keep(row, seen)
        else:
            self._in_force[row.kind, row.key] = seen
            self._seen.append((versions.integer, versions.time, contents, body, known.number))

    def _end(self, number: int, at: int) -> None:
        """End a version because another one follows."""
        if number in self._new:
            new = self._new[number]
            self._new[number] = (*new[:_ENDED], at, *new[_ENDED + 1 :])
        else:
            self._ended.append((at, number))

    def _is_replaced(self, row: FactRow, number: int) -> bool:
        if not row.rivals:
            return False
        self._write_facts()
        return any(
            self._connection.execute(_NEWER_RIVAL, (*rival, number)).fetchone()
            for rival in row.rivals
        )

    def _record_late(self, row: FactRow) -> None:
        """Store a version that is older than the one in force, and so never was in force itself.

        It ends a millisecond before it begins. Equal bodies are stored once, however often they come.
        """
        self._write_facts()
        named = row.kind, row.key, row.body
        if self._connection.execute(_IS_STORED, named).fetchone() is None:
            subjects = _ENCODE(row.subjects).decode()
            number = self._changes.add_fact(row, subjects)
            self._new[number] = (
                number, row.kind, row.key, None, None, None, subjects, row.body, row.at, row.at - 1,
                *order_heads.NO_HEAD,
            )  # fmt: skip


def _read_in_force(
    connection: LedgerConnection, rows: Sequence[FactRow]
) -> dict[tuple[str, str], FactInForce]:
    """Read the versions in force under the keys of some rows, with one statement for each kind."""
    keys: dict[str, set[str]] = {}
    for row in rows:
        keys.setdefault(row.kind, set()).add(row.key)
    asked = [
        (kind, connection.execute(_LATEST, (_ENCODE(sorted(named)).decode(), kind)))
        for kind, named in keys.items()
    ]
    return {
        (kind, key): FactInForce(
            number, HighestVersions(integer, time), at, subjects, body, contents or b""
        )
        for kind, found in asked
        for key, number, integer, time, at, subjects, body, contents in found
    }


def facts_query(
    subjects: Sequence[tuple[str, str]],
    kinds: Sequence[str],
    at: int | None,
    upto: int | None = None,
) -> tuple[str, dict[str, object]]:
    """Return the query whose rows `select_facts` reads, and its parameters; see `FactStore`."""
    named = {f"kind{index}": kind for index, kind in enumerate(kinds)}
    listed = ", ".join(f":{name}" for name in named)
    instant = _UPTO if upto is not None else _NOW if at is None else _THEN
    sql = _ABOUT.format(instant=instant, kinds=f"AND f.kind IN ({listed})" if kinds else "")
    return sql, {"subjects": _ENCODE(subjects).decode(), "at": at, "upto": upto, **named}


def select_facts(
    found: Iterable[tuple[str, str, bytes, int, int | None, int, str]],
    subjects: Sequence[tuple[str, str]],
) -> list[StoredFact]:
    """Return the facts whose version in force is about a subject; older versions do not count."""
    wanted = set(subjects)
    return [
        StoredFact(kind, key, body, at, ended, number)
        for kind, key, body, at, ended, number, named in found
        if not wanted.isdisjoint(_DECODE_SUBJECTS(named))
    ]


def digest(connection: ReadConnection) -> str:
    """Return a digest of the facts in force and the highest versions, independent of arrival order."""
    rows = connection.execute(
        "SELECT kind, key, int_version, time_version, subjects, body FROM facts"
        " WHERE ended IS NULL ORDER BY kind, key"
    )
    found = hashlib.sha256()
    for row in rows:
        found.update(_ENCODE(row))
    return found.hexdigest()
