"""`tactful alerts` lists what needs a person, and acts on it in the operator's name."""

from pathlib import Path
from typing import Any

from support.cli_runner import printed_json, run_beside
from support.live_server import LiveServer, live_server
from tactful.runtime.alerts.kinds import KINDS
from tactful.stores.shared.backup_stamp import write_backup_stamp


async def raised(one: LiveServer) -> list[dict[str, Any]]:
    """The alerts. The server logs them now, and not into the output of the next command."""
    return list((await one.http.get("/v1/alerts")).json()["alerts"])


async def test_alerts_are_listed_with_what_to_do(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        (alert,) = await raised(one)
        printed = printed_json(await run_beside(one, "alerts", "--json"))
        assert printed == {"alerts": [alert], "timezone": "UTC"}
        shown = await run_beside(one, "alerts")
        assert shown.output.splitlines() == [
            f"backup.missing: {KINDS['backup.missing'].meaning}",
            f"  {alert['id']}, open, since 2026-03-10 12:00:00 UTC",
            f"  {KINDS['backup.missing'].remedy}",
        ]
        await one.http.post("/v1/facts", json=[{"type": "price"}])
        assert len(await raised(one)) == 2
        more = (await run_beside(one, "alerts")).output
        assert "\n\nbackup.missing:" in more
        assert "facts.rejected (price): " in more
        assert "  code: fact.invalid, facts: 1\n" in more


async def test_an_alert_is_acknowledged_snoozed_and_resolved(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        (alert,) = await raised(one)
        name = alert["id"]
        done = await run_beside(one, "alerts", "acknowledge", name, "--by", "Zoë Ł")
        assert done.output.endswith(f"Alert {name} is acknowledged.\n")
        assert ", acknowledged, since" in (await run_beside(one, "alerts")).output
        done = await run_beside(one, "alerts", "snooze", name, "--for", "1d", "--json")
        assert printed_json(done)["snoozed"]["until"] == "2026-03-11T12:00:00Z"
        shown = (await run_beside(one, "alerts")).output
        assert "acknowledged by Zoë Ł, snoozed until 2026-03-11 12:00:00 UTC" in shown
        refused = await run_beside(one, "alerts", "resolve", name)
        assert (refused.exit_code, "alert.cause_present" in refused.output) == (2, True)
        write_backup_stamp(one.folder / "data", one.parts.shop.clock.now())
        await raised(one)
        done = await run_beside(one, "alerts", "resolve", name)
        assert done.output.endswith(f"Alert {name} is resolved.\n")
        assert (await run_beside(one, "alerts")).output.endswith("Nothing needs a person.\n")
        listed = (await run_beside(one, "alerts", "--resolved")).output.splitlines()
        assert listed[-1].split() == ["–", "1", "1", "0s", "0s", "0s", "0s"]
        assert listed[-4].split() == [
            name, "backup.missing", "–", "2026-03-10", "12:00:00", "UTC",
            "2026-03-10", "12:00:00", "UTC", "server", "key", "by.hand",
        ]  # fmt: skip


async def test_a_server_without_a_history_says_so(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        shown = await run_beside(one, "alerts", "--resolved")
        assert shown.output.endswith("No alert is resolved yet.\n")
