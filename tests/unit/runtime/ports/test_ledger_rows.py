"""What one turn writes."""

from tactful.runtime.ports.ledger_rows import Commit, TurnEntry


def test_the_bytes_of_a_turn_are_those_of_its_state_and_its_entry() -> None:
    assert Commit(session="s1").browsing_bytes == 0
    entry = TurnEntry(
        session="s1", customer=None, at=1, rulebook="v", signal=b"12", inputs=b"345", trace=b"6"
    )
    assert Commit(session="s1", state=b"7890", entry=entry).browsing_bytes == 10
