"""The handshake that browsers send is accepted as the library accepts it; nothing else is."""

import base64
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.raw_connections import ORIGIN, policy, upgrade
from tactful.transports.server.handshake import (
    AcceptedHandshake,
    accept_common,
    check_handshake,
    check_with_library,
)

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


def undated(found):
    assert isinstance(found, AcceptedHandshake)
    return DATE.sub(b"", found.response), found.origin, found.forwarded


@pytest.mark.parametrize("head", [CHROME, FIREFOX, upgrade(X_Forwarded_For="198.51.100.7, ::1")])
def test_what_browsers_send_is_accepted_as_the_library_does(head):
    plain = accept_common(head, policy())
    assert undated(plain) == undated(check_with_library(head, policy()))
    assert DATE.search(plain.response)


def test_the_proof_is_the_one_of_the_standard():
    assert (
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
        in accept_common(CHROME, policy()).response
    )


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
def test_what_is_uncommon_is_left_to_the_library(name):
    assert accept_common(UNCOMMON[name], policy()) is None


def test_a_conformance_suite_is_judged_by_the_library():
    found = check_handshake(upgrade(Sec_WebSocket_Protocol="echo"), policy(), any_page=True)
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
def test_whatever_is_accepted_here_is_accepted_alike_by_the_library(changes, twice, at):
    first, *lines = CHROME.decode().removesuffix("\r\n\r\n").split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines) | dict(changes)
    sent = [f"{name}: {value}" for name, value in fields.items()]
    if twice:
        sent.insert(at, sent[-1])
    head = "\r\n".join([first, *sent, "", ""]).encode()
    plain = accept_common(head, policy())
    if plain is not None:
        assert undated(plain) == undated(check_with_library(head, policy()))
