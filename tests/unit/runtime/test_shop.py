"""The life of a shop: what it restores, what it does by itself, and what an erasure leaves."""

from pathlib import Path

import msgspec

from journeys.fixture import CATALOGUE, rules
from support.bare_shop import NOON, bare_shop, recorded_connection
from tactful.core.decision import PushOffer
from tactful.core.rules.policy import FeedMaxAge, Policy
from tactful.core.session.signals import Consent, ItemViewed
from tactful.core.values.calendar import DAY
from tactful.runtime.security.identity import VerifiedIdentity
from tactful.runtime.sessions.lifecycle import SessionGreeting
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import SessionConnection
from tactful.stores.memory.ledger import MemoryLedger


async def started(
    folder: Path, ledger: MemoryLedger, rule_text: str = "", policy: Policy | None = None
) -> Shop:
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "rules.yaml").write_text(rule_text or rules(), "utf-8")
    shop = bare_shop(folder, ledger, rules=folder / "rules", policy=policy or Policy())
    await shop.start()
    return shop


async def with_offer(shop: Shop, customer: str = "") -> SessionConnection:
    """A session that has just been offered a shoe."""
    await shop.ingest.ingest([msgspec.json.encode(fact) for fact in CATALOGUE])
    connection, recorder = recorded_connection()
    identity = VerifiedIdentity(customer) if customer else None
    consent: Consent = "personal" if customer else "anonymous"
    greeting = SessionGreeting(consent, territory="DE", identity=identity)
    shop.lifecycle.open(connection, greeting)
    shop.lifecycle.submit(connection, ItemViewed("RUN-42"))
    await shop.move_clock(shop.clock.now() + 30_000)
    assert [type(effect) for effect in recorder.effects] == [PushOffer]
    return connection


async def test_a_start_restores_balances_commitments_and_sessions(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    shop = await started(tmp_path, ledger)
    await with_offer(shop)
    await shop.stop()
    assert not shop.ready
    again = await started(tmp_path, ledger)
    assert again.ready
    assert again.state.balances.view(NOON)["C", "EUR"].reserved == 1935
    assert again.state.stock_commitments.totals == {("RUN-42", "DE"): 1}
    (live,) = again.state.registry
    assert len(live.state.offers) == 1
    await again.stop()


async def test_restored_offers_pass_the_rules_of_the_new_start(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    shop = await started(tmp_path, ledger)
    await with_offer(shop)
    await shop.stop()
    again = await started(tmp_path, ledger, rules("    paused: true\n    on_change: withdraw"))
    await again.settled()
    assert again.state.stock_commitments.totals == {}
    assert again.state.balances.view(NOON)["C", "EUR"].reserved == 0
    await again.stop()


async def test_a_feed_that_falls_silent_withdraws_standing_offers(tmp_path: Path) -> None:
    stale_after = Policy(max_age=FeedMaxAge(stock=60_000))
    shop = await started(tmp_path, MemoryLedger(), policy=stale_after)
    connection = await with_offer(shop)
    assert connection.live is not None
    await shop.move_clock(shop.clock.now() + 31_000)
    assert connection.live.state.offers == ()
    await shop.stop()


async def test_what_is_older_than_the_retention_is_pruned_every_day(tmp_path: Path) -> None:
    pruned: list[tuple[int, int, int]] = []

    class Recording(MemoryLedger):
        async def prune(self, *, before: int, money_before: int = 0, report_before: int = 0) -> int:
            pruned.append((before, money_before, report_before))
            return 0

    shop = await started(tmp_path, Recording())
    await shop.move_clock(NOON + DAY)
    assert pruned == [
        (NOON - 90 * DAY, NOON - 3653 * DAY, NOON - 400 * DAY),
        (NOON - 89 * DAY, NOON - 3652 * DAY, NOON - 399 * DAY),
    ]
    await shop.stop()


async def test_a_trial_that_does_harm_is_paused_and_audited(tmp_path: Path) -> None:
    shop = await started(tmp_path, MemoryLedger())
    await shop._stop_trial("R1")
    assert shop.state.active_rulebook.current.paused == {"R1"}
    (action,) = await shop.ledger.operator_actions()
    assert (action.who, action.act, action.subject, action.detail) == (
        "tactful", "rule.paused", "R1", "the trial did harm",
    )  # fmt: skip
    assert b"tactful_trials_stopped_total 1.0" in shop.state.telemetry.exposition()
    await shop.stop()


async def test_an_erased_customer_leaves_memory_and_their_session_goes_on(tmp_path: Path) -> None:
    shop = await started(tmp_path, MemoryLedger())
    connection = await with_offer(shop, "c1")
    assert await shop.forget("c1") > 0
    assert connection.live is not None
    assert connection.live.customer is None
    assert connection.live.state.customer is None
    assert shop.state.registry.concerned([("customer", "c1")]) == []
    assert shop.state.fact_cache.customer("c1") is None
    assert await shop.reconcile() == []
    await shop.stop()
