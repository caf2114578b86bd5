"""The name under which a request acts."""

import pytest
from starlette.requests import Request

from tactful.api.acting_operator import NAME_LENGTH, operator_of
from tactful.api.problems import ProblemError


def request(name: bytes | None) -> Request:
    headers = [] if name is None else [(b"tactful-operator", name)]
    return Request({"type": "http", "headers": headers})


@pytest.mark.parametrize(
    ("sent", "name"),
    [(None, "server key"), (b"  ", "server key"), ("Zoë".encode(), "Zoë"), (b"x" * 200, "x" * NAME_LENGTH)],
)  # fmt: skip
def test_the_header_names_the_operator(sent: bytes | None, name: str) -> None:
    assert operator_of(request(sent)) == name


def test_a_name_of_the_server_is_refused() -> None:
    with pytest.raises(ProblemError):
        operator_of(request(b"Tactful"))
