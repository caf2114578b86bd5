"""Sums over offers, kept as offers are written."""

from support.ledger_rows import T0, offer, step
from tactful.core.compliance.reduction_history import ANY_RULE
from tactful.core.offers.offer import OfferState
from tactful.stores.sqlite.ledger_connection import LedgerConnection
from tactful.stores.sqlite.tables.offer_sums import count_steps, note_reductions


def test_steps_are_counted_by_rule_state_and_reason(connection: LedgerConnection) -> None:
    made = offer(rule_digest="d")
    count_steps(
        connection, [(step(made), made), (step(made), made), (step(made, "stock.out"), made)]
    )
    assert connection.execute("SELECT * FROM rule_steps ORDER BY reason").fetchall() == [
        ("r1", "d", "pushed", "", 2),
        ("r1", "d", "pushed", "stock.out", 1),
    ]


def test_the_latest_offer_says_since_when_a_reduction_applies(connection: LedgerConnection) -> None:
    early, late = offer(issued_at=T0, since=T0 - 5), offer(issued_at=T0 + 9, since=T0 - 1)
    note_reductions(connection, [late, early, offer(rule="r2", state=OfferState.HELD_OUT)])
    assert connection.execute("SELECT * FROM reductions").fetchall() == [
        (ANY_RULE, "RUN-42", "DE", T0, T0 + 9),
        ("r1", "RUN-42", "DE", T0 - 1, T0 + 9),
    ]
