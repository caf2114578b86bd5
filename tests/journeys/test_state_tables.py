"""Nothing grows with what strangers make up, unless it is registered with what limits it.

Two crowds of strangers visit a whole server: each stranger has an address, SKUs, names and secrets
of its own. Every container that our objects hold is measured after each crowd. Whatever grew from
one crowd to the next is keyed by strangers, and has to be in the register.
"""

import asyncio
import gc
import json
import sqlite3
import types
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from structlog.testing import capture_logs
from websockets.typing import Origin, Subprotocol

from journeys.fixture import CATALOGUE, rules
from support.live_server import ORIGIN, LiveServer, live_server
from support.source_tree import ROOT
from tactful.runtime.state import session_registry

CROWD = 12
CONTAINERS = (dict, set, list, deque)
OUTSIDE = (type, types.ModuleType, types.FrameType, asyncio.AbstractEventLoop)
"""What the walk does not enter: it would leave the server."""


def attributes(one: object) -> Iterator[tuple[str, object]]:
    """Yield the attributes of an instance of one of our classes, slots included."""
    yield from vars(one).items() if hasattr(one, "__dict__") else ()
    for base in type(one).__mro__:
        for name in vars(base).get("__slots__", ()):
            if hasattr(one, name):
                yield name, getattr(one, name)


def size_of(value: object) -> int:
    """Return the entries of a container and of the containers directly in it."""
    if not isinstance(value, (*CONTAINERS, tuple)):
        return 0
    inner = value.values() if isinstance(value, dict) else value
    below = sum(len(one) for one in inner if isinstance(one, CONTAINERS))
    return below + (len(value) if isinstance(value, CONTAINERS) else 0)


def sizes(*roots: object) -> dict[str, int]:
    """Return `Class.attribute` → the entries of the largest such container of our objects."""
    found: dict[str, int] = {}
    seen: set[int] = set()
    left: list[object] = [*roots]
    while left:
        one = left.pop()
        if id(one) in seen or isinstance(one, OUTSIDE):
            continue
        seen.add(id(one))
        if isinstance(one, types.FunctionType):
            left += [cell.cell_contents for cell in one.__closure__ or ()]
            continue
        if isinstance(one, types.MethodType):
            left += [one.__self__, one.__func__]
            continue
        if type(one).__module__.startswith("tactful."):
            for name, value in attributes(one):
                size = size_of(value)
                if size:
                    place = f"{type(one).__name__}.{name}"
                    found[place] = max(found.get(place, 0), size)
                left.append(value)
        left += gc.get_referents(one)
    return found


async def stranger(one: LiveServer, name: str, address: str) -> None:
    """Visit in every way that a client without a key can, and make everything up."""
    url = f"ws://127.0.0.1:{one.listener.port}/v1/session"
    page = {"url": f"https://shop.example/{name}", "referrer": f"https://{name}.example/"}
    messages: list[dict[str, Any]] = [
        {
            "t": "hello", "n": 1, "consent": "anonymous", "page": page, "territory": f"DE-{name}",
            "locale": f"de-{name}", "resume": f"re_{name}", "identity": {"customer": name, "hmac": "0"},
        },
        {"t": "view", "n": 2, "sku": f"sku-{name}"},
        {"t": "view", "n": 3, "sku": "RUN-42"},
        {"t": "cart", "n": 4, "lines": [{"sku": f"{name}-{n}", "qty": 1} for n in range(50)]},
        {"t": "page", "n": 5, "url": f"https://shop.example/{name}", "kind": "search", "query": name},
        {"t": "accept", "n": 6, "offer": f"of_{name}"},
        {"t": "seen", "n": 7, "offer": f"of_{name}"},
        {"t": "identify", "n": 8, "identity": f"{name}.{name}.{name}"},
        {"t": "logout", "n": 9},
    ]  # fmt: skip
    async with websockets.connect(
        url, origin=Origin(ORIGIN), subprotocols=[Subprotocol("tactful.v1")],
        local_addr=(address, 0),
    ) as socket:  # fmt: skip
        for message in messages:
            await socket.send(json.dumps(message))
        async with asyncio.timeout(20):
            while json.loads(await socket.recv()) != {"t": "ack", "n": 9}:
                pass
    transport = httpx.AsyncHTTPTransport(local_address=address)
    base = f"http://127.0.0.1:{one.listener.port}"
    async with httpx.AsyncClient(transport=transport, base_url=base, timeout=20) as http:
        await http.get(f"/{name}", headers={"Authorization": f"Bearer {name}"})
        await http.post("/v1/facts", content=b"{}", headers={"Authorization": f"Bearer {name}"})
        await http.post(
            "/console/login",
            data={"key": name, "name": name, "next": f"/console/{name}"},
            headers={"Origin": base, "Cookie": f"tactful-console={name}"},
        )
        await http.post(f"/v1/stream/{name}", content=b"{}", headers={"Origin": ORIGIN})
        await http.get("/readyz", headers={"X-Forwarded-For": name})


async def crowd(one: LiveServer, number: int) -> dict[str, int]:
    """Let a crowd visit; return the sizes of all containers once it has left."""
    for index in range(CROWD):
        name = f"{chr(65 + number)}{index:02}"
        await stranger(one, name, f"127.7.{number}.{index + 1}")
    await one.parts.shop.settled()
    return sizes(one.parts, one.listener)


def grown(before: dict[str, int], after: dict[str, int]) -> set[str]:
    """Return what grew by at least one entry for each two strangers."""
    return {name for name, size in after.items() if size - before.get(name, 0) >= CROWD // 2}


async def unregistered(one: LiveServer) -> set[str]:
    """Return the containers that grow with strangers and are not in the register."""
    await crowd(one, 0)
    before = await crowd(one, 1)
    growing = grown(before, await crowd(one, 2))
    assert "SessionRegistry.by_id" in growing
    return growing - {name for table in one.parts.shop.state.tables for name in table.holders}


async def test_every_table_that_grows_with_strangers_is_registered(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        assert await unregistered(one) == set()
        for table in one.parts.shop.state.tables:
            assert table.bound is None or table.size() <= table.bound()


async def test_a_new_table_that_nobody_registered_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a registry that also remembers every digest, for ever."""
    add = session_registry.SessionRegistry.add

    def remembering(self: Any, live: Any) -> None:
        self.__dict__.setdefault("forgotten", {})[live.resume_digest] = live.state.id
        add(self, live)

    monkeypatch.setattr(session_registry.SessionRegistry, "add", remembering)
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        assert await unregistered(one) == {"SessionRegistry.forgotten"}


def listed_in_manual(heading: str) -> set[str]:
    """Return the names in the first column of a table of the manual."""
    manual = (ROOT / "server" / "OPERATING.md").read_text("utf-8")
    section = manual.partition(f"### {heading}\n")[2].partition("\n#")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in row.split("`")[1::2]}


async def lasting_traces(one: LiveServer, log: list[Any]) -> set[str]:
    """Return what grows with each crowd outside memory: tables of the ledger, metrics and the log."""

    def counts() -> dict[str, int]:
        with closing(sqlite3.connect(ledger_of(one))) as ledger:
            names = ledger.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            sizes = {
                name: ledger.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 - of the schema
                for (name,) in names.fetchall()
            }
        series = len(one.parts.shop.state.telemetry.exposition().splitlines())
        return sizes | {"/metrics": series, "the log": len(log)}

    await crowd(one, 0)
    await crowd(one, 1)
    before = counts()
    await crowd(one, 2)
    return grown(before, counts())


def ledger_of(one: LiveServer) -> Path:
    assert one.config.data is not None
    return Path(one.config.data) / "tactful.db"


async def test_every_table_of_the_ledger_that_strangers_fill_is_in_the_manual(
    tmp_path: Path,
) -> None:
    with capture_logs() as log:
        async with live_server(tmp_path, rules()) as one:
            await one.facts(*CATALOGUE)
            growing = await lasting_traces(one, log)
            with closing(sqlite3.connect(ledger_of(one))) as ledger:
                found = ledger.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                tables = {name for (name,) in found}
    listed = listed_in_manual("Disk that clients cause")
    assert "entries" in growing
    assert growing <= listed, "neither metrics, nor the log, nor another table"
    assert listed <= tables


async def test_a_new_table_of_the_ledger_that_strangers_fill_is_found(tmp_path: Path) -> None:
    """The control: a table that remembers every session, for ever."""
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        with closing(sqlite3.connect(ledger_of(one))) as ledger:
            ledger.executescript(
                "CREATE TABLE forgotten (id); CREATE TRIGGER remember AFTER INSERT ON sessions "
                "BEGIN INSERT INTO forgotten VALUES (new.session); END;"
            )
        growing = await lasting_traces(one, [])
    assert growing - listed_in_manual("Disk that clients cause") == {"forgotten"}


async def test_the_manual_lists_the_registered_tables(tmp_path: Path) -> None:
    listed = listed_in_manual("Memory that clients cause")
    async with live_server(tmp_path, rules()) as one:
        assert listed == {table.name for table in one.parts.shop.state.tables}


async def test_every_holder_in_the_register_exists(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        source = "\n".join(
            path.read_text("utf-8") for path in (ROOT / "server" / "tactful").rglob("*.py")
        )
        for table in one.parts.shop.state.tables:
            for holder in table.holders:
                owner, _, attribute = holder.partition(".")
                assert f"class {owner}" in source, holder
                assert f"self.{attribute}" in source, holder
