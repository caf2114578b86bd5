"""Offers while the shop's systems use the server: an import, an export, an erasure and a backup.

Shoppers ask for offers at a steady rate. Each work is compared with the quiet round before it, because
the machine is shared. Works run in a process of their own and are repeated until enough offers were made.
`--facts`, `--exported`, `--erased` size the work; `--rate` is offers per second.

The control is a process that compresses on the core of the load generator and never touches the server.
What offers wait beside it is the machine's part. Server, works and control have a session each, as under
systemd or cron: Linux shares a core between sessions first, and `nice` counts only within one.
"""

import asyncio
import sys
import tempfile
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import harness
import httpx
from manager import HOST, KEY, Manager, opened
from restarts import RULES, SETTINGS, facts_of, until
from shoppers import Shopper

sys.path[:0] = [str(harness.ROOT / "tests"), str(harness.ROOT / "server")]

from support.ledger_rows import accepted  # noqa: E402 - found on the path just set
from tactful.core.offers.offer import OfferState  # noqa: E402 - found on the path just set
from tactful.stores.relational.tables.offer_rows import ENCODE  # noqa: E402 - found on the path just set
from tactful.stores.sqlite.opening import open_writer  # noqa: E402 - found on the path just set

SHOPPERS, SKUS = 200, 400
LEAST_S = 3.0
"""Seconds for which offers are measured at least."""
WORKS = ("import", "export", "erasure", "backup")
CONTROL = "control"
COMPRESS = """
import random, sys, time, zlib
data = random.Random(1).randbytes(1 << 20) + bytes(1 << 20)
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    zlib.compress(data)
"""
MAKE_FACTS = """
import json, sys
count, number = map(int, sys.argv[1:3])
json.dump([{"type": "price", "sku": f"big-{n}", "territory": "DE", "tax_included": True,
            "tax_rate_bp": 1900, "price": {"amount": 1000 + number, "currency": "EUR"}}
           for n in range(count)], open(sys.argv[3], "w"))
"""
REQUEST = """
import http.client, sys
port, key, method, path, file = sys.argv[1:]
asked = http.client.HTTPConnection("127.0.0.1", int(port), timeout=300)
body = open(file, "rb").read() if file else None
head = {"Authorization": "Bearer " + key, "Content-Type": "application/json"}
asked.request(method, path, body, head)
answer = asked.getresponse()
size, text = 0, b""
while part := answer.read(1 << 16):
    size, text = size + len(part), (text + part)[:300]
assert answer.status < 300, text
print(size)
"""


def fill(ledger: Path, offers: int, erased: int, customers: int) -> None:
    """Write a ledger with one customer to export and some to erase."""
    with closing(open_writer(ledger)) as made:
        made.execute("BEGIN")
        made.executemany(
            "INSERT INTO offers (id, session, customer, state, campaign, period, currency, hold, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            _rows("cus-exported", offers),
        )
        for number in range(customers):
            made.executemany(
                "INSERT INTO offers (id, session, customer, state, campaign, period, currency, hold,"
                " body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                _rows(f"cus-erased-{number}", erased),
            )
        made.execute(
            "INSERT INTO steps (offer, session, at, seq, state)"
            " SELECT id, session, CAST(body AS TEXT) ->> 'issued_at', 3, state FROM offers"
        )
        made.execute("COMMIT")
        made.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _rows(customer: str, count: int) -> Iterator[tuple[Any, ...]]:
    """Offers of one customer that expired, ten to a session."""
    issued = int(time.time() * 1000) - 86_400_000
    for number in range(count):
        one = accepted(
            f"of_{customer}_{number}",
            session=f"se_{customer}_{number // 10}",
            customer=customer,
            state=OfferState.EXPIRED,
            issued_at=issued,
            ends_at=issued + 900_000,
        )
        yield (one.id, one.session, customer, str(one.state.value), one.campaign, one.period,
               one.currency, one.hold, ENCODE(one))  # fmt: skip


class Waited(NamedTuple):
    """For how much of the time runnable threads waited for a core; several at once count together."""

    load_generator: float
    event_loop: float
    """The server's first thread."""
    other_threads: float
    """The server's ledger writer and its readers."""


def waits_of(server: int) -> Waited:
    """Seconds that this process and a server's threads have waited for a core so far (schedstat)."""
    threads = {int(one.name): _waited(one) for one in Path(f"/proc/{server}/task").iterdir()}
    loop = threads.pop(server)
    return Waited(_waited(Path("/proc/self")), loop, sum(threads.values()))


def _waited(thread: Path) -> float:
    return int((thread / "schedstat").read_text().split()[1]) / 1e9


class Buyer(Shopper):
    """A shopper who accepts every offer, so that the next one may follow."""

    is_waiting = False

    def need_rescue(self) -> None:
        super().need_rescue()
        self.is_waiting = True

    def _heard(self, payload: bytes) -> None:
        super()._heard(payload)
        if payload.startswith(b'{"t":"offer"'):
            self.is_waiting = False
            self.say(b'{"t":"accept","offer":"%s"}' % self.offers[-1]["id"].encode())


class Shop:
    """A running server, its shoppers, and the works beside them."""

    def __init__(self, manager: Manager, folder: Path, asked: Any) -> None:
        self._manager = manager
        self._folder = folder
        self._asked = asked
        self._people: list[Buyer] = []
        self._turn: deque[tuple[Buyer, str]] = deque()
        self._number = 0
        self.grown_mib: list[float] = []
        """Memory that each export took."""
        self.work_s: dict[str, list[float]] = {name: [] for name in (*WORKS, CONTROL)}
        """Seconds that each work took."""
        self.server_cpu_s: dict[str, list[float]] = {name: [] for name in WORKS}
        """Processor time of the server in the phase of each work, the offers' included."""
        self.waits: dict[str, list[Waited]] = {}
        """What had to wait for a core in each phase."""

    async def open(self) -> None:
        """Report what shoppers view, and connect them."""
        headers = {"Authorization": f"Bearer {KEY}"}
        base = f"http://{HOST}:{self._manager.port}"
        facts = [fact for number in range(SKUS) for fact in facts_of(f"s{number}")]
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=60) as http:
            answer = (await http.post("/v1/facts", json=facts)).json()
        assert answer["rejected"] == [], answer
        port = self._manager.port
        self._people = list(await asyncio.gather(*(Buyer().enter(port) for _ in range(SHOPPERS))))
        self._turn.extend(
            (one, f"s{(number + sku) % SKUS}")
            for sku in range(SKUS)
            for number, one in enumerate(self._people)
        )

    def leave(self) -> None:
        """Disconnect all shoppers."""
        for one in self._people:
            one.transport.abort()

    async def offers_p99(self, work: str | None) -> float:
        """The p99 of the time from the request of an offer to the offer, in ms, beside a work."""
        for one in self._people:
            one.latencies.clear()
        if work == "import":
            await self._make_facts()
        before, used = waits_of(self._manager.process.pid), self._manager.cpu_seconds()
        begun, asked = time.perf_counter(), 0
        working = asyncio.ensure_future(self._repeat(work)) if work else None
        while time.perf_counter() < begun + LEAST_S or (working and not working.done()):
            try:
                shopper, sku = self._next()
            except SystemExit:
                if working:
                    working.cancel()
                raise
            shopper.view(sku)
            shopper.need_rescue()
            shopper.go_on()
            asked += 1
            late = begun + asked / self._asked.rate - time.perf_counter()
            await asyncio.sleep(max(late, 0))
        if working:
            await working
        after = waits_of(self._manager.process.pid)
        taken = time.perf_counter() - begun
        waited = Waited(*((b - a) / taken for a, b in zip(before, after, strict=True)))
        self.waits.setdefault(work or "quiet", []).append(waited)
        if work in self.server_cpu_s:
            self.server_cpu_s[work].append(self._manager.cpu_seconds() - used)
        await until(lambda: sum(len(one.latencies) for one in self._people) >= asked)
        found = sorted(1000 * taken for one in self._people for taken in one.latencies)
        assert len(found) == asked, f"{asked} offers asked for, {len(found)} made"
        return found[len(found) * 99 // 100]

    def _next(self) -> "tuple[Buyer, str]":
        """The next shopper who has got an offer each time, and what they view.

        A shopper who still waits for one gets no second one, on a machine that is seconds late.
        """
        for _ in range(SHOPPERS):
            shopper, sku = self._turn.popleft()
            if not shopper.is_waiting:
                return shopper, sku
            self._turn.append((shopper, sku))
        raise SystemExit("Every shopper waits for an offer: the machine is too busy to measure.")

    async def _repeat(self, work: str) -> None:
        works: dict[str, Callable[[], Awaitable[None]]] = {
            "import": self._import,
            "export": self._export,
            "erasure": self._erase,
            "backup": self._backup,
            CONTROL: self._compress,
        }
        begun = time.perf_counter()
        # An erasure leaves nothing to be erased again.
        while time.perf_counter() < begun + LEAST_S:
            started = time.perf_counter()
            await works[work]()
            self.work_s[work].append(time.perf_counter() - started)
            if work == "erasure":
                return

    async def _make_facts(self) -> None:
        """Write the next report, by another process, so that this one keeps up with its shoppers."""
        self._number += 1
        file = str(self._folder / "facts.json")
        await run_program("-c", MAKE_FACTS, str(self._asked.facts), str(self._number), file)

    async def _import(self) -> None:
        """Report every price of a large shop, each of them new."""
        file = self._folder / "facts.json"
        if not file.exists():
            await self._make_facts()
        await self._request("POST", "/v1/facts", str(file))
        file.unlink()

    async def _export(self) -> None:
        before = highest = self._rss_mib()
        asking = asyncio.ensure_future(self._request("GET", "/v1/customers/cus-exported/export"))
        while not asking.done():
            highest = max(highest, self._rss_mib())
            await asyncio.sleep(0.02)
        assert int(await asking) > 100 * self._asked.exported
        self.grown_mib.append(highest - before)

    async def _erase(self) -> None:
        self._number += 1
        await self._request("DELETE", f"/v1/customers/cus-erased-{len(self.work_s['erasure'])}")

    async def _backup(self) -> None:
        self._number += 1
        target = self._folder / f"backup-{self._number}.tar.gz"
        await run_program(
            "-m", "tactful", "backup", str(target), "--data", str(self._folder / "data")
        )
        target.unlink()

    async def _compress(self) -> None:
        await run_program("-c", COMPRESS, str(LEAST_S))

    async def _request(self, method: str, path: str, file: str = "") -> str:
        return await run_program("-c", REQUEST, str(self._manager.port), KEY, method, path, file)

    def _rss_mib(self) -> float:
        statm = Path(f"/proc/{self._manager.process.pid}/statm").read_text()
        return int(statm.split()[1]) * harness.PAGE_KIB / 1024


async def run_program(*arguments: str) -> str:
    """Run a Python program in a process and a session of its own, and return its output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env={"PYTHONPATH": str(harness.ROOT / "server")},
        start_new_session=True,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    assert process.returncode == 0, complained.decode()
    return said.decode()


async def measured(shop: Shop, rounds: int) -> dict[str, list[float]]:
    """p99 of every round: quiet, then each work."""
    samples: dict[str, list[float]] = {name: [] for name in ("quiet", *WORKS, CONTROL)}
    for number in range(rounds):
        for name, found in samples.items():
            found.append(await shop.offers_p99(None if name == "quiet" else name))
            print(f"round {number + 1}/{rounds}  {name:<8} {found[-1]:>8.1f} ms", file=sys.stderr)
    return samples


async def main() -> None:
    asked = harness.options(
        __doc__, rounds=5, rate=60.0, facts=100_000, exported=100_000, erased=20_000
    )
    harness.on_load_core()
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        (folder / "data").mkdir()
        fill(folder / "data" / "tactful.db", asked.exported, asked.erased, asked.rounds)
        with opened(folder / "shop", RULES, SETTINGS, "--data", str(folder / "data")) as manager:
            shop = Shop(manager, folder, asked)
            await shop.open()
            await shop.offers_p99(None)
            samples = await measured(shop, asked.rounds)
            shop.leave()
    times = {name: harness.ratio(samples[name], samples["quiet"]) for name in (*WORKS, CONTROL)}
    figures = {
        "p99 of offers, ms": {name: round(median(found), 1) for name, found in samples.items()},
        "times quiet": times,
        "times the control": {
            name: harness.ratio(samples[name], samples[CONTROL]) for name in WORKS
        },
        "share of the time waiting for a core": {
            name: {
                field: round(median(getattr(one, field) for one in found), 2)
                for field in Waited._fields
            }
            for name, found in shop.waits.items()
        },
        "processor seconds of the server": {
            name: round(median(found), 2) for name, found in shop.server_cpu_s.items()
        },
        "seconds of the work": {name: round(median(each), 2) for name, each in shop.work_s.items()},
        "memory of an export, MiB": {
            "median": round(median(shop.grown_mib), 1),
            "high": round(max(shop.grown_mib), 1),
        },
    }
    goals = [
        goal
        for work in WORKS
        for goal in (
            harness.goal(f"p99 of offers beside an {work}, times quiet".replace("an backup", "a backup"),
                         times[work]["median"], 2, at_most=True),
            harness.goal(f"ms, p99 of offers beside an {work}".replace("an backup", "a backup"),
                         median(samples[work]), 50, at_most=True),
        )
    ]  # fmt: skip
    goals.append(harness.goal("MiB, memory of an export", max(shop.grown_mib), 20, at_most=True))
    harness.report("mixed_load", figures, goals)


if __name__ == "__main__":
    harness.run(main)
