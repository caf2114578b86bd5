"""When a session without connections ends, and what its end leaves behind."""

from pathlib import Path
from typing import Any

import pytest

from support.bare_shop import NOON, bare_shop, recorded_connection
from support.builders import offer, session
from tactful.runtime.sessions.expiry import SessionExpiry
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.turn_phase import TurnPhase
from tactful.stores.memory.ledger import MemoryLedger

TTL = 1_000


class Forgetting(MemoryLedger):
    """A ledger that notes which sessions it was told to forget."""

    def __init__(self) -> None:
        super().__init__()
        self.forgotten: list[str] = []

    async def forget_session(self, session: str) -> None:
        """Note it."""
        self.forgotten.append(session)


def case(folder: Path, **fields: Any) -> tuple[Shop, SessionExpiry, LiveSession, Forgetting]:
    """A session in memory that the ledger may keep."""
    ledger = Forgetting()
    shop = bare_shop(folder, ledger)
    live = LiveSession(session("se_1", **fields), b"digest")
    live.persists = True
    shop.state.registry.add(live)
    return shop, SessionExpiry(shop.state, TTL), live, ledger


async def test_a_session_ends_after_its_time_to_live(tmp_path: Path) -> None:
    shop, expiry, live, ledger = case(tmp_path, consent="anonymous")
    expiry.check(live)
    await shop.move_clock(NOON + TTL - 1)
    assert "se_1" in shop.state.registry.by_id
    await shop.move_clock(NOON + TTL)
    assert "se_1" not in shop.state.registry.by_id
    assert ledger.forgotten == ["se_1"]
    assert len(shop.state.timers) == 0


async def test_a_session_that_may_not_be_kept_ends_at_once(tmp_path: Path) -> None:
    shop, expiry, live, ledger = case(tmp_path, consent="none")
    live.persists = False
    expiry.check(live)
    await shop.settled()
    assert len(shop.state.registry) == 0
    assert ledger.forgotten == []


async def test_personal_consent_keeps_the_session_in_the_ledger(tmp_path: Path) -> None:
    shop, expiry, live, ledger = case(tmp_path, consent="personal")
    expiry.check(live)
    await shop.move_clock(NOON + TTL)
    assert len(shop.state.registry) == 0
    assert ledger.forgotten == []


@pytest.mark.parametrize("reason", ["connection", "newcomer", "commit"])
async def test_a_session_in_use_does_not_expire(tmp_path: Path, reason: str) -> None:
    shop, expiry, live, _ = case(tmp_path)
    connection, _ = recorded_connection()
    if reason == "connection":
        live.connections[1] = connection
    elif reason == "newcomer":
        live.newcomers = [connection]
    else:
        live.phase = TurnPhase.COMMITTING
    expiry.check(live)
    await shop.move_clock(NOON + 2 * TTL)
    assert live.ends_at is None
    assert len(shop.state.registry) == 1


async def test_a_session_with_an_offer_ends_with_its_last_offer(tmp_path: Path) -> None:
    shop, expiry, live, _ = case(tmp_path, offers=(offer(),))
    expiry.check(live)
    await shop.move_clock(NOON + 2 * TTL)
    assert len(shop.state.registry) == 1
    live.state = session("se_1")
    expiry.check(live)
    assert len(shop.state.registry) == 0


def test_a_saved_session_is_over_after_its_time_to_live(tmp_path: Path) -> None:
    _, expiry, _, _ = case(tmp_path)
    assert expiry.is_over(NOON - TTL)
    assert not expiry.is_over(NOON - TTL + 1)
