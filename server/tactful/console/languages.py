"""The languages of the console: which one a reader wants, and the catalogue of each.

The English sentences in the templates and in the code are the keys of the catalogues. A catalogue is a
JSON file in `locales/`: English sentence → sentence in that language, with the same names in braces.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tactful.core.values.phrases import Phrase

if TYPE_CHECKING:
    from markupsafe import Markup

ENGLISH: Final = "en"
LANGUAGES: Final[Mapping[str, str]] = {ENGLISH: "English", "de": "Deutsch"}
"""Language → its own name, as the account's choice shows it."""
LOCALES: Final = Path(__file__).parent / "locales"
_present: Final[ContextVar[str]] = ContextVar("language", default=ENGLISH)
_RANGE: Final = re.compile(
    r"\s*([A-Za-z]{2,8}|\*)(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=([0-9.]{1,5})\s*)?"
)
MAX_RANGES: Final = 20
"""Languages of a browser that are looked at."""


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return English sentence → sentence in a language; empty for English."""
    if language == ENGLISH:
        return {}
    return msgspec.json.decode((LOCALES / f"{language}.json").read_bytes(), type=dict[str, str])


def wanted_language(accept: str | None) -> str:
    """Return the best language of the console for the header `Accept-Language` (RFC 9110, 12.5.4)."""
    best, found = 0.0, ENGLISH
    for part in (accept or "").split(",")[:MAX_RANGES]:
        read = _RANGE.fullmatch(part)
        if read is None or read[1].lower() not in LANGUAGES:
            continue
        try:
            weight = float(read[2] or 1)
        except ValueError:
            continue
        if weight > best:
            best, found = weight, read[1].lower()
    return found


@contextmanager
def in_language(language: str) -> Iterator[None]:
    """Speak a language in this task; unknown ones are English."""
    token = _present.set(language if language in LANGUAGES else ENGLISH)
    try:
        yield
    finally:
        _present.reset(token)


def speak(language: str) -> None:
    """Speak another language from now on, until the `in_language` of this task ends."""
    if language in LANGUAGES:
        _present.set(language)


def present_language() -> str:
    """Return the language of this task."""
    return _present.get()


def say(key: str, /, **values: Any) -> str:
    """Return a sentence in the present language.

    Args:
        key: The English sentence, with names in braces where values go.
        values: Name → value. Phrases among them are translated too.
    """
    text = catalogue(present_language()).get(key, key)
    if not values:
        return text
    return text.format_map({name: translated(value) for name, value in values.items()})


def translated(text: Any) -> Any:
    """Return a phrase in the present language, and anything else as it is."""
    if not isinstance(text, Phrase):
        return text
    return say(text.key, **text.values)


def message_of(error: Exception) -> str:
    """Return the message of an error, which stays a phrase if it is one."""
    return error.args[0] if error.args and isinstance(error.args[0], Phrase) else str(error)


def say_in_page(key: str, /, **values: Any) -> "Markup":
    """Return a sentence as HTML; its values are escaped unless they are HTML already."""
    from markupsafe import Markup, escape  # noqa: PLC0415

    text = escape(catalogue(present_language()).get(key, key))
    if not values:
        return Markup(text)  # noqa: S704 - it is escaped
    return text.format_map({name: translated(value) for name, value in values.items()})


def count_in_page(number: int, one: str, more: str, /, **values: Any) -> "Markup":
    """Return one of two sentences by a number, which is their value `n`; see `say_in_page`."""
    return say_in_page(one if number == 1 else more, n=number, **values)
