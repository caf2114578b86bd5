"""The tables of a backtest, and the rulebooks that its arguments name."""

from pathlib import Path
from typing import cast

import pytest

from support.backup_files import copies, filled, killed
from support.cli_runner import run
from tactful.cli.rules.backtest import MAX_ROWS, _rulebook_of_version, _tables
from tactful.cli.shared.errors import CommandError
from tactful.core.rules.rule import Rulebook
from tactful.rulebook.testing.comparison import BacktestResult, RulebookResult


def rulebook_result(pushes: int, promised: int, withheld: dict[str, int]) -> RulebookResult:
    return RulebookResult(
        version=f"v{pushes}",
        pushes=pushes,
        withdrawn=0,
        accepted=0,
        redeemed=0,
        promised={"EUR": promised} if promised else {},
        margin={},
        without_cost=0,
        rules={"R1": pushes},
        items={},
        shoppers=pushes,
        withheld=withheld,
        days={},
    )


def tables(old: RulebookResult, new: RulebookResult) -> list[dict[str, tuple[str, ...]]]:
    """Each table as first column → the others."""
    done = BacktestResult(
        since=0, until=1000, sessions=7, turns=9, unknown=0, old=old, new=new,
        shoppers_affected=3, items_affected=2,
    )  # fmt: skip
    return [{row[0]: row[1:] for row in rows} for _, rows in _tables(done)]


def test_changes_are_shown_with_their_sign() -> None:
    figures, _, by_rule = tables(rulebook_result(12, 500, {}), rulebook_result(1200, 0, {}))
    assert figures["offers pushed"] == ("12", "1,200", "+1,188")
    assert figures["items offered"] == ("0", "0", "0")
    assert figures["discount promised"] == ("5.00 EUR", "0.00 EUR", "-5.00 EUR")
    assert figures["shoppers affected"] == ("", "3", "")
    assert by_rule == {"R1": ("12", "1,200", "+1,188")}


def test_only_the_most_frequent_reasons_are_listed() -> None:
    many = {f"reason.{number:02}": number for number in range(MAX_ROWS + 5)}
    _, reasons, _ = tables(rulebook_result(1, 0, many), rulebook_result(1, 0, {}))
    assert len(reasons) == MAX_ROWS
    assert next(iter(reasons)) == f"reason.{MAX_ROWS + 4:02}"


class RecordedRulebooks:
    """A log reader that knows one version."""

    async def rulebook(self, version: str) -> Rulebook | None:
        return cast("Rulebook", f"rulebook {version}") if version == "6cc29a68" else None


async def test_a_version_is_named_by_its_first_letters() -> None:
    known = ["6cc29a68", "6dd00000"]
    reader = RecordedRulebooks()
    found = await _rulebook_of_version("6c", known, reader)
    assert cast("str", found) == "rulebook 6cc29a68"
    for name, problem in (
        (
            "6",
            "Several versions begin with this text. Versions that were active: 6cc29a68, 6dd00000.",
        ),
        ("9", "no version begins with this text"),
        ("6d", "compile to another version"),
    ):
        with pytest.raises(CommandError, match=problem):
            await _rulebook_of_version(name, known, reader)


def test_a_period_that_is_no_duration_is_refused(tmp_path: Path) -> None:
    result = run("rules", "backtest", tmp_path, tmp_path, "--since", "soon", "--data", tmp_path)
    assert (result.exit_code, "--since" in result.output) == (2, True)


def test_a_killed_backtest_leaves_no_copy_behind_the_next_one(tmp_path: Path) -> None:
    data = filled(tmp_path, "A")
    (tmp_path / "rules").mkdir()
    words = ("rules", "backtest", tmp_path / "rules", tmp_path / "rules", "--data", data)
    killed("tactful.cli.rules.backtest._replay", *words)
    assert copies(tmp_path)
    assert run(*words).exit_code == 0
    assert not copies(tmp_path)
