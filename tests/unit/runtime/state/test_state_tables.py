"""The sizes and bounds of the registered tables are in the metrics."""

from tactful.runtime.state.state_tables import StateTable, StateTables
from tactful.runtime.telemetry import Telemetry


def test_a_registered_table_has_its_size_and_its_bound_in_the_metrics() -> None:
    telemetry = Telemetry()
    tables = StateTables(telemetry)
    entries = {"a": 1, "b": 2}
    tables.add(
        StateTable(name="names", size=lambda: len(entries), bound=lambda: 9, holders=("X.names",))
    )
    tables.add(StateTable(name="sessions", size=lambda: 7, holders=("Y.sessions",)))
    assert [table.name for table in tables] == ["names", "sessions"]
    text = telemetry.exposition().decode()
    assert 'tactful_table_entries{table="names"} 2.0' in text
    assert 'tactful_table_bound{table="names"} 9.0' in text
    assert 'tactful_table_entries{table="sessions"} 7.0' in text
    assert 'tactful_table_bound{table="sessions"}' not in text
