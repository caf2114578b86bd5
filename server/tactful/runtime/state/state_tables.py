"""Register of the tables in memory whose keys clients choose.

A client can invent SKUs, addresses, ids and names without end. So each such table has a bound, or is
charged to an address, whose connections and new sessions are limited. `/metrics` has the size of
each, and `tests/journeys/test_state_tables.py` finds tables that grow with clients and are missing
here.
"""

from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from tactful.runtime.telemetry import Telemetry


class StateTable(Struct, frozen=True, kw_only=True):
    """One table in memory, or several with the same keys."""

    name: str
    """The label `table` of its metrics."""
    size: Callable[[], int]
    """Returns the number of entries."""
    bound: Callable[[], int] | None = None
    """Returns the most entries; None: there are as many as the limits per address let in."""
    holders: tuple[str, ...]
    """The attributes that hold the entries, each as `Class.attribute`."""


class StateTables:
    """The tables of one shop."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._tables: Final[list[StateTable]] = []
        telemetry.add_gauge(
            "tactful_table_entries",
            "Entries of a table in memory whose keys clients choose",
            lambda: [((table.name,), table.size()) for table in self._tables],
            ("table",),
        )
        telemetry.add_gauge(
            "tactful_table_bound",
            "The most entries of such a table; absent where addresses are limited instead",
            lambda: [((table.name,), table.bound()) for table in self._tables if table.bound],
            ("table",),
        )

    def __iter__(self) -> Iterator[StateTable]:
        return iter(self._tables)

    def add(self, table: StateTable) -> None:
        """Register a table."""
        self._tables.append(table)
