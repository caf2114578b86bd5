"""A node that promises, redeems, claims and reports until it is told to stop, and notes every answer.

`python node_worker.py ADDRESS NAME LIFE HISTORY SEED [FAULT]` appends lines of JSON to HISTORY, one before
each act and one after the answer. It reads commands from its input: `clock MS` sets its clock ahead, and
`stop` lets it end. FAULT builds it wrongly, as the checks must notice: `settle`, `reads`, `epoch`,
`limit`, `redeem`, `log` or `sums`.

It exits with 3 when its ledger stays closed, as a server that needs a restart.
"""

import asyncio
import json
import os
import sys
import time
from functools import partial
from pathlib import Path
from random import Random  # noqa: TID251 -- seeded
from typing import Any

from msgspec import structs

from support.ledger_rows import T0, fact, leave, offer, push
from support.node_histories import BUDGETED, MOST_PROMISED, READ, SHELVED
from support.node_tries import UNIT, as_of, redemption
from support.postgres_ledger import node_ledger
from tactful.core.offers.offer import OfferState
from tactful.runtime.ports.ledger import LedgerAwayError, LedgerError
from tactful.runtime.ports.ledger_rows import Commit, StockNeed
from tactful.stores.postgres import readers
from tactful.stores.postgres.postgres_connection import PostgresConnection
from tactful.stores.relational import turns
from tactful.stores.relational.tables import budget_balances

CLIENTS = 6
SESSIONS = 16
ON_SALE = 1_200
"""Offers that are on sale from the beginning."""
AT_ONCE = 40
"""Offers that nodes try to redeem at about the same time."""


class Node:
    """The acts of one life of a node."""

    def __init__(self, address: str, name: str, life: str, history: Path, seed: int) -> None:
        self.ledger = node_ledger(address, name)
        self.life = f"{name}.{life}"
        self.draw = Random(seed)
        self.file = os.open(history, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.count = 0
        self.mine: list[Any] = []
        self.epochs: dict[str, int] = {}
        self.is_stopped = asyncio.Event()
        self.fault = ""

    def note(self, **told: Any) -> None:
        line = {"at": time.monotonic_ns(), **told}
        os.write(self.file, json.dumps(line).encode() + b"\n")

    async def act(self, what: str, about: str, call: Any, more: Any = None) -> Any:
        """Do one thing, and return the answer."""
        self.count += 1
        key = f"{self.life}.{self.count}"
        self.note(id=key, what=what, about=about, more=more)
        try:
            said = await call()
        except LedgerError as error:
            if not error.retry:
                os._exit(3)
            said = "error"
        self.note(id=key, said=said)
        return said

    async def client(self) -> None:
        acts = (
            self.promise, self.promise, self.promise, self.leave, self.leave, self.redeem,
            self.claim, self.write, self.write, self.report, self.read_and_promise,
        )  # fmt: skip
        while not self.is_stopped.is_set():
            await self.draw.choice(acts)()

    def made(self, sku: str) -> Any:
        self.count += 1
        ident = f"{sku}_{self.life}.{self.count}"
        campaign = "few" if sku == BUDGETED else None
        return offer(ident, session=f"se_{ident}", seq=self.count, sku=sku, campaign=campaign)

    async def answer(self, turn: Commit) -> str:
        refused = await self.ledger.commit(turn)
        return refused.reason if refused else "yes"

    async def promise(self) -> None:
        sku = self.draw.choice((BUDGETED, SHELVED))
        made = self.made(sku)
        limit = None if self.fault == "limit" else UNIT * MOST_PROMISED
        turn = push(made, limit=limit)
        if sku == SHELVED:
            units = None if self.fault == "limit" else MOST_PROMISED
            turn = structs.replace(turn, moves=(), stock=(StockNeed(sku, "DE", units),))
        if await self.act("promise", made.id, partial(self.answer, turn)) == "yes":
            self.mine.append(made)

    async def leave(self) -> None:
        if not self.mine:
            return
        made = self.mine.pop(self.draw.randrange(len(self.mine)))
        turn = leave(made, OfferState.EXPIRED, limit=UNIT * MOST_PROMISED)
        if made.sku == SHELVED:
            turn = structs.replace(turn, moves=())
        await self.act("leave", made.id, partial(self.answer, turn))

    async def redeem(self) -> None:
        # Every node is at about the same place of the list, by the time of day.
        place = int(time.monotonic() * 2) + self.draw.randrange(AT_ONCE)
        number = place % ON_SALE
        self.count += 1
        order = f"{self.life}.{self.count}"
        call = partial(redemption, self.ledger, number, order, checks=self.fault != "redeem")
        await self.act("redeem", f"of_{number}", call, order)

    async def claim(self) -> None:
        session = f"se_{self.draw.randrange(SESSIONS)}"

        async def claimed() -> int | str:
            saved = await self.ledger.claim_session(session.encode())
            if saved is None:
                return "none"
            self.epochs[session] = saved.epoch
            return saved.epoch

        await self.act("claim", session, claimed)

    async def write(self) -> None:
        if not self.epochs:
            return
        session = self.draw.choice(sorted(self.epochs))
        epoch = self.epochs[session]
        written = 0 if self.fault == "epoch" else epoch
        turn = Commit(session=session, state=b"1", epoch=written, seen_at=T0)
        await self.act("write", session, partial(self.answer, turn), epoch)

    async def report(self) -> None:
        self.count += 1
        key = f"f_{self.life}.{self.count}"

        async def recorded() -> str:
            await self.ledger.record_facts([fact(key=key, version=1, subjects=(("sku", READ),))])
            return "yes"

        await self.act("fact", key, recorded)

    async def read_and_promise(self) -> None:
        try:
            position = await self.ledger.position()
        except LedgerAwayError:
            return
        await asyncio.sleep(self.draw.random() / 10)
        turn = push(self.made(READ), limit=None)
        turn = structs.replace(turn, moves=())
        if self.fault != "reads":
            turn = as_of(turn, position, READ)
        await self.act("promise", turn.offers[0].id, partial(self.answer, turn), position)

    async def follow(self) -> None:
        """Read the change log, and note a gap; look at the other nodes as a server does."""
        after = await self.ledger.position()
        while True:
            await asyncio.sleep(0.1)
            settled = self.ledger.outcomes_settled
            self.note(life=self.life, counts=[settled[True], settled[False], self.ledger.lapses])
            if self.ledger.is_broken:
                os._exit(3)
            try:
                changes = await self.ledger.changes(after)
                await self.ledger.nodes()
            except LedgerError:
                continue
            if self.fault == "log":
                changes = [one for one in changes if one.position % 7]
            for change in changes:
                if change.position != after + 1:
                    self.count += 1
                    self.note(
                        id=f"{self.life}.{self.count}", what="gap", about=str(change.position)
                    )
                after = change.position

    def obey(self) -> None:
        """Do what the lines of the input say."""
        for line in os.read(sys.stdin.fileno(), 4096).decode().splitlines():
            command, _, value = line.partition(" ")
            if command == "clock":
                set_clock(int(value))
            else:
                self.is_stopped.set()


def set_clock(ahead: int) -> None:
    """Set the clock of this process ahead, in ms."""
    readers.wall_clock = lambda: time.time_ns() // 1_000_000 + ahead


def build_wrongly(node: Node, fault: str) -> None:
    """Take a guard away."""
    node.fault = fault
    if fault == "settle":

        def guess(connection: PostgresConnection) -> bool:
            connection._connect_again()
            connection.settled[False] += 1
            return False

        setattr(PostgresConnection, "settle", guess)  # noqa: B010
    elif fault == "sums":
        put = budget_balances.put_balances

        def forget(connection: Any, balances: Any) -> None:
            if node.draw.random() < 0.8:
                put(connection, balances)

        setattr(turns, "put_balances", forget)  # noqa: B010


async def main() -> None:
    address, name, life, history, seed, *fault = sys.argv[1:]
    node = Node(address, name, life, Path(history), int(seed))
    if fault:
        build_wrongly(node, fault[0])
    try:
        await node.ledger.open()
    except LedgerError as error:
        print(f"not opened: {error}", file=sys.stderr)
        os._exit(3)
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), node.obey)
    node.note(ready=node.life)
    following = asyncio.create_task(node.follow())
    clients = [asyncio.create_task(node.client()) for _ in range(CLIENTS)]
    await asyncio.gather(*clients)
    following.cancel()
    await asyncio.wait([following])
    await node.ledger.close()
    loop.remove_reader(sys.stdin.fileno())


if __name__ == "__main__":
    asyncio.run(main())
