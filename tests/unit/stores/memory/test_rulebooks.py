"""Rulebooks in dictionaries: sources once per version, activations in order."""

from tactful.runtime.ports.rulebook_store import OffersStop
from tactful.stores.memory.rulebooks import MemoryRulebooks


async def test_the_sources_of_a_version_are_those_of_its_first_activation() -> None:
    rulebooks = MemoryRulebooks()
    await rulebooks.store_rulebook("v1", b"first", 1)
    await rulebooks.store_rulebook("v1", b"second", 2, back=True)
    assert await rulebooks.rulebook_sources("v1") == b"first"
    assert await rulebooks.rulebooks() == [("v1", 2, True), ("v1", 1, False)]


async def test_the_states_that_are_returned_are_a_copy() -> None:
    rulebooks = MemoryRulebooks()
    await rulebooks.set_rule_state("r1", "paused")
    (await rulebooks.rule_states()).clear()
    assert await rulebooks.rule_states() == {"r1": "paused"}


async def test_a_rule_that_was_never_paused_can_be_resumed() -> None:
    rulebooks = MemoryRulebooks()
    await rulebooks.set_rule_state("r1", "running")
    assert await rulebooks.rule_states() == {}


async def test_only_the_first_stop_is_kept() -> None:
    rulebooks = MemoryRulebooks()
    assert await rulebooks.stop_offers(OffersStop(1, "Ada", "one"))
    assert not await rulebooks.stop_offers(OffersStop(2, "Bo", "two"))
    assert await rulebooks.offers_stop() == OffersStop(1, "Ada", "one")
