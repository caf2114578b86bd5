"""HTTP clients that offer HTTP/2 by themselves report facts and redeem offers."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, rules, stock
from support.live_server import KEY, LiveServer, live_server

JAVA_PROGRAM = Path(__file__).parents[1] / "support" / "java" / "ReportAndRedeem.java"
FACTS = [stock("RUN-42", "DE", 500), stock("RUN-43", "DE", 500)]
needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed")


def curl_reads_http2() -> bool:
    """Whether curl is installed and offers HTTP/2."""
    if shutil.which("curl") is None:
        return False
    return (
        "HTTP2"
        in subprocess.run(["curl", "--version"], capture_output=True, check=True, text=True).stdout
    )


needs_curl = pytest.mark.skipif(not curl_reads_http2(), reason="curl with HTTP/2 is not installed")


async def redemption(one: LiveServer) -> str:
    """Let a shopper accept an offer; return the body that redeems it."""
    await one.facts(*CATALOGUE)
    shopper = await one.shopper()
    await shopper.view("RUN-42", 30)
    token = await shopper.accept((await shopper.offered())["id"])
    lines = [{"sku": "RUN-42", "qty": 1}]
    return json.dumps({"token": token, "order": "o1", "territory": "DE", "lines": lines})


async def output_of(*command: str) -> list[tuple[int, dict[str, Any]]]:
    """Run a client; return status and body of each line that it prints."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    printed, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    found = []
    for line in printed.decode().splitlines():
        status, _, body = line.partition(" ")
        found.append((int(status), json.loads(body)))
    return found


def check(answers: list[tuple[int, dict[str, Any]]], accepted: list[int]) -> None:
    """Check that all facts arrived, and that the offer was redeemed."""
    *reports, (status, redeemed) = answers
    assert [status for status, _ in answers] == [200] * len(answers), answers
    assert [report["accepted"] + report["ignored"] for _, report in reports] == accepted
    assert redeemed["qty"] == 1
    assert status == 200


@needs_java
@pytest.mark.thorough
async def test_javas_client_reports_facts_and_redeems(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        body = await redemption(one)
        facts = json.dumps(FACTS)
        answers = await output_of(
            "java", str(JAVA_PROGRAM), str(one.http.base_url), KEY, facts, body
        )
    check(answers, [2, 2])


@needs_curl
async def test_curl_with_http2_reports_facts_and_redeems(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        facts, body = json.dumps(FACTS), await redemption(one)
        chunks = ("--header", "Transfer-Encoding: chunked")
        command: list[str] = []
        # One process, so that one connection carries every request.
        for path, data, more in (
            ("/v1/facts", facts, ()),
            ("/v1/facts", facts, chunks),
            ("/v1/redemptions", body, ()),
        ):
            command += ["--next"] if command else ["curl"]
            command += ["--silent", "--show-error", "--http2", *more, "--data", data]
            command += ["--header", f"Authorization: Bearer {KEY}"]
            command += ["--header", "Content-Type: application/json"]
            command += ["--output", str(tmp_path / f"{command.count('--next')}")]
            command += ["--write-out", '%{http_code} {"connects": %{num_connects}}\n']
            command += [f"http://127.0.0.1:{one.listener.port}{path}"]
        answers = await output_of(*command)
    assert [connects for _, connects in answers] == [{"connects": n} for n in (1, 0, 0)]
    bodies = [json.loads((tmp_path / f"{n}").read_bytes()) for n in range(3)]
    check([(status, found) for (status, _), found in zip(answers, bodies, strict=True)], [2, 2])
