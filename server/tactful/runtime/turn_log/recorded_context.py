"""The context of a recorded turn, rebuilt from the log and the facts of that time.

Explanations of the past, replay and what-if runs decide recorded turns again. They all rebuild the
context here, so that they cannot disagree about what a turn could read.
"""

from collections.abc import Iterable, Mapping
from typing import Final, cast, get_args

from msgspec import structs

from tactful.core.compliance.reduction_history import ReductionHistory
from tactful.core.context import Context
from tactful.core.customer.profile import Profile, profile
from tactful.core.facts.fact_types import FeedName
from tactful.core.facts.history import History
from tactful.core.facts.item import Item
from tactful.core.offers.discount_codes import FreeCode
from tactful.core.pricing.conversion_rates import ConversionRates
from tactful.core.rules.rule import Rulebook
from tactful.core.session.contact_history import NO_CONTACT, ContactHistory
from tactful.core.session.session import Session
from tactful.core.session.signals import Signal
from tactful.runtime.facts.fact_reader import FactReader
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.turn_log.log_encoding import (
    DecisionInputs,
    by_territory,
    full_inputs,
    readable_customer,
)

FEED_NAMES: Final[tuple[FeedName, ...]] = get_args(FeedName)


def recorded_context(
    inputs: DecisionInputs,
    *,
    now: int,
    session: Session,
    signal: Signal,
    rulebook: Rulebook,
    items: Mapping[str, Item],
    profile: Profile | None,
    seed: str,
) -> Context:
    """Return the context of a recorded turn.

    Args:
        inputs: What the log holds of the turn. A partial record (without `session`) means that no
            rule gave a verdict. The turn read only what the record holds, and every feed counts as
            fresh.
        now: When the turn happened, milliseconds since the Unix epoch, UTC.
        session: The session before the signal.
        signal: What happened.
        rulebook: The rulebook of that time; its paused rules are taken from `inputs`.
        items: The items in play, as of then.
        profile: The customer whose history could be read, as of then; None: no history could be
            read.
        seed: The shop's seed for hold-outs.
    """
    if inputs.session is None:
        heartbeats: Mapping[FeedName, int] = dict.fromkeys(FEED_NAMES, now)
    else:
        heartbeats = cast("Mapping[FeedName, int]", inputs.feed_heartbeats)
    return Context(
        now=now,
        session=session,
        signal=signal,
        rulebook=structs.replace(rulebook, paused=inputs.paused),
        items=items,
        profile=profile,
        balances={(campaign, unit): balance for campaign, unit, balance in inputs.balances},
        codes={pool: FreeCode(code, ends_at) for pool, code, ends_at in inputs.codes},
        committed=by_territory(inputs.committed),
        ahead=inputs.ahead,
        feed_heartbeats=heartbeats,
        rates=ConversionRates(by_territory(inputs.rates)),
        reductions=ReductionHistory(
            by_territory(inputs.first_applied), by_territory(inputs.daily_counts)
        ),
        commits_suspended=inputs.commits_suspended,
        seed=seed,
    )


def lasting_copy(context: Context) -> Context:
    """Return a context without live mappings, as replay would make it from a record.

    A thread may read it while turns go on.
    """
    return recorded_context(
        full_inputs(context, begins_here=False),
        now=context.now,
        session=context.session,
        signal=context.signal,
        rulebook=context.rulebook,
        items=context.items,
        profile=context.profile,
        seed=context.seed,
    )


class RecordedFacts:
    """Reads items and customers as recorded turns read them, each only once.

    A recorded turn names the newest fact that it knew about an item or customer (`upto`). Without
    that number, the facts of an instant (`at`) are read instead.
    """

    def __init__(self, ledger: FactStore) -> None:
        self._ledger = ledger
        self._items: dict[tuple[str, int], Item] = {}
        self._items_at: dict[tuple[str, int], Item] = {}
        self._histories: dict[tuple[str, int], History] = {}
        self._histories_at: dict[tuple[str, int], History] = {}

    async def item(self, sku: str, upto: int) -> Item:
        """Return an item as it was when the fact with the number `upto` was the newest about it.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        known = self._items.get((sku, upto))
        if known is None:
            known = await FactReader(self._ledger, upto=upto).item(sku)
            self._items[sku, upto] = known = structs.replace(known, upto=upto)
        return known

    async def item_at(self, sku: str, at: int) -> Item:
        """Return an item as it was at an instant, milliseconds since the Unix epoch, UTC.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        known = self._items_at.get((sku, at))
        if known is None:
            known = self._items_at[sku, at] = await FactReader(self._ledger, at=at).item(sku)
        return known

    async def items(self, read: Iterable[tuple[str, int]]) -> dict[str, Item]:
        """Return the items of `DecisionInputs.items` as SKU → item.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        return {sku: await self.item(sku, upto) for sku, upto in read}

    async def profile(
        self,
        session: Session,
        signal: Signal,
        rulebook: Rulebook,
        contacts: Mapping[str, ContactHistory],
        *,
        upto: int | None,
        at: int,
    ) -> Profile | None:
        """Return the customer whose history a turn could read; None: it could read no history.

        Args:
            session: The session before the signal.
            signal: What happened; a login or a change of consent counts at once.
            rulebook: Its policy says how the history is read.
            contacts: Customer → contact history as of then.
            upto: Number of the newest fact known about the customer; None: not recorded.
            at: The instant that is read where `upto` is None, milliseconds since the Unix epoch.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        customer = readable_customer(session, signal)
        if customer is None:
            return None
        if upto is None:
            history = await self._history_at(customer, at)
        else:
            history = await self._history(customer, upto)
        return profile(history, rulebook.policy, contacts.get(customer, NO_CONTACT))

    async def _history(self, customer: str, upto: int) -> History:
        known = self._histories.get((customer, upto))
        if known is None:
            known = await FactReader(self._ledger, upto=upto).history(customer)
            self._histories[customer, upto] = known = structs.replace(known, upto=upto)
        return known

    async def _history_at(self, customer: str, at: int) -> History:
        known = self._histories_at.get((customer, at))
        if known is None:
            known = await FactReader(self._ledger, at=at).history(customer)
            self._histories_at[customer, at] = known
        return known
