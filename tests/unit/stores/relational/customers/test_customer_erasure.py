"""After an erasure no byte about the customer is left in any file of the ledger."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from support.ledger_rows import T0, accepted, entry, fact, present, push, run_redemption
from tactful.api.redemption_responses import encode_answer
from tactful.core.offers.offer import OfferState
from tactful.core.offers.tokens import TokenClaims
from tactful.core.redemption.order_totals import RequestedLine, SkuNow
from tactful.core.redemption.redeem import PresentedToken, RedemptionRequest, redeem
from tactful.core.redemption.redemption_rows import (
    RedemptionOutcome,
    RedemptionState,
    with_response,
)
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Commit, ContactWrite
from tactful.stores.relational.customers import customer_erasure
from tactful.stores.relational.tables import change_rows
from tactful.stores.sqlite import ledger as sqlite_ledger
from tactful.stores.sqlite import opening as sqlite_open
from tactful.stores.sqlite.ledger import SqliteLedger

CANARY = "canary-4711"
ORDER = "order-of-canary-4711"
ABOUT = (("customer", CANARY),)


async def fill(ledger: SqliteLedger) -> None:
    """Store one customer with a history that fills many pages, among others."""
    rows = [
        fact("case", f"k{n}", subjects=(*ABOUT, ("case", f"k{n}")), customer=CANARY, text="x" * 500)
        for n in range(200)
    ]
    rows += [
        fact("order", f"{ORDER}-{n}", subjects=(("order", f"{ORDER}-{n}"), *ABOUT), customer=CANARY)
        for n in range(50)
    ]
    rows += [fact("case", f"k{n}", 2, subjects=ABOUT, customer=CANARY, text="y") for n in range(99)]
    rows.append(
        fact("case", "both", subjects=(*ABOUT, ("customer", "c2")), customer="c2", purchaser=CANARY)
    )
    await ledger.record_facts(rows)
    for number in range(100):
        session = f"se_{number}"
        ledger.record(
            Commit(
                session=session,
                state=f'{{"customer":"{CANARY}"}}'.encode(),
                customer=CANARY,
                contacts={CANARY: ContactWrite(None, CANARY.encode())},
                entry=entry(session, customer=CANARY, inputs=CANARY.encode() * 20),
            )
        )
    await ledger.commit(push(accepted(customer=CANARY, session="se_1")))
    await ledger.flush()


def redeemed_by(state: RedemptionState, order: str = ORDER, now: int = T0 + 1) -> RedemptionOutcome:
    claims = TokenClaims(
        currency="EUR", exp=T0 // 1000 + 1800, holder="h" * 22, iat=0, max_qty=1, offer="of_1",
        rulebook="rb", sku="RUN-42", territory="DE", unit=10965,
    )  # fmt: skip
    request = RedemptionRequest(
        tokens=(PresentedToken(id="rd_1", digest=b"t", claims=claims),),
        order=order,
        territory="DE",
        lines=(RequestedLine(sku="RUN-42", qty=1),),
    )
    return with_response(redeem(state, request, now, {"RUN-42": SkuNow()}), encode_answer)


def traces(folder: Path, text: str = CANARY) -> dict[str, int]:
    counted = {file.name: file.read_bytes().count(text.encode()) for file in folder.iterdir()}
    return {name: count for name, count in counted.items() if count}


@pytest.mark.parametrize("at_once", [7, change_rows.REPLACED_AT_ONCE])
async def test_no_byte_of_the_customer_is_left_in_database_or_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(change_rows, "REPLACED_AT_ONCE", at_once)
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    await fill(ledger)
    redeemed = await run_redemption(ledger, redeemed_by, offer="of_1", order=ORDER)
    assert traces(tmp_path)
    assert await ledger.erase_customer(CANARY, "erased-1", T0) > 400
    assert traces(tmp_path) == {}
    assert (tmp_path / "tactful.db-wal").stat().st_size == 0
    again = await run_redemption(ledger, redeemed_by, offer="of_1", order=ORDER)
    assert (again.status, again.body) == (200, redeemed.body)
    assert traces(tmp_path) == {}
    other = await run_redemption(
        ledger, lambda state: redeemed_by(state, "another"), offer="of_1", order="another"
    )
    assert other.status == 409
    assert await ledger.reconcile() == []
    (case,) = await ledger.facts_about([("customer", "c2")])
    assert msgspec.json.decode(case.body)["purchaser"] == "erased-1"
    await ledger.close()
    assert traces(tmp_path) == {}


async def test_an_accepted_offer_stays_redeemable_after_the_erasure(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    await fill(ledger)
    await ledger.erase_customer(CANARY, "erased-1", T0)
    assert (await run_redemption(ledger, redeemed_by, offer="of_1", order="o2")).status == 200
    assert present(await ledger.offer("of_1")).state is OfferState.REDEEMED
    assert await ledger.reconcile() == []
    await ledger.close()


async def test_the_check_for_left_bytes_fails_where_deleted_pages_are_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tuple(
        (name, "OFF", 0) if name == "secure_delete" else (name, value, expected)
        for name, value, expected in sqlite_open._SETTINGS
    )
    monkeypatch.setattr(sqlite_open, "_SETTINGS", settings)
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    await fill(ledger)
    await ledger.erase_customer(CANARY, "erased-1", T0)
    assert traces(tmp_path)["tactful.db"] > 100
    await ledger.close()


async def test_the_check_for_left_bytes_fails_where_the_log_is_not_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_ledger, "_checkpoint", lambda _: True)
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    await fill(ledger)
    await ledger.erase_customer(CANARY, "erased-1", T0)
    assert traces(tmp_path)["tactful.db-wal"] > 100
    await ledger.close()


async def test_a_reader_delays_an_erasure_and_does_not_prevent_it(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    await fill(ledger)
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM facts").fetchone()
        erasing = asyncio.create_task(ledger.erase_customer(CANARY, "erased-1", T0))
        while await ledger.contact(CANARY) is not None:
            pass  # each look waits for the ledger
        assert not erasing.done()
        assert await ledger.commit(Commit(session="se_x", state=b"goes on")) is None
        reader.execute("COMMIT")
        await erasing
    assert traces(tmp_path) == {}
    await ledger.close()


async def test_a_reader_that_never_ends_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_ledger, "TRUNCATE_ATTEMPTS", 2)
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    await fill(ledger)
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM facts").fetchone()
        with pytest.raises(LedgerError, match="another process reads"):
            await ledger.erase_customer(CANARY, "erased-1", T0)
    await ledger.erase_customer(CANARY, "erased-1", T0)
    assert traces(tmp_path) == {}
    await ledger.close()


async def test_erasing_a_session_leaves_no_byte_of_its_id_after_closing(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    await ledger.commit(
        structs.replace(push(accepted(session="se_canary")), state=b"", entry=entry("se_canary"))
    )
    await ledger.forget_session("se_canary")
    await ledger.close()
    assert traces(tmp_path, "se_canary") == {}


def whole_text(path: Path) -> str:
    """Every row of a ledger, in words."""
    with closing(sqlite3.connect(path)) as made:
        return "\n".join(made.iterdump())


async def test_an_erasure_that_was_cut_off_after_any_step_is_complete_once_it_is_repeated(
    tmp_path: Path,
) -> None:
    path = tmp_path / "tactful.db"
    ledger = SqliteLedger(path)
    await ledger.open()
    await fill(ledger)
    turn = push(accepted("of_before", session="se_login"), limit=None)
    before = structs.replace(turn, entry=entry("se_login"))
    await ledger.commit(before)
    await ledger.commit(Commit(entry=entry("se_login", customer=CANARY)))
    await ledger.close()
    steps = 1
    while True:
        copy = tmp_path / f"{steps}.db"
        copy.write_bytes(path.read_bytes())
        with closing(sqlite_open.open_writer(copy)) as made:
            made.start()
            slices = customer_erasure.erasure_slices(CANARY, "alias", T0)
            answer, ended = None, False
            for _ in range(steps):
                try:
                    answer = slices.send(answer)(made)
                except StopIteration:
                    ended = True
            customer_erasure.erase(made, CANARY, "alias", T0)
            made.execute("COMMIT")
            assert made.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        assert CANARY not in whole_text(copy)
        assert "se_login" not in whole_text(copy)
        if ended:
            return
        steps += 1
