"""The other nodes of a shop: their changes are followed, and their sessions adopted."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import structlog

from tactful.runtime.changes.change_feed import ChangeFeed
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.membership import (
    CLOCK_LIMIT_MS,
    CLOCK_WARNING_MS,
    Membership,
    NodeRow,
)
from tactful.runtime.telemetry import Telemetry

FOLLOW_S: Final = 0.05
"""Seconds between two looks for changes of other nodes."""
LOOK_S: Final = 1
"""Seconds between two looks at the nodes."""
LEARN_S: Final = 5
"""Seconds between two reads of what all nodes have counted."""
ADOPT_S: Final = 30
"""Seconds between two looks for sessions without an owner while no node is missing."""
CUT_OFF_S: Final = 10
"""Seconds without the ledger after which a node gives its shoppers to the others."""

log = structlog.get_logger("tactful.nodes")


class Duty(Protocol):
    """Work that one process of a shop does for all."""

    def start(self) -> None:
        """Begin, or begin again after `stop`."""

    async def stop(self) -> None:
        """End; another process goes on."""

    def wake(self) -> None:
        """Look for work that another process has received."""


class NodeSessions(Protocol):
    """The sessions of a node."""

    async def adopt(self) -> int:
        """Become the owner of the sessions that no running node has; return their number.

        Raises:
            LedgerError: The ledger cannot be read or written.
        """

    def leave_all(self) -> None:
        """Let go of every session, so that its shopper resumes it at another node."""


class NodeWatch:
    """Watches the nodes of a shop. A server that has its ledger alone has all duties."""

    def __init__(
        self,
        ledger: Membership,
        changes: ChangeFeed,
        sessions: NodeSessions,
        learn: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        """Watch the nodes of a ledger.

        Args:
            ledger: Says which nodes there are.
            changes: Applies the changes of the other nodes.
            sessions: The sessions of this node.
            learn: Functions that read what all nodes have counted.
        """
        self._ledger = ledger
        self._changes = changes
        self._sessions = sessions
        self._learn = learn
        self._duties: list[Duty] = []
        self._task: asyncio.Task[None] | None = None
        self._running: frozenset[tuple[str, int]] = frozenset()
        self._reached_at = self._looked_at = self._learned_at = self._adopted_at = 0.0
        self._clock: Callable[[], float] = time.monotonic
        self.nodes: tuple[NodeRow, ...] = ()
        """The nodes as they were last seen; empty: the server has its ledger alone."""
        self.leads = True
        """Whether this process has the duties."""
        self.is_cut_off = False
        """Whether it could not reach the ledger for so long that it serves nobody."""

    async def start(self) -> None:
        """Look at the nodes, and watch them from now on.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        if await self._ledger.nodes() is None:
            return
        await self._look()
        self._adopted_at = self._learned_at = self._reached_at = self._clock()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Watch no longer, and leave the duties to another node."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self.drop_duties()

    @property
    def health_reasons(self) -> frozenset[str]:
        """Return the codes of what is wrong with this node; see `runtime.health`."""
        found = {"node.cut_off"} if self.is_cut_off else set()
        if abs(self._ledger.clock_apart_ms) > CLOCK_WARNING_MS:
            found.add("node.clock_apart")
        return frozenset(found)

    def register_metrics(self, telemetry: Telemetry) -> None:
        """Register the metrics of the nodes."""
        telemetry.add_gauge(
            "tactful_nodes",
            "Nodes whose lease is in force, as this one sees them; 0: the server has its ledger alone",
            lambda: [((), sum(one.is_running for one in self.nodes))],
        )
        telemetry.add_gauge(
            "tactful_node_leads",
            "1 at the one node that checks alerts, prunes, maps deliveries and sends events",
            lambda: [((), float(self.leads))],
        )
        telemetry.add_gauge(
            "tactful_node_cut_off",
            "1 while the node cannot reach the ledger, and has left its shoppers to the others",
            lambda: [((), float(self.is_cut_off))],
        )
        telemetry.add_gauge(
            "tactful_node_clock_apart_seconds",
            "Seconds by which the machine's clock is ahead of the database's",
            lambda: [((), self._ledger.clock_apart_ms / 1000)],
        )

    def take_duties(self, *duties: Duty | None) -> None:
        """Do some work as long as this process is the one that has the duties; None: there is none."""
        taken = [duty for duty in duties if duty is not None]
        self._duties += taken
        for duty in taken if self.leads else ():
            duty.start()

    async def drop_duties(self) -> None:
        """End the duties of this process."""
        duties, self._duties = self._duties, []
        for duty in duties if self.leads else ():
            await duty.stop()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FOLLOW_S)
            try:
                await self._step()
            except LedgerError as error:
                self._note_absence(str(error))
            except Exception:
                # Without this, an error of ours would leave the node behind for good.
                log.exception("nodes.failed")

    async def _step(self) -> None:
        await self._changes.catch_up()
        now = self._clock()
        if abs(self._ledger.clock_apart_ms) > CLOCK_LIMIT_MS:
            # The ledger takes no writes of this node; only a look shows that the clock was set.
            if now - self._looked_at >= LOOK_S:
                await self._look()
            self._note_absence("the clocks of node and database are too far apart")
            return
        self._reached_at = now
        if self.is_cut_off:
            self.is_cut_off = False
            log.warning("node.returned")
        if now - self._looked_at >= LOOK_S:
            is_missing = await self._look()
            if is_missing or now - self._adopted_at >= ADOPT_S:
                self._adopted_at = now
                if count := await self._sessions.adopt():
                    log.info("sessions.adopted", count=count)
        if now - self._learned_at >= LEARN_S:
            self._learned_at = now
            for learn in self._learn:
                await learn()

    async def _look(self) -> bool:
        """Look at the nodes; return whether one is missing since the last time."""
        nodes = await self._ledger.nodes() or []
        self._looked_at = self._clock()
        running = frozenset((one.name, one.joined_at) for one in nodes if one.is_running)
        missing = self._running - running
        for name, _ in sorted(missing):
            log.warning("node.missing", name=name)
        self._running, self.nodes = running, tuple(nodes)
        first = next((one for one in nodes if one.is_running), None)
        await self._lead(leads=first is None or first.is_self)
        if self.leads:
            for duty in self._duties:
                duty.wake()
        return bool(missing)

    async def _lead(self, *, leads: bool) -> None:
        if leads is self.leads:
            return
        self.leads = leads
        log.info("node.leads" if leads else "node.follows")
        if leads:
            for duty in self._duties:
                duty.start()
        else:
            for duty in self._duties:
                await duty.stop()

    def _note_absence(self, error: str) -> None:
        """Give the shoppers to other nodes if the ledger has been away for long."""
        if not self.is_cut_off and self._clock() - self._reached_at >= CUT_OFF_S:
            self.is_cut_off = True
            log.error("node.cut_off", error=error)
            self._sessions.leave_all()
