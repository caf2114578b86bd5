"""What may stand as the value of a setting, and what does a given text or TOML value mean?"""

import ipaddress
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from tactful.core.values.calendar import (
    DAY,
    CalendarError,
    format_duration,
    parse_duration,
    zone_of,
)

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})

_TERRITORY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", re.ASCII)
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?%", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_HOST = re.compile(r"\*|(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.ASCII)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_WORDS: Final = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


class ValueProblem(ValueError):  # noqa: N818 - a finding about a value, shown as such
    """A value that a setting cannot take; the text says what it takes instead."""


class SettingType(Struct, frozen=True):
    """A type of setting: `wanted` in words, `read` from a text or TOML value, `show` as it is written."""

    expected: str
    parse: Callable[[object], Any]
    format: Callable[[Any], str] = str


def _text_of(value: object, wanted: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueProblem(f"write {wanted}")
    return value.strip()


def text(wanted: str = "a text") -> SettingType:
    """Any text."""
    return SettingType(wanted, lambda value: _text_of(value, wanted))


def folder() -> SettingType:
    """The path of a folder; in a file, relative to that file."""
    wanted = "the path of a folder"
    return SettingType(wanted, lambda value: Path(_text_of(value, wanted)).expanduser())


def integer(least: int, most: int, unit: str = "") -> SettingType:
    """A whole number within bounds."""
    wanted = f"a whole number{unit and ' of ' + unit} from {least} to {most}"

    def read(value: object) -> int:
        if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueProblem(f"write {wanted}")
        return value

    return SettingType(wanted, read)


def boolean() -> SettingType:
    """On or off."""
    wanted = "true or false"

    def read(value: object) -> bool:
        found = value if isinstance(value, bool) else _WORDS.get(str(value).strip().lower())
        if found is None:
            raise ValueProblem(f"write {wanted}")
        return found

    return SettingType(wanted, read, lambda value: "true" if value else "false")


def choice(*names: str) -> SettingType:
    """One of some words."""
    wanted = "one of " + ", ".join(names)

    def read(value: object) -> str:
        if value not in names:
            raise ValueProblem(f"write {wanted}")
        return str(value)

    return SettingType(wanted, read)


def list_of(one: SettingType, wanted: str) -> SettingType:
    """A list of another kind: an array in a file, comma-separated elsewhere."""

    def read(value: object) -> tuple[Any, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            raise ValueProblem(f"write {wanted}")
        given = [part for part in parts if not isinstance(part, str) or part.strip()]
        return tuple(dict.fromkeys(one.parse(part) for part in given))

    return SettingType(wanted, read, lambda value: ", ".join(map(one.format, value)))


def duration(least: int = 0, most: int = 3660 * DAY) -> SettingType:
    """A length of time, in ms."""
    wanted = f"a duration such as 45s, 15m or 30d, from {format_duration(least)} to {format_duration(most)}"

    def read(value: object) -> int:
        try:
            length = parse_duration(_text_of(value, wanted))
        except CalendarError as error:
            raise ValueProblem(f"write {wanted}") from error
        if not least <= length <= most:
            raise ValueProblem(f"write {wanted}")
        return length

    return SettingType(wanted, read, format_duration)


def percent() -> SettingType:
    """A share, in basis points."""
    wanted = "a percentage from 0% to 100%, such as 12.5%"

    def read(value: object) -> int:
        found = _PERCENT.fullmatch(_text_of(value, wanted))
        share = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else -1
        if not 0 <= share <= 10_000:
            raise ValueProblem(f"write {wanted}")
        return share

    return SettingType(wanted, read, _show_percent)


def _show_percent(share: int) -> str:
    whole, rest = divmod(share, 100)
    return f"{whole}" + (f".{rest:02}".rstrip("0") if rest else "") + "%"


def territory() -> SettingType:
    """A country, or a part of one."""
    wanted = "a territory such as DE or US-NY"

    def read(value: object) -> str:
        if not _TERRITORY.fullmatch(_text_of(value, wanted)):
            raise ValueProblem(f"write {wanted}")
        return str(value)

    return SettingType(wanted, read)


def time_zone() -> SettingType:
    """An IANA time zone."""

    def read(value: object) -> str:
        name = _text_of(value, "a time zone such as Europe/Berlin")
        try:
            zone_of(name)
        except CalendarError as error:
            raise ValueProblem(str(error)) from error
        return name

    return SettingType("a time zone such as Europe/Berlin", read)


def url() -> SettingType:
    """Where something is reached from outside: scheme and host, perhaps a path."""
    wanted = "a URL such as https://offers.shop.example"

    def read(value: object) -> str:
        given = _text_of(value, wanted).rstrip("/")
        parts = urlsplit(given)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.query:
            raise ValueProblem(f"write {wanted}")
        return given

    return SettingType(wanted, read)


def origin() -> SettingType:
    """A page's origin exactly as browsers send it."""
    wanted = "an origin such as https://shop.example, without a path"

    def read(value: object) -> str:
        given = _text_of(value, wanted)
        try:
            parts = urlsplit(given)
            port = parts.port
        except ValueError as error:
            raise ValueProblem(f"write {wanted}") from error
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username:
            raise ValueProblem(f"write {wanted}")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        own_port = port is not None and port != _DEFAULT_PORTS[parts.scheme]
        exact = f"{parts.scheme}://{host}" + (f":{port}" if own_port else "")
        if given != exact:
            raise ValueProblem(f"browsers never send {given[:80]!r}; write {exact}")
        return exact

    return SettingType(wanted, read)


def host_name() -> SettingType:
    """A name in the Host header; `*` for any."""
    wanted = "a host name such as offers.shop.example, or * for any"

    def read(value: object) -> str:
        given = _text_of(value, wanted).lower()
        if not _HOST.fullmatch(given):
            raise ValueProblem(f"write {wanted}")
        return given

    return SettingType(wanted, read)


def network() -> SettingType:
    """An address, or a network of them."""
    wanted = "an address or network such as 10.0.0.0/8"

    def read(value: object) -> str:
        try:
            return str(ipaddress.ip_network(_text_of(value, wanted)))
        except ValueError as error:
            raise ValueProblem(f"write {wanted}") from error

    return SettingType(wanted, read)


@cache
def is_loopback(host: str) -> bool:
    """Whether nobody but this machine can reach a name or address."""
    if host in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
