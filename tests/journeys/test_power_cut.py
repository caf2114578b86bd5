"""A power cut at any instant loses nothing that was acknowledged; with synchronous=NORMAL it does."""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from support.disk_faults.shim import (
    PROCESSES,
    Disk,
    build_shim,
    cuts,
    environment,
    needs_shim,
    read_record,
)
from support.processes.crash_worker import DATABASE, acknowledged, lost
from tactful.runtime.ports.ledger import LedgerError

pytestmark = needs_shim
# Knuth's generator: cuts differ from one to the next, and are the same in every run.
STEP, ADD, MODULUS = 6364136223846793005, 1442695040888963407, 2**64
MEMORY = Path("/dev/shm")  # noqa: S108 - the images are opened, not trusted: they need no disk


@pytest.fixture
def images() -> Iterator[Path]:
    """The folder in which images are opened."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


def recorded(folder: Path, synchronous: str, count: int) -> Path:
    """Run the worker to its end; return the record of what it did to its disk."""
    data = folder / synchronous
    data.mkdir()
    record = folder / f"{synchronous}.record"
    worker = [
        sys.executable,
        str(PROCESSES / "crash_worker.py"),
        str(data),
        synchronous,
        str(count),
    ]
    subprocess.run(worker, env=environment(build_shim(folder), data, record), check=True)
    return record


async def losses(record: Path, folder: Path, images: int) -> tuple[int, list[str]]:
    """Return (images made, what was lost in them). Cuts are spread evenly over the whole record."""
    operations = read_record(record)
    draw, made = 1, 0
    found: list[str] = []
    stride = max(len(operations) * 3 // images, 1)
    disk, acks = Disk(), b""
    for place, operation in enumerate(operations):
        if operation.name == "acks":
            acks += operation.data
            continue
        disk.take(operation)
        draw = (draw * STEP + ADD) % MODULUS
        if place % stride:
            continue
        for how, survivors in cuts(disk, draw >> 3):
            made += 1
            acked = acknowledged(acks)
            found += [
                f"cut {place} ({how}): {words}"
                for words in await after(disk.image(survivors), folder, acked)
            ]
    return made, found


async def after(image: Mapping[str, bytes], folder: Path, acks: list[dict[str, str]]) -> list[str]:
    """Return what is lost when a ledger is opened on this image."""
    target = folder / "image"
    target.mkdir()
    for name, content in image.items():
        if name in {DATABASE, f"{DATABASE}-wal"}:
            (target / name).write_bytes(content)
    try:
        return await lost(target / DATABASE, acks)
    except LedgerError as error:
        return [str(error)]
    finally:
        shutil.rmtree(target)


@pytest.mark.thorough
def test_nothing_acknowledged_is_lost_in_a_power_cut(tmp_path: Path, images: Path) -> None:
    made, found = asyncio.run(losses(recorded(tmp_path, "FULL", 24), images, 1_000))
    assert made >= 1_000
    assert found == []


def test_with_synchronous_normal_power_cuts_lose_what_was_acknowledged(
    tmp_path: Path, images: Path
) -> None:
    _, found = asyncio.run(losses(recorded(tmp_path, "NORMAL", 24), images, 60))
    assert any("redemption" in words for words in found)


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_in_ten_thousand_power_cuts(
    tmp_path: Path, images: Path
) -> None:
    made, found = asyncio.run(losses(recorded(tmp_path, "FULL", 200), images, 10_000))
    assert made >= 10_000
    assert found == []
