"""A start reads what it needs, whatever the size of the ledger."""

import sys
from pathlib import Path

from journeys.fixture import rules
from support.live_server import LiveServer
from support.manual_runner import ROOT

sys.path.append(str(ROOT / "tests" / "bench"))

from big_shop import Size, build

MORE = 100
"""Times as much of everything."""


def read_so_far() -> int:
    """Bytes that this process has read, from files and everything else."""
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("rchar"))


async def started(folder: Path, times: int) -> int:
    """The bytes that a start reads, pruning included, on a shop `times` as large."""
    one = LiveServer(folder, rules())
    data = one.folder / "data"
    data.mkdir(parents=True)
    build(
        data / "tactful.db",
        Size(products=200 * times, customers=200 * times, lines=2_000 * times,
             offers=200 * times, offered=100),
    )  # fmt: skip
    before = read_so_far()
    await one.start()
    await one.parts.shop.settled()
    found = read_so_far() - before
    assert (await one.http.get("/readyz")).status_code == 200
    await one.stop()
    return found


async def test_a_start_on_a_shop_a_hundred_times_as_large_reads_hardly_more(tmp_path: Path) -> None:
    await started(tmp_path / "first", 1)  # what is read once in a process is read now
    small = await started(tmp_path / "small", 1)
    large = await started(tmp_path / "large", MORE)
    assert large < small + 512 * 1_024, (small, large)
