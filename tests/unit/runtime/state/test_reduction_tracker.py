"""Who counts as a viewer of a product: everybody once, whichever variants they look at."""

from support.builders import T0, item, session
from tactful.core.compliance.reduction_history import VIEWERS
from tactful.core.session.session import ViewedItem
from tactful.core.values.calendar import DAY, HOUR
from tactful.runtime.facts.fact_cache import FactCache
from tactful.runtime.state.reduction_tracker import ReductionTracker
from tactful.runtime.telemetry import Telemetry
from tactful.runtime.timers import TestClock
from tactful.stores.memory.ledger import MemoryLedger

ONE, BOTH = ("RUN-42",), ("RUN-42", "RUN-43")
WHERE = item().product_id, "DE"


def opened(at: int = T0) -> ReductionTracker:
    ledger = MemoryLedger()
    return ReductionTracker(
        ledger=ledger, clock=TestClock(at), fact_cache=FactCache(ledger), telemetry=Telemetry()
    )


def viewers(book: ReductionTracker) -> int:
    return book.view.counts.get(WHERE, {}).get(VIEWERS, 0)


def looks(*skus: str) -> tuple[ViewedItem, ...]:
    return tuple(ViewedItem(sku, 1, T0, T0) for sku in skus)


def test_a_shopper_counts_at_the_first_look_and_not_again():
    book = opened()
    book.record_view(session(), item(variants=ONE))
    book.record_view(session(viewed_items=looks("RUN-42")), item(variants=ONE))
    assert viewers(book) == 1
    book.record_view(session("s2", viewed_items=looks("BOOT-42")), item(variants=ONE))
    assert viewers(book) == 2


def test_another_variant_of_what_was_seen_does_not_count():
    book = opened()
    book.record_first_view(
        session(viewed_items=looks("BOOT-42", "RUN-43")), item(variants=BOTH), T0
    )
    assert viewers(book) == 0
    book.record_first_view(session(viewed_items=looks("BOOT-42")), item(variants=BOTH), T0)
    assert viewers(book) == 1


def test_where_nobody_knows_where_the_shopper_is_nobody_counts():
    book = opened()
    book.record_view(session(territory=None), item(variants=ONE))
    assert book.view.counts == {}


def test_who_looked_a_day_ago_counts_no_more():
    book = opened()
    for at in (T0, T0 + HOUR, T0 + DAY):
        book.record_first_view(session(), item(variants=ONE), at)
    assert viewers(book) == 3
    late = opened(T0 + DAY)
    for at in (T0, T0 + HOUR, T0 + DAY):
        late.record_first_view(session(), item(variants=ONE), at)
    assert viewers(late) == 2
