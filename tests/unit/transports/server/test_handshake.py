"""Which request head becomes a session; the raw-frame suite has the long table."""

from support.raw_connections import ORIGIN, policy, upgrade
from tactful.transports.admission.access_policy import Rejection
from tactful.transports.server.handshake import AcceptedHandshake, check_handshake


def refused(head, **options):
    found = check_handshake(head, policy(), **options)
    assert isinstance(found, Rejection)
    return found.status, found.code


def test_an_accepted_handshake_carries_the_answer_the_origin_and_the_hops():
    found = check_handshake(upgrade(X_Forwarded_For="198.51.100.7"), policy())
    assert isinstance(found, AcceptedHandshake)
    assert found.response.startswith(b"HTTP/1.1 101 ")
    assert b"Sec-WebSocket-Protocol: tactful.v1\r\n" in found.response
    assert b"Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n" in found.response
    assert found.origin == ORIGIN
    assert found.forwarded == ("198.51.100.7",)


def test_a_wrong_path_is_said_before_anything_else():
    assert refused(upgrade("/x", Host="evil.example")) == (404, "path.unknown")


def test_a_wrong_host_is_said_before_a_wrong_origin():
    head = upgrade(Host="evil.example", Origin="https://evil.example")
    assert refused(head) == (421, "host.unknown")


def test_a_wrong_origin_is_said_before_what_the_library_minds():
    head = upgrade(drop="Sec-WebSocket-Key", Origin="https://evil.example")
    assert refused(head) == (403, "origin.refused")


def test_a_person_with_a_browser_learns_that_this_is_no_page():
    head = b"GET /v1/session HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert refused(head) == (426, "handshake.refused")


def test_a_refusal_does_not_repeat_what_the_library_knows_about_itself():
    found = check_handshake(upgrade(drop="Sec-WebSocket-Key"), policy())
    assert "\n" not in found.detail
    assert "Traceback" not in found.detail


def test_a_head_that_is_no_http_is_malformed():
    assert refused(b"GET /v1/session HTTP/1.1\r\nno colon\r\n\r\n") == (400, "head.malformed")


def test_a_head_with_too_much_in_it_is_too_large():
    assert refused(upgrade(X="a" * 9_000)) == (431, "head.too_large")
    assert refused(upgrade("/" + "a" * 9_000)) == (414, "head.too_large")


def test_a_conformance_suite_needs_neither_a_page_nor_a_subprotocol():
    head = upgrade(drop="Origin", Sec_WebSocket_Protocol="echo")
    assert isinstance(check_handshake(head, policy(), any_page=True), AcceptedHandshake)


def test_a_conformance_suite_still_has_to_name_the_host():
    assert refused(upgrade(Host="evil.example"), any_page=True) == (421, "host.unknown")
