"""Recorded sessions under another rulebook, from the command line on a server's own data."""

import asyncio
import re
from pathlib import Path

from click.testing import Result

from journeys.fixture import CATALOGUE, order, rules
from journeys.test_replay import BOOKS, Day
from support.cli_runner import printed_json, run, write_file
from support.live_server import LiveServer, live_server

UNTIL = ("--since", "30d", "--until", "2026-03-30T12:00:00Z")


async def a_week(folder: Path) -> Path:
    """Recorded sessions under one rulebook; every shopper consented to being remembered."""
    async with live_server(folder, BOOKS[0]) as one:
        await one.facts(*CATALOGUE, order("o-old", "c1", "BOOT-42"))
        for number in range(12):
            await visit(one, number)
    return folder


async def visit(one: LiveServer, number: int) -> None:
    shopper = await one.shopper(consent="personal")
    await shopper.view("RUN-42" if number % 2 else "TRAIL-42", 31)
    offer = await shopper.offered()
    await shopper.say("seen", offer=offer["id"])
    if number % 3:
        await shopper.say("accept", offer=offer["id"])
        token = (await shopper.expect("accepted"))["token"]
        answer = await one.redeem(token, f"o{number}", sku=offer["sku"])
        assert answer.status_code == 200
    await one.advance(3600)
    await shopper.leave()
    await one.advance(20 * 3600)


async def tried(folder: Path, *words: object) -> Result:
    command = ("rules", "backtest", *words, "--data", folder / "data", *UNTIL)
    return await asyncio.to_thread(run, *command, TACTFUL_SEED="7")


async def test_without_an_end_a_backtest_ends_at_the_test_clock(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, BOOKS[0]) as one:
        await one.facts(*CATALOGUE)
        await visit(one, 1)
    command = (
        "rules",
        "backtest",
        tmp_path / "rules",
        tmp_path / "rules",
        "--since",
        "2d",
        "--json",
    )
    done = printed_json(await asyncio.to_thread(run, *command, "--data", tmp_path / "data"))
    assert done["sessions"] == 1
    assert (done["since"], done["until"]) == ("2026-03-09T09:00:31Z", "2026-03-11T09:00:31Z")


async def test_the_recorded_rulebook_repeats_its_decisions(tmp_path: Path) -> None:
    await a_week(tmp_path)
    book = tmp_path / "rules"
    done = printed_json(await tried(tmp_path, book, book, "--json"))
    assert done["old"] == done["new"]
    assert (done["old"]["pushes"], done["old"]["redeemed"], done["sessions"]) == (12, 8, 12)
    assert (done["shoppers_affected"], done["items_affected"]) == (0, 0)
    assert done["old"]["items"] == {"RUN-42": 6, "TRAIL-42": 6}
    assert done["old"]["promised"] == {"EUR": 6 * (1935 + 2085)}
    assert sum(done["old"]["days"].values()) == 12


async def test_a_smaller_discount_costs_less_and_a_version_can_be_named(tmp_path: Path) -> None:
    await a_week(tmp_path)
    other = write_file(
        tmp_path / "other" / "rules.yaml", rules(percent="10%", category="running/none")
    )
    done = printed_json(await tried(tmp_path, tmp_path / "rules", other, "--json"))
    assert (done["new"]["pushes"], done["new"]["promised"]) == (0, {})
    assert (done["shoppers_affected"], done["items_affected"]) == (12, 2)
    ten = write_file(tmp_path / "ten" / "rules.yaml", rules(percent="10%"))
    version = done["old"]["version"][:8]
    done = printed_json(await tried(tmp_path, version, ten, "--json"))
    assert done["new"]["pushes"] == 12
    assert done["new"]["redeemed"] == 0  # nobody knows who would have bought at that price
    assert done["new"]["promised"]["EUR"] < done["old"]["promised"]["EUR"]
    assert done["new"]["margin"]["EUR"] > done["old"]["margin"]["EUR"]


async def test_an_empty_budget_withholds_offers(tmp_path: Path) -> None:
    await a_week(tmp_path)
    poor = write_file(tmp_path / "poor" / "rules.yaml", rules(budget="{EUR: 40.00}"))
    done = printed_json(await tried(tmp_path, tmp_path / "rules", poor, "--json"))
    assert 0 < done["new"]["pushes"] < 12
    assert done["new"]["withheld"]["budget.spend"] > 0


async def test_the_table_and_the_page_show_the_same_result(tmp_path: Path) -> None:
    await a_week(tmp_path)
    ten = write_file(tmp_path / "ten<b>" / "rules.yaml", rules(percent="10%"))
    page = tmp_path / "page.html"
    done = await tried(tmp_path, tmp_path / "rules", ten, "--html", page)
    assert done.exit_code == 0, done.output
    cells = [re.split("  +", line) for line in done.stdout.splitlines()]
    assert ["offers pushed", "12", "12", "0"] in cells
    assert "discount promised  " in done.stdout
    assert "  241.20" in done.stdout
    assert "Shoppers would have behaved differently" in done.stdout
    text = page.read_text("utf-8")
    assert "ten&lt;b&gt;" in text
    assert "<b>" not in text
    assert text.count("<svg") == 3
    assert "http" not in text


async def test_an_argument_that_is_no_rulebook_is_an_error(tmp_path: Path) -> None:
    async with live_server(tmp_path, BOOKS[0]) as one:
        for percent in range(5, 22):
            await one.reload(rules(percent=f"{percent}%"))
        versions = [version for version, _, _ in await one.parts.shop.ledger.rulebooks()]
    done = await tried(tmp_path, "nowhere", "nowhere")
    assert (done.exit_code, "no such folder, and no version begins" in done.output) == (2, True)
    letters = [version[0] for version in versions]
    shared = next(letter for letter in letters if letters.count(letter) > 1)
    done = await tried(tmp_path, shared, shared)
    assert (done.exit_code, "Several versions begin" in done.output) == (2, True)


async def test_a_version_under_another_policy_is_not_treated_as_the_recorded_one(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, BOOKS[0]) as one:
        version = one.parts.shop.state.active_rulebook.current.version
    config = write_file(tmp_path / "c.toml", "[policy]\nmin_stock = 3\n")
    done = await tried(tmp_path, version, version, "--config", config)
    assert done.exit_code == 2
    assert "compile to another version" in done.output


async def test_a_session_that_resumed_after_a_restart_continues_in_the_backtest(
    tmp_path: Path,
) -> None:
    book = tmp_path / "rules"
    async with live_server(tmp_path, BOOKS[0]) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper(consent="personal")
        await shopper.view("RUN-42", 10)
        await one.restart()
        again = await one.shopper(consent="personal", resume=shopper.resume)
        await again.view("RUN-42", 31)
        await again.offered()
        await one.advance(7)
        await again.say("activity", kind="input")
    done = printed_json(await tried(tmp_path, book, book, "--json"))
    assert done["old"] == done["new"]
    assert (done["sessions"], done["old"]["pushes"], done["unknown"]) == (1, 1, 0)
    late = ("--since", "1727955s", "--until", "2026-03-30T12:00:00Z")
    found = await asyncio.to_thread(
        run, "rules", "backtest", book, book, *late, "--data", tmp_path / "data", "--json",
        TACTFUL_SEED="7",
    )  # fmt: skip
    assert (printed_json(found)["turns"], printed_json(found)["unknown"] > 0) == (0, True)


def test_a_span_must_be_a_duration(tmp_path: Path) -> None:
    done = run("rules", "backtest", tmp_path, tmp_path, "--since", "soon", "--data", tmp_path)
    assert (done.exit_code, "--since" in done.output) == (2, True)


async def test_a_busy_day_can_be_backtested_under_any_rulebook(tmp_path: Path) -> None:
    async with live_server(tmp_path, BOOKS[0]) as one:
        await one.facts(*CATALOGUE, order("o-old", "c1", "BOOT-42"))
        await Day(one, 5).play(500)
    other = write_file(tmp_path / "other" / "rules.yaml", BOOKS[2])
    done = printed_json(await tried(tmp_path, tmp_path / "rules", other, "--json"))
    assert done["turns"] > 100
    assert done["old"]["pushes"] > 0
