"""Request bodies: limits, encodings, and JSON that is refused."""

import gzip
from pathlib import Path

import httpx
import msgspec
import pytest

from journeys.fixture import CATALOGUE, rules
from support.live_server import live_server
from tactful.api.bodies import split_array

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("path", ["/v1/facts", "/v1/redemptions"])
async def test_a_compressed_body_is_refused_with_what_to_do(tmp_path: Path, path: str) -> None:
    async with live_server(tmp_path, rules()) as one:
        headers = JSON | {"Content-Encoding": "gzip"}
        answer = await one.http.post(path, content=gzip.compress(b"[]"), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (415, "body.encoding")
        assert "Content-Encoding" in answer.json()["detail"]
        headers = JSON | {"Content-Encoding": "identity"}
        answer = await one.http.post("/v1/facts", content=b"[]", headers=headers)
        assert answer.status_code == 200


async def test_half_a_character_in_one_fact_rejects_that_fact_only(tmp_path: Path) -> None:
    """JavaScript writes one where a title was cut inside an emoji."""
    async with live_server(tmp_path, rules()) as one:
        cut = msgspec.json.encode({**CATALOGUE[0], "title": "Aero "}).replace(
            b"Aero ", rb"Aero \ud83d"
        )
        rest = msgspec.json.encode(CATALOGUE[1:])
        body = b"[" + cut + b"," + rest[1:]
        answer = (await one.http.post("/v1/facts", content=body, headers=JSON)).json()
        assert answer["accepted"] == len(CATALOGUE) - 1
        (rejected,) = answer["rejected"]
        assert (rejected["index"], rejected["code"]) == (0, "fact.malformed")
        assert "half a character" in rejected["message"]


@pytest.mark.parametrize("body", [b'[NaN, "\\ud83d"]', b'["\\ud83d"', b'["\\ud83d", ' + b"9" * 5_000 + b"]",
                                  b'["\\ud83d", ' + b"[" * 100_000])  # fmt: skip
def test_malformed_json_with_half_a_character_is_refused(body: bytes) -> None:
    with pytest.raises(Exception, match="not JSON"):
        split_array(body)


def test_an_object_with_half_a_character_is_no_list() -> None:
    with pytest.raises(Exception, match="JSON array"):
        split_array(b'{"a": "\\ud83d"}')


@pytest.mark.parametrize(
    "twins",
    [
        b'{"token":"t","order":"o","order":"p","territory":"DE","lines":[{"sku":"a","qty":1}]}',
        b'{"token":"t","order":"o","territory":"DE","lines":[{"sku":"a","qty":1,"qty":9}]}',
    ],
)
async def test_two_values_under_one_key_are_refused_where_money_is_involved(
    tmp_path: Path, twins: bytes
) -> None:
    async with live_server(tmp_path, rules()) as one:
        answer = await one.http.post("/v1/redemptions", content=twins, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (422, "body.invalid")
        assert "twice" in answer.json()["detail"]
        again = b'{"refund":"r","refund":"s","lines":[]}'
        answer = await one.http.post("/v1/redemptions/o/refund", content=again, headers=JSON)
        assert answer.status_code == 422


async def test_a_path_with_a_trailing_slash_is_not_found(tmp_path: Path) -> None:
    """A redirect would go to http:// where a proxy ends TLS, and the key with it."""
    async with live_server(tmp_path, rules()) as one:
        for path in ("/v1/facts/", "/version/"):
            answer: httpx.Response = await one.http.get(path)
            assert answer.status_code == 404
            assert "location" not in answer.headers
