"""A report that is split while it arrives gives the facts of the whole report, or its error."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.fixture import CATALOGUE, stock
from support.live_server import live_server
from tactful.api import fact_bodies
from tactful.api.bodies import split_array
from tactful.api.fact_bodies import PIECE_BYTES, ArraySplitter, LineSplitter
from tactful.api.problems import ProblemError

Splitter = ArraySplitter | LineSplitter

LEAVES = (
    st.none() | st.integers(0, 9) | st.sampled_from(["", "},{", '{"type":', "]", "\\", '"', "é"])
)
OBJECTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=8,
)
FACTS = st.lists(
    st.builds(lambda kind, rest: {"type": kind, "lines": rest}, LEAVES, OBJECTS), max_size=12
)
INDENTS = st.sampled_from([None, 0, 2])


def split(splitter: Splitter, body: bytes, size: int) -> list[bytes] | str:
    """The facts of a body that arrives in parts of one size, or the code of the problem."""
    try:
        for start in range(0, len(body), size):
            splitter.add(body[start : start + size])
        return [bytes(fact) for fact in splitter.finish()]
    except ProblemError as error:
        return error.code


def whole(body: bytes) -> list[bytes] | str:
    try:
        return [bytes(fact) for fact in split_array(body)]
    except ProblemError as error:
        return error.code


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fact_bodies, "PIECE_BYTES", 24)


@pytest.mark.usefixtures("small_pieces")
@given(FACTS, INDENTS, st.integers(1, 40))
def test_an_array_in_pieces_has_the_elements_of_the_whole(
    facts: list[Any], indent: int | None, size: int
) -> None:
    body = json.dumps(facts, indent=indent, ensure_ascii=False).encode()
    assert split(ArraySplitter(), body, size) == whole(body)


@pytest.mark.usefixtures("small_pieces")
@given(FACTS, st.integers(1, 40), st.integers(0, 200), st.binary(max_size=3))
def test_a_damaged_array_in_pieces_has_the_error_of_the_whole(
    facts: list[Any], size: int, place: int, damage: bytes
) -> None:
    text = json.dumps(facts, ensure_ascii=False).encode()
    body = text[:place] + damage + text[place + 1 :]
    assert split(ArraySplitter(), body, size) == whole(body)


@pytest.mark.usefixtures("small_pieces")
@given(
    st.lists(st.binary(max_size=60).map(lambda one: one.replace(b"\n", b""))), st.integers(1, 40)
)
def test_json_lines_in_pieces_are_those_of_the_whole(lines: list[bytes], size: int) -> None:
    found = split(LineSplitter(), b"\n".join(lines), size)
    assert found == [line for line in lines if line.strip()]


def decoded_at_most(body: bytes, monkeypatch: pytest.MonkeyPatch) -> int:
    """The most bytes that are decoded at once while a body is split."""
    sizes: list[int] = []
    decode: Callable[..., Any] = msgspec.json.decode

    def counted(text: bytes, **named: Any) -> Any:
        sizes.append(len(text))
        return decode(text, **named)

    with monkeypatch.context() as patched:
        patched.setattr(msgspec.json, "decode", counted)
        assert split(ArraySplitter(), body, PIECE_BYTES) != []
    return max(sizes)


@pytest.mark.parametrize("indent", [None, 2])
def test_no_piece_of_a_large_report_blocks_the_event_loop_for_long(
    monkeypatch: pytest.MonkeyPatch, indent: int | None
) -> None:
    order = {"type": "order", "lines": [{"sku": "a", "qty": 1}, {"sku": "b", "qty": 2}]}
    body = json.dumps([order] * 20_000, indent=indent).encode()
    assert len(body) > 1_000_000
    assert decoded_at_most(body, monkeypatch) < 3 * PIECE_BYTES


def test_an_array_whose_objects_begin_differently_is_split_at_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = json.dumps([{f"key{number}": "v" * 200} for number in range(5_000)]).encode()
    assert decoded_at_most(body, monkeypatch) == len(body)
    assert split(ArraySplitter(), body, PIECE_BYTES) == whole(body)


def test_an_array_that_can_be_cut_again_after_a_large_element_is_cut_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small, large = {"type": "a"}, {"type": "b", "text": "v" * (2 * PIECE_BYTES)}
    body = json.dumps([*[small] * 20_000, large, *[small] * 20_000, large, small]).encode()
    assert decoded_at_most(body, monkeypatch) < 5 * PIECE_BYTES
    assert split(ArraySplitter(), body, PIECE_BYTES) == whole(body)


@pytest.mark.parametrize("media_type", ["application/json", "application/x-ndjson; charset=utf-8"])
async def test_a_large_report_lets_promises_pass_while_it_arrives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, media_type: str
) -> None:
    facts = [*CATALOGUE, *(stock(f"SKU-{number}", "DE", 9) for number in range(2_000))]
    lines = [json.dumps(fact).encode() for fact in facts]
    body = b"[" + b",".join(lines) + b"]" if media_type == "application/json" else b"\n".join(lines)
    async with live_server(tmp_path) as one:
        pauses: list[int] = []

        async def wait_for_promises() -> None:
            pauses.append(len(pauses))

        monkeypatch.setattr(one.parts.shop.ledger, "wait_for_promises", wait_for_promises)
        headers = {"Content-Type": media_type}
        answer = await one.http.post("/v1/facts", content=body, headers=headers)
        assert answer.json()["accepted"] == len(facts)
        assert len(pauses) >= len(body) // PIECE_BYTES
