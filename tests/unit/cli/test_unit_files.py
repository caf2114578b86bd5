"""The files of `tactful report --rows`, and the SQL that computes the lift from them again."""

import csv
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tactful.cli.unit_files import COLUMNS, write_unit_files
from tactful.core.values.calendar import DAY
from tactful.measurement.experiment_report import ReportTerms, report_experiment
from tactful.measurement.unit_rows import UnitRow, unit_table
from unit.measurement.test_experiment_report import NOW, Rows, shop
from unit.measurement.test_unit_outcomes import line, of, order

TERMS = ReportTerms(now=NOW)


def in_sqlite(folder: Path) -> tuple[float, ...]:
    """What `lift.sql` returns on a table whose columns are all text, as SQLite imports CSV."""
    connection = sqlite3.connect(":memory:")
    try:
        with (folder / "units.csv").open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        connection.execute(f"CREATE TABLE units ({', '.join(f'{name} TEXT' for name in header)})")
        places = ", ".join("?" * len(header))
        connection.executemany(f"INSERT INTO units VALUES ({places})", rows)  # noqa: S608
        (found,) = connection.execute((folder / "lift.sql").read_text("utf-8"))
        return tuple(found)
    finally:
        connection.close()


def in_duckdb(folder: Path) -> tuple[float, ...]:
    """What `lift.sql` returns on the table as DuckDB reads it."""
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE units AS FROM '{folder / 'units.csv'}'")
        found = connection.execute((folder / "lift.sql").read_text("utf-8")).fetchone()
    assert found is not None
    return tuple(found)


def with_a_huge_order() -> Rows:
    triggers, orders, events = shop(2400)
    who = of(session="s1")
    orders.append(order(who, triggers[1].at + DAY, line(price=9_000_000), ident="huge"))
    return triggers, orders, events


@pytest.mark.parametrize("computed", [in_sqlite, in_duckdb], ids=["sqlite", "duckdb"])
@pytest.mark.parametrize(
    "rows",
    [shop(2000), shop(700), with_a_huge_order(), shop(900, conversion=(12, 30), seed=9)],
    ids=["history", "below a thousand", "a huge order", "a loss"],
)
def test_sql_gives_the_difference_of_the_report_to_the_cent(
    rows: Rows, computed: Callable[[Path], tuple[float, ...]], tmp_path: Path
) -> None:
    folder = tmp_path / "rows"
    write_unit_files(folder, unit_table(*rows, TERMS))
    margin = report_experiment(*rows, TERMS).metrics[0].arms
    assert margin.lift is not None
    treated, held_out, difference, lift = computed(folder)
    assert (treated, held_out, difference) == pytest.approx(
        (margin.treated, margin.held_out, margin.difference), abs=0.006
    )
    assert lift == pytest.approx(margin.lift, rel=1e-9)


def test_the_cases_of_the_sql_reduce_large_values_and_use_history() -> None:
    huge = report_experiment(*with_a_huge_order(), TERMS).metrics[0].arms
    assert huge.units_cut > 0
    assert report_experiment(*shop(2000), TERMS).metrics[0].arms.reduction > 0


def test_the_schema_names_every_column_of_the_table(tmp_path: Path) -> None:
    folder = tmp_path / "rows"
    write_unit_files(folder, unit_table(*shop(200), TERMS))
    schema: dict[str, Any] = json.loads((folder / "datapackage.json").read_text("utf-8"))
    (resource,) = schema["resources"]
    named = [field["name"] for field in resource["schema"]["fields"]]
    assert named == [*COLUMNS] == [*UnitRow.__struct_fields__]
    header = (folder / resource["path"]).read_text("utf-8").splitlines()[0]
    assert header.split(",") == named
    assert (schema["version"], schema["currency"]) == ("1", "EUR")


def test_a_folder_that_exists_is_never_written_over(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        write_unit_files(tmp_path, unit_table(*shop(10), TERMS))
