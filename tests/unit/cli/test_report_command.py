"""`tactful report` says what offers earned, and what to do about them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from contracts.test_exposure_store import exposure
from support.cli_runner import printed_json, run, run_beside
from support.live_server import live_server
from tactful.cli import report_command
from tactful.config import Config
from tactful.core.values.calendar import DAY
from tactful.measurement.self_test import SelfTest
from tactful.measurement.unit_rows import UnitTable
from tactful.runtime.ports.ledger_rows import Commit
from unit.api.test_effect_reports import HALF


async def test_the_server_is_asked_for_text_json_and_csv(tmp_path: Path) -> None:
    async with live_server(tmp_path, HALF) as one:
        now = one.parts.shop.clock.now()
        rows = [
            exposure(f"se_{n}", rule="R1", at=now - 10 * DAY, is_treated=n % 2 == 0)
            for n in range(6)
        ]
        await one.parts.shop.ledger.commit(Commit(exposures=tuple(rows)))
        printed = printed_json(await run_beside(one, "report", "--format", "json"))
        assert printed == (await one.http.get("/v1/report")).json()
        text = (await run_beside(one, "report", "--rule", "R1")).output
        assert text.splitlines()[0] == printed["sentence"]
        assert "3 shoppers could see offers; 3 others, chosen by chance, got none" in text
        table = (await run_beside(one, "report", "--format", "csv")).output
        assert table == (await one.http.get("/v1/report", params={"format": "csv"})).text
        page = (await run_beside(one, "report", "--format", "html")).output
        assert page.startswith("<!doctype html>")
        assert printed["sentence"] in page
        refused = await run_beside(one, "report", "--window", "2h")
        assert (refused.exit_code, "report.window" in refused.output) == (2, True)


async def test_a_copy_of_a_data_folder_gives_the_same_report_as_its_server(tmp_path: Path) -> None:
    async with live_server(tmp_path, HALF) as one:
        now = one.parts.shop.clock.now()
        rows = [
            exposure(f"se_{n}", rule="R1", at=now - 10 * DAY, is_treated=n < 3) for n in range(6)
        ]
        await one.parts.shop.ledger.commit(Commit(exposures=tuple(rows)))
        data = one.folder / "data"
        time = ("--since", "2026-02-20T00:00:00Z", "--until", "2026-03-10T12:00:00Z")
        beside = printed_json(await run_beside(one, "report", *time, "--format", "json"))
    alone = await asyncio.to_thread(run, "report", *time, "--format", "json", "--data", data)
    offline = printed_json(alone)
    folder = tmp_path / "rows"
    written = await asyncio.to_thread(run, "report", *time, "--rows", folder, "--data", data)
    assert "6 shoppers are in" in written.output
    assert len((folder / "units.csv").read_text("utf-8").splitlines()) == 7
    again = await asyncio.to_thread(run, "report", *time, "--rows", folder, "--data", data)
    assert (again.exit_code, "Traceback" in again.output) == (2, False)
    both = await asyncio.to_thread(run, "report", "--rows", folder, "--lasting", "--data", data)
    assert (both.exit_code, "--lasting" in both.output) == (2, True)
    assert offline["arms"] == beside["arms"] == {"treated": 3, "held_out": 3}
    assert offline["metrics"] == beside["metrics"]


async def test_the_self_test_divides_the_shoppers_of_a_data_folder_by_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, HALF) as one:
        now = one.parts.shop.clock.now()
        rows = [
            exposure(f"se_{n}", rule="R1", at=now - 10 * DAY, is_treated=n < 3) for n in range(6)
        ]
        await one.parts.shop.ledger.commit(Commit(exposures=tuple(rows)))
        data = one.folder / "data"
    time = ("--since", "2026-02-20T00:00:00Z", "--until", "2026-03-10T12:00:00Z", "--data", data)
    text = await asyncio.to_thread(run, "report", "--self-test", *time)
    assert (text.exit_code, "0 divisions showed a difference" in text.output) == (0, True)
    found = printed_json(
        await asyncio.to_thread(run, "report", "--self-test", *time, "--format", "json")
    )
    assert (found["divisions"], found["ok"], found["units"]) == (1000, True, 6)
    both = await asyncio.to_thread(run, "report", "--self-test", "--lasting", *time)
    assert (both.exit_code, "--self-test" in both.output) == (2, True)
    monkeypatch.setattr(SelfTest, "ok", False)
    failed = await asyncio.to_thread(run, "report", "--self-test", *time)
    assert (failed.exit_code, "more false alarms than promised" in failed.output) == (2, True)


async def test_the_lasting_effect_is_three_reports_in_one_table(tmp_path: Path) -> None:
    async with live_server(tmp_path, HALF) as one:
        now = one.parts.shop.clock.now()
        rows = [
            exposure(f"se_{n}", rule="R1", at=now - 100 * DAY, is_treated=n % 2 == 0)
            for n in range(6)
        ]
        await one.parts.shop.ledger.commit(Commit(exposures=tuple(rows)))
        found = printed_json(await run_beside(one, "report", "--lasting", "--format", "json"))
        assert [report["window_days"] for report in found["lasting"]] == [30, 90, 180]
        assert [report["arms"]["treated"] for report in found["lasting"]] == [0, 3, 0]
        text = (await run_beside(one, "report", "--lasting")).output
        assert (
            "90 days: 3 shoppers could see offers, 3 were held out; the 90 days of 0 more" in text
        )
        assert "180 days: 0 shoppers could see offers, 0 were held out; the 180 days of 6" in text
        assert "bought again" in text
        refused = await run_beside(one, "report", "--lasting", "--window", "7d")
        assert (refused.exit_code, "--lasting" in refused.output) == (2, True)


def test_a_folder_without_a_ledger_and_an_unreadable_time_are_refused(tmp_path: Path) -> None:
    missing = run("report", "--data", str(tmp_path))
    assert missing.exit_code == 2
    assert "Traceback" not in missing.output


def test_currencies_that_are_left_out_of_the_rows_are_named(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = UnitTable((), "EUR", ("GBP", "USD"))
    monkeypatch.setattr(report_command, "_read_offline", lambda *_: (table, None, 0))
    report_command._write_rows(Config(), {}, tmp_path / "rows")
    said = capsys.readouterr().out
    assert "Amounts in GBP, USD are left out; those in EUR are not converted." in said


async def test_the_rules_of_an_experiment_are_compared_in_words(tmp_path: Path) -> None:
    async with live_server(tmp_path, HALF) as one:
        now = one.parts.shop.clock.now()
        old = {"at": now - 12 * DAY, "edition": "e0"}
        rows = [
            exposure(
                f"se_{n}", rule="R1" if n % 2 else "R2", experiment="E", arm_bp=4500,
                treated_bp=9000, is_treated=n < 8,
                **(old if n == 7 else {"at": now - 10 * DAY, "edition": "e1"}),
            )
            for n in range(10)
        ]  # fmt: skip
        await one.parts.shop.ledger.commit(Commit(exposures=tuple(rows)))
        time = ("--since", "2026-02-20T00:00:00Z", "--until", "2026-03-10T12:00:00Z")
        ask = ("report", "--experiment", "E", *time)
        text = (await run_beside(one, *ask)).output
        found = printed_json(await run_beside(one, *ask, "--format", "json"))
        assert text.splitlines()[0] == found["sentence"]
        assert "R2: 4 shoppers, of a share of 45 %" in text
        assert "no offer (held out): 2 shoppers, of a share of 10 %" in text
        assert "1 more are left out because the experiment was changed since." in text
        assert "R2 against R1" in text
        assert "R1 against no offer" in text
        nothing = (await run_beside(one, *ask[:2], "none")).output
        assert nothing.startswith("Nothing can be said")
        refused = await run_beside(one, *ask, "--rule", "R1")
        assert (refused.exit_code, "--experiment" in refused.output) == (2, True)
        data = one.folder / "data"
        beside = printed_json(await run_beside(one, *ask, "--format", "json"))
    alone = await asyncio.to_thread(run, *ask, "--format", "json", "--data", data)
    offline = printed_json(alone)
    assert offline["arms"] == beside["arms"]
