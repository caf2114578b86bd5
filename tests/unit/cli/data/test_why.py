"""`tactful why` prints the explanation of `GET /v1/why` as text."""

import asyncio
from pathlib import Path

from click.testing import CliRunner

from journeys.fixture import CATALOGUE, case, product, rules
from support.cli_runner import printed_json, run, run_beside
from support.live_server import KEY, live_server
from tactful.cli import main


async def test_a_withheld_offer_is_explained_with_what_would_change_it(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, case("case-1", "c1", "defect", skus=["RUN-42"]))
        result = await run_beside(one, "why", "RUN-42", "--customer", "c1")
        assert result.exit_code == 0
        assert "RUN-42 for c1 at 2026-03-10 12:00:00 UTC, rulebook" in result.output
        assert "R1: withheld because of" in result.output
        assert "  complaint.open: is " in result.output
        assert "Would change if: the case is resolved and its cooldown passes" in result.output
        answer = printed_json(await run_beside(one, "why", "RUN-42", "--customer", "c1", "--json"))
        assert answer["rules"][0]["rule"] == "R1"


async def test_a_standing_offer_is_shown(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        result = await run_beside(one, "why", "RUN-42", "--session", shopper.session)
        assert "R1: standing" in result.output
        assert f"offer {offer['id']}: pushed, 109.65 EUR, until 2026-03-10 " in result.output


async def test_an_offer_is_shown_with_what_it_rests_on(tmp_path: Path) -> None:
    loser = "  - {id: R2, when: [item.category: running], offer: {percent: 16%}}\n"
    async with live_server(tmp_path, rules(extra=loser)) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        await shopper.offered()
        lines = (
            await run_beside(one, "why", "RUN-42", "--session", shopper.session)
        ).output.splitlines()
        read = next(line for line in lines if line.startswith("  read price RUN-42: "))
        assert "price 129.00 EUR" in read
        assert read.endswith("(contextual, reported 30 s ago)")
        assert "  held session.dwell: {at_least: 30s}: is 30s" in lines
        steps = next(line for line in lines if line.startswith("  price public 129.00 EUR, "))
        assert steps.endswith("offer 109.65 EUR")
        assert any(line.startswith("  lost ") for line in lines)


async def test_times_are_those_of_the_shop_and_json_has_utc(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(policy="  timezone: Europe/Berlin")) as one:
        ended = {"status": "resolved", "resolved_at": "2026-03-10T12:00:00Z"}
        await one.facts(*CATALOGUE, case("case-1", "c1", "late", **ended))
        asked = ("why", "RUN-42", "--customer", "c1")
        output = (await run_beside(one, *asked)).output
        assert "for c1 at 2026-03-10 13:00:00 CET (Europe/Berlin)" in output
        assert "by itself at 2026-03-17 13:00:00 CET" in output
        answer = printed_json(await run_beside(one, *asked, "--json"))
        assert (answer["at"], answer["timezone"]) == ("2026-03-10T12:00:00Z", "Europe/Berlin")


async def test_colours_reach_a_terminal_and_line_feeds_in_names_do_not(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, product("RUN\n42", "odd", None, "running"))
        words = ["why", "RUN\n42", "--territory", "DE", "--url", str(one.http.base_url)]
        result = await asyncio.to_thread(
            CliRunner(env={"TACTFUL_SERVER_KEY": KEY}).invoke, main, words, color=True
        )
        assert r"RUN\n42 for an anonymous shopper" in result.output
        assert "\x1b[31m\x1b[1mwithheld\x1b[0m" in result.output


async def test_the_shopper_must_be_named_and_must_exist(tmp_path: Path) -> None:
    assert run("why", "RUN-42").exit_code == 2
    async with live_server(tmp_path, rules()) as one:
        result = await run_beside(one, "why", "RUN-42", "--session", "nobody")
        assert (result.exit_code, "404 shopper.unknown" in result.output) == (2, True)
        wrong = await run_beside(one, "why", "RUN-42", "--customer", "c", "--at", "yesterday")
        assert (wrong.exit_code, "query.instant" in wrong.output) == (2, True)


def test_a_value_that_is_not_a_url_is_refused() -> None:
    assert "Write one such as http" in run("why", "A", "--customer", "c", "--url", "shop").output


async def test_a_hypothetical_visit_can_be_explained(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, case("case-1", "c1", "defect", skus=["RUN-42"]))
        for words, said in (
            (("--territory", "DE"), "R1: pushed"),
            (("--territory", "DE", "--dwell", "10s"), "R1: withheld because of timing.wait"),
            (("--territory", "FR"), "R1: withheld because of stock.out"),
            (("--territory", "DE", "--customer", "c1"), "because of complaint.open"),
            (("--territory", "DE", "--customer", "c-1"), "customer.unknown"),
            (("--territory", "DE", "--customer", "c-1"), "Did you mean c1?"),
        ):
            result = await run_beside(one, "why", "RUN-42", *words)
            assert said in result.output, result.output
        wrong = await run_beside(one, "why", "RUN-42", "--dwell", "long")
        assert (wrong.exit_code, "query.duration" in wrong.output) == (2, True)
        both = await run_beside(one, "why", "RUN-42", "--dwell", "9s", "--session", "s")
        assert (both.exit_code, "query.one_of" in both.output) == (2, True)
        assert (await one.http.get("/v1/decisions", params={"customer": "c1"})).json() == {
            "decisions": []
        }
