"""No log line names a customer or what they did: every value that a client sends is a canary."""

import contextlib
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
import websockets
from websockets.typing import Origin, Subprotocol

from journeys.fixture import CATALOGUE, case, rules
from support.live_server import ORIGIN, live_server
from tactful.cli.shared.logging_setup import LogHandler
from tactful.core.context import Context
from tactful.core.decision import Decision
from tactful.runtime.sessions import turn_processor, turn_runner

CANARY = "canary4711"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is written to standard error from now on, as `tactful serve` would write it."""
    written = io.StringIO()
    before = structlog.get_config()
    with contextlib.redirect_stderr(written):
        handler = LogHandler("debug")
        handler.serving = True
        yield written
    logging.getLogger().removeHandler(handler)
    structlog.configure(**before)


async def test_no_canary_reaches_the_log(
    tmp_path: Path, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_runner, "log", structlog.get_logger("tactful.turn"))
    customer = f"{CANARY}-customer"
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, case(f"{CANARY}-case", customer, "defect", skus=["RUN-43"]))
        shopper = await one.shopper(
            consent="personal", identity=one.identity(customer), locale=f"{CANARY}-de"[:16]
        )
        await shopper.view("RUN-42", 30)
        await shopper.say("view", sku=f"{CANARY}-sku")
        await shopper.say("page", url=f"{ORIGIN}/{CANARY}", kind="search", query=CANARY)
        await shopper.say("cart", lines=[{"sku": f"{CANARY}-2", "qty": 1}])
        await shopper.say("accept", offer=f"{CANARY}-offer")
        await shopper.say("identify", identity=f"{CANARY}.jwt.forged")
        await one.http.post("/v1/facts", content=f'[{{"type": "{CANARY}"'.encode())
        await one.http.get("/v1/why", params={"sku": CANARY, "customer": customer})
        await one.redeem(f"{CANARY}.token", f"{CANARY}-order")
        await send_nonsense(one.listener.port)

        def decide(context: Context) -> Decision:
            raise ValueError(f"{context.session} {CANARY}")

        monkeypatch.setattr(turn_processor, "decide", decide)
        await shopper.say("page", url=f"{ORIGIN}/{CANARY}", kind="cart", moment="rescue")
        await one.http.post("/v1/rulebook/reload")
    log = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert {"rulebook.active", "turn.crashed"} <= {line["event"] for line in log}
    assert CANARY not in lines.getvalue()


async def send_nonsense(port: int) -> None:
    """Send frames that no client of ours would send."""
    for frame in (f"{CANARY}{{", f'{{"t":"{CANARY}"}}', b"\xff" + CANARY.encode()):
        async with websockets.connect(
            f"ws://127.0.0.1:{port}/v1/session",
            origin=Origin(ORIGIN),
            subprotocols=[Subprotocol("tactful.v1")],
        ) as socket:
            await socket.send(frame)
            with contextlib.suppress(websockets.ConnectionClosed):
                await socket.recv()


def test_an_exception_is_logged_by_its_type_and_its_places_only(lines: io.StringIO) -> None:
    def failing() -> None:
        raise KeyError(CANARY)

    try:
        failing()
    except KeyError:
        logging.getLogger("somebody").exception("it failed")
        structlog.get_logger().exception("ours.failed")
    log = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [line["error"] for line in log] == ["KeyError", "KeyError"]
    assert all(line["where"][-1].endswith(" failing") for line in log)
    assert CANARY not in lines.getvalue()
