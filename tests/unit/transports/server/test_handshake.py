"""Handshakes: what the fast path accepts, and what the library decides.

The raw-frame suite in `journeys/` has the long table of rejections.
"""

import base64
import os
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.raw_connections import ORIGIN, policy, upgrade
from tactful.transports.admission.access_policy import Rejection
from tactful.transports.server.handshake import (
    AcceptedHandshake,
    accept_common,
    check_handshake,
    check_with_library,
)

# The fast path.

CHROME = (
    "GET /v1/session HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nPragma: no-cache\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)\r\n"
    f"Upgrade: websocket\r\nOrigin: {ORIGIN}\r\nSec-WebSocket-Version: 13\r\n"
    "Accept-Language: en-US,en;q=0.9\r\nCookie: a=b; c=d\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    "Sec-WebSocket-Protocol: tactful.v1\r\n\r\n"
).encode()
FIREFOX = upgrade(Connection="keep-alive, Upgrade", Accept="*/*")
DATE = re.compile(rb"Date: [^\r]+\r\n")


def undated(found: AcceptedHandshake | Rejection | None) -> tuple[bytes, str, tuple[str, ...]]:
    assert isinstance(found, AcceptedHandshake)
    return DATE.sub(b"", found.response), found.origin, found.forwarded


@pytest.mark.parametrize("head", [CHROME, FIREFOX, upgrade(X_Forwarded_For="198.51.100.7, ::1")])
def test_a_common_head_is_accepted_with_the_same_bytes_as_by_the_library(head: bytes) -> None:
    common = accept_common(head, policy())
    assert undated(common) == undated(check_with_library(head, policy()))
    assert common is not None
    assert DATE.search(common.response)


def test_the_accept_header_is_that_of_the_standard() -> None:
    found = accept_common(CHROME, policy())
    assert found is not None
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in found.response


UNCOMMON = {
    "another path": upgrade("/x"),
    "a query": upgrade("/v1/session?x=1"),
    "another origin": upgrade(Origin="https://evil.example"),
    "another host": upgrade(Host="evil.example"),
    "no host": upgrade(drop="Host"),
    "no key": upgrade(drop="Sec-WebSocket-Key"),
    "a short key": upgrade(Sec_WebSocket_Key="AAAA"),
    "a key in another spelling": upgrade(Sec_WebSocket_Key="AAAAAAAAAAAAAAAAAAAAAB=="),
    "another version": upgrade(Sec_WebSocket_Version="8"),
    "two subprotocols": upgrade(Sec_WebSocket_Protocol="tactful.v1, x"),
    "a body": upgrade(Content_Length="5"),
    "a body in chunks": upgrade(Transfer_Encoding="chunked"),
    "an old version of HTTP": CHROME.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "another method": CHROME.replace(b"GET", b"POST", 1),
    "a field twice": CHROME.replace(b"Pragma: no-cache", b"Host: localhost"),
    "a folded field": CHROME.replace(b"Pragma: no-cache", b"Pragma: no-cache\r\n more"),
    "no space after the colon": CHROME.replace(b"Pragma: ", b"Pragma:"),
    "a space before the colon": CHROME.replace(b"Pragma: ", b"Pragma : "),
    "bytes beyond ASCII": CHROME.replace(b"a=b", b"a=\xe9"),
    "a bare line feed": CHROME.replace(b"a=b", b"a=b\nHost: evil.example"),
    "a null byte": CHROME.replace(b"a=b", b"a=\0"),
    "a long field": upgrade(X="a" * 4_000),
    "many fields": upgrade(**{f"X{number}": "a" for number in range(70)}),
    "something after the end": CHROME + b"x",
}


@pytest.mark.parametrize("name", UNCOMMON)
def test_an_uncommon_head_is_left_to_the_library(name: str) -> None:
    assert accept_common(UNCOMMON[name], policy()) is None


def test_a_conformance_suite_is_checked_by_the_library() -> None:
    found = check_handshake(upgrade(Sec_WebSocket_Protocol="echo"), policy(), any_origin=True)
    assert isinstance(found, AcceptedHandshake)
    assert b"Sec-WebSocket-Protocol" not in found.response


NAMES = st.sampled_from([
    "Host", "Upgrade", "Connection", "Origin", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
    "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "X-Forwarded-For", "Cookie", "X",
])  # fmt: skip
VALUES = st.sampled_from([
    "localhost", "127.0.0.1:80", "LOCALHOST", "websocket", "WebSocket", "Upgrade", "upgrade",
    "keep-alive, Upgrade", ORIGIN, "null", "13", "tactful.v1", "x", "1.2.3.4", "",
    base64.b64encode(os.urandom(16)).decode(), "permessage-deflate; client_max_window_bits",
]) | st.text(st.characters(min_codepoint=9, max_codepoint=126), max_size=20)  # fmt: skip


@given(st.lists(st.tuples(NAMES, VALUES), max_size=3), st.booleans(), st.integers(0, 12))
def test_every_head_that_the_fast_path_accepts_is_accepted_alike_by_the_library(
    changes: list[tuple[str, str]], twice: bool, at: int
) -> None:
    first, *lines = CHROME.decode().removesuffix("\r\n\r\n").split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines) | dict(changes)
    sent = [f"{name}: {value}" for name, value in fields.items()]
    if twice:
        sent.insert(at, sent[-1])
    head = "\r\n".join([first, *sent, "", ""]).encode()
    common = accept_common(head, policy())
    if common is not None:
        assert undated(common) == undated(check_with_library(head, policy()))


# The library, and both together.


def rejected(head: bytes, **options: Any) -> tuple[int, str]:
    found = check_handshake(head, policy(), **options)
    assert isinstance(found, Rejection)
    return found.status, found.code


def test_an_accepted_handshake_carries_the_answer_the_origin_and_the_hops() -> None:
    found = check_handshake(upgrade(X_Forwarded_For="198.51.100.7"), policy())
    assert isinstance(found, AcceptedHandshake)
    assert found.response.startswith(b"HTTP/1.1 101 ")
    assert b"Sec-WebSocket-Protocol: tactful.v1\r\n" in found.response
    assert b"Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n" in found.response
    assert found.origin == ORIGIN
    assert found.forwarded == ("198.51.100.7",)


def test_a_wrong_path_is_reported_first() -> None:
    assert rejected(upgrade("/x", Host="evil.example")) == (404, "path.unknown")


def test_a_wrong_host_is_reported_before_a_wrong_origin() -> None:
    head = upgrade(Host="evil.example", Origin="https://evil.example")
    assert rejected(head) == (421, "host.unknown")


def test_a_wrong_origin_is_reported_before_the_errors_of_the_library() -> None:
    head = upgrade(drop="Sec-WebSocket-Key", Origin="https://evil.example")
    assert rejected(head) == (403, "origin.refused")


def test_a_request_without_an_upgrade_gets_426() -> None:
    head = b"GET /v1/session HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert rejected(head) == (426, "handshake.refused")


def test_a_rejection_contains_no_internals_of_the_library() -> None:
    found = check_handshake(upgrade(drop="Sec-WebSocket-Key"), policy())
    assert isinstance(found, Rejection)
    assert "\n" not in found.detail
    assert "Traceback" not in found.detail


def test_a_head_that_is_no_http_is_malformed() -> None:
    assert rejected(b"GET /v1/session HTTP/1.1\r\nno colon\r\n\r\n") == (400, "head.malformed")


def test_a_head_with_too_much_in_it_is_too_large() -> None:
    assert rejected(upgrade(X="a" * 9_000)) == (431, "head.too_large")
    assert rejected(upgrade("/" + "a" * 9_000)) == (414, "head.too_large")


def test_a_conformance_suite_needs_neither_an_origin_nor_a_subprotocol() -> None:
    head = upgrade(drop="Origin", Sec_WebSocket_Protocol="echo")
    assert isinstance(check_handshake(head, policy(), any_origin=True), AcceptedHandshake)


def test_a_conformance_suite_still_has_to_name_the_host() -> None:
    assert rejected(upgrade(Host="evil.example"), any_origin=True) == (421, "host.unknown")
