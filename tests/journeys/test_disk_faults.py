"""A disk that fails or is full gives no wrong answer, and every refusal says why."""

import asyncio
import contextlib
import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
import websockets
from websockets.typing import Origin, Subprotocol

from journeys.fixture import CATALOGUE, rules, stock
from support.disk_faults.shim import PROCESSES, build_shim, environment, needs_shim
from support.ledger_rows import T0, accepted, entry, exported, present, push
from support.live_server import live_server
from support.raw_connections import eventually
from tactful.config import Config
from tactful.core.decide import COMMIT_RETRY_MS
from tactful.core.redemption.redemption_rows import RedemptionOutcome
from tactful.runtime import disk_room
from tactful.runtime.ports.ledger import LedgerBrokenError, LedgerError, LedgerFullError
from tactful.runtime.ports.ledger_rows import Commit
from tactful.serving import serve
from tactful.stores.relational.writer import group_commit, transactor
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.transports.server.listener import Listener


def sweep(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    data = folder / "data"
    data.mkdir()
    worker = [sys.executable, str(PROCESSES / "fault_worker.py"), str(data), *options]
    return subprocess.run(
        worker,
        env=environment(build_shim(folder), data),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@needs_shim
def test_every_write_and_sync_of_a_redemption_may_fail_once(tmp_path: Path) -> None:
    ended = sweep(tmp_path)
    assert ended.returncode == 0, ended.stderr
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    by_error: dict[tuple[int, int], list[object]] = {}
    for line in lines:
        by_error.setdefault((line["error"], line["kind"]), []).append(line["told"])
    # The last of each has no operation left to fail; before it, the commit's writes and its sync.
    assert by_error[errno.EIO, 0].count("LedgerBrokenError") >= 5
    assert by_error[errno.ENOSPC, 1].count("LedgerFullError") >= 4
    assert by_error[errno.ENOSPC, 2].count("LedgerBrokenError") >= 1
    assert {answers[-1] for answers in by_error.values()} == {200}


@needs_shim
def test_the_sweep_fails_on_a_ledger_that_swallows_errors(tmp_path: Path) -> None:
    ended = sweep(tmp_path, "swallow")
    assert ended.returncode != 0
    assert "AssertionError" in ended.stderr


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A mounted file system of its own, with a few megabytes."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tactful-test", str(folder)]
    if (
        not shutil.which("mount")
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("mounting a small disk is not permitted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_on_a_full_disk_sessions_continue_and_commits_stop_until_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "RETRY_INTERVAL_S", 0.02)
    with small_disk(tmp_path / "disk", "4m"):
        ledger = SqliteLedger(tmp_path / "disk" / "tactful.db")
        await ledger.open()
        await ledger.commit(push(accepted(customer="c1"), limit=None))
        filler = fill(tmp_path / "disk")
        with structlog.testing.capture_logs() as logged:
            refused = await promise_until_full(ledger)
        assert "ledger.failing" in [line["event"] for line in logged]
        assert "disk is full" in str(refused)
        assert "disk is full" in (ledger.failure or "")
        for number in range(50):
            ledger.record(Commit(session="se_on", state=b"%d" % number, entry=entry("se_on", T0)))
        assert (await ledger.offer("of_1")) is not None
        assert (await exported(ledger, "c1"))["offers"], "it only reads"
        with pytest.raises(LedgerFullError):
            await ledger.run_redemption(
                lambda _: RedemptionOutcome(status=200, body=b""), order="o1"
            )
        filler.unlink()
        with structlog.testing.capture_logs() as logged:
            while ledger.failure:  # nothing but reads: it tries by itself
                await ledger.feed_heartbeats()
        assert "ledger.recovered" in [line["event"] for line in logged]
        assert ledger.records_lost == 0
        assert await ledger.commit(push(accepted("of_after", session="se_2"), limit=None)) is None
        assert present(await ledger.session("se_on")).state == b"49"
        assert len(await ledger.turn_entries(session="se_on")) == 50
        assert await ledger.reconcile() == []
        await ledger.close()


async def test_a_shopper_who_accepts_on_a_full_disk_is_answered_at_once_and_may_ask_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "RETRY_INTERVAL_S", 0.02)
    with small_disk(tmp_path / "disk", "16m"):
        async with live_server(tmp_path / "disk", rules()) as one:
            await one.facts(*CATALOGUE)
            shopper = await one.shopper()
            await shopper.view("RUN-42", 31)
            offer = (await shopper.offered())["id"]
            filler = fill(one.folder)
            while not one.parts.shop.ledger.failure:  # what is free in its last pages
                await one.http.post("/v1/facts", json=CATALOGUE)
                await one.http.post("/v1/facts", json=[stock("RUN-42", "DE", 7), *CATALOGUE])
            for _ in range(2):
                await shopper.say("accept", offer=offer)
                answer = await shopper.expect("refused")
                assert (answer["code"], answer["offer"]) == ("later", offer)
            for path in (
                f"offers/{offer}",
                f"decisions?offer={offer}",
                f"why?sku=RUN-42&session={shopper.session}",
                "alerts",
            ):
                assert (await one.http.get(f"/v1/{path}")).status_code == 200, "it only reads"
            assert (await one.http.get(f"/v1/offers/{offer}")).json()["state"] == "pushed"
            filler.unlink()
            await eventually(lambda: one.parts.shop.ledger.failure is None)
            await one.advance(COMMIT_RETRY_MS / 1000)
            assert await shopper.accept(offer)


def fill(disk: Path) -> Path:
    """Write a file until the disk is full."""
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return filler


async def test_a_stop_on_a_full_disk_counts_and_names_the_records_that_it_lost(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk", "4m"):
        ledger = SqliteLedger(tmp_path / "disk" / "tactful.db")
        await ledger.open()
        fill(tmp_path / "disk")
        await promise_until_full(ledger)
        for number in range(50):
            ledger.record(Commit(session="se_on", state=b"%d" % number, entry=entry("se_on", T0)))
        with structlog.testing.capture_logs() as logged:
            await ledger.close()
        assert ledger.records_lost == 50
        assert [line["count"] for line in logged if line["event"] == "records.lost"] == [50]


async def test_a_server_that_loses_records_at_its_stop_ends_with_exit_code_1(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk", "8m"), started_server(tmp_path / "disk") as (process, url):
        async with websockets.connect(
            url.replace("http", "ws") + "/v1/session",
            origin=Origin("https://shop.example"),
            subprotocols=[Subprotocol("tactful.v1")],
        ) as socket:
            page = {"url": "https://shop.example/", "kind": "product"}
            hello = {"t": "hello", "consent": "anonymous", "page": page, "territory": "DE"}
            await socket.send(json.dumps(hello))
            assert json.loads(await socket.recv())["t"] == "welcome"
            fill(tmp_path / "disk")
            for number in range(1, 2_000):
                view = {"t": "view", "sku": f"RUN-{number}", "n": number}
                await socket.send(json.dumps(view))
                await socket.recv()
            process.send_signal(signal.SIGTERM)
        said = await asyncio.to_thread(lambda: process.communicate(timeout=60)[1])
        assert process.returncode == 1, said
        assert "records of browsing could not be written" in said
        assert '"event": "records.lost"' in said


@contextlib.contextmanager
def started_server(data: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    clean = {name: text for name, text in os.environ.items() if "TACTFUL" not in name}
    given = clean | {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "TACTFUL_ORIGINS": "https://shop.example",
        "TACTFUL_TEST_MODE": "1",
    }
    command = [sys.executable, "-m", "tactful", "serve", "--port", "0", "--data", str(data)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=given) as process:
        try:
            assert process.stderr
            url = ""
            for line in process.stderr:
                if " at http" in line:
                    url = line.strip().rpartition(" at ")[2]
                if "Ctrl-C" in line:
                    break
            yield process, url
        finally:
            process.kill()


async def promise_until_full(ledger: SqliteLedger) -> LedgerError:
    for number in range(2_000):
        try:
            made = accepted(f"of_{number + 2}", session=f"se_{number}", message="m" * 400)
            await ledger.commit(push(made, limit=None))
        except LedgerFullError as error:
            return error
    message = "the disk never was full"
    raise AssertionError(message)


def make_read_only(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)


async def test_a_read_only_disk_is_refused_at_the_start(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m"):
        path = tmp_path / "disk" / "tactful.db"
        ledger = SqliteLedger(path)
        await ledger.open()
        await ledger.close()
        make_read_only(tmp_path / "disk")
        with pytest.raises(LedgerError, match="cannot be written") as caught:
            await SqliteLedger(path).open()
        assert str(path) in str(caught.value)


async def test_a_broken_ledger_says_so_and_refuses_every_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    await ledger.commit(push(accepted(), limit=None))

    def torn(*_: object) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        error.sqlite_errorname = "SQLITE_IOERR"
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(transactor.Transactor, "_attempt", torn)
        with pytest.raises(LedgerBrokenError, match="restart the server"):
            await ledger.commit(push(accepted("of_2"), limit=None))
    assert "disk I/O error" in (ledger.failure or "")
    for refused in (
        ledger.commit(push(accepted("of_3"), limit=None)),
        ledger.run_redemption(lambda _: RedemptionOutcome(status=200, body=b""), order="o1"),
        ledger.record_facts([]),
    ):
        with pytest.raises(LedgerBrokenError):
            await refused
    assert await ledger.offer("of_1") is not None
    assert await ledger.offer("of_3") is None
    await ledger.close()


@pytest.mark.parametrize("is_new", [True, False], ids=["a new folder", "a folder with a ledger"])
async def test_a_server_that_starts_on_a_full_disk_waits_for_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_new: bool
) -> None:
    monkeypatch.setattr(disk_room, "POLL_S", 0.02)
    monkeypatch.setattr(group_commit, "RETRY_INTERVAL_S", 0.02)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(rules())
    with small_disk(tmp_path / "disk", "4m"):
        config = Config(data=tmp_path / "disk" / "data", rules=tmp_path / "rules", port=0)
        if not is_new:
            await serve_until_started(config)
        config.data.mkdir(exist_ok=True) if config.data else None
        (tmp_path / "rules" / "rules.yaml").write_text(rules(percent="11%"))
        filler = fill(tmp_path / "disk")
        with structlog.testing.capture_logs() as logged:
            serving = asyncio.ensure_future(serve_until_started(config))
            await eventually(lambda: "disk.waiting" in [line["event"] for line in logged])
            assert not serving.done()
            filler.unlink()
            await asyncio.wait_for(serving, 30)
        # A stall only says how busy the machine is.
        events = [line["event"] for line in logged if line["event"] != "loop.stalled"]
        assert events.count("disk.waiting") == events.count("disk.recovered")
        assert events[-1] == "server.draining"


async def serve_until_started(config: Config) -> None:
    """Serve, and end in order once the server listens and is well."""

    def started(listener: Listener) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    await serve(config, started=started)
