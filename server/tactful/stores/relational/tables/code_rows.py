"""The table of discount codes."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import msgspec

from tactful.core.offers.discount_codes import FreeCode, code_key
from tactful.core.offers.offer import Offer
from tactful.runtime.ports.code_store import AddedCodes, PoolCounts, StoredCode
from tactful.stores.relational.inserts import insert_into
from tactful.stores.relational.ledger_connection import LedgerConnection, WriteConnection
from tactful.stores.relational.tables import change_rows
from tactful.stores.shared.code_states import code_state, draws_on_pool

_ENCODE: Final = msgspec.json.Encoder().encode
FREE: Final = (
    "SELECT pool, code, ends_at FROM codes WHERE state = 'free' ORDER BY pool, added_at, key"
)
COUNTS: Final = """
  SELECT pool, state, coalesce(ends_at <= ?, 1 = 0), count(*) FROM codes
  GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""
FIND: Final = """
  SELECT pool, code, ends_at, state, is_withdrawn, offer FROM codes
  WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key"""
_IS_FREE: Final = "SELECT 1 FROM codes WHERE key = ? AND state = 'free'"
_TAKE: Final = "UPDATE codes SET state = ?, offer = ? WHERE key = ?"
_GIVE_BACK: Final = """
  UPDATE codes SET offer = NULL,
    state = CASE WHEN is_withdrawn = 1 THEN 'withdrawn' ELSE 'free' END
  WHERE offer = ? AND state = 'reserved'"""
# Nobody can tell any more whether a shopper has seen a code that is still reserved.
_FORGET_OFFER: Final = """
  UPDATE codes SET offer = NULL,
    state = CASE WHEN state = 'reserved' THEN 'handed_out' ELSE state END
  WHERE offer = ?"""
_PUT: Final = insert_into(
    "codes",
    "key text, pool text, code text, ends_at bigint, state text, is_withdrawn bigint,"
    " added_at bigint",
    """ON CONFLICT (key) DO UPDATE SET pool = excluded.pool, code = excluded.code,
      ends_at = excluded.ends_at, state = excluded.state, is_withdrawn = excluded.is_withdrawn,
      added_at = excluded.added_at""",
    key_columns=1,
)
_WITHDRAW: Final = "UPDATE codes SET state = 'withdrawn' WHERE pool = ? AND state = 'free'"
_WITHDRAW_RESERVED: Final = (
    "UPDATE codes SET is_withdrawn = 1 WHERE pool = ? AND state IN ('withdrawn', 'reserved')"
)
_SPEND_UNGIVEN: Final = "UPDATE codes SET state = 'handed_out' WHERE state IN ('free', 'withdrawn')"
_SPEND: Final = """
  UPDATE codes SET state = 'used'
  WHERE key IN (SELECT value FROM json_each(?)) AND state IN ('free', 'withdrawn')"""


def add(
    connection: LedgerConnection, pool: str, codes: Sequence[FreeCode], at: int, *, dry_run: bool
) -> AddedCodes:
    """Add codes to a pool; see `CodeStore.add_codes`."""
    stored = {code_key(one.code): one for one in find(connection, [free.code for free in codes])}
    new: dict[str, FreeCode] = {}
    known: list[str] = []
    for free in codes:
        key = code_key(free.code)
        before = stored.get(key)
        is_unused = before is None or (before.state == "withdrawn" and before.offer is None)
        if is_unused and key not in new:
            new[key] = free
        else:
            known.append(free.code)
    if new and not dry_run:
        connection.insert(
            _PUT,
            [(key, pool, one.code, one.ends_at, "free", 0, at) for key, one in new.items()],
        )
        change_rows.append(connection, "codes", (("pool", pool),), at=at)
    return AddedCodes(added=len(new), known=tuple(known))


def withdraw(connection: LedgerConnection, pool: str, at: int) -> int:
    """Withdraw the codes of a pool; see `CodeStore.withdraw_codes`."""
    withdrawn = connection.execute(_WITHDRAW, (pool,)).rowcount
    connection.execute(_WITHDRAW_RESERVED, (pool,))
    change_rows.append(connection, "codes", (("pool", pool),), at=at)
    return withdrawn


def spend_ungiven(connection: WriteConnection) -> None:
    """Give out no code of a restored backup: each may have been given out since it was made."""
    connection.execute(_SPEND_UNGIVEN)
    connection.execute("UPDATE codes SET is_withdrawn = 1 WHERE state = 'reserved'")


def spend_free(connection: LedgerConnection, codes: Collection[str]) -> int:
    """Mark free codes as used; see `CodeStore.spend_free_codes`."""
    return connection.execute(_SPEND, (_keys(codes),)).rowcount


def find(connection: WriteConnection, codes: Collection[str]) -> list[StoredCode]:
    """Return those of some codes that are stored."""
    return [code_from_row(row) for row in connection.execute(FIND, (_keys(codes),))]


def is_free(connection: WriteConnection, code: str) -> bool:
    """Return whether no offer has a code, and none ever had it."""
    return connection.execute(_IS_FREE, (code_key(code),)).fetchone() is not None


def follow(connection: WriteConnection, offers: Iterable[Offer]) -> None:
    """Bring codes in line with offers in their new states."""
    for offer in offers:
        if not draws_on_pool(offer):
            continue
        state = code_state(offer)
        if state is None:
            connection.execute(_GIVE_BACK, (offer.id,))
        else:
            connection.execute(_TAKE, (state, offer.id, code_key(offer.code or "")))


def forget_offer(connection: WriteConnection, offer: Offer) -> None:
    """Keep the code of an offer that is deleted, without the offer."""
    if draws_on_pool(offer):
        connection.execute(_FORGET_OFFER, (offer.id,))


def code_from_row(row: Sequence[Any]) -> StoredCode:
    """Return the code of a row that `FIND` has found."""
    pool, code, ends_at, state, is_withdrawn, offer = row
    return StoredCode(
        pool=pool,
        code=code,
        ends_at=ends_at,
        state=state,
        is_withdrawn=bool(is_withdrawn),
        offer=offer,
    )


def counts_from_rows(rows: Iterable[Sequence[Any]]) -> list[PoolCounts]:
    """Return the counts of the rows that `COUNTS` has found."""
    found: dict[str, dict[str, int]] = {}
    for pool, state, has_ended, count in rows:
        counts = found.setdefault(pool, {})
        name = "ended" if state == "free" and has_ended else state
        counts[name] = counts.get(name, 0) + count
    return [PoolCounts(pool=pool, **counts) for pool, counts in found.items()]


def _keys(codes: Collection[str]) -> str:
    return _ENCODE(sorted({code_key(code) for code in codes})).decode()
