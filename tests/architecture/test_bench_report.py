"""What `make bench` says: the page, and a run that ends with all that it started."""

import sys
from xml.etree import ElementTree as ET

import pytest

from support.manual_runner import ROOT

sys.path.append(str(ROOT / "tests" / "bench"))

import harness
import report
import run

SPREAD = {"median": 2.5, "low": 2.0, "high": 4.0}
FOUND = {
    "outcome": "ran",
    "seconds": 1.5,
    "said": "<b>what was printed</b>",
    "without": ["the peers on Node: Node is not installed"],
    "goals": [harness.goal("echo", 4.0, 3.5), harness.goal("p99 ms", 20.0, 15.0, at_most=True)],
    "figures": {
        "depth 1": {
            "tactful": {"events_per_s": 40_000, "ours_is_times": dict.fromkeys(SPREAD, 1.0)},
            "plain & simple": {"events_per_s": 20_000, "ours_is_times": SPREAD},
        }
    },
}


def page(**changes):
    return report.page({"echo": FOUND | changes}, {"cpu": "<fast>", "commit": "abc"})


def drawings(text):
    return [
        ET.fromstring("<svg" + one.split("</svg>")[0] + "</svg>")  # noqa: S314 -- ours
        for one in text.split("<svg")[1:]
    ]


def test_the_summary_counts_the_goals_names_what_is_missed_and_which_peer_was_not_there():
    text = page()
    assert "1 of 2 goals met" in text
    assert "<h3>Missed</h3><table><tr><td>echo<td>p99 ms &lt;= 15.0" in text
    assert "Measured without the peers on Node: Node is not installed." in text


def test_a_benchmark_that_did_not_finish_is_named():
    assert "Not finished: echo." in page(outcome="stopped after 120 s")
    assert "Not finished" not in page()


def test_rates_are_bars_and_spreads_are_ranges_with_what_they_show_in_words():
    rates, spreads = drawings(page())
    assert rates.get("aria-label") == "depth 1: events per second"
    assert [one.text for one in rates.iter("text")] == [
        "tactful",
        "40,000",
        "plain & simple",
        "20,000",
    ]
    assert [one.get("class") for one in rates.iter("rect")] == ["ours", "peer"]
    assert [one.text for one in spreads.iter("text")] == ["plain & simple: ours is times", "2.5"]
    low, high = (float(next(iter(spreads.iter("line"))).get(end)) for end in ("x1", "x2"))
    assert low == high  # the line at 1


def test_nothing_that_was_printed_becomes_markup():
    text = page()
    assert "<b>" not in text
    assert "&lt;fast&gt;" in text


def test_figures_of_any_shape_are_no_obstacle():
    for figures in (
        {},
        {"a": 1},
        {"a": [1, 2]},
        {"a": {"b": {"c": SPREAD}}},
        {"a": {"events_per_s": 0}},
    ):
        assert "</html>" in page(figures=figures)


@pytest.mark.parametrize(
    ("value", "shown"), [(1234.5, "1,234"), (12.345, "12.3"), (0.0123, "0.0123")]
)
def test_numbers_are_written_as_people_write_them(value, shown):
    assert report.number(value) == shown


def test_what_takes_too_long_ends_with_all_that_it_started():
    # The child has our pipe too: that the call comes back says that it has ended.
    outcome, _ = run._watched(["sh", "-c", "sleep 1000 & wait"], 0.1)
    assert outcome == "stopped after 0 s"


def test_peers_that_are_not_there_are_named_with_what_to_do(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert harness.absent() == ["the peers on Node: Node is not installed"]
    assert harness.node("echo_ws.mjs") is None
