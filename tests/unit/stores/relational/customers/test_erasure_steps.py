"""Steps of an erasure, performed in one transaction."""

from contextlib import closing
from pathlib import Path

from tactful.stores.relational.customers.erasure_steps import ErasureSlices, Search, perform
from tactful.stores.relational.ledger_connection import LedgerConnection, ReadConnection
from tactful.stores.sqlite.opening import open_writer


def test_a_search_finds_what_the_steps_before_it_wrote(tmp_path: Path) -> None:
    found: list[str] = []

    def write(connection: LedgerConnection) -> str:
        connection.execute("INSERT INTO meta VALUES ('step', x'01')")
        return "returned"

    def search(connection: ReadConnection) -> list[str]:
        return [key for (key,) in connection.execute("SELECT key FROM meta WHERE value = x'01'")]

    def slices() -> ErasureSlices:
        found.append((yield write))
        found.extend((yield Search(search)))
        return len(found)

    with closing(open_writer(tmp_path / "tactful.db")) as made:
        made.start()
        assert perform(made, slices()) == 2
        made.execute("COMMIT")
    assert found == ["returned", "step"]
