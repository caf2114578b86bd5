"""From bytes to messages and back, whatever the bytes are."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.protocol import close_codes
from tactful.protocol.codec import HEARTBEAT, ProtocolError, decode, encode, truncate_reason
from tactful.protocol.messages import (
    Accept,
    Activity,
    Cart,
    CartLine,
    ClientMessage,
    Consent,
    Dismiss,
    Hello,
    HmacIdentity,
    Identify,
    Landing,
    Logout,
    Money,
    Page,
    Seen,
    View,
)

LIMIT = 2**53 - 1
text = st.text(st.characters(codec="utf-8"), min_size=1, max_size=64)
numbered = {"n": st.none() | st.integers(1, LIMIT)}
money = st.builds(Money, st.integers(0, LIMIT), st.from_regex(r"[A-Z]{3}", fullmatch=True))
identity = st.text(min_size=1, max_size=200, alphabet="abc.DEF-_") | st.builds(
    HmacIdentity, text, st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
)
consents = st.sampled_from(["none", "anonymous", "personal"])
messages = st.one_of(
    st.builds(
        Hello,
        consent=consents,
        page=st.builds(Landing, text, st.none() | text, st.none() | st.just("product")),
        resume=st.none() | text,
        territory=st.none() | st.sampled_from(["DE", "US-NY"]),
        locale=st.none() | st.just("de-AT"),
        gpc=st.none() | st.booleans(),
        identity=st.none() | identity,
        seq=st.none() | st.integers(0, LIMIT),
        **numbered,
    ),
    st.builds(Identify, identity=identity, **numbered),
    st.builds(Logout, **numbered),
    st.builds(Page, url=text, kind=st.just("cart"), query=st.none() | text, **numbered),
    st.builds(View, sku=text, price=st.none() | money, **numbered),
    st.builds(Cart, lines=st.lists(st.builds(CartLine, text, st.integers(1, 9999))), **numbered),
    st.builds(Activity, kind=st.sampled_from(["input", "idle", "chat_open"]), **numbered),
    st.builds(Consent, consent=consents, gpc=st.none() | st.booleans(), **numbered),
    st.builds(Seen, offer=text, **numbered),
    st.builds(Dismiss, offer=text, **numbered),
    st.builds(Accept, offer=text, qty=st.none() | st.integers(1, 9999), **numbered),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(messages)
def test_every_message_survives_the_round_trip(message: ClientMessage) -> None:
    assert decode(encode(message)) == message


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    assert isinstance(decode(data), ProtocolError)


@given(json_values)
def test_no_json_raises(value: object) -> None:
    found = decode(msgspec.json.encode(value))
    assert isinstance(found, ProtocolError)
    assert len(found.text.encode()) <= 123


@given(messages, st.data())
def test_a_message_cut_anywhere_is_refused(message: ClientMessage, data: st.DataObject) -> None:
    written = encode(message)
    cut = data.draw(st.integers(0, len(written) - 1))
    assert isinstance(decode(written[:cut]), ProtocolError)


@given(messages, st.data())
def test_a_message_with_a_changed_byte_is_a_message_or_an_error_and_never_an_exception(
    message: ClientMessage, data: st.DataObject
) -> None:
    written = bytearray(encode(message))
    place = data.draw(st.integers(0, len(written) - 1))
    written[place] ^= data.draw(st.integers(1, 255))
    decode(bytes(written))


def hello(**changes: object) -> dict[str, object]:
    page = {"url": "https://shop.example/"}
    return {"t": "hello", "consent": "anonymous", "page": page, **changes}


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"t": "hi"},
        {"t": 1},
        {"t": "welcome"},
        [],
        "hello",
        None,
        hello(consent="all"),
        hello(page={}),
        hello(page={"url": "u", "extra": 1}),
        hello(page={"url": "u" * 2049}),
        hello(resume=""),
        hello(resume="r" * 513),
        hello(territory="de"),
        hello(territory="DEU"),
        hello(territory="DE\n"),
        hello(locale="d" * 36),
        hello(gpc=1),
        hello(seq=-1),
        hello(seq=2**53),
        hello(seq=2**63),
        hello(seq=1.5),
        hello(identity="j" * 4097),
        hello(identity={"customer": "c" * 129}),
        hello(identity={"customer": "c", "hmac": "a" * 129}),
        hello(identity={"customer": "c", "hmac": "a" * 64, "role": "admin"}),
        hello(customer="c1"),
        {"t": "identify"},
        {"t": "logout", "customer": "c"},
        {"t": "page", "url": "u", "kind": "unknown"},
        {"t": "page", "url": "u", "kind": "cancel", "moment": "now"},
        {"t": "page", "url": "u", "kind": "search", "query": "q" * 2_049},
        {"t": "view", "sku": ""},
        {"t": "view", "sku": "s" * 129},
        {"t": "view", "sku": 7},
        {"t": "view", "sku": "s", "price": 12.5},
        {"t": "view", "sku": "s", "price": {"amount": -1, "currency": "EUR"}},
        {"t": "view", "sku": "s", "price": {"amount": 1, "currency": "eur"}},
        {"t": "view", "sku": "s", "price": {"amount": 1.0, "currency": "EUR"}},
        {"t": "view", "sku": "s", "price": {"amount": 2**53, "currency": "EUR"}},
        {"t": "cart", "lines": [{"sku": "s", "qty": 0}]},
        {"t": "cart", "lines": [{"sku": "s", "qty": 10_000}]},
        {"t": "cart", "lines": [{"sku": "s", "qty": 1}] * 201},
        {"t": "activity", "kind": "sleep"},
        {"t": "consent", "consent": None},
        {"t": "seen"},
        {"t": "seen", "offer": "o" * 65},
        {"t": "dismiss", "offer": None},
        {"t": "accept", "offer": "o", "qty": 0},
        {"t": "accept", "offer": "o", "price": {"amount": 1, "currency": "EUR"}},
        {"t": "logout", "n": 0},
        {"t": "logout", "n": -1},
        {"t": "logout", "n": "1"},
        {"t": "logout", "n": True},
        {"t": "logout", "n": 2**53},
    ],
)
def test_a_message_with_a_wrong_shape_or_bound_is_rejected(message: object) -> None:
    found = decode(msgspec.json.encode(message))
    assert isinstance(found, ProtocolError)
    assert found.code == 4400
    assert found.text


@pytest.mark.parametrize(
    "identity",
    ["", "c8", {"customer": "c8"}, {"customer": "c8", "hmac": "short"}, {"customer": ""}],
)
def test_an_identity_that_cannot_be_verified_is_no_violation(identity: object) -> None:
    assert isinstance(decode(msgspec.json.encode(hello(identity=identity))), Hello)
    told = {"t": "identify", "identity": identity}
    assert isinstance(decode(msgspec.json.encode(told)), Identify)


def test_null_counts_as_absent() -> None:
    assert decode(b'{"t":"accept","offer":"o","qty":null,"n":null}') == Accept(offer="o")


@pytest.mark.parametrize(
    "payload",
    [
        b'{"t":"accept","offer":"o","qty":1,"qty":9}',
        b'{"t":"accept","offer":"mine","offer":"yours"}',
        b'{"t":"accept","t":"accept","offer":"o"}',
        b'{"t":"cart","lines":[],"lines":[]}',
        b'{"t":"cart","lines":[{"sku":"s","qty":1,"qty":2}]}',
        b'{"t":"accept","offer":"o","o\\u0066fer":"p"}',
    ],
)
def test_a_duplicate_key_is_rejected_where_money_is_involved(payload: bytes) -> None:
    found = decode(payload)
    assert isinstance(found, ProtocolError)
    assert found.close is close_codes.BAD_MESSAGE
    assert "twice" in found.text


@pytest.mark.parametrize(
    "payload",
    [
        b"[" * 60_000,
        b'{"t":"cart","lines":' + b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"t":"view","sku":"s","extra":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b'{"t":"logout","n":' + b"9" * 5_000 + b"}",
        b'{"t":"logout","n":1e999999}',
        b'{"t":"logout","n":-0.0}',
        b'{"t":"view","sku":"\x00"}',
        b'{"t":"view","sku":"s"}{"t":"logout"}',
        b'\xef\xbb\xbf{"t":"logout"}',
        b"NaN",
    ],
)
def test_parser_bombs_return_an_error(payload: bytes) -> None:
    found = decode(payload)
    assert isinstance(found, ProtocolError)
    assert found.code == 4400


@pytest.mark.parametrize(
    "payload",
    [
        b'{"t":"view","sku":"\xff"}',
        b'{"t":"\xc0\x80"}',
        b'{"t":"view","sku":"\xed\xa0\x80"}',
        b"\xff",
        b'{"t":"view","sku":"a"}\xff',
        b'{"t":"view","sku":1,"more":"\xff"}',
        b'{"t":"view","sku":"\\ud83d\xff"}',
    ],
)
def test_text_that_is_not_utf8_has_a_code_of_its_own(payload: bytes) -> None:
    found = decode(payload)
    assert isinstance(found, ProtocolError)
    assert found.close is close_codes.NOT_UTF8


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb"a\ud83d", "a\ufffd"),
        (rb"\uDE00a", "\ufffda"),
        (rb"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (rb"\ude00\ud83d", "\ufffd\ufffd"),
        (rb"\ud83dx\ude00", "\ufffdx\ufffd"),
        (rb"\\ud83d\ud83d", "\\ud83d\ufffd"),
        (rb"\\\ud83d", "\\\ufffd"),
        (rb"\ud83d\n", "\ufffd\n"),
    ],
)
def test_half_a_character_in_a_message_is_replaced(written: bytes, read: str) -> None:
    page = b'{"t":"page","url":"https://shop.example/","kind":"search","query":"%b"}' % written
    found = decode(page)
    assert isinstance(found, Page)
    assert found.query == read


@given(
    st.lists(
        st.sampled_from([r"\ud83d", r"\ude00", r"\\", r"\n", "u", "d83d", "é", " "]), max_size=12
    )
)
def test_each_half_of_a_character_is_replaced_and_nothing_else(parts: list[str]) -> None:
    written = f"x{''.join(parts)}"
    found = decode(f'{{"t":"view","sku":"{written}"}}'.encode())
    assert isinstance(found, View)
    text = json.loads(f'"{written}"')
    assert found.sku == "".join("\ufffd" if "\ud800" <= one <= "\udfff" else one for one in text)


@given(st.text())
def test_a_reason_always_fits_into_a_close_frame(text: str) -> None:
    assert len(truncate_reason(text).encode("utf-8", "replace")) <= 123
    assert text.startswith(truncate_reason(text)[:30])


def test_a_short_reason_stays_as_it_is() -> None:
    assert truncate_reason("No hello in time.") == "No hello in time."


def test_the_heartbeat_has_constant_bytes() -> None:
    assert HEARTBEAT == b'{"t":"heartbeat"}'


def test_a_view_names_an_item_or_an_address() -> None:
    assert isinstance(decode(b'{"t": "view", "url": "/run"}'), View)
    assert isinstance(decode(b'{"t": "view"}'), ProtocolError)
