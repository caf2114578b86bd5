"""A dry run says what an import would add, change, end and leave as it is."""

from pathlib import Path

from support.builders import order, price, stock
from support.cli_runner import printed_json, run, run_beside, write_file
from support.live_server import live_server
from tactful.cli.data.import_changes import FactComparison, ImportChanges
from tactful.core.facts.fact_types import AnyFact

KNOWN: dict[str, list[AnyFact]] = {
    "price": [price("A", 100), price("B", 100, version=7)],
    "stock": [stock("A", 1)],
}


def test_facts_are_compared_by_their_content_and_not_by_their_version() -> None:
    comparison = FactComparison(
        {"price", "order"}, lambda kind: iter(KNOWN[kind] if kind == "price" else [])
    )
    for fact in (price("A", 90), price("A", 110), price("B", 100, version=9), price("C"), order()):
        comparison.add(fact)
    assert comparison.changes(4) == ImportChanges(1, 1, 4, 1, 1)


def test_the_changes_are_told_in_a_sentence() -> None:
    assert ImportChanges(1200, 2, 3, 4).text() == (
        "The import would add 1,200 facts, change 2 and end 3. 4 are unchanged."
    )
    assert ImportChanges(1, unchanged=1, not_compared=1).text() == (
        "The import would add 1 fact, change 0 and end 0. 1 is unchanged."
        " 1 fact of other kinds was not compared."
    )
    assert ImportChanges(not_compared=5).text().endswith("5 of other kinds were not compared.")


GOODS = "nr;preis;bestand\nA-1;12,50;3\nA-2;9,99;4\n"
TERMS = (
    "--column", "sku=nr", "--column", "price=preis", "--column", "stock=bestand",
    "--territory", "DE", "--tax-rate", "19%", "--currency", "EUR",
)  # fmt: skip


async def test_a_dry_run_asks_the_server_and_changes_nothing(tmp_path: Path) -> None:
    async with live_server(tmp_path / "shop") as one:
        file = write_file(tmp_path / "goods.csv", GOODS)
        first = await run_beside(one, "import", file, *TERMS, "--dry-run")
        assert "would add 4 facts, change 0 and end 0. 0 are unchanged." in first.output
        await run_beside(one, "import", file, *TERMS)
        less = write_file(tmp_path / "less.csv", "nr;preis;bestand\nA-1;11,50;3\n")
        planned = await run_beside(one, "import", less, *TERMS, "--dry-run", "--complete", "--json")
        assert printed_json(planned)["changes"] == {
            "added": 0, "changed": 1, "removed": 2, "unchanged": 1, "not_compared": 0,
        }  # fmt: skip
        again = await run_beside(one, "import", file, *TERMS, "--dry-run")
        assert "4 are unchanged." in again.output


def test_a_dry_run_without_a_server_says_that_the_changes_are_not_known(tmp_path: Path) -> None:
    file = write_file(tmp_path / "goods.csv", GOODS)
    result = run("import", file, *TERMS, "--dry-run", "--json", "--url", "http://127.0.0.1:9")
    assert result.exit_code == 0
    assert printed_json(result)["changes"] is None
    assert "What would change is not known." in result.stderr


def test_a_dry_run_into_a_new_folder_creates_nothing(tmp_path: Path) -> None:
    file = write_file(tmp_path / "goods.csv", GOODS)
    result = run("import", file, *TERMS, "--dry-run", "--data", tmp_path / "new")
    assert "would add 4 facts" in result.output
    assert not (tmp_path / "new").exists()
