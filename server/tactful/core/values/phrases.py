"""Sentences for people that can be shown in another language.

A phrase is its English text. It keeps the sentence before values were put into it, which is the key of
the catalogues of other languages. Joined to other texts it is a plain text, and stays English.
"""

from collections.abc import Mapping
from typing import Any, Self


class Phrase(str):
    """An English sentence with the key and the values from which it was made."""

    __slots__ = ("key", "values")
    key: str
    """The sentence with names in braces where values go, such as `No rule is named {rule}.`"""
    values: Mapping[str, Any]
    """Name → value, which can be a phrase as well."""

    def __new__(cls, key: str, values: Mapping[str, Any]) -> Self:
        """Make the phrase of a key and its values."""
        made = super().__new__(cls, key.format_map(values) if values else key)
        made.key, made.values = key, values
        return made


def phrase(key: str, /, **values: Any) -> Phrase:
    """Return a sentence for people.

    Args:
        key: The English sentence, with names in braces where values go.
        values: Name → value.
    """
    return Phrase(key, values)


def counted_phrase(number: int, one: str, more: str, /, **values: Any) -> Phrase:
    """Return one of two sentences by a number, which is their value `n`."""
    return Phrase(one if number == 1 else more, {"n": number, **values})
