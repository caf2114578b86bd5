"""The problem codes of each endpoint, compared with the sources that answer them."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tactful.api import endpoint_problems
from tactful.api.endpoint_problems import (
    ENDPOINT_PROBLEMS,
    EVERY_ENDPOINT,
    WITH_BODY,
    WITH_KEY,
    WITH_OPERATOR,
    WITH_PATH,
    joined,
)
from tactful.api.openapi import SUMMARIES
from tactful.api.redemption_responses import REDEMPTION_ERRORS
from tactful.runtime.services import near_names

PACKAGE = Path(endpoint_problems.__file__).parents[1]
FOLDERS = ("api", "transports")
NO_STATUS_IN_THE_SOURCE = {
    (404, "customer.unknown"),
    (404, "item.unknown"),
    (503, "ledger.unknown"),
}
"""Those of `UnknownNameError`, and the answer to an unknown outcome."""
NO_ENDPOINT = {(405, "http.method"), (404, "path.unknown")}
"""Answers to a path or method that does not exist."""


def raised() -> Iterator[tuple[int, str, str]]:
    """(status, code, module) of every problem that the sources write with both."""
    for folder in FOLDERS:
        for path in (PACKAGE / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Call(
                        func=ast.Name(id="ProblemError" | "problem" | "Rejection"),
                        args=[ast.Constant(value=int(status)), ast.Constant(value=str(code)), *_],
                    ):
                        yield status, code, path.stem


def documented() -> set[tuple[int, str]]:
    groups = [
        EVERY_ENDPOINT,
        WITH_KEY,
        WITH_BODY,
        WITH_OPERATOR,
        WITH_PATH,
        *ENDPOINT_PROBLEMS.values(),
    ]
    return {(status, code) for one in groups for status, codes in one.items() for code in codes}


def test_every_problem_of_the_sources_is_documented_with_its_status() -> None:
    found = {(status, code) for status, code, _ in raised()}
    assert len(found) > 50
    assert found - NO_ENDPOINT <= documented()


def test_every_documented_problem_is_in_the_sources() -> None:
    redemptions = {(status, code) for code, (status, _) in REDEMPTION_ERRORS.items()}
    found = {(status, code) for status, code, _ in raised()}
    assert documented() <= found | redemptions | NO_STATUS_IN_THE_SOURCE
    text = Path(near_names.__file__).read_text("utf-8")
    assert "customer.unknown" in text
    assert "item.unknown" in text


def test_every_redemption_error_is_documented() -> None:
    assert {(status, code) for code, (status, _) in REDEMPTION_ERRORS.items()} <= documented()


def test_every_entry_is_that_of_an_endpoint() -> None:
    assert set(ENDPOINT_PROBLEMS) <= set(SUMMARIES)


def test_joined_groups_name_a_code_once_and_are_ordered_by_status() -> None:
    found = joined([{503: ("a",), 400: ("b",)}, {400: ("c", "b")}])
    assert list(found.items()) == [(400, ["b", "c"]), (503, ["a"])]
