"""`tactful events tail` prints what happens, one event a line."""

import json
from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, rules
from support.cli_runner import run_beside
from support.live_server import live_server


async def test_events_are_printed_in_words_or_as_json(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.known("mia")
        await shopper.view("RUN-42", 30)
        offer = (await shopper.offered())["id"]
        await one.http.get("/v1/alerts")
        await one.advance(5)
        words = ("events", "tail", "--after", "", "--no-follow")
        shown = (await run_beside(one, *words)).output.splitlines()
        assert f"  offer.pushed      {offer}  RUN-42  mia" in "\n".join(shown)
        assert "  alert.raised      backup.missing" in "\n".join(shown)
        lines = (await run_beside(one, *words, "--json")).output.splitlines()
        assert "offer.pushed" in {json.loads(line)["type"] for line in lines}
        assert (await run_beside(one, "events", "tail", "--no-follow")).output == ""


async def test_following_looks_again_until_it_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    def interrupt(_: float) -> None:
        looks.append(1)
        if len(looks) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("tactful.cli.events_command.time.sleep", interrupt)
    async with live_server(tmp_path) as one:
        done = await run_beside(one, "events", "tail")
    assert (done.exit_code != 0, len(looks)) == (True, 2)
