"""Nodes as processes on one PostgreSQL, while nodes, database, network and clocks fail.

Each node reaches the database through a proxy of its own. Faults follow one another; between them, connections
are lost at the moment of a COMMIT. At the end everything heals, the nodes stop, and what they were answered
is compared with what the ledger holds.
"""

import asyncio
import signal
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random  # noqa: TID251 -- seeded

from msgspec import Struct

from support.node_histories import SHELVED, Act, Stored, acts_of, violations
from support.node_processes import NodeProcess
from support.node_tries import on_sale
from support.postgres_cluster import Cluster
from support.postgres_ledger import node_ledger
from support.postgres_proxy import Fault
from support.processes import node_worker
from tactful.runtime.ports.ledger_rows import Commit

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60
LEASE_S = 5
LOST = 12
"""Commits that a quiet run loses at least."""
COMMITS = Fault.CUT_BEFORE, Fault.CUT_AFTER


class Found(Struct, frozen=True):
    """What a run has shown."""

    acts: int
    answers: dict[str, int]
    """What was asked and answered → how often."""
    faults: dict[str, int]
    settled_in: int
    """Lost commits that were found written."""
    settled_out: int
    lapses: int
    """How often a node was silent for longer than its lease."""
    wrong: list[str]


class Nemesis:
    """The faults, and the time between them."""

    def __init__(self, cluster: Cluster, nodes: Sequence[NodeProcess], draw: Random) -> None:
        self._cluster = cluster
        self._nodes = nodes
        self._draw = draw
        self.done: Counter[str] = Counter()
        self.faults: dict[str, Callable[[NodeProcess], Awaitable[None]]] = {
            "node killed": self.kill,
            "database killed": self.crash,
            "connections cut": self.cut,
            "nothing passes": self.hole,
            "nothing reaches the database": self.deaf_database,
            "nothing reaches the node": self.deaf_node,
            "slow": self.slow,
            "node stopped shortly": self.nap,
            "node stopped past its lease": self.sleep,
            "clock 5 s ahead": self.fast_clock,
            "clock 5 s behind": self.slow_clock,
            "clock far off": self.wrong_clock,
            "another node of the name": self.replace,
        }

    async def run(self, seconds: float, enough: int) -> None:
        """Let faults happen until the time is over, each kind once before any happens again.

        Then more commits are lost until enough of them were found written, and not written.
        """
        watch = asyncio.create_task(self._keep_alive())
        cuts = asyncio.create_task(self._lose_commits(0.25))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    for name in self._draw.sample([*self.faults], len(self.faults)):
                        await self.faults[name](self._draw.choice(self._nodes))
                        self.done[name] += 1
                        await asyncio.sleep(0.5)
        await self._undo()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while min(counts_of(self._nodes)[:2]) < enough:  # noqa: ASYNC110 - they are processes
                    await asyncio.sleep(0.5)
        for task in (watch, cuts):
            task.cancel()
        await asyncio.wait([watch, cuts])
        await self._undo()

    async def lose_commits(self, acts: int) -> None:
        """Lose some commits, and nothing else, until the nodes have done many acts."""
        losing = asyncio.create_task(self._lose_commits(0.2))
        watch = asyncio.create_task(self._keep_alive())
        async with asyncio.timeout(PATIENCE_S * 4):
            while acts_done(self._nodes) < acts or sum(counts_of(self._nodes)[:2]) < LOST:  # noqa: ASYNC110
                await asyncio.sleep(0.5)
        for task in (watch, losing):
            task.cancel()
        await asyncio.wait([watch, losing])
        await self._undo()

    async def _undo(self) -> None:
        """Undo every fault, and bring everything back to life."""
        if not (self._cluster.folder / "data" / "postmaster.pid").exists():
            await asyncio.to_thread(self._cluster.start)
        for node in self._nodes:
            node.proxy.heal()
            node.send(signal.SIGCONT)
            node.tell("clock 0")
            if node.has_ended:
                node.start()

    async def _keep_alive(self) -> None:
        """Start nodes again that ended because they were fenced or found no database."""
        while True:
            await asyncio.sleep(0.3)
            for node in self._nodes:
                if node.has_ended:
                    node.start()

    async def _lose_commits(self, pause_s: float) -> None:
        while True:
            await asyncio.sleep(pause_s)
            proxy = self._draw.choice(self._nodes).proxy
            if not proxy.is_due:
                proxy.fail_next_commit(self._draw.choice(COMMITS))

    async def kill(self, node: NodeProcess) -> None:
        node.send(signal.SIGKILL)
        await asyncio.sleep(1)

    async def crash(self, node: NodeProcess) -> None:  # noqa: ARG002
        # Whole, also where the time is over: a database that half starts would be no fault of nodes.
        await asyncio.shield(asyncio.create_task(self._crash()))

    async def _crash(self) -> None:
        await asyncio.to_thread(self._cluster.stop)
        await asyncio.sleep(self._draw.random() * 2)
        await asyncio.to_thread(self._cluster.start)

    async def cut(self, node: NodeProcess) -> None:
        for _ in range(5):
            node.proxy.cut()
            await asyncio.sleep(0.2)

    async def hole(self, node: NodeProcess) -> None:
        node.proxy.to_server.hold()
        node.proxy.to_client.hold()
        await self._until_given_up(node)

    async def deaf_database(self, node: NodeProcess) -> None:
        node.proxy.to_server.hold()
        await self._until_given_up(node)

    async def deaf_node(self, node: NodeProcess) -> None:
        node.proxy.to_client.hold()
        await self._until_given_up(node)

    async def _until_given_up(self, node: NodeProcess) -> None:
        await asyncio.sleep(LEASE_S + 1.5)
        node.proxy.heal()

    async def slow(self, node: NodeProcess) -> None:
        for way in (node.proxy.to_server, node.proxy.to_client):
            way.delay_s = 0.1
        await asyncio.sleep(3)
        node.proxy.heal()

    async def nap(self, node: NodeProcess) -> None:
        await self._stopped(node, 1.5)

    async def sleep(self, node: NodeProcess) -> None:
        await self._stopped(node, LEASE_S + 2)

    async def _stopped(self, node: NodeProcess, seconds: float) -> None:
        node.send(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        node.send(signal.SIGCONT)

    async def fast_clock(self, node: NodeProcess) -> None:
        await self._clock(node, 5_000)

    async def slow_clock(self, node: NodeProcess) -> None:
        await self._clock(node, -5_000)

    async def wrong_clock(self, node: NodeProcess) -> None:
        await self._clock(node, 60_000)

    async def _clock(self, node: NodeProcess, ahead: int) -> None:
        node.tell(f"clock {ahead}")
        await asyncio.sleep(2)
        node.tell("clock 0")

    async def replace(self, node: NodeProcess) -> None:
        """Start a second process under the same name, as a restart that does not wait would."""
        former = node.process
        node.start()
        await asyncio.sleep(3)
        former.kill()
        former.wait()
        if former.stdin:
            former.stdin.close()


@contextmanager
def running(
    folder: Path, cluster: Cluster, address: str, names: str, fault: str
) -> Iterator[list[NodeProcess]]:
    """Nodes that have started, and end with the block."""
    nodes = [NodeProcess(folder, cluster, address, name, fault) for name in names]
    try:
        for node in nodes:
            node.start()
        yield nodes
    finally:
        for node in nodes:
            node.end()


def counts_of(nodes: Sequence[NodeProcess]) -> list[int]:
    """Lost commits that were found written, those that were not, and leases that were over."""
    lines = (line for node in nodes for line in node.lines() if "counts" in line)
    # The last line of a life has its sums.
    lives = {line["life"]: line["counts"] for line in lines}
    return [sum(column) for column in zip((0, 0, 0), *lives.values(), strict=True)]


def acts_done(nodes: Sequence[NodeProcess]) -> int:
    """The acts that nodes have begun."""
    return sum("what" in line for node in nodes for line in node.lines())


async def prepare(address: str) -> None:
    """Make the offers and the sessions on which the nodes work."""
    ledger = node_ledger(address, "before")
    await ledger.open()
    await asyncio.gather(*(ledger.commit(on_sale(n)) for n in range(node_worker.ON_SALE)))
    for number in range(node_worker.SESSIONS):
        session = f"se_{number}"
        await ledger.commit(Commit(session=session, state=b"", resume=session.encode(), epoch=1))
    await ledger.close()


def name_of(address: str) -> str:
    """The name of a database."""
    return address.partition("?")[0].rpartition("/")[2]


async def stored(cluster: Cluster, address: str) -> Stored:
    """What the ledger holds, once all nodes have ended."""
    name = name_of(address)

    def rows(sql: str) -> list[list[str]]:
        return [line.split("|") for line in cluster.sql(name, sql).splitlines()]

    ledger = node_ledger(address, "after")
    await ledger.open()
    try:
        promised = await ledger.stock_commitments([SHELVED])
        balances = {(one.campaign, one.currency): one.reserved for one in await ledger.balances()}
        return Stored(
            standing=frozenset(one.id for one in await ledger.standing_offers()),
            steps=tuple(
                # The name of a promise begins with its SKU.
                (offer, offer.partition("_")[0], state)
                for offer, state in rows("SELECT offer, state FROM steps ORDER BY id")
            ),
            reserved=balances.get(("few", "EUR"), 0),
            promised=promised.get((SHELVED, "DE"), 0),
            facts={key: int(place) for key, place in rows("SELECT key, id FROM facts")},
            positions=[
                int(one) for (one,) in rows("SELECT position FROM changes ORDER BY position")
            ],
            differences=await ledger.reconcile(),
        )
    finally:
        await ledger.close()


async def play_quietly(folder: Path, cluster: Cluster, acts: int, fault: str) -> Found:
    """Let four nodes work that are built without a guard, while only some commits are lost.

    Args:
        folder: A folder for histories.
        cluster: A PostgreSQL.
        acts: How much they do.
        fault: What they are built without; see `node_worker`.
    """
    return await play(folder, cluster, seconds=0, fault=fault, quiet_acts=acts)


async def play(
    folder: Path,
    cluster: Cluster,
    *,
    seconds: float,
    seed: int = 1,
    fault: str = "",
    enough: int = 0,
    quiet_acts: int = 0,
) -> Found:
    """Let four nodes work under all faults, and return what was wrong.

    Args:
        folder: A folder for histories.
        cluster: A PostgreSQL that may be killed.
        seconds: How long faults happen.
        seed: Chooses faults and nodes.
        fault: What the nodes are built without; see `node_worker`.
        enough: Lost commits of each outcome that the run goes on for, a minute longer at most.
        quiet_acts: If not 0, nothing but some commits is lost, until this much was done.
    """
    address = cluster.database()
    await prepare(address)
    if fault == "redeem":
        # The database has a guard of its own.
        cluster.sql(name_of(address), "DROP INDEX redemptions_once")
    with running(folder, cluster, address, "abcd", fault) as nodes:
        async with asyncio.timeout(PATIENCE_S * 4):
            while not all(node.is_ready for node in nodes):  # noqa: ASYNC110 - they are processes
                await asyncio.sleep(0.1)
        nemesis = Nemesis(cluster, nodes, Random(seed))
        if quiet_acts:
            await nemesis.lose_commits(quiet_acts)
        else:
            await nemesis.run(seconds, enough)
        async with asyncio.timeout(PATIENCE_S * 4):
            await asyncio.gather(*(stop(node) for node in nodes))
        lines = [line for node in nodes for line in node.lines()]
    acts = acts_of(line for line in lines if "id" in line)
    return _found(acts, counts_of(nodes), nemesis.done, await stored(cluster, address))


async def stop(node: NodeProcess) -> None:
    """Let a node finish what it does, and end. One that was fenced meanwhile is started again."""
    while True:
        node.tell("stop")
        with suppress(subprocess.TimeoutExpired):
            if await asyncio.to_thread(node.process.wait, PATIENCE_S) == 0:
                return
        node.start()


def _found(
    acts: Sequence[Act], counts: Sequence[int], faults: Counter[str], ledger: Stored
) -> Found:
    answers = Counter(
        f"{act.what}: {'an epoch' if isinstance(act.said, int) and act.what == 'claim' else act.said}"
        for act in acts
    )
    return Found(
        acts=len(acts),
        answers=dict(sorted(answers.items())),
        faults=dict(faults),
        settled_in=counts[0],
        settled_out=counts[1],
        lapses=counts[2],
        wrong=violations(acts, ledger),
    )
