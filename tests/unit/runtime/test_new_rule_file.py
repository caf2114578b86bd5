"""A rule file that an operator makes is active at once, or refused with nothing written."""

from pathlib import Path

import pytest

from journeys.fixture import rules
from support.live_server import live_server
from tactful.runtime.new_rule_file import RefusedRuleFileError, add_rule_file

SECOND = """rules:
  - id: second
    when: [item.stock: {at_least: 5}]
    offer: {percent: 10%}
"""


async def test_a_new_file_is_written_and_active(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        shop = one.parts.shop
        await add_rule_file(shop, "second.yaml", SECOND, "Ada")
        assert set(shop.state.active_rulebook.current.rules) == {"R1", "second"}
        assert (one.rules / "second.yaml").read_text("utf-8") == SECOND
        (act,) = await shop.ledger.operator_actions()
        assert (act.who, act.act) == ("Ada", "rulebook.reloaded")


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("bad.yaml", "rules: [", "The rules would have an error"),
        ("double.yaml", rules(), "The rules would have an error"),
        ("rules.yaml", SECOND, "has a file rules.yaml already"),
    ],
)
async def test_what_would_not_run_is_never_written(
    tmp_path: Path, name: str, text: str, problem: str
) -> None:
    async with live_server(tmp_path, rules()) as one:
        before = sorted(one.rules.rglob("*"))
        with pytest.raises(RefusedRuleFileError, match=problem):
            await add_rule_file(one.parts.shop, name, text, "Ada")
        assert sorted(one.rules.rglob("*")) == before
        assert set(one.parts.shop.state.active_rulebook.current.rules) == {"R1"}


async def test_a_missing_and_an_unwritable_folder_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, rules()) as one:
        shop = one.parts.shop

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        with monkeypatch.context() as patched:
            patched.setattr(Path, "hardlink_to", refuse)
            with pytest.raises(RefusedRuleFileError, match="cannot write into its rules folder"):
                await add_rule_file(shop, "second.yaml", SECOND, "Ada")
        assert not (one.rules / "second.yaml").exists()
        (one.rules / "rules.yaml").unlink()
        one.rules.rmdir()
        with pytest.raises(RefusedRuleFileError, match="does not exist"):
            await add_rule_file(shop, "second.yaml", SECOND, "Ada")
        one.rules.mkdir()
