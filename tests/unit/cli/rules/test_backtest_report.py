"""The report of a backtest shows all figures, fetches nothing, and escapes every name."""

from tactful.cli.rules.backtest_report import render_report
from tactful.rulebook.testing.comparison import BacktestResult, RulebookResult

DAY = 86_400_000


def rulebook_result(pushes: int, promised: int, rule: str = "R1") -> RulebookResult:
    return RulebookResult(
        version=f"v{pushes}",
        pushes=pushes,
        withdrawn=1,
        accepted=1,
        redeemed=1,
        promised={"EUR": promised} if promised else {},
        margin={},
        without_cost=0,
        rules={rule: pushes} if pushes else {},
        items={"A": pushes},
        shoppers=pushes,
        withheld={},
        days={0: pushes} if pushes else {},
    )


def report(old: RulebookResult, new: RulebookResult, name: str = "new") -> str:
    done = BacktestResult(
        since=0, until=2 * DAY, sessions=7, turns=1234, unknown=0, old=old, new=new,
        shoppers_affected=3, items_affected=2,
    )  # fmt: skip
    return render_report(done, ("old", name))


def test_figures_of_both_rulebooks_stand_side_by_side() -> None:
    text = report(rulebook_result(1200, 24120), rulebook_result(4, 0))
    assert "<td>1,200</td><td>4</td>" in text
    assert "<td>241.20 EUR</td><td>0.00 EUR</td>" in text
    assert "7 recorded sessions, 1,234 turns" in text
    assert "1970-01-01 to 1970-01-03" in text


def test_the_longer_bar_belongs_to_the_larger_figure() -> None:
    text = report(rulebook_result(10, 0), rulebook_result(5, 0))
    assert 'class="old" x="210" y="3" width="440"' in text
    assert 'class="new" x="210" y="23" width="220"' in text


def test_a_chart_without_figures_says_so() -> None:
    text = report(rulebook_result(1, 0), rulebook_result(1, 0))
    assert text.count("<svg") == 2
    assert "None under either rulebook." in text


def test_names_are_escaped_and_nothing_is_fetched() -> None:
    evil = rulebook_result(1, 0, rule="<script>alert(1)</script>" + "x" * 40)
    text = report(evil, rulebook_result(1, 0), name="<b>")
    assert "<script>" not in text
    assert "<b>" not in text
    assert "http" not in text
