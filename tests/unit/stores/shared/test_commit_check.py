"""A commit is checked on what its decision had read."""

from collections.abc import Sequence

import pytest
from msgspec import Struct

from support.ledger_rows import accepted, offer
from tactful.core.offers.offer import OfferState
from tactful.runtime.ports.ledger_rows import (
    Commit,
    CommitRefusal,
    ContactWrite,
    ReadSet,
    StockNeed,
    Subject,
)
from tactful.stores.shared.commit_check import (
    Shelf,
    refuse_commit,
    units_growth,
)

SKU, RULEBOOK, RULE = ("sku", "RUN-42"), ("settings", "rulebook"), ("rule", "r1")
SHELF = ("RUN-42", "DE")


class View(Struct):
    """A ledger with one newest change, at position 10, and one shelf with 3 units promised."""

    heads: dict[Subject, int] = {}
    known: int = 4
    lookups: int = 0

    def newest_position(self) -> int:
        return 10

    def known_since(self) -> int:
        return self.known

    def newer_subjects(self, subjects: Sequence[Subject], position: int) -> set[Subject]:
        self.lookups += 1
        return {subject for subject in subjects if self.heads.get(subject, 0) > position}

    def epoch_of(self, session: str) -> int:
        return {"se_1": 2}.get(session, 0)

    def contact_revision(self, customer: str) -> int:
        return {"c1": 4}.get(customer, 0)

    def promised_units(self, shelf: Shelf) -> int:
        return 3 if shelf == SHELF else 0


def reads(position: int, *subjects: Subject) -> Commit:
    return Commit(reads=ReadSet(position, subjects))


@pytest.mark.parametrize(
    ("turn", "growth", "refusal"),
    [
        (Commit(), {}, None),
        (Commit(session="se_1", epoch=1), {}, CommitRefusal("session.moved")),
        (Commit(session="se_1", epoch=2), {}, None),
        (Commit(session="se_1"), {}, None),
        (Commit(session="se_new", epoch=1), {}, None),
        (reads(10, SKU), {}, None),
        (reads(9, SKU), {}, CommitRefusal("facts.newer", subject=SKU)),
        (reads(9, ("sku", "other")), {}, None),
        (reads(9, SKU, RULEBOOK), {}, CommitRefusal("settings.newer", subject=RULEBOOK)),
        (reads(9, RULE), {}, CommitRefusal("settings.newer", subject=RULE)),
        (reads(4, ("sku", "other")), {}, None),
        (reads(3, ("sku", "other")), {}, CommitRefusal("facts.newer")),
        (Commit(contacts={"c1": ContactWrite(4, b"")}), {}, None),
        (Commit(contacts={"c1": ContactWrite(None, b"")}), {}, None),
        (Commit(contacts={"c2": ContactWrite(0, b"")}), {}, None),
        (
            Commit(contacts={"c1": ContactWrite(3, b"")}),
            {},
            CommitRefusal("contact.newer", subject=("customer", "c1")),
        ),
        (Commit(stock=(StockNeed(*SHELF, 4),)), {SHELF: 1}, None),
        (Commit(stock=(StockNeed(*SHELF, None),)), {SHELF: 99}, None),
        (Commit(stock=(StockNeed(*SHELF, 2),)), {SHELF: 0}, None),
        (Commit(stock=(StockNeed(*SHELF, 2),)), {SHELF: -1}, None),
        (
            Commit(stock=(StockNeed(*SHELF, 3),)),
            {SHELF: 1},
            CommitRefusal("stock.committed", sku="RUN-42", territory="DE"),
        ),
    ],
)
def test_a_commit_is_refused_for_what_has_changed(
    turn: Commit, growth: dict[Shelf, int], refusal: CommitRefusal | None
) -> None:
    view = View({SKU: 10, RULEBOOK: 10, RULE: 10})
    assert refuse_commit(view, turn, growth) == refusal


def test_nothing_is_looked_up_where_nothing_was_logged_since() -> None:
    view = View()
    assert refuse_commit(view, reads(10, SKU), {}) is None
    assert view.lookups == 0


def test_growth_is_what_new_states_promise_beyond_the_stored_ones() -> None:
    states = [offer("a", max_qty=3), accepted("b", qty=1), offer("c", state=OfferState.DECLINED)]
    assert units_growth(states, {"b": 4, "c": 2}) == {SHELF: 3 - 3 - 2}
    assert units_growth([offer("a"), offer("a")], {}) == {SHELF: 1}
    assert units_growth([offer("a")], {"a": 1}) == {}
