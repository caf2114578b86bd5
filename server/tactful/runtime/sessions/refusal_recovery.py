"""What brings memory in line with the ledger after it has refused a commit."""

from msgspec import Struct

from tactful.core.session.signals import FactsChanged, OfferRedeemed, Signal
from tactful.runtime.ports.ledger_rows import CommitRefusal
from tactful.runtime.sessions.decision_applier import DecisionApplier
from tactful.runtime.sessions.handover import SessionHandover
from tactful.runtime.sessions.promises_elsewhere import PromisesElsewhere
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.shop_state import ShopState


class Recovery(Struct, frozen=True):
    """How the session goes on after a refused commit."""

    signals: tuple[Signal, ...] = ()
    """What the session handles before the refused signal is decided again."""
    is_moved: bool = False
    """Whether the session belongs to another process now, so that nothing is decided again."""


class RefusalRecovery:
    """Repairs what each refusal says that memory lacks, so that the turn can be decided anew."""

    def __init__(
        self, state: ShopState, memory: DecisionApplier, handover: SessionHandover
    ) -> None:
        """Repair the memory in `state`.

        Args:
            state: The memory of the shop.
            memory: Corrects the balances.
            handover: Lets go of sessions that have moved.
        """
        self._state = state
        self._memory = memory
        self._handover = handover
        self._elsewhere = PromisesElsewhere(state)

    async def recover(self, live: LiveSession, refusal: CommitRefusal) -> Recovery:
        """Read again what the refusal names.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        self._state.telemetry.record_refused_commit(refusal.reason)
        match refusal.reason:
            case "session.moved":
                self._handover.let_go(live)
                return Recovery(is_moved=True)
            case "facts.newer" | "settings.newer":
                # The standing offers pass their gates before the shopper's signal is decided again.
                await self._state.changes.catch_up()
                return Recovery((FactsChanged(),))
            case "contact.newer":
                await self._state.fact_cache.reload_contact(refusal.subject[1])
            case "stock.committed":
                await self._elsewhere.read([refusal.sku])
            case "codes.taken":
                # Another process has taken the code, and perhaps others.
                codes = self._state.codes
                codes.restore(await self._state.ledger.free_codes())
                codes.discard(refusal.subject[1])
            case "offer.ended":
                # A checkout redeemed the offer first. The session drops the offer, then decides again.
                ended = await self._state.ledger.offer(refusal.offer)
                return Recovery((OfferRedeemed(ended),) if ended else ())
            case _:
                await self._memory.correct_balances(refusal)
        return Recovery()
