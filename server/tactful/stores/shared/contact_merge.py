"""The union of a contact history with one that was stored meanwhile."""

from typing import Final

import msgspec

from tactful.core.session.contact_history import ContactHistory, merge_histories
from tactful.runtime.ports.ledger_rows import ContactWrite, SavedContact

_DECODE: Final = msgspec.msgpack.Decoder(ContactHistory).decode
_ENCODE: Final = msgspec.msgpack.Encoder().encode


def next_contact(known: SavedContact | None, write: ContactWrite) -> SavedContact:
    """Return what is stored after a write that cannot be refused.

    If the history was written since it was read, both are united, so that no push and no dismissal
    is lost. A history that cannot be decoded is replaced.

    Args:
        known: What is stored; None: nothing.
        write: The write.
    """
    revision = known.revision if known else 0
    body = write.body
    if known and write.revision is not None and revision != write.revision:
        body = _united(known.body, write.body)
    return SavedContact(revision + 1, body)


def _united(stored: bytes, later: bytes) -> bytes:
    try:
        return _ENCODE(merge_histories(_DECODE(stored), _DECODE(later)))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return later
