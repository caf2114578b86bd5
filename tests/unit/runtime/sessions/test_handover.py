"""A session that another process has claimed leaves memory, and its clients are told to come back."""

from pathlib import Path

from support.bare_shop import NOON, bare_shop, recorded_connection
from support.builders import session
from tactful.core.session.signals import TimerFired
from tactful.runtime.ports.ledger_rows import Change
from tactful.runtime.sessions.handover import SessionHandover
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.turn_phase import TurnPhase


def claim(epoch: int, ident: str = "s1") -> Change:
    return Change(1, NOON, "session_claimed", (("session", ident),), str(epoch).encode())


async def test_a_claimed_session_is_dropped_with_its_timer_and_its_connections(
    tmp_path: Path,
) -> None:
    shop = bare_shop(tmp_path)
    live = LiveSession(session(), b"digest")
    shop.state.registry.add(live)
    connection, recorder = recorded_connection()
    live.connections[1] = connection
    handover = SessionHandover(shop.state)
    change = claim(2)
    assert not handover.needs_preparation(change)
    await handover.prepare(change)
    handover.apply(change)
    await handover.start_over()
    assert handover.propagate() is None
    assert recorder.moved
    assert shop.state.registry.by_id == {}
    assert live.phase is TurnPhase.MOVED
    shop.turns.submit(live, TimerFired())
    assert live.state.offers == ()
    recorder.moved = False
    handover.let_go(live)
    assert not recorder.moved


async def test_the_claim_of_this_process_and_of_other_sessions_changes_nothing(
    tmp_path: Path,
) -> None:
    shop = bare_shop(tmp_path)
    live = LiveSession(session(), b"digest")
    live.epoch = 2
    shop.state.registry.add(live)
    handover = SessionHandover(shop.state)
    handover.apply(claim(2))
    handover.apply(claim(9, "other"))
    assert shop.state.registry.by_id == {"s1": live}
