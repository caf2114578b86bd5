"""`tactful codes` imports, counts and withdraws discount codes on a running server."""

from pathlib import Path

from support.cli_runner import printed_json, run_beside
from support.live_server import live_server


async def test_codes_are_imported_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "spring.csv"
    file.write_text("code,ends_at\nA,\nB,2026-12-31\n")
    async with live_server(tmp_path / "data") as one:
        empty = await run_beside(one, "codes")
        assert "There is no pool." in empty.output
        done = await run_beside(one, "codes", "import", str(file), "--pool", "spring", "--dry-run")
        assert "spring: 2 codes would be added, 0 known already, 0 free." in done.output
        done = await run_beside(one, "codes", "import", str(file), "--pool", "spring")
        assert "spring: 2 codes added, 0 known already, 2 free." in done.output
        again = await run_beside(one, "codes", "import", str(file), "--pool", "spring")
        assert "0 codes added, 2 known already, 2 free." in again.output
        listed = await run_beside(one, "codes")
        assert "spring" in listed.output
        printed = printed_json(await run_beside(one, "codes", "--json"))
        assert printed["pools"][0]["free"] == 2
        gone = await run_beside(one, "codes", "withdraw", "spring")
        assert "spring: 2 free codes withdrawn." in gone.output


async def test_lines_that_cannot_be_imported_are_named(tmp_path: Path) -> None:
    file = tmp_path / "codes.txt"
    file.write_text("A\n\ntwo words\na\nB\n")
    async with live_server(tmp_path / "data") as one:
        done = await run_beside(
            one, "codes", "import", str(file), "--pool", "p", "--json", "--dry-run"
        )
        printed = printed_json(done)
        assert (printed["added"], printed["known"]) == (2, 0)
        assert [one["line"] for one in printed["problems"]] == [3, 4]
        done = await run_beside(
            one, "codes", "import", str(file), "--pool", "p", "--ends", "2026-03-01"
        )
        assert "line 1: The code has ended already." in done.output
        assert "4 lines not imported." in done.output


async def test_files_and_dates_that_cannot_be_read_are_usage_errors(tmp_path: Path) -> None:
    file = tmp_path / "codes.txt"
    file.write_bytes(b"\xff\xfe")
    async with live_server(tmp_path / "data") as one:
        done = await run_beside(one, "codes", "import", str(file), "--pool", "p")
        assert "not text in UTF-8" in done.output
        file.write_text("A")
        done = await run_beside(one, "codes", "import", str(file), "--pool", "p", "--ends", "soon")
        assert "--ends" in done.output
        done = await run_beside(one, "codes", "withdraw", "p")
        assert "codes.unknown" in done.output
