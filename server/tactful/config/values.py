"""Types of settings: what each accepts as text or TOML value, and how it is written."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from tactful.core.values.calendar import (
    DAY,
    CalendarError,
    format_duration,
    parse_duration,
    zone_of,
)
from tactful.core.values.money import EXPONENTS, Money, MoneyError, format_plain
from tactful.core.values.money import parse as parse_money
from tactful.core.values.territories import is_territory, nearest_territory

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})

_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?%", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_HOST = re.compile(r"\*|(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.ASCII)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_WORDS: Final = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


class ValueProblem(ValueError):  # noqa: N818 - a finding about a value, shown as such
    """A setting cannot have this value; the text says what to write instead."""


# A password may hold any character, also an @: the last one ends it. A port is no password.
_PASSWORD: Final = re.compile(r"^([^/]*//[^:@/?#]*:)(?!\d+(?:[/?]|$)).*@")


class SecretProblem(ValueProblem):
    """A value with a secret in it, which a message does not repeat.

    Args:
        message: What to write instead.
        shown: The value as a message may show it.
    """

    def __init__(self, message: str, shown: str) -> None:
        super().__init__(message)
        self.shown = shown


class SettingType(Struct, frozen=True):
    """A type of setting."""

    expected: str
    """The accepted values in words; for example, `a duration such as 45s`."""
    parse: Callable[[object], Any]
    """Parses a text or a TOML value, or raises `ValueProblem`."""
    format: Callable[[Any], str] = str
    """Returns a value as it is written in a file."""


def _text_of(value: object, expected: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueProblem(f"Write {expected}.")
    return value.strip()


def text(expected: str = "a text") -> SettingType:
    """Return the type of a text that is not empty."""
    return SettingType(expected, lambda value: _text_of(value, expected))


def folder() -> SettingType:
    """Return the type of a folder's path. In a file the path is relative to that file."""
    expected = "the path of a folder"
    return SettingType(expected, lambda value: Path(_text_of(value, expected)).expanduser())


def file() -> SettingType:
    """Return the type of a file's path. In a file the path is relative to that file."""
    expected = "the path of a file"
    return SettingType(expected, lambda value: Path(_text_of(value, expected)).expanduser())


def integer(least: int, most: int, unit: str = "") -> SettingType:
    """Return the type of a whole number from `least` to `most`, in `unit`."""
    expected = f"a whole number{unit and ' of ' + unit} from {least} to {most}"

    def parse(value: object) -> int:
        if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueProblem(f"Write {expected}.")
        return value

    return SettingType(expected, parse)


def boolean() -> SettingType:
    """Return the type of a setting that is on or off: `true`, `yes`, `on`, `1` or their opposites."""
    expected = "true or false"

    def parse(value: object) -> bool:
        found = value if isinstance(value, bool) else _WORDS.get(str(value).strip().lower())
        if found is None:
            raise ValueProblem(f"Write {expected}.")
        return found

    return SettingType(expected, parse, lambda value: "true" if value else "false")


def choice(*names: str) -> SettingType:
    """Return the type of one of these words."""
    expected = "one of " + ", ".join(names)

    def parse(value: object) -> str:
        if value not in names:
            raise ValueProblem(f"Write {expected}.")
        return str(value)

    return SettingType(expected, parse)


def list_of(one: SettingType, expected: str) -> SettingType:
    """Return the type of a list: an array in a file, separated by commas elsewhere."""

    def parse(value: object) -> tuple[Any, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            raise ValueProblem(f"Write {expected}.")
        given = [part for part in parts if not isinstance(part, str) or part.strip()]
        return tuple(dict.fromkeys(one.parse(part) for part in given))

    return SettingType(expected, parse, lambda value: ", ".join(map(one.format, value)))


def duration(least: int = 0, most: int = 3660 * DAY) -> SettingType:
    """Return the type of a duration, whose bounds and values are milliseconds."""
    expected = f"a duration such as 45s, 15m or 30d, from {format_duration(least)} to {format_duration(most)}"

    def parse(value: object) -> int:
        try:
            length = parse_duration(_text_of(value, expected))
        except CalendarError as error:
            raise ValueProblem(f"Write {expected}.") from error
        if not least <= length <= most:
            raise ValueProblem(f"Write {expected}.")
        return length

    return SettingType(expected, parse, format_duration)


def percent() -> SettingType:
    """Return the type of a percentage, whose values are basis points."""
    expected = "a percentage from 0% to 100%, such as 12.5%"

    def parse(value: object) -> int:
        found = _PERCENT.fullmatch(_text_of(value, expected))
        share = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else -1
        if not 0 <= share <= 10_000:
            raise ValueProblem(f"Write {expected}.")
        return share

    return SettingType(expected, parse, _show_percent)


def _show_percent(share: int) -> str:
    whole, rest = divmod(share, 100)
    return f"{whole}" + (f".{rest:02}".rstrip("0") if rest else "") + "%"


def per_currency(expected: str, parse: Callable[[str, str], int]) -> SettingType:
    """Return the type of a number per currency: texts such as `EUR 95`, as a list or with commas.

    Args:
        expected: The accepted values in words.
        parse: Returns the number of a text and a currency, or raises `ValueProblem`.
    """

    def parse_one(value: object) -> tuple[str, int]:
        code, _, number = _text_of(value, expected).partition(" ")
        if code not in EXPONENTS:
            raise ValueProblem(f"Write {expected}.")
        return code, parse(number.strip(), code)

    parts = list_of(SettingType(expected, parse_one), expected)
    return SettingType(expected, lambda value: dict(parts.parse(value)))


def endings() -> SettingType:
    """Return the type of the last digits of prices per currency."""
    expected = "a currency and the last digits of its prices, such as EUR 95, GBP 99"

    def parse(number: str, _: str) -> int:
        if not number.isdecimal() or len(number) > 2:
            raise ValueProblem(f"Write {expected}.")
        return int(number)

    def show(value: Mapping[str, int]) -> str:
        return ", ".join(f"{code} {ending}" for code, ending in value.items())

    return replace(per_currency(expected, parse), format=show)


def rounding() -> SettingType:
    """Return the type of the step of prices per currency, in minor units."""
    return amounts("a currency and the step of its prices, such as CHF 0.05, SEK 1.00")


def amounts(expected: str) -> SettingType:
    """Return the type of an amount per currency, in minor units.

    Args:
        expected: The accepted values in words.
    """

    def parse(number: str, code: str) -> int:
        try:
            step = parse_money(number, code).amount
        except MoneyError as error:
            raise ValueProblem(f"Write {expected}.") from error
        if step < 1:
            raise ValueProblem(f"Write {expected}.")
        return step

    def show(value: Mapping[str, int]) -> str:
        steps = (format_plain(Money(step, code)).partition(" ") for code, step in value.items())
        return ", ".join(f"{code} {number}" for number, _, code in steps)

    return replace(per_currency(expected, parse), format=show)


def territory() -> SettingType:
    """Return the type of a territory: ISO 3166-1 alpha-2, or ISO 3166-2."""
    expected = "a territory such as DE or US-NY"

    def parse(value: object) -> str:
        code = _text_of(value, expected)
        if not is_territory(code):
            near = nearest_territory(code)
            hint = f" Did you mean {near}?" if near else ""
            raise ValueProblem(f"Write {expected}.{hint}")
        return code

    return SettingType(expected, parse)


def time_zone() -> SettingType:
    """Return the type of an IANA time zone."""
    expected = "a time zone such as Europe/Berlin"

    def parse(value: object) -> str:
        name = _text_of(value, expected)
        try:
            zone_of(name)
        except CalendarError as error:
            raise ValueProblem(str(error)) from error
        return name

    return SettingType(expected, parse)


def url() -> SettingType:
    """Return the type of an http(s) URL without a query; a slash at its end is dropped."""
    expected = "a URL such as https://offers.shop.example"

    def parse(value: object) -> str:
        given = _text_of(value, expected).rstrip("/")
        parts = urlsplit(given)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.query:
            raise ValueProblem(f"Write {expected}.")
        return given

    return SettingType(expected, parse)


def database() -> SettingType:
    """Return the type of an address of a PostgreSQL database without a password."""
    expected = "an address such as postgresql://tactful@db.example/shop"

    def parse(value: object) -> str:
        given = _text_of(value, expected)
        parts = urlsplit(given)
        if parts.scheme not in {"postgresql", "postgres"}:
            raise ValueProblem(f"Write {expected}.")
        named = {name for name, _ in parse_qsl(parts.query)}
        if _PASSWORD.search(given) or named & {"password", "sslpassword"}:
            raise SecretProblem(
                "Leave the password out, because lists of processes and logs would show it. Name a file"
                " with it in PGPASSFILE, or set PGPASSWORD.",
                _without_passwords(given),
            )
        return given

    return SettingType(expected, parse)


def _without_passwords(address: str) -> str:
    """Return an address with `***` for its password and its query."""
    plain, mark, query = _PASSWORD.sub(r"\1***@", address).partition("?")
    return f"{plain}?***" if mark and query else plain


def origin() -> SettingType:
    """Return the type of an origin (RFC 6454), written exactly as browsers send it."""
    expected = "an origin such as https://shop.example, without a path"

    def parse(value: object) -> str:
        given = _text_of(value, expected)
        try:
            parts = urlsplit(given)
            port = parts.port
        except ValueError as error:
            raise ValueProblem(f"Write {expected}.") from error
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username:
            raise ValueProblem(f"Write {expected}.")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        own_port = port is not None and port != _DEFAULT_PORTS[parts.scheme]
        exact = f"{parts.scheme}://{host}" + (f":{port}" if own_port else "")
        if given != exact:
            raise ValueProblem(f"Browsers never send {given[:80]!r}. Write {exact}.")
        return exact

    return SettingType(expected, parse)


def host_name() -> SettingType:
    """Return the type of a name in the Host header, or `*` for any."""
    expected = "a host name such as offers.shop.example, or * for any"

    def parse(value: object) -> str:
        given = _text_of(value, expected).lower()
        if not _HOST.fullmatch(given):
            raise ValueProblem(f"Write {expected}.")
        return given

    return SettingType(expected, parse)


def network() -> SettingType:
    """Return the type of an IP address or network."""
    expected = "an address or network such as 10.0.0.0/8"

    def parse(value: object) -> str:
        try:
            return str(ipaddress.ip_network(_text_of(value, expected)))
        except ValueError as error:
            raise ValueProblem(f"Write {expected}.") from error

    return SettingType(expected, parse)


@cache
def is_loopback(host: str) -> bool:
    """Return whether a name or address is reachable from this machine only."""
    if host in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
