"""What a new shop has done already, from the first page to the first redemption."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal, get_args

from tactful.core.offers.offer import OfferState
from tactful.core.redemption.redemption_rows import Status
from tactful.runtime.state.shop_state import ShopState

StepName = Literal[
    "script", "product", "price", "cost", "stock", "order", "case", "rule", "offer", "redemption",
    "holdout",
]  # fmt: skip
STEPS: Final[tuple[StepName, ...]] = get_args(StepName)
"""The steps in the order in which a shop takes them."""
_FACTS: Final[tuple[StepName, ...]] = ("product", "price", "cost", "stock", "order", "case")
"""The steps that are done with the first fact of this type."""
_REDEEMED: Final[tuple[Status, ...]] = ("redeemed",)
_LIVE: Final[frozenset[StepName]] = frozenset({"rule", "holdout"})
"""The steps that can be undone, because they are settings."""


class FirstSteps:
    """Tells which steps are done; a step that happened is looked for only until it is found."""

    def __init__(self, state: ShopState) -> None:
        self._state = state
        self._happened: set[StepName] = set()
        self._questions: Mapping[StepName, Callable[[], Awaitable[bool]]] = {
            "script": self._was_opened,
            "offer": self._was_offered,
            "redemption": self._was_redeemed,
        }

    async def done(self) -> frozenset[StepName]:
        """Return the steps that are done.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        for step in STEPS:
            if step not in _LIVE and step not in self._happened and await self._has_happened(step):
                self._happened.add(step)
        rulebook = self._state.active_rulebook.current
        settings = {"rule": bool(rulebook.rules), "holdout": rulebook.policy.holdout_bp > 0}
        return frozenset(self._happened | {step for step in _LIVE if settings[step]})

    async def _has_happened(self, step: StepName) -> bool:
        if step in _FACTS:
            return bool(await self._state.ledger.facts_of_kind(step, "", 1))
        return await self._questions[step]()

    async def _was_opened(self) -> bool:
        return bool(len(self._state.registry) or await self._state.ledger.turn_entries(limit=1))

    async def _was_offered(self) -> bool:
        steps = await self._state.ledger.rule_steps()
        return any(row.state is OfferState.PUSHED for row in steps)

    async def _was_redeemed(self) -> bool:
        return bool(await self._state.ledger.redemptions(statuses=_REDEEMED, limit=1))
