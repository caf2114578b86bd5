"""Discount codes in a plain dictionary."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import structs

from tactful.core.offers.discount_codes import FreeCode, code_key
from tactful.core.offers.offer import Offer
from tactful.runtime.ports.code_store import AddedCodes, PoolCounts, StoredCode
from tactful.runtime.ports.ledger_rows import CommitRefusal
from tactful.stores.memory.changes import MemoryChanges
from tactful.stores.shared.code_states import code_state, draws_on_pool


class MemoryCodes(MemoryChanges):
    """The part of `MemoryLedger` that keeps discount codes (role `CodeStore`)."""

    def __init__(self) -> None:
        super().__init__()
        self._codes: dict[str, StoredCode] = {}
        """Code in capitals → code, in the order in which they were added."""

    async def add_codes(
        self, pool: str, codes: Sequence[FreeCode], at: int, *, dry_run: bool = False
    ) -> AddedCodes:
        """Add codes to a pool; a withdrawn code that no offer ever had is free again."""
        new: dict[str, StoredCode] = {}
        known: list[str] = []
        for free in codes:
            key = code_key(free.code)
            before = self._codes.get(key)
            is_unused = before is None or (before.state == "withdrawn" and before.offer is None)
            if is_unused and key not in new:
                new[key] = StoredCode(pool=pool, code=free.code, ends_at=free.ends_at)
            else:
                known.append(free.code)
        if new and not dry_run:
            self._codes |= new
            self._log("codes", (("pool", pool),), at=at)
            self._publish()
        return AddedCodes(added=len(new), known=tuple(known))

    async def withdraw_codes(self, pool: str, at: int) -> int:
        """Give no code of a pool to further offers; return how many free ones are withdrawn."""
        withdrawn = 0
        for key, one in self._codes.items():
            if one.pool != pool or one.state not in {"free", "reserved"}:
                continue
            withdrawn += one.state == "free"
            state = "withdrawn" if one.state == "free" else one.state
            self._codes[key] = structs.replace(one, state=state, is_withdrawn=True)
        self._log("codes", (("pool", pool),), at=at)
        self._publish()
        return withdrawn

    async def free_codes(self) -> list[tuple[str, FreeCode]]:
        """Return (pool, code) of all free codes, in order of the pools."""
        free = [one for one in self._codes.values() if one.state == "free"]
        return [(one.pool, FreeCode(one.code, one.ends_at)) for one in sorted(free, key=_pool)]

    async def pool_counts(self, now: int) -> list[PoolCounts]:
        """Return the counts of every pool, in order of their names."""
        found: dict[str, dict[str, int]] = {}
        for one in sorted(self._codes.values(), key=_pool):
            has_ended = one.state == "free" and one.ends_at is not None and one.ends_at <= now
            name = "ended" if has_ended else one.state
            counts = found.setdefault(one.pool, {})
            counts[name] = counts.get(name, 0) + 1
        return [PoolCounts(pool=pool, **counts) for pool, counts in found.items()]

    async def find_codes(self, codes: Collection[str]) -> list[StoredCode]:
        """Return those of some codes that are stored, in order of the codes."""
        keys = sorted({code_key(code) for code in codes})
        return [self._codes[key] for key in keys if key in self._codes]

    async def spend_free_codes(self, codes: Collection[str]) -> int:
        """Mark codes as used that are free or withdrawn."""
        spent = 0
        for key in {code_key(code) for code in codes}:
            one = self._codes.get(key)
            if one is not None and one.state in {"free", "withdrawn"}:
                self._codes[key] = structs.replace(one, state="used")
                spent += 1
        return spent

    def _refuse_taken_codes(
        self, offers: Iterable[Offer], stored: Mapping[str, Offer]
    ) -> CommitRefusal | None:
        """Return a refusal if another offer has the discount code of a new one."""
        for offer in offers:
            if offer.code is None or offer.id in stored:
                continue
            one = self._codes.get(code_key(offer.code))
            if one is None or one.state != "free":
                return CommitRefusal("codes.taken", offer=offer.id, subject=("code", offer.code))
        return None

    def _follow_offers(self, offers: Iterable[Offer]) -> None:
        for offer in offers:
            if draws_on_pool(offer):
                self._follow(offer)

    def _follow(self, offer: Offer) -> None:
        state = code_state(offer)
        if state is not None:
            key = code_key(offer.code or "")
            if key in self._codes:
                self._codes[key] = structs.replace(self._codes[key], state=state, offer=offer.id)
            return
        for key, one in self._codes.items():
            if one.offer == offer.id and one.state == "reserved":
                back = "withdrawn" if one.is_withdrawn else "free"
                self._codes[key] = structs.replace(one, state=back, offer=None)

    def _forget_code_of(self, offers: Collection[str]) -> None:
        for key, one in self._codes.items():
            if one.offer in offers:
                state = "handed_out" if one.state == "reserved" else one.state
                self._codes[key] = structs.replace(one, state=state, offer=None)

    def _wrong_codes(self, offers: Iterable[Offer]) -> list[str]:
        """Return one sentence for each code and offer that do not name each other."""
        named: dict[str, list[tuple[str | None, str | None]]] = {}
        for one in offers:
            if one.code is not None:
                named.setdefault(code_key(one.code), []).append((one.id, code_state(one)))
        kept = {
            key: [(one.offer, one.state)]
            for key, one in self._codes.items()
            if one.offer is not None
        }
        return [
            f"the discount code {key} and its offer do not name each other"
            for key in sorted({*named, *kept})
            if named.get(key) != kept.get(key)
        ]


def _pool(code: StoredCode) -> str:
    return code.pool
