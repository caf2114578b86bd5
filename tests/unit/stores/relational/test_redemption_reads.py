"""Reads of redemptions whose customer was erased; `contracts/test_offer_store.py` has the others."""

from pathlib import Path

from msgspec import structs

from support.ledger_rows import T0, accepted, push, redeem
from tactful.core.redemption.redemption_rows import RedemptionOutcome, RedemptionState
from tactful.stores.sqlite.ledger import SqliteLedger


def redeemed_with_alias(state: RedemptionState) -> RedemptionOutcome:
    return structs.replace(redeem(state), alias="9001")


async def test_the_order_of_an_erased_customer_is_found_by_who_still_knows_an_id_of_it(
    tmp_path: Path,
) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    await ledger.commit(push(accepted(customer="c1")))
    await ledger.run_redemption(redeemed_with_alias, offers=("of_1",), order="o1")
    await ledger.erase_customer("c1", "an_alias", T0)
    for order in ("o1", "9001"):
        (found,) = await ledger.redemptions(order=order)
        assert (found.row.id, found.row.status) == ("rd_1", "redeemed")
    (listed,) = await ledger.redemptions(offer="of_1")
    assert "o1" not in {listed.row.order, *listed.also}
    assert "9001" not in {listed.row.order, *listed.also}
    assert await ledger.order_ids(["9001"]) == {"9001"}
    await ledger.close()
    assert traces(tmp_path, b"9001") == []


def traces(folder: Path, text: bytes) -> list[str]:
    return [file.name for file in folder.iterdir() if text in file.read_bytes()]
