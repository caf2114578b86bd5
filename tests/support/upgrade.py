"""What a server says of a data folder, and how the folder stores it: for the upgrade fixtures.

The maker of the fixtures records the answers with the release that wrote the folder; the test asks
the same questions of the current code. Everything that names internals stands in the first section.
"""

import base64
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import copy2, copytree
from tempfile import TemporaryDirectory
from typing import Any, get_args

import msgspec
from msgspec import inspect

from support.cli_runner import run
from support.live_server import LiveServer
from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.fact_types import KINDS, AnyFact
from tactful.core.facts.price_history import GeneralPrice
from tactful.core.offers.offer import Offer
from tactful.core.offers.tokens import TokenClaims
from tactful.core.redemption.redemption_rows import RedemptionRow, RefundRow

# Internals: the only part that a move or a rename of code has to touch.
from tactful.core.session.contact_history import ContactHistory
from tactful.core.session.session import Session
from tactful.core.session.signals import Signal
from tactful.core.verdicts.verdict import DecisionTrace
from tactful.runtime.security.signing_keys import HolderFile, KeyFile
from tactful.runtime.turn_log.log_encoding import DecisionInputs, encode, encode_trace
from tactful.runtime.turn_log.replay import Replay

SHAPES: dict[str, Any] = {
    "signal": Signal,
    "inputs": DecisionInputs,
    "trace": DecisionTrace,
    "session": Session,
    "contact": ContactHistory,
    "offer": Offer,
    "redemption": RedemptionRow,
    "refund": RefundRow,
    "fact": AnyFact,
    "general": GeneralPrice,
    "claims": TokenClaims,
    "key": KeyFile,
    "holder": HolderFile,
}
"""Everything that is stored as MessagePack or JSON, by a name of its own."""


def lost(shape: str, body: bytes) -> list[str]:
    """The names and values that are gone or changed when a stored value is encoded again.

    A new field may come with its default. Traces and facts have no new fields: they stay as they are.
    """
    again = AGAIN[shape](body)
    if again == body:
        return []
    read = msgspec.json.decode if shape in JSON_SHAPES else msgspec.msgpack.decode
    return [*lost_in(read(body), read(again), shape, rows=True)]


def lost_in(old: Any, new: Any, path: str = "", *, rows: bool = False) -> Iterator[str]:
    """Yield what is gone or changed in a newer plain value.

    New names are allowed. With `rows`, so are new values at the end of a list: structs without names
    are stored as the list of their fields.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        for name, value in old.items():
            yield from lost_in(value, new.get(name, "gone"), f"{path}.{name}", rows=rows)
    elif (
        isinstance(old, list)
        and isinstance(new, list)
        and (len(old) == len(new) or (rows and len(old) < len(new)))
    ):
        for place, (one, other) in enumerate(zip(old, new, strict=False)):
            yield from lost_in(one, other, f"{path}[{place}]", rows=rows)
    elif old != new:
        yield f"{path}: {old!r} became {new!r}"


def _with_defaults(value: Any) -> Any:
    """A value as plain data, with the defaults that its stored spelling leaves out."""
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        plain = {
            field.encode_name: _with_defaults(getattr(value, field.name))
            for field in msgspec.structs.fields(value)
        }
        if config.array_like:
            return ([config.tag] if config.tag_field else []) + list(plain.values())
        return plain | ({str(config.tag_field): config.tag} if config.tag_field else {})
    if isinstance(value, tuple | list):
        return [_with_defaults(one) for one in value]
    if isinstance(value, dict):
        return {msgspec.to_builtins(name): _with_defaults(one) for name, one in value.items()}
    return msgspec.to_builtins(value)


def _json(kind: Any) -> Callable[[bytes], bytes]:
    return lambda stored: msgspec.json.encode(
        _with_defaults(msgspec.json.decode(stored, type=kind))
    )


def _packed(kind: Any) -> Callable[[bytes], bytes]:
    return lambda stored: encode(_with_defaults(msgspec.msgpack.decode(stored, type=kind)))


JSON_SHAPES = frozenset({"offer", "redemption", "refund", "fact", "general", "key", "holder"})

AGAIN: dict[str, Callable[[bytes], bytes]] = {
    "signal": _packed(Signal),
    "inputs": _packed(DecisionInputs),
    "trace": lambda stored: encode_trace(msgspec.msgpack.decode(stored, type=DecisionTrace)),
    "session": _packed(Session),
    "contact": _packed(ContactHistory),
    "offer": _json(Offer),
    "redemption": _json(RedemptionRow),
    "refund": _json(RefundRow),
    "fact": lambda stored: msgspec.json.encode(_with_defaults(decode_stored(stored))),
    "general": _json(GeneralPrice),
    "key": _json(KeyFile),
    "holder": _json(HolderFile),
}
"""Decodes a stored value with the current code and encodes it again."""

FACT_TYPES = frozenset(KINDS)
SIGNALS = frozenset(str(kind.__struct_config__.tag) for kind in get_args(Signal))


async def replay(one: LiveServer) -> dict[str, Any]:
    """The recorded turns, decided again; the differences as text."""
    shop = one.parts.shop
    await shop.settled()
    await shop.ledger.flush()
    found = await Replay(shop.ledger, shop.settings.policy, shop.settings.seed).run(0, 10**15)
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
    return plain


# End of the internals.

LEDGER = "tactful.db"
CLOCK_FILES = ("clock", "starts")
"""Files of test mode, which a backup does not hold: the instant, and the count of starts."""

COLUMNS = {
    "session": "SELECT state FROM sessions ORDER BY session",
    "contact": "SELECT body FROM contacts ORDER BY shopper",
    "offer": "SELECT body FROM offers ORDER BY id",
    "redemption": "SELECT body FROM redemptions ORDER BY offer",
    "refund": "SELECT body FROM refunds ORDER BY refund",
    "fact": "SELECT body FROM facts WHERE kind <> 'general' ORDER BY id",
    "general": "SELECT body FROM facts WHERE kind = 'general' ORDER BY id",
    "inputs": "SELECT inputs FROM entries WHERE inputs IS NOT NULL ORDER BY id",
    "trace": "SELECT trace FROM entries WHERE trace IS NOT NULL ORDER BY id",
}


def placed(fixture: Path, folder: Path) -> Path:
    """A copy of a fixture that a server may use; Git does not keep the modes of key files."""
    copytree(fixture, folder)
    private(folder / "data" / "keys")
    return folder


def private(keys: Path) -> None:
    """Give a folder of keys the modes without which a server refuses it."""
    keys.chmod(0o700)
    for file in keys.iterdir():
        file.chmod(0o600)


@contextmanager
def opened(data: Path) -> Iterator[sqlite3.Connection]:
    """The ledger of a folder, from a copy: SQLite moves the log into a file that it closes."""
    with TemporaryDirectory(prefix="tactful-upgrade-") as work:
        for file in data.glob(f"{LEDGER}*"):
            copy2(file, work)
        with closing(sqlite3.connect(Path(work) / LEDGER)) as ledger:
            yield ledger


def stored(data: Path) -> Iterator[tuple[str, bytes]]:
    """Every encoded value of a data folder with the name of its shape."""
    with opened(data) as ledger:
        for shape, question in COLUMNS.items():
            for (body,) in ledger.execute(question):
                yield shape, body
        for (signal,) in ledger.execute("SELECT signal FROM entries ORDER BY id"):
            for one in signals(signal):
                yield "signal", one
    for file in sorted((data / "keys").iterdir()):
        yield "holder" if file.name == "holder.json" else "key", file.read_bytes()


def signals(entry: bytes) -> list[bytes]:
    """The signals of one entry: a map is one signal, a list has pairs of instant and signal."""
    if isinstance(msgspec.msgpack.decode(entry), dict):
        return [entry]
    acts = msgspec.msgpack.decode(entry, type=list[tuple[int, msgspec.Raw]])
    return [bytes(signal) for _, signal in acts]


def names(shape: str) -> set[str]:
    """All names, tags, words and positions by which a shape is stored, as paths."""
    return set(_names(inspect.type_info(SHAPES[shape]), shape))


def _names(kind: inspect.Type, path: str) -> Iterator[str]:
    match kind:
        case inspect.StructType():
            config = kind.cls.__struct_config__
            here = f"{path}<{config.tag_field}={config.tag}>" if config.tag is not None else path
            yield here
            for place, field in enumerate(kind.fields):
                name = f"[{place}]" if kind.array_like else f".{field.encode_name}"
                yield from _names(field.type, here + name)
        case inspect.UnionType():
            for one in kind.types:
                yield from _names(one, path)
        case inspect.DictType():
            yield from _names(kind.value_type, path + "{}")
        case inspect.TupleType():
            for place, one in enumerate(kind.item_types):
                yield from _names(one, f"{path}[{place}]")
        case inspect.CollectionType():
            yield from _names(kind.item_type, path + "[]")
        case inspect.LiteralType():
            yield from (f"{path}={word}" for word in kind.values)
        case inspect.EnumType():
            yield from (f"{path}={member.value}" for member in kind.cls)
        case inspect.Metadata():
            yield from _names(kind.type, path)
        case _:
            yield f"{path}: {type(kind).__name__.removesuffix('Type').lower()}"


def occurring(data: Path) -> set[str]:
    """What occurs in a folder: signals, fact types, states, outcomes, reasons and inputs."""
    found: set[str] = set()
    for shape, body in stored(data):
        if shape == "signal":
            found.add(f"signal {msgspec.msgpack.decode(body)['type']}")
        elif shape == "fact":
            found.add(f"fact {msgspec.json.decode(body)['type']}")
        elif shape == "offer":
            offer = msgspec.json.decode(body)
            found.add(f"offer {offer['state']}")
            found |= {f"offer.{name}" for name, value in offer.items() if value}
        elif shape == "redemption":
            found.add(f"redemption {msgspec.json.decode(body)['status']}")
        elif shape == "inputs":
            found |= {f"inputs.{name}" for name in msgspec.msgpack.decode(body)}
        elif shape == "session":
            state = msgspec.msgpack.decode(body)
            found |= {f"session.{name}" for name, value in state.items() if value}
        elif shape == "trace":
            for verdict in msgspec.msgpack.decode(body)["verdicts"]:
                found |= {
                    f"verdict {verdict['outcome']}",
                    f"verdict.value {bool(verdict['value'])}",
                }
                found |= {f"reason {one['reason']}" for one in verdict["findings"]}
    return found


def missing(data: Path) -> list[str]:
    """What this release can store and a folder does not hold."""
    fields = {
        "offer": Offer.__struct_encode_fields__,
        "inputs": DecisionInputs.__struct_encode_fields__,
        "session": Session.__struct_encode_fields__,
    }
    wanted = {f"{shape}.{field}" for shape, names_ in fields.items() for field in names_}
    wanted |= {f"signal {kind}" for kind in SIGNALS} | {f"fact {kind}" for kind in FACT_TYPES}
    wanted |= {f"offer {state}" for state in words("offer.state")}
    wanted |= {f"redemption {status}" for status in words("redemption.status")}
    wanted |= {f"verdict {outcome}" for outcome in words("trace.verdicts[].outcome")}
    return sorted(wanted - occurring(data))


def words(path: str) -> set[str]:
    """The words that a stored field may have."""
    shape = path.partition(".")[0]
    return {name.partition("=")[2] for name in names(shape) if name.startswith(f"{path}=")}


def versions(data: Path) -> list[str]:
    """The rulebooks that were active, oldest first, each once."""
    with opened(data) as ledger:
        rows = ledger.execute("SELECT version FROM activations ORDER BY id").fetchall()
    return list(dict.fromkeys(version for (version,) in rows))


def names_in(shapes: Mapping[str, list[str]]) -> set[str]:
    """What a release could store, by its own list of names, in the words of `occurring`."""
    ways = {
        "signal<type=": "signal ",
        "fact<type=": "fact ",
        "offer.state=": "offer ",
        "redemption.status=": "redemption ",
        "trace.verdicts[].outcome=": "verdict ",
    }
    return {
        word + name.removeprefix(start).removesuffix(">")
        for names_ in shapes.values()
        for name in names_
        for start, word in ways.items()
        if name.startswith(start) and (name.endswith(">") or not start.endswith("type="))
    }


def claims(token: str) -> dict[str, Any]:
    """What a token says, read without its signature."""
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


async def answers(one: LiveServer, questions: Mapping[str, str]) -> dict[str, Any]:
    """Name → status and body of the answer to its question, which is an address."""
    await one.advance(0)  # whatever a start leaves for later has happened when this returns
    found = {}
    for name, question in questions.items():
        answer = await one.http.get(question)
        found[name] = {"status": answer.status_code, "body": answer.json()}
    return found


def commands(data: Path, commands_: Mapping[str, list[str]]) -> dict[str, Any]:
    """What commands print for a machine about a data folder that no server uses."""
    found = {}
    for name, words_ in commands_.items():
        done = run(*words_, "--data", data, "--json")
        assert done.exit_code == 0, done.output
        answer = re.search(r"^\{.*", done.stdout, re.MULTILINE | re.DOTALL)  # log lines precede it
        assert answer, done.output
        found[name] = json.loads(answer[0])
    return found
