"""`tactful rules status`, `pause`, `resume`, `reload` and `rollback` operate a running server."""

from pathlib import Path

from journeys.fixture import CATALOGUE, rules
from support.cli_runner import printed_json, run_beside
from support.live_server import live_server


async def test_the_status_lists_rules_and_versions(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        version = one.parts.shop.state.active_rulebook.current.version
        shown = await run_beside(one, "rules", "status")
        assert shown.exit_code == 0
        assert f"Rulebook {version}, active since 2026-03-10 12:00:00 UTC." in shown.output
        assert shown.output.splitlines()[2:] == [
            "rule  state    mode  campaign",
            "R1    running  live  C",
            "",
            "version           activated                how",
            f"{version}  2026-03-10 12:00:00 UTC  files",
        ]
        answer = printed_json(await run_beside(one, "rules", "status", "--json"))
        assert [one["version"] for one in answer["versions"]] == [version]


async def test_the_status_says_that_files_were_refused(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.reload("rules: [")
        shown = await run_beside(one, "rules", "status")
        assert "R1" in shown.output
        assert str(one.parts.shop.state.active_rulebook.problem) in shown.output


async def test_a_rule_is_paused_and_resumed(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        assert (await run_beside(one, "rules", "pause", "R1")).output.endswith(
            "Rule R1 is paused.\n"
        )
        assert "R1    paused" in (await run_beside(one, "rules", "status")).output
        answer = await run_beside(one, "rules", "resume", "R1", "--json")
        assert '"state": "running"' in answer.output
        unknown = await run_beside(one, "rules", "pause", "R9")
        assert (unknown.exit_code, "rule.unknown" in unknown.output) == (2, True)
        resumed = await run_beside(one, "rules", "resume", "R1")
        assert resumed.output.endswith("Rule R1 is running.\n")


async def test_any_kept_version_can_be_made_active_again(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        active = one.parts.shop.state.active_rulebook
        first = active.current.version
        for name in ("R2", "R3"):
            await one.reload(rules().replace("R1", name))
        third = active.current.version
        result = await run_beside(one, "rules", "rollback", first[:8])
        assert result.output.endswith(f"Rulebook {first} is active.\n")
        assert active.current.version == first
        again = await run_beside(one, "rules", "rollback", first)
        assert again.output.endswith(f"Rulebook {first} is active already.\n")
        # The files still hold the version that was rolled back.
        kept = await run_beside(one, "rules", "reload")
        assert kept.exit_code == 0
        await run_beside(one, "rules", "rollback", third)
        assert active.current.version == third
        before = await run_beside(one, "rules", "rollback", "--json")
        assert '"outcome": "active"' in before.output


async def test_an_unknown_version_is_refused_with_where_the_versions_are(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        wrong = await run_beside(one, "rules", "rollback", "000000")
        assert (wrong.exit_code, "rulebook.unknown" in wrong.output) == (2, True)
        short = await run_beside(one, "rules", "rollback", "0")
        assert (short.exit_code, "body.invalid" in short.output) == (2, True)


async def test_a_reload_activates_changed_files(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        same = await run_beside(one, "rules", "reload")
        assert "is active already" in same.output
        await one.reload(rules().replace("R1", "R2"))
        refused = await one.reload("rules: [")
        assert refused.status_code == 422
        result = await run_beside(one, "rules", "reload")
        assert (result.exit_code, "rulebook.refused" in result.output) == (2, True)


async def test_what_was_decided_in_shadow_mode_is_reported(tmp_path: Path) -> None:
    trying = "  - {id: R2, mode: shadow, when: [item.category: boots], offer: {percent: 10%}}\n"
    async with live_server(tmp_path, rules(extra=trying)) as one:
        await one.facts(*CATALOGUE)
        status = (await run_beside(one, "rules", "status")).output
        assert "R2    running  shadow  –" in status
        assert "`tactful rules shadow` reports" in status
        nothing = await run_beside(one, "rules", "shadow")
        assert nothing.output == "No rule has decided anything in shadow mode in the last 7d.\n"
        shopper = await one.shopper()
        await shopper.view("BOOT-42", 60)
        shown = (await run_beside(one, "rules", "shadow")).output.splitlines()
        assert shown[1].split() == [
            "R2", "1", "1", "1", "189.00", "EUR", "18.90", "EUR", "2026-03-10", "12:00:30", "UTC",
        ]  # fmt: skip
        single = (await run_beside(one, "rules", "shadow", "R2", "--since", "1d")).output
        assert f"BOOT-42  DE     189.00 EUR  170.10 EUR  {shopper.session}" in single
        found = printed_json(await run_beside(one, "rules", "shadow", "R1", "--json"))
        assert (found["rules"], found["offers"]) == ([], [])


async def test_all_offers_are_stopped_and_started(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        line = "All offers are stopped since 2026-03-10 12:00:00 UTC, by server key: wrong prices\n"
        stopped = await run_beside(one, "rules", "stop", "--reason", "wrong prices")
        assert (stopped.exit_code, stopped.output.endswith(line)) == (0, True)
        assert line in (await run_beside(one, "rules", "status")).output
        again = printed_json(await run_beside(one, "rules", "stop", "--reason", "x", "--json"))
        assert again["stop"]["reason"] == "wrong prices"
        started = await run_beside(one, "rules", "start")
        assert started.output.endswith("Offers are made again.\n")
        assert printed_json(await run_beside(one, "rules", "start", "--json")) == {"stop": None}
