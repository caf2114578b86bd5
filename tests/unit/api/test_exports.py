"""The text of an export is one JSON object, whatever parts it has."""

from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from support.ledger_rows import offer
from tactful.api.exports import export_text
from tactful.runtime.ports.customer_data import EXPORT_PARTS
from tactful.stores.shared.stored_structs import offer_data

LISTS = [part for part in EXPORT_PARTS if part != "contact"]
ROWS = st.fixed_dictionaries(
    {part: st.lists(st.integers(), max_size=3) for part in LISTS}
    | {"contact": st.lists(st.dictionaries(st.text(), st.integers()), max_size=1)}
)


@given(ROWS)
async def test_the_text_holds_every_row_in_its_part(rows: dict[str, list[Any]]) -> None:
    pairs = [(part, row) for part in EXPORT_PARTS for row in rows[part]]
    if not pairs:
        return

    async def rest() -> AsyncGenerator[tuple[str, object], None]:
        for pair in pairs[1:]:
            yield pair

    text = b"".join([part async for part in export_text('c"1', pairs[0], rest())])
    found = msgspec.json.decode(text)
    assert found.pop("customer") == 'c"1'
    assert found.pop("contact") == (rows["contact"][0] if rows["contact"] else None)
    assert found == {part: rows[part] for part in LISTS}


async def test_instants_are_written_in_rfc_3339() -> None:
    async def rest() -> AsyncGenerator[tuple[str, object], None]:
        yield "offers", offer_data(msgspec.json.encode(offer(ends_at=1_773_144_000_000)))

    first = ("facts", {"at": 1_773_144_000_000, "fact": {}})
    text = b"".join([part async for part in export_text("c1", first, rest())])
    found = msgspec.json.decode(text)
    assert found["facts"][0]["at"] == "2026-03-10T12:00:00Z"
    assert found["offers"][0]["ends_at"] == "2026-03-10T12:00:00Z"
    assert "was offered to you for 109.65 EUR" in found["offers"][0]["in_words"]
