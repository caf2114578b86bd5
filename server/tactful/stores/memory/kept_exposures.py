"""Exposures in a plain dictionary."""

from collections.abc import AsyncGenerator, Collection, Iterable

from msgspec import structs

from tactful.runtime.ports.exposure_store import Exposure, ExposureRow
from tactful.stores.memory.changes import MemoryChanges


class MemoryExposures(MemoryChanges):
    """The part of `MemoryLedger` that keeps exposures (role `ExposureStore`)."""

    def __init__(self) -> None:
        super().__init__()
        self._exposures: dict[tuple[str, str, str], Exposure] = {}
        """(unit as stored, rule, edition) → the first exposure."""

    async def exposures(
        self, since: int, until: int, *, rule: str | None = None, experiment: str | None = None
    ) -> AsyncGenerator[list[ExposureRow], None]:
        """Yield the exposures of [since, until) in one page, in order of unit, rule and edition."""
        yield [
            (
                one.unit,
                one.session,
                one.rule,
                one.edition,
                one.is_customer,
                one.is_treated,
                one.treated_bp,
                one.at,
                one.product,
                one.territory,
                one.arm_bp,
            )
            for _, one in sorted(self._exposures.items())
            if since <= one.at < until
            and (rule is None or (one.rule, one.edition) == (rule, ""))
            and experiment in {None, one.experiment}
        ]

    async def exposed_units(
        self, since: int, until: int, *, rule: str | None = None, experiment: str | None = None
    ) -> AsyncGenerator[list[tuple[str, str, bool]], None]:
        """Yield (unit, session, whether the unit is a customer) of the same exposures."""
        async for page in self.exposures(since, until, rule=rule, experiment=experiment):
            yield [(unit, session, is_customer) for unit, session, _, _, is_customer, *_ in page]

    def _put_exposures(self, exposures: Iterable[Exposure]) -> None:
        for one in exposures:
            unit = self._digest("customer", one.unit) if one.is_customer else one.unit
            stored = structs.replace(one, unit=unit)
            self._exposures.setdefault((unit, one.rule, one.edition), stored)

    def _exposures_of(self, units: Collection[str]) -> list[Exposure]:
        return [one for _, one in sorted(self._exposures.items()) if one.unit in units]

    def _delete_exposures(self, units: Collection[str]) -> int:
        gone = [key for key in self._exposures if key[0] in units]
        for key in gone:
            del self._exposures[key]
        return len(gone)

    def _prune_exposures(self, before: int) -> int:
        gone = [key for key, one in self._exposures.items() if one.at < before]
        for key in gone:
            del self._exposures[key]
        return len(gone)
