"""An audit of a ledger's file: every table against the rows that it follows from.

It reads tables of SQLite and nothing through the server's code but `reconcile`, so it also finds
what a reader of the ledger would never ask for.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from tactful.stores.relational.reconcile import reconcile

VIEWS: Final = """
  CREATE TEMP VIEW known_offers AS SELECT *, CAST(body AS TEXT) AS json,
    state IN ('pushed', 'shown', 'accepted') AS is_standing FROM offers;
  CREATE TEMP VIEW known_claims AS
    SELECT j.value ->> 1 AS session, max(CAST(CAST(c.body AS TEXT) AS INTEGER)) AS epoch
    FROM changes AS c, json_each(c.subjects) AS j WHERE c.kind = 'session_claimed' GROUP BY 1;
  CREATE TEMP VIEW known_steps AS
    SELECT o.json ->> 'rule', coalesce(o.json ->> 'rule_digest', ''), s.state,
      coalesce(s.reason, ''), count(*)
    FROM steps AS s JOIN known_offers AS o ON o.id = s.offer GROUP BY 1, 2, 3, 4;
  CREATE TEMP VIEW whole_log AS SELECT min(position) = 1 AS is_whole FROM changes;
"""

CHECKS: Final = {
    "the file is damaged": "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    "positions have a hole": """
      SELECT min(position), max(position), count(*) FROM changes
      HAVING max(position) - min(position) + 1 <> count(*)""",
    "a change is earlier than the one before": """
      SELECT position FROM (SELECT position, at, lag(at) OVER (ORDER BY position) AS before
        FROM changes) WHERE at < before""",
    "a fact has no change": """
      SELECT id FROM facts WHERE id >= (SELECT min(position) FROM changes)
        AND id NOT IN (SELECT position FROM changes WHERE kind = 'fact')""",
    "a key has two facts in force": """
      SELECT kind, key FROM facts WHERE ended IS NULL GROUP BY 1, 2 HAVING count(*) > 1""",
    "a subject of a fact in force is not indexed": """
      SELECT f.id, j.value FROM facts AS f, json_each(f.subjects) AS j
      WHERE f.ended IS NULL AND NOT EXISTS (SELECT 1 FROM subjects AS s WHERE
        (s.kind, s.id, s.fact_kind, s.fact_key)
        = (j.value ->> 0, j.value ->> 1, f.kind, f.key))""",
    "a column of an offer differs from its body": """
      SELECT id FROM known_offers WHERE state <> coalesce(json ->> 'state', 'pushed')
        OR session <> json ->> 'session' OR customer IS NOT json ->> 'customer'
        OR hold <> coalesce(json ->> 'hold', 0)
        OR units <> iif(is_standing,
          coalesce(json ->> iif(state = 'accepted', 'qty', 'max_qty'), 1), 0)""",
    "an offer is not in the state of its last step": """
      SELECT o.id FROM offers AS o JOIN steps AS s ON s.offer = o.id
      WHERE s.id = (SELECT max(id) FROM steps WHERE offer = o.id) AND s.state <> o.state""",
    "a redeemed offer and its redemption disagree": """
      SELECT o.id FROM offers AS o WHERE (o.state = 'redeemed') <> EXISTS
        (SELECT 1 FROM redemptions AS r WHERE r.offer = o.id AND r.status = 'redeemed')""",
    "a redemption has no change": """
      SELECT offer FROM redemptions WHERE status = 'redeemed'
        AND (SELECT is_whole FROM whole_log)
        AND offer NOT IN (SELECT j.value ->> 1 FROM changes AS c, json_each(c.subjects) AS j
          WHERE c.kind = 'redemption' AND j.value ->> 0 = 'offer')""",
    "a budget exceeds its limit": 'SELECT * FROM budgets WHERE reserved + settled > "limit"',
    "steps are miscounted": """
      SELECT * FROM (SELECT * FROM rule_steps EXCEPT SELECT * FROM known_steps)
      UNION ALL SELECT * FROM (SELECT * FROM known_steps EXCEPT SELECT * FROM rule_steps)""",
    "a reduction is not that of its last offer": """
      SELECT json ->> 'rule', json ->> 'sku', json ->> 'territory', max(json ->> 'issued_at')
      FROM known_offers WHERE state NOT IN ('held_out', 'shadow') GROUP BY 1, 2, 3
      EXCEPT SELECT rule, sku, territory, last FROM reductions""",
    "a session has another epoch than its last claim": """
      SELECT s.session FROM sessions AS s JOIN known_claims AS c USING (session)
      WHERE s.epoch <> c.epoch""",
    "a session was never claimed as often as its epoch says": """
      SELECT session FROM sessions WHERE epoch < 1 OR epoch > 1
        AND (SELECT is_whole FROM whole_log)
        AND session NOT IN (SELECT session FROM known_claims)""",
    "a contact history has no revision": "SELECT shopper FROM contacts WHERE revision < 1",
    "a tally is negative": "SELECT * FROM tallies WHERE count < 0",
    "a tombstone is no digest": """
      SELECT * FROM erased WHERE digest NOT GLOB '~*' OR length(digest) <> 41 OR alias = ''""",
    "an erasure has no tombstone": """
      SELECT j.value FROM changes AS c, json_each(c.subjects) AS j
      WHERE c.kind = 'customer_erased' AND j.value ->> 1 NOT IN (SELECT digest FROM erased)""",
    "a rulebook that was activated is missing": """
      SELECT version FROM activations WHERE version NOT IN (SELECT version FROM rulebooks)""",
}
"""What is wrong → a query that returns the rows for which it is; nothing may have been pruned."""


def audit(connection: sqlite3.Connection) -> list[str]:
    """Return what does not agree in a ledger; empty if everything does."""
    connection.executescript(VIEWS)
    found = [f"does not add up: {words}" for words in reconcile(connection)]
    for words, query in CHECKS.items():
        found += [f"{words}: {row}" for row in connection.execute(query)]
    return found


def audit_file(path: Path) -> list[str]:
    """Audit a ledger that no process has open."""
    with closing(sqlite3.connect(path)) as connection:
        return audit(connection)


def files_with(folder: Path, text: str) -> list[str]:
    """Return the files of a folder whose bytes hold a text, other than the test's own notes."""
    return [
        file.name
        for file in sorted(folder.iterdir())
        if file.is_file() and file.name != "acks" and text.encode() in file.read_bytes()
    ]
