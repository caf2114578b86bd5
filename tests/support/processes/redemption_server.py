"""The redemption service on a socket: one JSON object a line in, one a line out.

`python redemption_server.py FOLDER OFFERS [naive]` pushes and accepts that many offers, prints its port
and serves until its input ends; then it prints what its ledger has counted. `naive` is the control:
it looks, decides, and writes in two transactions.
"""

import asyncio
import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from support.ledger_rows import T0, accepted, push
from tactful.api.redemption_responses import encode_answer
from tactful.core.offers.tokens import (
    HolderKind,
    TokenClaims,
    TokenRefusal,
    TokenSigner,
    TokenVerifier,
    holder_of,
)
from tactful.core.redemption.answers import RedemptionResponse
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.core.redemption.redemption_rows import (
    RedemptionLogic,
    RedemptionOutcome,
    RedemptionState,
)
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import ReadSet, Subject
from tactful.runtime.services.redemptions import (
    RedemptionCall,
    RedemptionService,
)
from tactful.stores.sqlite.ledger import SqliteLedger

HELD = 1935
SKUS_NOW = {"RUN-42": SkuNow(price=12900, currency="EUR", available=1_000_000)}
SIGNER = TokenSigner(b"k" * 32)
VERIFIER = TokenVerifier([SIGNER.public])


def token(offer: str) -> str:
    """The token of an offer, for whoever has it."""
    return SIGNER.sign(
        TokenClaims(
            currency="EUR", exp=T0 // 1000 + 1800, holder=holder_of(b"s" * 32, "session", "x"),
            iat=0, max_qty=1, offer=offer, rulebook="rb", sku="RUN-42", territory="DE", unit=10965,
        )
    )  # fmt: skip


class NaiveLedger(SqliteLedger):
    """SELECT, then INSERT: what a checkout is tempted to do."""

    async def open(self) -> None:
        await super().open()
        await self._open_writer.run(
            lambda connection: connection.execute("DROP INDEX redemptions_once").fetchall()
        )

    async def run_redemption(
        self,
        logic: RedemptionLogic,
        *,
        offers: Collection[str] = (),
        order: str,
        also: Collection[str] = (),
        refund: str | None = None,
        reads: ReadSet | None = None,  # noqa: ARG002 - it reads nothing ahead
    ) -> Any:
        seen: list[RedemptionState] = []

        def read(state: RedemptionState) -> RedemptionOutcome:
            seen.append(state)
            return RedemptionOutcome(status=0, body=b"")

        named = {"offers": offers, "order": order, "also": also, "refund": refund}
        await super().run_redemption(read, **named)  # type: ignore[arg-type]
        # Without the moves: the budget's limit would refuse the second use.
        outcome = structs.replace(logic(seen[0]), moves=())
        await super().run_redemption(lambda _: outcome, **named)  # type: ignore[arg-type]
        return outcome


class Counter:
    """A clock that stands still, and bytes that count up."""

    def __init__(self) -> None:
        self._drawn = 0

    def now(self) -> int:
        return T0 + 1

    def token_bytes(self, size: int) -> bytes:
        self._drawn += 1
        return self._drawn.to_bytes(size, "big")


class OneKey:
    """One signing key, whose tokens never expire."""

    def verify(self, token: str, *, ever: bool = False) -> TokenClaims | TokenRefusal:
        assert ever
        return VERIFIER.verify(token, 0)

    def holder_of(self, kind: HolderKind, ident: str) -> str:
        return holder_of(b"s" * 32, kind, ident)


class FullShelves:
    """A shop with plenty in stock and nothing shipped, on which no fact is ever reported."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger
        self.position = 0

    async def catch_up(self) -> None:
        self.position = await self._ledger.position()

    async def skus_now(
        self,
        skus: Collection[str],  # noqa: ARG002
        territory: str,  # noqa: ARG002
    ) -> tuple[dict[str, SkuNow], set[Subject]]:
        return SKUS_NOW, set()

    async def is_shipped(self, orders: Collection[str]) -> bool:  # noqa: ARG002
        return False

    @property
    def keeps_remainders(self) -> bool:
        return False

    async def customer_of(self, session: str) -> str | None:  # noqa: ARG002
        return None

    def expect(self, call: object, order: str, outcome: RedemptionOutcome) -> None:
        """Nothing in memory depends on it."""

    def finish(self, call: object, order: str) -> None:
        """Nothing was kept."""

    async def settle(self) -> None:
        """Nothing in memory depends on it."""


async def service_of(ledger: SqliteLedger) -> RedemptionService:
    """The redemption service over a ledger."""
    counter = Counter()

    return RedemptionService(
        ledger=ledger,
        clock=counter,
        entropy=counter,
        keys=OneKey(),
        shop=FullShelves(ledger),
        encode=encode_answer,
    )


async def push_offers(ledger: SqliteLedger, count: int) -> None:
    """Accepted offers under a budget that just holds them all, and one more hold beside."""
    limit = (count + 1) * HELD
    for start in range(0, count + 1, 500):
        names = range(start, min(start + 500, count + 1))
        turns = [push(accepted(f"of_{n}", session=f"se_{n}"), limit=limit) for n in names]
        assert not any(await asyncio.gather(*map(ledger.commit, turns)))


async def serve(folder: Path, count: int, kind: type[SqliteLedger]) -> None:
    """Answer until the input ends."""
    ledger = kind(folder / "tactful.db")
    await ledger.open()
    await push_offers(ledger, count)
    service = await service_of(ledger)

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            asked = json.loads(line)
            asked = RedemptionCall(
                tokens=(asked["token"],),
                order=asked["order"],
                territory="DE",
                lines=(RequestedLine(sku="RUN-42", qty=1),),
            )
            try:
                answer = await service.redeem(asked)
            except LedgerError as error:
                answer = RedemptionResponse(500, str(error).encode())
            writer.write(
                msgspec.json.encode({"status": answer.status, "body": answer.body.decode()}) + b"\n"
            )
        writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()
    (row,) = await ledger.balances()
    wrong = await ledger.reconcile()
    told = {"limit": row.limit, "reserved": row.reserved, "settled": row.settled, "wrong": wrong}
    print(json.dumps(told), flush=True)
    await ledger.close()


if __name__ == "__main__":
    ledger_kind = NaiveLedger if sys.argv[3:] == ["naive"] else SqliteLedger
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), ledger_kind))
