"""The contract of `Tallies`: counts per hour, written with turns."""

from support.ledger_rows import AnyLedger, offer, push
from tactful.runtime.ports.ledger_rows import Commit, TallyRow


def viewers(hour: int, count: int = 1, what: str = "viewers") -> TallyRow:
    return TallyRow(hour, what, "aero", "DE", "", count)


async def test_counts_grow_with_commits_and_records(ledger: AnyLedger) -> None:
    ledger.record(Commit(tallies=(viewers(5), viewers(5, 2))))
    assert await ledger.commit(Commit(tallies=(viewers(5), viewers(6)))) is None
    ledger.record(Commit(tallies=(viewers(5, 7, "offers"),)))
    assert await ledger.tally_sums(5) == [viewers(5, 7, "offers"), viewers(5, 4), viewers(6)]
    assert await ledger.tally_sums(6) == [viewers(6)]
    assert await ledger.tally_sums(0, "offers") == [viewers(5, 7, "offers")]


async def test_a_refused_commit_counts_nothing(ledger: AnyLedger) -> None:
    turn = push(offer(), limit=1)
    counted = Commit(offers=turn.offers, moves=turn.moves, tallies=(viewers(5),))
    assert await ledger.commit(counted) is not None
    assert await ledger.tally_sums(0) == []


async def test_old_hours_of_one_kind_are_deleted(ledger: AnyLedger) -> None:
    ledger.record(Commit(tallies=(viewers(4), viewers(5), viewers(4, 1, "offers"))))
    await ledger.flush()
    assert await ledger.prune_tallies(5, "viewers") == 1
    assert await ledger.tally_sums(0) == [viewers(4, 1, "offers"), viewers(5)]
