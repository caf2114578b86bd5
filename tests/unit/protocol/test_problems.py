"""Problem details as they are written."""

import json

from tactful.protocol.problems import PROBLEM_JSON, problem_body


def test_a_problem_is_written_in_one_order_of_members() -> None:
    assert problem_body(409, "Conflict", "redemption.used", "Another order used it.") == (
        b'{"type":"about:blank","title":"Conflict","status":409,'
        b'"code":"redemption.used","detail":"Another order used it."}'
    )


def test_extension_members_follow_the_standard_ones() -> None:
    body = problem_body(422, "Invalid", "facts.rejected", "Two facts.", rejected=[0, 3])
    assert list(json.loads(body)) == ["type", "title", "status", "code", "detail", "rejected"]
    assert json.loads(body)["rejected"] == [0, 3]


def test_text_outside_ascii_is_written_as_utf_8() -> None:
    body = problem_body(404, "Not found", "http.not_found", "Es gibt „Schuhe“ nicht.\n")
    assert "„Schuhe“ nicht.\\n".encode() in body
    assert json.loads(body)["detail"] == "Es gibt „Schuhe“ nicht.\n"


def test_the_media_type_is_the_registered_one() -> None:
    assert PROBLEM_JSON == "application/problem+json"
