"""The contract of `RulebookStore`: activations, sources, paused rules, trials and the stop."""

from support.ledger_rows import T0, AnyLedger
from tactful.runtime.ports.ledger_rows import RULEBOOK
from tactful.runtime.ports.rulebook_store import OffersStop


async def test_rulebooks_are_kept_with_each_activation(ledger: AnyLedger) -> None:
    await ledger.store_rulebook("v1", b"one", T0)
    await ledger.store_rulebook("v2", b"two", T0 + 1)
    await ledger.store_rulebook("v1", b"one", T0 + 2, back=True)
    assert await ledger.rulebooks() == [
        ("v1", T0 + 2, True),
        ("v2", T0 + 1, False),
        ("v1", T0, False),
    ]
    assert await ledger.rulebook_sources("v2") == b"two"
    assert await ledger.rulebook_sources("v3") is None


async def test_a_rule_is_paused_until_it_runs_again(ledger: AnyLedger) -> None:
    await ledger.set_rule_state("r1", "paused")
    await ledger.set_rule_state("r1", "paused")
    assert await ledger.rule_states() == {"r1": "paused"}
    await ledger.set_rule_state("r1", "running")
    assert await ledger.rule_states() == {}


async def test_a_trial_keeps_its_first_start(ledger: AnyLedger) -> None:
    assert await ledger.trial_starts() == {}
    await ledger.store_rulebook("v1", b"one", T0, trials={"r1": T0})
    await ledger.store_rulebook("v2", b"two", T0 + 1, trials={"r1": T0 + 1, "r2": T0 + 1})
    await ledger.store_rulebook("v3", b"three", T0 + 2)
    assert await ledger.trial_starts() == {"r1": T0, "r2": T0 + 1}


async def test_the_offers_are_stopped_once_and_started_once(ledger: AnyLedger) -> None:
    first = OffersStop(T0, "Ada", "a wrong price")
    assert await ledger.offers_stop() is None
    assert not await ledger.start_offers(T0)
    assert await ledger.stop_offers(first)
    assert not await ledger.stop_offers(OffersStop(T0 + 1, "Bo", "another"))
    assert await ledger.offers_stop() == first
    assert await ledger.start_offers(T0 + 2)
    assert not await ledger.start_offers(T0 + 3)
    assert await ledger.offers_stop() is None
    assert [
        (one.at, one.kind, one.subjects, bool(one.body)) for one in await ledger.changes(0)
    ] == [
        (T0, "offers_stop", (RULEBOOK,), True),
        (T0 + 2, "offers_stop", (RULEBOOK,), False),
    ]
