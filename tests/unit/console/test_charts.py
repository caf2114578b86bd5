"""Charts are SVG with a title, a description and nothing that the policy forbids."""

from tactful.console.charts import Bar, Range, bar_chart, range_chart


def test_ranges_share_one_scale_that_contains_zero() -> None:
    svg = range_chart([Range(100, 200, 300), Range(-100, 0, 100), Range(-9, -5, -1)], "T", "D")
    assert "<title>T</title><desc>D</desc>" in svg
    assert 'class="range gains"' in svg
    assert 'class="range unsure"' in svg
    assert 'class="range loses"' in svg
    assert 'class="zero" x1="107.0"' in svg  # a quarter of 372, after the edge
    assert "style=" not in svg


def test_a_chart_of_nothing_is_still_a_chart() -> None:
    assert "<svg" in range_chart([Range(0, 0, 0)], "T", "D")
    assert "<svg" in bar_chart([], "T", "D")


def test_bars_have_labels_and_numbers_and_foreign_text_stays_text() -> None:
    svg = bar_chart([Bar("<b>", 10, "10"), Bar("half", 5, "5")], "T & U", "D")
    assert "&lt;b&gt;: 10" in svg
    assert "T &amp; U" in svg
    assert 'width="400.0"' in svg
    assert 'width="200.0"' in svg
