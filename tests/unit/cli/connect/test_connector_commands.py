"""`tactful connect list` and `reconcile` ask a running server."""

from pathlib import Path

from support.cli_runner import printed_json, run, run_beside
from support.live_server import live_server
from tactful.config.connector_settings import ConnectorSettings

DESK = ConnectorSettings(kind="roundup", secret="hush")


async def test_connectors_are_listed(tmp_path: Path) -> None:
    async with live_server(tmp_path, connectors={"desk": DESK}) as one:
        shown = (await run_beside(one, "connect", "list")).output.splitlines()
        assert shown[0].split() == [
            "connector", "kind", "mapped", "waiting", "failed", "drift", "lists",
        ]  # fmt: skip
        assert shown[-1].split() == ["desk", "roundup", "0", "0", "0", "0", "–"]
        found = printed_json(await run_beside(one, "connect", "list", "--json"))
        assert found["connectors"][0]["name"] == "desk"


async def test_a_server_without_connectors_says_what_to_write(tmp_path: Path) -> None:
    async with live_server(tmp_path) as one:
        assert "[connectors.NAME]" in (await run_beside(one, "connect", "list")).output


async def test_what_cannot_be_read_again_is_an_error(tmp_path: Path) -> None:
    async with live_server(tmp_path, connectors={"desk": DESK}) as one:
        done = await run_beside(one, "connect", "reconcile", "desk", "--accept-missing")
        assert (done.exit_code, "connector.unread" in done.output) == (2, True)


def test_an_unknown_option_of_the_group_is_no_name() -> None:
    assert "No such option" in run("connect", "--odd").output
