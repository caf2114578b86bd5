"""The report page of `make bench`, and how a run ends the processes that it started."""

import sys
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from support.manual_runner import ROOT

sys.path.append(str(ROOT / "tests" / "bench"))

import harness
import report
import run

SPREAD = {"median": 2.5, "low": 2.0, "high": 4.0}
FOUND: dict[str, Any] = {
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


def page(**changes: object) -> str:
    return str(report.page({"echo": FOUND | changes}, {"cpu": "<fast>", "commit": "abc"}))


def drawings(text: str) -> list[ET.Element]:
    return [
        ET.fromstring("<svg" + one.split("</svg>")[0] + "</svg>")  # noqa: S314 -- ours
        for one in text.split("<svg")[1:]
    ]


def test_the_summary_counts_goals_and_names_missed_goals_and_missing_peers() -> None:
    text = page()
    assert "1 of 2 goals met" in text
    assert "<h3>Missed</h3><table><tr><td>echo<td>p99 ms &lt;= 15.0" in text
    assert "Measured without the peers on Node: Node is not installed." in text


def test_a_benchmark_that_did_not_finish_is_named() -> None:
    assert "Not finished: echo." in page(outcome="stopped after 120 s")
    assert "Not finished" not in page()


def test_rates_are_bars_and_spreads_are_ranges_with_labels() -> None:
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
    line = next(iter(spreads.iter("line")))
    low, high = (float(line.attrib[end]) for end in ("x1", "x2"))
    assert low == high  # the line at 1


def test_printed_text_never_becomes_markup() -> None:
    text = page()
    assert "<b>" not in text
    assert "&lt;fast&gt;" in text


def test_figures_of_any_shape_make_a_page() -> None:
    shapes: tuple[dict[str, Any], ...] = (
        {},
        {"a": 1},
        {"a": [1, 2]},
        {"a": {"b": {"c": SPREAD}}},
        {"a": {"events_per_s": 0}},
    )
    for figures in shapes:
        assert "</html>" in page(figures=figures)


@pytest.mark.parametrize(
    ("value", "shown"), [(1234.5, "1,234"), (12.345, "12.3"), (0.0123, "0.0123")]
)
def test_numbers_are_written_for_readers(value: float, shown: str) -> None:
    assert report.number(value) == shown


def test_a_benchmark_that_takes_too_long_ends_with_every_process_that_it_started() -> None:
    # The child has our pipe too, so the call returns only after the child has ended.
    outcome, _ = run._watched(["sh", "-c", "sleep 1000 & wait"], 0.1)
    assert outcome == "stopped after 0 s"


def test_a_missing_peer_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert harness.absent() == ["the peers on Node: Node is not installed"]
    assert harness.node("echo_ws.mjs") is None
