"""Restarts of the whole server lose nothing and refuse nobody: the short form of `bench_restart.py`."""

import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from support.manual_runner import ROOT
from support.ports import free_port

sys.path.append(str(ROOT / "tests" / "bench"))

from restarts import Restarted, restarted

SESSIONS, RESTARTS = 150, 2
PATIENT_S = 50.0
"""A slow machine refuses nobody: it is not the widget's patience that is tried here."""


def all_went_well(found: Restarted) -> None:
    """Check what holds of every restart with an inherited socket."""
    assert found.wrong == {}
    assert len(found.away_s) == SESSIONS * RESTARTS
    assert found.redeemed > 0
    assert found.offers == SESSIONS + found.redeemed


@pytest.mark.parametrize("way", ["handed on", "shared"])
async def test_a_restart_refuses_nobody_and_loses_no_offer_and_no_redemption(
    tmp_path: Path, way: str
) -> None:
    found = await restarted(
        tmp_path, way=way, sessions=SESSIONS, restarts=RESTARTS, rate=20, welcome_s=PATIENT_S
    )
    all_went_well(found)


@pytest.mark.parametrize("signal", ["terminate", "kill"])
async def test_without_an_inherited_socket_connections_are_refused(
    tmp_path: Path, signal: str
) -> None:
    found = await restarted(tmp_path, way="none", sessions=40, restarts=1, rate=20, signal=signal)
    assert found.count("refused") > 0
    assert found.count("offer") == 0


if shutil.which("systemd-socket-activate"):  # elsewhere only our own hand passes the socket on

    def test_systemd_hands_its_socket_to_the_server(tmp_path: Path) -> None:
        port = free_port()
        serve = [sys.executable, "-m", "tactful", "serve", "--data", str(tmp_path / "data")]
        command = [
            "systemd-socket-activate",
            "--listen",
            f"127.0.0.1:{port}",
            *serve,
            "--port",
            "1",
        ]
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(command, stderr=log, cwd=tmp_path)
        try:
            transport = httpx.HTTPTransport(retries=20)
            with httpx.Client(transport=transport, timeout=60) as http:
                assert http.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
            process.terminate()
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()
