"""Facts wait in a spool, with their lines, until they are sent."""

import pytest

from support.builders import price
from tactful.cli.data import fact_spool
from tactful.cli.data.fact_spool import FactSpool
from tactful.core.facts.fact_codec import decode_stored


@pytest.mark.parametrize("in_memory", [1, 1 << 20])
def test_facts_come_back_in_batches_with_their_lines_as_often_as_they_are_asked_for(
    in_memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fact_spool, "IN_MEMORY", in_memory)
    spool = FactSpool()
    for line, sku in ((2, "A"), (2, "B\nB"), (5, "C")):
        spool.add(line, price(sku))
    assert len(spool) == 3
    for _ in range(2):
        found = [
            (lines, [decode_stored(one) for one in encoded]) for lines, encoded in spool.batches(2)
        ]
        assert found == [([2, 2], [price("A"), price("B\nB")]), ([5], [price("C")])]
    spool.close()
