"""The root README is true: its links resolve, its files match the quickstart, its tutorial works."""

import asyncio
import json
import re
import subprocess
from pathlib import Path

import httpx
import pytest
import websockets
from websockets.typing import Origin, Subprotocol

from support.manual_runner import (
    QUICKSTART,
    README,
    ROOT,
    Shell,
    blocks,
    key_of,
    quickstart,
    set_clock_to_present,
)
from tactful.demo.story import SCENES
from tools.animated_picture import frames

FIGURES = (
    ("one condition of six clauses against GoRules zen", "2.0 × (0.56 µs)"),
    (
        "whole job, 100 rules, 16 messages in flight, against Node `ws` with rules that were compiled",
        "0.74 × ",
    ),
    ("event to offer among 1,000 active sessions", "p50 1.0 ms, p99 6.1 ms"),
)
"""Beginnings of rows in `server/OPERATING.md`, and what the README says of them."""
OWN = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "server/README.md",
    "examples/quickstart/README.md",
    "tests/README.md",
    "server/OPERATING.md",
)


@pytest.mark.parametrize("manual", OWN)
def test_every_link_leads_to_a_file(manual: str) -> None:
    path = ROOT / manual
    for link in re.findall(r"\]\(([^)#]+)\)", path.read_text("utf-8")):
        assert link.startswith("https://") or (path.parent / link).exists(), link


def test_every_make_target_that_is_named_is_there() -> None:
    named = set(re.findall(r"(?:`|^)make (\w+)", README.read_text("utf-8"), re.MULTILINE))
    assert {"demo", "test", "check"} <= named
    for target in sorted(named):
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)


def test_the_files_in_the_tutorial_are_those_of_the_quickstart() -> None:
    shown = dict(blocks(README))
    assert shown["yaml"] == (QUICKSTART / "rules" / "hesitation.yaml").read_text("utf-8")
    assert shown["html"] in (QUICKSTART / "page" / "index.html").read_text("utf-8")


def test_the_first_screen_has_the_story_as_a_small_animated_picture() -> None:
    (place,) = re.findall(
        r"!\[[^\]]+\]\(([^)]+)\)", README.read_text("utf-8").partition("\n## ")[0]
    )
    picture = (ROOT / place).read_bytes()
    assert frames(picture) == len(SCENES) + 2, "the first page, the scenes and the receipt"
    assert len(picture) < 1_000_000


def test_the_figures_of_the_first_screen_are_those_of_the_manual() -> None:
    figures = (ROOT / "server" / "OPERATING.md").read_text("utf-8")
    for row, shown in FIGURES:
        (line,) = (one for one in figures.splitlines() if one.startswith(f"| {row}"))
        assert f"| {shown}" in line, line


def test_the_readme_ends_with_what_the_thing_does_not_do() -> None:
    assert README.read_text("utf-8").rpartition("\n## ")[2].startswith("What it does not do")


@pytest.mark.thorough
async def test_the_tutorial_leads_to_an_offer_and_withdraws_it(tmp_path: Path) -> None:
    with quickstart(tmp_path) as (one, steps, server, page):
        start, facts, check, pages, sell, why, restock, redeemed = steps
        one.run(start)
        set_clock_to_present(one, server)
        assert one.run(facts).endswith(
            '{"accepted":4,"ignored":0,"rejected":[],"unchanged":0,"notes":[]}'
        )
        assert "No findings" in one.run(check)
        one.run(pages)
        async with session(server, page) as socket:
            offer = await offered(socket, one, server)
            assert offer["price"] == {"amount": 10965, "currency": "EUR"}
            await asyncio.to_thread(one.run, sell)
            assert (await next_frame(socket, "withdraw"))["offer"] == offer["id"]
        assert "stock.out" in one.run(why)
        await asyncio.to_thread(one.run, restock)
        async with session(server, page) as socket:
            offer = await offered(socket, one, server)
            await say(socket, "accept", offer=offer["id"])
            token = (await next_frame(socket, "accepted"))["token"]
            asked = {"territory": "DE", "lines": [{"sku": "RUN-42", "qty": 1}], "tokens": [token]}
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{page}") as shop:
                first = await shop.post("/orders", json=asked | {"order": "o-1"})
                assert (first.status_code, first.json()["total"]["amount"]) == (201, 10965)
                other = await shop.post("/orders", json=asked | {"order": "o-2"})
                assert other.json() == {"code": "redemption.used"}
            (row,) = json.loads(await asyncio.to_thread(one.run, redeemed))["redemptions"]
            assert (row["order"], row["saved"]["amount"]) == ("o-1", 1935)


def session(server: int, page: int) -> websockets.connect:
    """A session of a shopper on the page."""
    return websockets.connect(
        f"ws://127.0.0.1:{server}/v1/session",
        origin=Origin(f"http://localhost:{page}"),
        subprotocols=[Subprotocol("tactful.v1")],
    )


async def offered(
    socket: websockets.ClientConnection, one: Shell, server: int
) -> dict[str, object]:
    """The offer to a shopper who looks at the shoe for half a minute."""
    page = {"url": "/", "kind": "product"}
    await say(socket, "hello", consent="anonymous", territory="DE", page=page)
    await say(socket, "view", sku="RUN-42", n=1)
    await next_frame(socket, "ack")
    url = f"http://127.0.0.1:{server}/v1/test/clock"
    async with httpx.AsyncClient(headers=key_of(one)) as http:
        (await http.post(url, json={"advance": 31})).raise_for_status()
    return (await next_frame(socket, "offer"))["offer"]


async def say(socket: websockets.ClientConnection, kind: str, **fields: object) -> None:
    await socket.send(json.dumps({"t": kind, **fields}))


async def next_frame(
    socket: websockets.ClientConnection, kind: str
) -> dict[str, dict[str, object]]:
    async with asyncio.timeout(30):
        while True:
            frame = json.loads(await socket.recv())
            if frame["t"] == kind:
                return dict(frame)
