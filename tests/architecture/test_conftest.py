"""A skipped test is reported once per reason, and fails where nothing may be missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.documented_answers import lacks

SUITE = """
import pytest

def test_one():
    pytest.skip("chromium is not installed")

def test_other():
    pytest.skip("chromium is not installed")

def test_data():
    pytest.skip("the real data is not here")

@pytest.mark.xfail(strict=True)
def test_known():
    assert False
"""


def run(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "test_it.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    clean = {name: value for name, value in os.environ.items() if name != "TACTFUL_REQUIRE"}
    given = clean | {"PYTHONPATH": str(Path(__file__).parents[1])} | environment
    command = [sys.executable, "-m", "pytest", "-q", "-p", "conftest", str(tmp_path)]
    return subprocess.run(command, capture_output=True, text=True, env=given, check=False)


@pytest.mark.thorough
def test_each_missing_requirement_is_one_line_of_the_summary(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 0
    assert "not tried here: 2 tests, because chromium is not installed" in done.stdout
    assert "not tried here: 1 test, because the real data is not here" in done.stdout


@pytest.mark.thorough
def test_with_tactful_require_a_skip_is_a_failure_except_for_real_data(
    tmp_path: Path,
) -> None:
    done = run(tmp_path, TACTFUL_REQUIRE="1")
    assert done.returncode == 1
    assert "2 failed, 1 skipped, 1 xfailed" in done.stdout
    assert "was skipped, which is not allowed here: chromium is not installed" in done.stdout


ORDERED = """
import pytest

@pytest.mark.slow
def test_a(): pass

@pytest.mark.browser
def test_b(): pass

@pytest.mark.thorough
def test_c(): pass

def test_d(): pass
"""


@pytest.mark.thorough
def test_the_fast_tests_run_first_and_a_complete_run_says_how_long_it_takes(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(ORDERED)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n slow\n browser\n thorough\n")
    path = {"PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-m", "pytest", "-v", "-p", "conftest"]

    def said(*more: str) -> str:
        done = subprocess.run(
            [*command, *more], capture_output=True, text=True, env=os.environ | path,
            cwd=tmp_path, check=True,
        )  # fmt: skip
        return done.stdout

    first = said("tests")
    places = [first.index(f"::test_{name}") for name in "dcba"]
    assert places == sorted(places)
    assert "a complete run, the fast tests first; its time is shown next time" in first
    assert "the last one here took 0 min " in said("tests")


def test_an_answer_that_the_document_does_not_have_is_named() -> None:
    problem, body = "application/problem+json", b'{"code": "offer.unknown"}'
    assert lacks("GET", "/v1/offers/{id}", 404, problem, body) is None
    assert lacks("GET", "/v1/budgets", 500, problem, b'{"code": "server.error"}') is None
    assert lacks("DELETE", "/v1/customers/{id}", 204, "", b"") is None
    assert lacks("GET", "/v1/budgets", 418, problem, body) == "GET /v1/budgets answered 418"
    assert lacks("GET", "/v1/budgets", 200, "text/csv", b"a") == (
        "GET /v1/budgets answered 200 with text/csv"
    )
    assert lacks("GET", "/v1/budgets", 503, problem, body) == (
        "GET /v1/budgets answered 503 with code offer.unknown"
    )
