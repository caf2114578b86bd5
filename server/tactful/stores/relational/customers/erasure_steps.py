"""Steps of an erasure: transactions of the writer, and searches beside it."""

from collections.abc import Callable, Generator
from typing import Any

from tactful.stores.relational.ledger_connection import LedgerConnection, ReadConnection


class Search:
    """A step of an erasure that only reads, which may take long and may be performed beside the writer."""

    def __init__(self, search: Callable[[ReadConnection], Any]) -> None:
        self._search = search

    def __call__(self, connection: ReadConnection) -> Any:
        """Return what the search finds."""
        return self._search(connection)


ErasureSlices = Generator[Callable[[LedgerConnection], Any], Any, int]
"""Steps of an erasure, each performed in a transaction of its own or all in one.

A `Search` needs no transaction of the writer; it sees what the steps before it wrote.
"""


def perform(connection: LedgerConnection, slices: ErasureSlices) -> int:
    """Perform the steps of an erasure in the present transaction; return what they return."""
    answer: Any = None
    while True:
        try:
            work = slices.send(answer)
        except StopIteration as ended:
            return int(ended.value)
        answer = work(connection)
