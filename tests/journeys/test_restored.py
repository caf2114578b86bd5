"""After a backup was restored no token is used twice, and no acceptance of the gap is lost."""

from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, money, order, rules
from support.live_server import LiveServer, live_server
from tactful.runtime.ports.ledger_rows import RestoredGap
from tactful.stores.sqlite.backup import backup, confirm_orders, restore


class Rewound:
    """A shop whose backup lacks one redemption and one acceptance."""

    def __init__(self, one: LiveServer, folder: Path) -> None:
        self.one = one
        self.ledger = one.folder / "data" / "tactful.db"
        self.copy = folder / "copy.db"

    async def accepted(self) -> tuple[str, str]:
        """The offer and token of a new shopper."""
        shopper = await self.one.shopper()
        await shopper.view("RUN-42", 31)
        offer = (await shopper.offered())["id"]
        return offer, await shopper.accept(offer)

    async def rewind(self) -> None:
        """Accept, back up, redeem for order A and accept another; then restore the backup."""
        await self.one.facts(*CATALOGUE)
        self.offer, self.token = await self.accepted()
        made_at = self.one.parts.shop.clock.now()
        backup(self.ledger, self.copy)
        await self.one.advance(5)
        assert (await self.one.redeem(self.token, "A")).status_code == 200
        _, self.gap_token = await self.accepted()
        now = self.one.parts.shop.clock.now()
        await self.one.stop()
        restore(self.copy, self.ledger, gap=RestoredGap(made_at, now))
        await self.one.start()
        await self.one.advance(5)

    async def report_and_confirm(self) -> None:
        """Import the order of the gap again, and confirm it beside the running server."""
        line = {"sku": "RUN-42", "qty": 1, "unit": money(10965), "offer": self.offer}
        await self.one.facts(order("A", "c-9", lines=[line]))
        assert confirm_orders(self.ledger) is not None

    async def reasons(self) -> list[str]:
        return list((await self.one.http.get("/readyz")).json()["reasons"])


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


async def test_a_token_redeemed_after_the_backup_is_not_redeemed_again_after_its_restore(
    tmp_path: Path, backups: Path
) -> None:
    async with live_server(tmp_path, rules()) as one:
        shop = Rewound(one, backups)
        await shop.rewind()
        early = await one.redeem(shop.token, "B")
        assert (early.status_code, early.json()["code"]) == (503, "ledger.unknown")
        assert "restored" in await shop.reasons()
        await shop.report_and_confirm()
        late = await one.redeem(shop.token, "B")
        assert (late.status_code, late.json()["code"]) == (409, "redemption.used")
        assert "restored" not in await shop.reasons()
        assert (await one.redeem(shop.token, "A")).status_code == 200
        assert await one.parts.shop.reconcile() == []


async def test_a_token_of_the_gap_is_honoured_once_from_the_token_alone(
    tmp_path: Path, backups: Path
) -> None:
    async with live_server(tmp_path, rules()) as one:
        shop = Rewound(one, backups)
        await shop.rewind()
        assert (await one.redeem(shop.gap_token, "C")).status_code == 503
        await shop.report_and_confirm()
        honoured = await one.redeem(shop.gap_token, "C")
        assert honoured.status_code == 200, honoured.text
        assert honoured.json()["unit"] == money(10965)
        assert (await one.redeem(shop.gap_token, "C")).content == honoured.content
        again = await one.redeem(shop.gap_token, "D")
        assert (again.status_code, again.json()["code"]) == (409, "redemption.used")
        assert await one.parts.shop.reconcile() == []


async def test_offers_accepted_after_the_restore_are_redeemed_at_once(
    tmp_path: Path, backups: Path
) -> None:
    async with live_server(tmp_path, rules()) as one:
        shop = Rewound(one, backups)
        await shop.rewind()
        _, token = await shop.accepted()
        assert (await one.redeem(token, "E")).status_code == 200
