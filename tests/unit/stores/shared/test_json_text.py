"""An id leaves a body wherever it stands for itself, and nothing else changes."""

import msgspec

from tactful.stores.shared.json_text import as_plain_data, replace_id, replace_packed_id


def test_an_id_is_replaced_as_a_value_a_key_and_in_lists() -> None:
    body = msgspec.json.encode({"a": "c1", "c1": [1, "c1", {"b": "c1"}], "n": None})
    found = msgspec.json.decode(replace_id(body, "c1", "x"))
    assert found == {"a": "x", "x": [1, "x", {"b": "x"}], "n": None}


def test_a_longer_text_that_contains_the_id_stays() -> None:
    assert replace_id(b'{"a":"c1 and c12"}', "c1", "x") == b'{"a":"c1 and c12"}'


def test_an_id_is_found_however_it_was_escaped() -> None:
    assert replace_id(b'{"a":"\\u00fc1"}', "\u00fc1", "x") == b'{"a":"x"}'


def test_bodies_of_every_encoding_become_plain_data() -> None:
    assert as_plain_data(b'{"a":1}') == {"a": 1}
    assert as_plain_data(msgspec.msgpack.encode({"a": (1, 2)})) == {"a": [1, 2]}
    assert as_plain_data(b"\xc1 no code") == "\ufffd no code"


def test_an_id_is_replaced_in_packed_bodies() -> None:
    body = msgspec.msgpack.encode({"c1": ["c1", "c12", 1]})
    assert replace_packed_id(body, "c1", "x") == msgspec.msgpack.encode({"x": ["x", "c12", 1]})
    assert replace_packed_id(b"\xc1 no id", "c1", "x") == b"\xc1 no id"


def test_a_body_that_names_the_id_and_cannot_be_decoded_is_dropped() -> None:
    assert replace_packed_id(b"\xc1 c1", "c1", "x") == b""
