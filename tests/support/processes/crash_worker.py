"""A process that works on a ledger until it is done or dies, and says what was acknowledged.

`python crash_worker.py FOLDER MODE COUNT` works on FOLDER/tactful.db and appends a line to
FOLDER/acks for every acknowledgement, in one write, after the answer.
"""

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import structs

from support.ledger_audit import audit_file, files_with
from support.ledger_rows import T0, accepted, fact, push, run_redemption
from tactful.api.redemption_responses import encode_answer
from tactful.core.offers.tokens import TokenClaims
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.core.redemption.redeem import PresentedToken, RedemptionRequest, redeem
from tactful.core.redemption.redemption_rows import (
    RedemptionOutcome,
    RedemptionState,
    with_response,
)
from tactful.runtime.ports.ledger_rows import Commit, ContactWrite, TallyRow
from tactful.stores.shared.failpoints import FailpointHook, from_environment, no_failpoint
from tactful.stores.sqlite import opening
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.writer import checkpoints

DATABASE = "tactful.db"
HOUR = 3_600_000
SKUS_NOW = {"RUN-42": SkuNow(price=12900, currency="EUR", available=9)}


def redemption(
    offer: str, order: str, *, attempt: str = "a"
) -> Callable[[RedemptionState], RedemptionOutcome]:
    """Return the logic by which an order redeems an offer; each attempt has an id of its own."""
    claims = TokenClaims(
        currency="EUR", exp=T0 // 1000 + 1800, holder="h" * 22, iat=0, max_qty=1, offer=offer,
        rulebook="rb", sku="RUN-42", territory="DE", unit=10965,
    )  # fmt: skip
    request = RedemptionRequest(
        tokens=(PresentedToken(id=f"rd_{order}_{attempt}", digest=b"t", claims=claims),),
        order=order,
        territory="DE",
        lines=(RequestedLine(sku="RUN-42", qty=1),),
    )
    return lambda state: with_response(redeem(state, request, T0 + 1, SKUS_NOW), encode_answer)


class Acks:
    """The file of acknowledgements."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder / "acks", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def say(self, **told: Any) -> None:
        os.write(self._descriptor, json.dumps(told).encode() + b"\n")


async def work(
    folder: Path, count: int, *, failpoint: FailpointHook = no_failpoint, early: bool = False
) -> None:
    """Push offers, report facts and redeem, four at a time; `early` acknowledges before the commit."""
    ledger = SqliteLedger(folder / DATABASE, failpoint=failpoint)
    await ledger.open()
    acks = Acks(folder)
    known = len(await ledger.standing_offers()) + sum(
        row.settled for row in await ledger.balances()
    )
    await asyncio.gather(*(one(ledger, acks, f"{known}_{n}", early=early) for n in range(4)))
    for start in range(4, count, 4):
        names = [f"{known}_{start + n}" for n in range(4)]
        await asyncio.gather(*(one(ledger, acks, name, early=early) for name in names))
    await ledger.close()


async def one(ledger: SqliteLedger, acks: Acks, name: str, *, early: bool) -> None:
    """Push and redeem one offer, move its session, report facts; erase each second customer."""
    offer, order, session = f"of_{name}", f"o_{name}", f"se_{name}"
    made = accepted(offer, session=session)
    tally = TallyRow(T0 // HOUR, "offers", "aero", "DE", "r1", 1)
    pushed = structs.replace(
        push(made, limit=None),
        state=b"state",
        resume=session.encode(),
        epoch=1,
        tallies=(tally,),
    )
    assert await ledger.commit(pushed) is None
    acks.say(offer=offer)
    claimed = await ledger.claim_session(session.encode())
    assert claimed
    acks.say(session=session, epoch=claimed.epoch)
    logic = redemption(offer, order)

    def hasty(state: RedemptionState) -> RedemptionOutcome:
        outcome = logic(state)
        acks.say(order=order, of=offer, body=outcome.body.decode())
        return outcome

    outcome = await run_redemption(ledger, hasty if early else logic, offer=offer, order=order)
    acks.say(order=order, of=offer, body=outcome.body.decode())
    key = f"S_{name}"
    await ledger.record_facts([fact(key=key, version=1, subjects=(("sku", key),))])
    acks.say(fact=key)
    # No id is the beginning of another one, so that each can be searched for.
    customer = f"customer-{name}."
    await approach(ledger, acks, customer)
    if name[-1] in "02468":
        acks.say(erasing=customer)
        await ledger.erase_customer(customer, f"alias of {name}", T0 + 1)
        acks.say(erased=customer)


async def approach(ledger: SqliteLedger, acks: Acks, customer: str) -> None:
    """Store a contact history and an order of a customer."""
    write = ContactWrite(0, customer.encode())
    assert await ledger.commit(Commit(contacts={customer: write})) is None
    acks.say(contact=customer)
    about = (("customer", customer), ("order", f"order of {customer}"))
    await ledger.record_facts(
        [fact("order", about[1][1], version=1, subjects=about, whose=customer)]
    )


def acknowledged(lines: bytes) -> list[dict[str, Any]]:
    """Return what was acknowledged for certain: every whole line."""
    return [json.loads(line) for line in lines.split(b"\n")[:-1]]


async def lost(path: Path, acks: list[dict[str, Any]]) -> list[str]:
    """Return what a ledger has lost, answers differently, or counts wrongly."""
    found = await _lost(path, acks)
    found += audit_file(path)
    with closing(sqlite3.connect(path)) as connection:
        offers, tallied = connection.execute(
            "SELECT (SELECT count(*) FROM offers), (SELECT coalesce(sum(count), 0) FROM tallies)"
        ).fetchone()
    if offers != tallied:
        found.append(f"{tallied} offers are tallied of {offers}")
    for ack in acks:
        if "erased" in ack:
            left = files_with(path.parent, ack["erased"])
            found += [f"{name} names {ack['erased']}" for name in left]
    return found


async def _lost(path: Path, acks: list[dict[str, Any]]) -> list[str]:
    found: list[str] = []
    erasing = {ack["erasing"] for ack in acks if "erasing" in ack}
    ledger = SqliteLedger(path)
    await ledger.open()
    try:
        for ack in acks:
            if "contact" in ack and ack["contact"] not in erasing:
                stored = await ledger.contact(ack["contact"])
                if stored is None or stored.revision != 1:
                    found.append(f"contact history of {ack['contact']}")
            if "erased" in ack and await ledger.tombstone("customer", ack["erased"]) is None:
                found.append(f"erasure of {ack['erased']}")
            if "session" in ack:
                saved = await ledger.session(ack["session"])
                if saved is None or saved.epoch != ack["epoch"]:
                    found.append(f"claim of {ack['session']}")
            if "offer" in ack and await ledger.offer(ack["offer"]) is None:
                found.append(f"offer {ack['offer']}")
            if "fact" in ack and not await ledger.facts_about([("sku", ack["fact"])]):
                found.append(f"fact {ack['fact']}")
            if "order" in ack:
                again = redemption(ack["of"], ack["order"], attempt="retry")
                outcome = await run_redemption(ledger, again, offer=ack["of"], order=ack["order"])
                if outcome.body.decode() != ack["body"]:
                    found.append(f"redemption {ack['order']}")
        return found
    finally:
        await ledger.close()


def live(folder: str, failpoint: str, early: bool) -> None:
    """Run a worker until it dies at a failpoint."""
    failpoint_hook = from_environment({"TACTFUL_TEST_MODE": "1", "TACTFUL_FAILPOINT": failpoint})
    asyncio.run(work(Path(folder), 400, failpoint=failpoint_hook, early=early))


def main() -> None:
    """Work, with the durability that the second argument names."""
    folder, synchronous, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    level = {"NORMAL": 1, "FULL": 2}[synchronous]
    settings = tuple(
        (name, synchronous, level) if name == "synchronous" else (name, value, expected)
        for name, value, expected in opening._SETTINGS
    )
    setattr(opening, "_SETTINGS", settings)  # noqa: B010 - it is final for everybody else
    checkpoints.MIN_CHANGES_PER_CHECKPOINT = checkpoints.MAX_CHANGES_PER_CHECKPOINT = 150
    asyncio.run(work(folder, count))
    os._exit(0)


if __name__ == "__main__":
    main()
