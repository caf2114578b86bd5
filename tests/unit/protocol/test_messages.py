"""The fields of all messages, and how they are written."""

from typing import Any, get_args

import msgspec
import pytest

from tactful.protocol.messages import (
    Accept,
    Bye,
    CartLine,
    ClientMessage,
    Heartbeat,
    Landing,
    Money,
    Offer,
    OfferPushed,
    ServerMessage,
    Welcome,
)

FROM_CLIENT = {
    "hello": {
        "resume",
        "territory",
        "locale",
        "consent",
        "gpc",
        "page",
        "identity",
        "seq",
        "currency",
        "channel",
    },
    "identify": {"identity"},
    "logout": set(),
    "page": {"url", "kind", "query", "moment", "currency", "channel"},
    "view": {"sku", "url", "price"},
    "cart": {"lines"},
    "activity": {"kind"},
    "consent": {"consent", "gpc"},
    "seen": {"offer"},
    "dismiss": {"offer"},
    "more_time": {"offer"},
    "accept": {"offer", "qty"},
}
FROM_SERVER = {
    "welcome": {"session", "resume", "offers", "seq", "heartbeat", "idle"},
    "offer": {"seq", "offer", "replaces"},
    "withdraw": {"seq", "offer"},
    "extended": {"offer", "ends_in", "more_time"},
    "accepted": {"seq", "offer", "token", "code", "hold"},
    "refused": {"n", "offer", "code"},
    "ack": {"n"},
    "heartbeat": set(),
    "bye": {"code", "retry"},
    "stream": {"stream"},
    "closed": {"code", "reason"},
}


def fields(struct: type[msgspec.Struct]) -> set[str]:
    return set(struct.__struct_fields__)


def by_tag(union: Any) -> dict[Any, set[str]]:
    return {struct.__struct_config__.tag: fields(struct) for struct in get_args(union)}


def test_the_client_may_send_exactly_these_messages_each_with_an_n() -> None:
    assert by_tag(ClientMessage) == {tag: names | {"n"} for tag, names in FROM_CLIENT.items()}


def test_the_server_sends_exactly_these_messages() -> None:
    assert by_tag(ServerMessage) == FROM_SERVER


def test_an_offer_has_exactly_these_fields() -> None:
    assert fields(Offer) == {
        "id", "sku", "price", "was", "percent", "title", "message", "ends_in", "max_qty",
        "placement", "disclosure", "image", "url", "level", "at_most", "percent_bp",
        "voucher", "countdown", "more_time", "inputs",
    }  # fmt: skip


def test_nested_structs_have_exactly_these_fields() -> None:
    assert fields(Money) == {"amount", "currency"}
    assert fields(CartLine) == {"sku", "qty"}
    assert fields(Landing) == {"url", "referrer", "kind"}


def test_a_message_cannot_be_changed() -> None:
    message = Accept(offer="o1")
    with pytest.raises(AttributeError):
        message.offer = "o2"  # type: ignore[misc]


def test_an_absent_field_is_not_written() -> None:
    assert msgspec.json.encode(Heartbeat()) == b'{"t":"heartbeat"}'
    assert msgspec.json.encode(Bye(code=1001, retry=3)) == b'{"t":"bye","code":1001,"retry":3}'


def test_an_empty_snapshot_is_written_as_an_empty_list() -> None:
    written = msgspec.json.encode(
        Welcome(session="s", resume="r", offers=(), seq=0, heartbeat=20, idle=60)
    )
    assert b'"offers":[]' in written


def test_a_pushed_offer_names_what_it_replaces_only_if_it_replaces_one() -> None:
    offer = Offer(
        id="o", sku="s", price=Money(1, "EUR"), title="t", message="m", ends_in=9, max_qty=1,
        placement="corner",
    )  # fmt: skip
    assert b"replaces" not in msgspec.json.encode(OfferPushed(seq=1, offer=offer))
    assert b'"replaces":"p"' in msgspec.json.encode(OfferPushed(seq=1, offer=offer, replaces="p"))
