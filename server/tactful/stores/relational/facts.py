"""The versions of facts: stored, superseded, and found as of any past point."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from tactful.core.facts.fact_versions import (
    UNSEEN,
    FactHead,
    FactOutcome,
    HighestVersions,
    advance,
    comes_late,
    stored_content_digest,
)
from tactful.runtime.ports.ledger_rows import FactRow, StoredFact
from tactful.stores.relational.ledger_connection import (
    LedgerConnection,
    ReadConnection,
    WriteConnection,
)
from tactful.stores.relational.tables import change_rows, tombstones

_DECODE_SUBJECTS: Final = msgspec.json.Decoder(tuple[tuple[str, str], ...]).decode
_ENCODE: Final = msgspec.json.Encoder().encode

_LATEST: Final = """
  SELECT id, int_version, time_version, at, subjects, body, contents FROM facts
  WHERE kind = ? AND key = ? AND ended IS NULL"""
_LATEST_OF: Final = """
  SELECT f.kind, f.key, f.id, f.int_version, f.time_version, f.at, f.subjects, f.body, f.contents
  FROM json_each(?) AS j CROSS JOIN facts AS f ON f.kind = j.value ->> 0 AND f.key = j.value ->> 1
  WHERE f.ended IS NULL"""
_INSERT: Final = """
  INSERT INTO facts (id, kind, key, int_version, time_version, contents, subjects, body, at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_NEWER_RIVAL: Final = """
  SELECT 1 FROM facts
  WHERE kind = ? AND key >= ? AND key < ? AND ended IS NULL AND id > ? LIMIT 1"""
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

OF_KIND: Final = """
  SELECT kind, key, body, at, ended, id FROM facts
  WHERE kind = ? AND key > ? AND ended IS NULL ORDER BY key LIMIT ?"""

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
    changes = change_rows.ChangeBatch(connection)
    latest = _read_latest(connection, rows) if connection.is_remote else None
    stored = [_record(connection, row, changes, latest) for row in rows]
    changes.write()
    return stored


Latest = dict[tuple[str, str], Any]
"""(kind, key) → the row of the version in force; None: there is none."""


def _read_latest(connection: LedgerConnection, rows: Sequence[FactRow]) -> Latest:
    """Read with one statement the versions in force under the keys of some rows."""
    found: Latest = dict.fromkeys((row.kind, row.key) for row in rows)
    for kind, key, *known in connection.execute(_LATEST_OF, (_ENCODE([*found]).decode(),)):
        found[kind, key] = known
    return found


def _record(
    connection: LedgerConnection,
    row: FactRow,
    changes: change_rows.ChangeBatch,
    latest: Latest | None,
) -> FactOutcome:
    if tombstones.refuses_fact(connection, row):
        return FactOutcome.ERASED
    if latest is None:
        known = connection.execute(_LATEST, (row.kind, row.key)).fetchone()
    else:
        known = latest[row.kind, row.key]
    before = HighestVersions(known[1], known[2]) if known else UNSEEN
    head = FactHead(before, row.kind, known[5], known[6] or b"") if known else None
    content = row.content or stored_content_digest(row.kind, row.body)
    arrival = advance(head, row.version, content, row.body, row.at)
    versions = arrival.versions.integer, arrival.versions.time, arrival.contents
    if arrival.outcome is FactOutcome.IGNORED:
        if row.dated and comes_late(before, row.version):
            _record_late(connection, row, changes)
        return arrival.outcome
    subjects = _ENCODE(row.subjects).decode()
    # A later release may find a fact under more subjects. Such a row is a new version.
    same = arrival.outcome is FactOutcome.UNCHANGED and known[4] == subjects
    if same and not _is_replaced(connection, row, known[0]):
        body = known[5] if row.version is None else row.body
        connection.execute(_UPDATE_VERSIONS, (*versions, body, known[0]))
        if latest is not None:
            latest[row.kind, row.key] = (
                known[0], *versions[:2], known[3], subjects, body, versions[2],
            )  # fmt: skip
        return arrival.outcome
    at = max(row.at, known[3]) if known else row.at
    if known:
        connection.execute("UPDATE facts SET ended = ? WHERE id = ?", (at, known[0]))
    before_subjects = known and known[4] != subjects and _DECODE_SUBJECTS(known[4])
    number = changes.add_fact(row, subjects, before_subjects or ())
    connection.execute(_INSERT, (number, row.kind, row.key, *versions, subjects, row.body, at))
    if latest is not None:
        latest[row.kind, row.key] = number, *versions[:2], at, subjects, row.body, versions[2]
    if not known or before_subjects:
        connection.executemany(
            "INSERT INTO subjects VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [(kind, ident, row.kind, row.key) for kind, ident in row.subjects],
        )
    return FactOutcome.ACCEPTED


def _is_replaced(connection: WriteConnection, row: FactRow, number: int) -> bool:
    return any(
        connection.execute(_NEWER_RIVAL, (*rival, number)).fetchone() for rival in row.rivals
    )


def _record_late(
    connection: LedgerConnection, row: FactRow, changes: change_rows.ChangeBatch
) -> None:
    """Store a version that is older than the one in force, and so never was in force itself.

    It ends a millisecond before it begins. Equal bodies are stored once, however often they come.
    """
    named = row.kind, row.key, row.body
    sql = "SELECT 1 FROM facts WHERE kind = ? AND key = ? AND body = ?"
    if connection.execute(sql, named).fetchone() is None:
        subjects = _ENCODE(row.subjects).decode()
        connection.execute(
            "INSERT INTO facts (id, kind, key, body, subjects, at, ended)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                changes.add_fact(row, subjects),
                *named,
                subjects,
                row.at,
                row.at - 1,
            ),
        )


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
