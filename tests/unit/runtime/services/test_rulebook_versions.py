"""Versions of the rulebook that were active, with their words, texts and differences."""

from pathlib import Path

from journeys.fixture import rules
from support.live_server import live_server
from tactful.runtime.services.rulebook_versions import KEPT, RulebookVersions


async def test_versions_are_read_compared_and_described(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        shop = one.parts.shop
        versions = RulebookVersions(shop.ledger, shop.clock, shop.settings.policy)
        first = shop.state.active_rulebook.current.version
        assert await versions.before(first) is None
        await one.reload(rules(percent="12%"))
        second = shop.state.active_rulebook.current.version
        (line,) = await versions.changes(first, second) or []
        assert "15%" in line
        assert "12%" in line
        assert await versions.changes(first, "unknown") is None
        assert await versions.before(second) == first
        assert any("12%" in words for words in await versions.rule_words(second, "R1"))
        assert await versions.rule_words(second, "R9") == []
        path, text = await versions.rule_text(second, "R1")
        assert path.endswith("rules.yaml")
        assert text.startswith("- id: R1\n  owner:")
        assert text.endswith("campaign: C")
        assert await versions.rule_text(second, "R9") == ("", "")


async def test_few_compiled_versions_stay_in_memory(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        shop = one.parts.shop
        versions = RulebookVersions(shop.ledger, shop.clock, shop.settings.policy)
        for percent in range(1, KEPT + 3):
            await one.reload(rules(percent=f"{percent}%"))
            assert await versions.compiled(shop.state.active_rulebook.current.version)
        assert len(versions._known) == KEPT
