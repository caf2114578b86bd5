"""The files of `tactful report --rows`: compared shoppers as CSV, and SQL for the lift.

Anybody with SQLite or DuckDB can check a report with them, without Tactful.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import structs

from tactful.core.values.calendar import format_rfc3339
from tactful.measurement.unit_rows import SCHEMA_VERSION, UnitRow, UnitTable

TABLE_FILE: Final = "units.csv"
SCHEMA_FILE: Final = "datapackage.json"
SQL_FILE: Final = "lift.sql"

COLUMNS: Final[dict[str, tuple[str, str]]] = {
    "unit": ("integer", "Number of the shopper in this table, in order of their first offers."),
    "arm": ("string", "treated: could see offers; held_out: could not."),
    "triggered_at": ("datetime", "When the shopper was first due an offer, UTC."),
    "margin": ("number", "Margin in the window, in minor units of the currency."),
    "past_margin": ("number", "Margin of the 90 days before; empty: no history is known."),
    "revenue": ("number", "Revenue in the window without tax, in minor units."),
    "past_revenue": ("number", "Revenue of the 90 days before; empty: no history is known."),
    "discount": ("number", "What redeemed offers saved, in minor units."),
    "orders": ("integer", "Orders in the window."),
    "item_bought": ("integer", "1: bought the product of the first offer."),
    "returned": ("integer", "1: sent something back."),
    "complained": ("integer", "1: had a new support case."),
    "dismissed": ("integer", "1: dismissed an offer."),
}
"""Column → its type in a table schema, and its meaning; in the order of the file."""

LIFT_SQL: Final = """\
-- What offers change in the margin per shopper, as `tactful report` computes it (server/MEASUREMENT.md).
-- SQLite:  sqlite3 :memory: '.mode csv' '.import units.csv units' '.mode table' '.read lift.sql'
-- DuckDB:  CREATE TABLE units AS FROM 'units.csv';  then this file
WITH
given AS (
  SELECT arm,
    CAST(margin AS DOUBLE) AS y,
    CAST(nullif(CAST(past_margin AS VARCHAR), '') AS DOUBLE) AS x
  FROM units
),
-- The 99.9th percentile of both arms together; larger values are reduced to it (winsorised).
largest_y AS (SELECT y, row_number() OVER (ORDER BY y DESC) AS place FROM given WHERE y > 0),
largest_x AS (SELECT x, row_number() OVER (ORDER BY x DESC) AS place FROM given WHERE x > 0),
caps AS (
  SELECT
    (SELECT y FROM largest_y, (SELECT count(*) AS n FROM given) AS every
      WHERE place > n / 1000.0 AND place <= n / 1000.0 + 1) AS cap_y,
    (SELECT x FROM largest_x, (SELECT count(x) AS n FROM given) AS every
      WHERE place > n / 1000.0 AND place <= n / 1000.0 + 1) AS cap_x
),
capped AS (
  SELECT arm,
    CASE WHEN y > cap_y THEN cap_y ELSE y END AS y,
    CASE WHEN x > cap_x THEN cap_x ELSE x END AS x
  FROM given, caps
),
-- History explains part of the noise (CUPED). Without history a shopper counts as average.
centred AS (
  SELECT arm, y, coalesce(x - (SELECT avg(x) FROM capped), 0) AS x FROM capped
),
means AS (SELECT arm, avg(y) AS y, avg(x) AS x FROM centred GROUP BY arm),
slope AS (
  SELECT coalesce(
    sum((c.y - m.y) * (c.x - m.x)) / nullif(sum((c.x - m.x) * (c.x - m.x)), 0), 0) AS theta
  FROM centred AS c JOIN means AS m ON m.arm = c.arm
),
adjusted AS (SELECT arm, y - theta * x AS mean FROM means, slope)
SELECT
  round(t.mean, 2) AS treated,
  round(h.mean, 2) AS held_out,
  round(t.mean - h.mean, 2) AS difference,
  t.mean / nullif(h.mean, 0) - 1 AS lift
FROM adjusted AS t, adjusted AS h
WHERE t.arm = 'treated' AND h.arm = 'held_out';
"""


def write_unit_files(folder: Path, table: UnitTable) -> None:
    """Write the three files of a table.

    Args:
        folder: A folder that does not exist yet; its parent does.
        table: The compared units.

    Raises:
        OSError: The folder exists already, or cannot be written.
    """
    folder.mkdir()
    with (folder / TABLE_FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(map(_cells, table.rows))
    schema = msgspec.json.format(msgspec.json.encode(_schema(table)), indent=2)
    (folder / SCHEMA_FILE).write_bytes(schema + b"\n")
    (folder / SQL_FILE).write_text(LIFT_SQL, "utf-8")


def _cells(row: UnitRow) -> Iterator[object]:
    """Yield the cells of a row; an unknown history is an empty cell."""
    for name, value in structs.asdict(row).items():
        yield format_rfc3339(value) if name == "triggered_at" else value


def _schema(table: UnitTable) -> dict[str, object]:
    """Return the description of the table as a Data Package (specs.frictionlessdata.io)."""
    fields = [
        {"name": name, "type": kind, "description": meaning}
        for name, (kind, meaning) in COLUMNS.items()
    ]
    return {
        "name": "tactful-units",
        "version": str(SCHEMA_VERSION),
        "currency": table.currency,
        "currencies_left_out": table.other_currencies,
        "resources": [
            {
                "name": "units",
                "path": TABLE_FILE,
                "schema": {"fields": fields, "primaryKey": "unit", "missingValues": [""]},
            }
        ],
    }
