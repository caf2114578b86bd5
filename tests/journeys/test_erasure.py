"""An erased customer stays erased, whatever happens afterwards.

The customer has an accepted offer, a redeemed one and open sessions. After the erasure two hundred
random acts follow, restarts among them, then an orderly stop and a backup. No byte of the ledger, its
write-ahead log, the list of erasures or the backup may name the customer or their orders.
"""

import asyncio
import random  # noqa: TID251 - seeded
import tarfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, case, order, rules, stock
from support.cli_runner import run
from support.live_server import LiveServer, Shopper, live_server

CUSTOMER = "canary-customer-77"
ORDERS = ("canary-order-1", "canary-order-2")
CANARY = b"canary"
ACTS = 200
PLACED = "2026-03-01T12:00:00Z"
EXPORT: list[dict[str, Any]] = [
    {"type": "customer", "customer": CUSTOMER, "tier": "gold", "segments": ["canary-segment"]},
    {**order(ORDERS[0], CUSTOMER, "SOCK-3"), "placed_at": PLACED, "delivered_at": None},
    {
        **order(ORDERS[1], CUSTOMER, "BOOT-42"),
        "placed_at": PLACED,
        "delivered_at": None,
        "status": "shipped",
    },
    {**case("canary-case", CUSTOMER, "question"), "order": ORDERS[0], "opened_at": PLACED},
]
"""What the shop's export of last night says about the customer."""


async def erased_in_full_use(one: LiveServer, customer: str = CUSTOMER) -> "Aftermath":
    """Let a customer use everything, then erase them; return their open sessions and tokens."""
    await one.facts(*CATALOGUE, *EXPORT)
    telephone = await one.known(customer)
    await telephone.view("RUN-42", 30)
    token = await telephone.accept((await telephone.offered())["id"])
    laptop = await one.known(customer)
    await laptop.view("TRAIL-42", 30)
    await laptop.expect("accepted")  # the promise of the telephone
    used = await laptop.accept((await laptop.offered())["id"])
    answer = await one.redeem(used, ORDERS[0], sku="TRAIL-42", customer=customer)
    assert answer.status_code == 200, answer.text
    bought = {**order("canary-order-3", customer, "SOCK-3"), "session": laptop.session}
    await one.facts(bought)
    shared = await one.known(customer)
    await shared.view("BOOT-42", 1)
    await shared.say("logout")
    early = one.identity(customer)
    assert (await one.http.delete(f"/v1/customers/{customer}")).status_code == 204
    return Aftermath(one, customer, [telephone, laptop, shared], token, early)


class Aftermath:
    """What can happen after an erasure without a new beginning of the customer."""

    def __init__(
        self, one: LiveServer, customer: str, shoppers: list[Shopper], token: str, early: str
    ) -> None:
        self.one, self.customer, self.shoppers = one, customer, shoppers
        self.token, self.early = token, early
        self.places: list[str] = ["RUN-42", "RUN-43", "TRAIL-42", "BOOT-42", "SOCK-3"]

    async def act(self, chance: random.Random) -> None:
        """Do one thing at random."""
        rare = chance.random() < 0.03
        acts: list[Callable[[random.Random], Awaitable[None]]] = [
            self.view, self.view, self.view, self.browse, self.cart, self.wait, self.redeem,
            self.give_back, self.report_others, self.report_again, self.sign_in, self.ask,
            self.accept, self.come_back,
        ]  # fmt: skip
        await (self.restart if rare else chance.choice(acts))(chance)

    async def view(self, chance: random.Random) -> None:
        await chance.choice(self.shoppers).view(chance.choice(self.places), chance.choice([0, 1]))

    async def browse(self, chance: random.Random) -> None:
        kind = chance.choice(["home", "category", "account", "cancel"])
        await chance.choice(self.shoppers).say("page", kind=kind, url="https://shop.example/")

    async def cart(self, chance: random.Random) -> None:
        lines = [{"sku": sku, "qty": 1} for sku in chance.sample(self.places, 2)]
        await chance.choice(self.shoppers).say("cart", lines=lines)

    async def wait(self, chance: random.Random) -> None:
        await self.one.advance(chance.choice([5, 30, 120, 700]))

    async def accept(self, chance: random.Random) -> None:
        shopper = chance.choice(self.shoppers)
        await shopper.view(chance.choice(self.places), 30)
        for frame in [frame for frame in shopper.frames if frame["t"] == "offer"]:
            await shopper.say("accept", offer=frame["offer"]["id"])

    async def redeem(self, chance: random.Random) -> None:
        name = f"later-order-{chance.randrange(3)}"
        await self.one.redeem(self.token, name, customer=self.customer)

    async def give_back(self, chance: random.Random) -> None:
        name = chance.choice([*ORDERS, "later-order-0", "later-order-1"])
        if chance.random() < 0.5:
            await self.one.http.post(f"/v1/redemptions/{name}/cancel")
        else:
            body = {"refund": f"r{chance.randrange(2)}", "lines": [{"sku": "TRAIL-42", "qty": 1}]}
            await self.one.http.post(f"/v1/redemptions/{name}/refund", json=body)

    async def report_others(self, chance: random.Random) -> None:
        other = f"c{chance.randrange(3)}"
        await self.one.http.post(
            "/v1/facts",
            json=[order(f"o-{chance.randrange(9)}", other, chance.choice(self.places)),
                  stock(chance.choice(self.places), "DE", chance.randrange(2, 9))],
        )  # fmt: skip

    async def report_again(self, chance: random.Random) -> None:
        answer = await self.one.http.post("/v1/facts", json=[chance.choice(EXPORT)])
        assert answer.json()["accepted"] == 0, answer.text

    async def sign_in(self, chance: random.Random) -> None:
        """With an identity that was signed before the erasure."""
        await chance.choice(self.shoppers).say("identify", identity=self.early)

    async def ask(self, chance: random.Random) -> None:
        sku = chance.choice(self.places)
        await self.one.http.get("/v1/why", params={"sku": sku, "customer": self.customer})
        await self.one.http.get(f"/v1/customers/{self.customer}/export")
        if chance.random() < 0.2:
            await self.one.http.delete(f"/v1/customers/{self.customer}")

    async def come_back(self, chance: random.Random) -> None:
        place = chance.randrange(len(self.shoppers))
        left = self.shoppers[place]
        await left.leave()
        self.shoppers[place] = await self.one.shopper(consent="personal", resume=left.resume)

    async def restart(self, _: random.Random) -> None:
        resumes = [shopper.resume for shopper in self.shoppers]
        await self.one.restart()
        self.shoppers = [
            await self.one.shopper(consent="personal", resume=resume) for resume in resumes
        ]


def bytes_found(folder: Path) -> dict[str, int]:
    """File → how often its bytes name the customer or one of their orders."""
    found = {}
    for file in folder.rglob("*"):
        if file.is_file():
            found[file.name] = file.read_bytes().count(CANARY)
    return {name: count for name, count in found.items() if count}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_nothing_that_is_written_after_an_erasure_names_the_customer(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    async with live_server(tmp_path, rules()) as one:
        after = await erased_in_full_use(one)
        assert bytes_found(one.folder / "data") == {}
        for _ in range(ACTS):
            await after.act(chance)
        await one.parts.shop.settled()
        await one.parts.shop.ledger.flush()
        assert bytes_found(one.folder / "data") == {}
        backup = "backup", str(tmp_path / "backup.tar.gz"), "--data", str(one.folder / "data")
        made = await asyncio.to_thread(run, *backup)
        assert made.exit_code == 0, made.output
        assert await one.parts.shop.reconcile() == []
    assert bytes_found(one.folder / "data") == {}
    unpacked = tmp_path / "unpacked"
    with tarfile.open(tmp_path / "backup.tar.gz") as archive:
        for member in archive:
            place = unpacked / member.name
            place.parent.mkdir(parents=True, exist_ok=True)
            found = archive.extractfile(member)
            assert found is not None
            place.write_bytes(found.read())
    assert (unpacked / "tactful.db").exists()
    assert bytes_found(unpacked) == {}
