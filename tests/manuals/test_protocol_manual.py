"""The protocol's manual against the code: messages, fields, close codes, limits and examples."""

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from websockets.http11 import MAX_LINE_LENGTH, MAX_NUM_HEADERS

from tactful.protocol import close_codes
from tactful.protocol.codec import ProtocolError, decode
from tactful.protocol.conversation import ProtocolTiming
from tactful.protocol.messages import ClientMessage, Offer, ServerMessage
from tactful.transports.admission.access_policy import SESSION_PATH, SUBPROTOCOL
from tactful.transports.admission.address_limits import SESSION_RATE_DIVISOR
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.sessions.sse import MESSAGES_PER_POST, STREAM_PATH

MANUAL = (Path(__file__).parents[2] / "server" / "PROTOCOL.md").read_text()
CLIENT = {each.__struct_config__.tag: each for each in get_args(ClientMessage)}
SERVER = {each.__struct_config__.tag: each for each in get_args(ServerMessage)}


def sections() -> dict[str, str]:
    parts = re.split(r"^#### `(\w+)`$", MANUAL, flags=re.MULTILINE)
    bodies = (re.split(r"^#{2,3} ", body, flags=re.MULTILINE)[0] for body in parts[2::2])
    return dict(zip(parts[1::2], bodies, strict=True))


def rows(text: str) -> list[list[str]]:
    found = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in found]


def field_names(text: str) -> list[str]:
    return [row[0].strip("`") for row in rows(text) if row[0].startswith("`")]


def fields_of(struct: type[msgspec.Struct]) -> tuple[msgspec.inspect.Field, ...]:
    info = msgspec.inspect.type_info(struct)
    assert isinstance(info, msgspec.inspect.StructType)
    return info.fields


def test_every_message_has_a_section_and_every_section_a_message() -> None:
    assert set(sections()) == set(CLIENT) | set(SERVER)


@pytest.mark.parametrize("tag", [*CLIENT, *SERVER])
def test_a_section_lists_exactly_the_fields_of_its_message(tag: str) -> None:
    struct = CLIENT.get(tag) or SERVER[tag]
    expected = set(struct.__struct_fields__) - ({"n"} if tag in CLIENT else set())
    names = field_names(sections()[tag])
    assert set(names) == expected
    assert len(names) == len(expected)


def test_an_offer_is_listed_field_by_field() -> None:
    text = MANUAL.split("### An offer\n")[1].split("\n## ")[0]
    assert field_names(text) == list(Offer.__struct_fields__)


@pytest.mark.parametrize("tag", [*CLIENT, *SERVER])
def test_every_section_has_an_example_that_is_valid(tag: str) -> None:
    (example,) = re.findall(r"```json\n(.*?)\n```", sections()[tag], re.DOTALL)
    if tag in CLIENT:
        found = decode(example.encode())
        assert not isinstance(found, ProtocolError), found
    else:
        found = msgspec.json.decode(example, type=SERVER[tag])
        known = msgspec.json.decode(msgspec.json.encode(found))
        assert known == msgspec.json.decode(example)
    assert type(found) is (CLIENT.get(tag) or SERVER[tag])


def test_every_choice_of_a_literal_stands_in_its_section() -> None:
    for tag, struct in (CLIENT | SERVER).items():
        for field in fields_of(struct):
            kinds = getattr(field.type, "types", (field.type,))
            for kind in kinds:
                if isinstance(kind, msgspec.inspect.LiteralType):
                    shown = sections()[tag] + (sections()["hello"] if tag == "consent" else "")
                    assert all(f"`{choice}`" in shown for choice in kind.values), (tag, field.name)


def test_the_table_of_close_codes_is_the_codes() -> None:
    text = MANUAL.split("## 6 Close codes")[1].split("\n## ")[0]
    written = [row for row in rows(text) if row[0].isdigit()]
    assert written == [
        [str(row.code), f"`{row.name}`", row.meaning, row.afterwards.value]
        for row in close_codes.TABLE
    ]


def test_every_rule_has_a_number_of_its_own_in_order() -> None:
    numbers = [tuple(map(int, n.split("."))) for n in re.findall(r"\*\*(\d\.\d+)\*\*", MANUAL)]
    assert numbers == sorted(set(numbers))
    assert len(numbers) > 40


def test_numbers_that_are_referred_to_exist() -> None:
    numbers = set(re.findall(r"\*\*(\d\.\d+)\*\*", MANUAL))
    assert set(re.findall(r"\((\d\.\d+)\b", MANUAL)) <= numbers


def test_limits_are_written_as_they_are() -> None:
    limits, rhythm = AdmissionLimits(), ProtocolTiming()
    for sentence in (
        f"within {limits.head_ms // 1000} s and have at most {limits.head_bytes:,} bytes",
        f"lines more than {MAX_LINE_LENGTH:,}, and at most {MAX_NUM_HEADERS} fields",
        f"must have at most {limits.message_bytes:,} bytes",
        f"in fragments, at most {limits.fragments} of them",
        f"`hello`, within {rhythm.hello_ms // 1000} s",
        f"may send {rhythm.per_second} messages a second, and {rhythm.burst:,} at once",
        f"one more for each {rhythm.unit_bytes:,} bytes",
        f"{limits.requests_per_s // SESSION_RATE_DIVISOR} new sessions a second, and {limits.request_burst} at once",
        f"every `welcome.heartbeat` seconds ({rhythm.heartbeat_ms // 1000})",
        f"nothing was received for {(rhythm.silent_ms + limits.sweep_ms) // 1000} s",
        f"keeps at most {limits.buffer_bytes:,} bytes",
        f"drops it after {limits.stalled_ms // 1000} s",
        f"an array of at most {MESSAGES_PER_POST}",
        f"subprotocol `{SUBPROTOCOL}`",
        f"`GET {SESSION_PATH}`",
        f"`GET {STREAM_PATH}`",
    ):
        assert sentence in MANUAL, sentence


def test_every_rejection_code_of_the_listener_is_in_the_manual() -> None:
    folder = Path(__file__).parents[2] / "server" / "tactful" / "transports"
    source = "".join(path.read_text() for path in sorted(folder.rglob("*.py")))
    codes = set(re.findall(r'Rejection\(\s*\d{3}, "([a-z._]+)"', source))
    assert "origin.refused" in codes
    over_http_only = {"body.slow", "body.too_large", "body.malformed"}
    missing = {code for code in codes - over_http_only if f"`{code}`" not in MANUAL}
    assert not missing
