"""`tactful doctor` prints the results of the checks, and its exit code says whether one is bad."""

import pytest

from support.cli_runner import printed_json, run
from tactful.cli.storefront import doctor as command
from tactful.cli.storefront.page_checks import CheckResult, UnreachableError

URL = "https://shop.example/p/run"
GOOD = CheckResult("good", "The page responds.")
NOTE = CheckResult("note", "No product.", "Add one.")
BAD = CheckResult("bad", "No script tag.", "Add the tag.")


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> list[CheckResult]:
    """The results of the checks, for a test to fill."""
    found: list[CheckResult] = []
    monkeypatch.setattr(command, "run_checks", lambda *_: iter(found))
    return found


def test_each_result_is_a_line_with_its_advice_below(results: list[CheckResult]) -> None:
    results += [GOOD, NOTE, BAD]
    assert run("doctor", URL).output.splitlines() == [
        "ok    The page responds.",
        "note  No product.",
        "      Add one.",
        "bad   No script tag.",
        "      Add the tag.",
    ]


def test_only_a_bad_result_makes_the_exit_code_1(results: list[CheckResult]) -> None:
    results += [GOOD, NOTE]
    assert run("doctor", URL).exit_code == 0
    results.append(BAD)
    assert run("doctor", URL).exit_code == 1


def test_a_program_reads_the_results_as_json(results: list[CheckResult]) -> None:
    results.append(BAD)
    assert printed_json(run("doctor", URL, "--json")) == [
        {"level": "bad", "what": "No script tag.", "advice": "Add the tag."}
    ]


@pytest.mark.parametrize("option", ["--url", "--server"])
def test_a_page_that_cannot_be_fetched_is_an_error(
    option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(url: str, server: str | None, *_: object) -> list[CheckResult]:
        raise UnreachableError(f"{url} does not respond: {server}")

    monkeypatch.setattr(command, "run_checks", unreachable)
    result = run("doctor", URL, option, "https://o.example/")
    assert (result.exit_code, result.output) == (
        2,
        f"error: {URL} does not respond: https://o.example\n",
    )
