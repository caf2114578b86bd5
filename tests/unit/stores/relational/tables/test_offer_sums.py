"""Sums over offers, kept as offers are written."""

from contextlib import closing
from pathlib import Path
from random import Random  # noqa: TID251 - seeded, so that offers can be repeated

import pytest

from support.ledger_rows import T0, offer, step
from tactful.core.compliance.prior_price import WINDOW
from tactful.core.compliance.reduction_history import ANY_RULE
from tactful.core.offers.offer import OfferState
from tactful.stores.relational.tables.offer_sums import count_steps, note_reductions
from tactful.stores.sqlite.opening import open_writer
from tactful.stores.sqlite.sqlite_connection import SqliteConnection


def test_steps_are_counted_by_rule_state_and_reason(connection: SqliteConnection) -> None:
    made = offer(rule_digest="d")
    count_steps(
        connection, [(step(made), made), (step(made), made), (step(made, "stock.out"), made)]
    )
    assert connection.execute("SELECT * FROM rule_steps ORDER BY reason").fetchall() == [
        ("r1", "d", "pushed", "", 2),
        ("r1", "d", "pushed", "stock.out", 1),
    ]


def test_the_latest_offer_says_since_when_a_reduction_applies(connection: SqliteConnection) -> None:
    early, late = offer(issued_at=T0, since=T0 - 5), offer(issued_at=T0 + 9, since=T0 - 1)
    note_reductions(connection, [late, early, offer(rule="r2", state=OfferState.HELD_OUT)])
    assert connection.execute("SELECT * FROM reductions").fetchall() == [
        (ANY_RULE, "RUN-42", "DE", T0, T0 + 9),
        ("r1", "RUN-42", "DE", T0 - 1, T0 + 9),
    ]


@pytest.mark.parametrize("seed", range(20))
def test_offers_together_note_what_they_note_one_by_one(seed: int, tmp_path: Path) -> None:
    draw = Random(seed)
    offers = [
        offer(
            sku=draw.choice(["A", "B"]),
            rule=draw.choice(["r1", "r2"]),
            since=T0 + number,
            issued_at=T0 + draw.choice([1, 2, WINDOW, WINDOW + 1, 2 * WINDOW + 2, 3 * WINDOW]),
        )
        for number in range(6)
    ]
    # One by one they come in the order of their issue, as an ordered writer gives them.
    offers.sort(key=lambda made: made.issued_at)
    found = []
    for name, parts in (("a", [offers]), ("b", [[made] for made in offers])):
        with closing(open_writer(tmp_path / name)) as connection:
            for part in parts:
                note_reductions(connection, part)
            found.append(connection.execute("SELECT * FROM reductions").fetchall())
    assert found[0] == found[1]
