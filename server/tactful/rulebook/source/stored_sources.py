"""The form in which a ledger keeps the rule files of a version."""

from collections.abc import Iterable
from typing import Final

import msgspec

from tactful.rulebook.source.tree import RuleSource

_DECODE: Final = msgspec.json.Decoder(list[tuple[str, bytes]]).decode


def encode_sources(sources: Iterable[RuleSource]) -> bytes:
    """Return the stored form of rule files."""
    return msgspec.json.encode([(source.path, source.text) for source in sources])


def decode_sources(stored: bytes | None) -> list[RuleSource]:
    """Return the rule files that `encode_sources` stored; none where nothing is stored.

    Raises:
        msgspec.DecodeError: The bytes are damaged.
    """
    return [RuleSource(path, text) for path, text in _DECODE(stored)] if stored else []
